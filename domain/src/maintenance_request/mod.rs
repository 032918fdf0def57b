//! A maintenance request: someone reported that something is wrong.
//!
//! Invariants: it becomes at most one work order per episode, which then carries its clocks; a deadline that passes is
//! recorded once; reopening starts a new episode with clocks of its own.

mod events;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::{PropertyId, RequestId, ResidentId, UnitId, WorkOrderId},
    input,
    sla::{self, Clocks},
    work_order::{SlaClock, Work},
};

/// What can be asked of a request. Converting and resolving it also concern its work order: see
/// [`convert_request`](crate::decisions::convert_request) and [`resolve_request`](crate::decisions::resolve_request).
#[derive(Debug, Clone, Serialize)]
pub enum RequestCommand {
    /// Report that something is wrong. Whether the places and persons exist is for
    /// [`submit_request`](crate::decisions::submit_request).
    Submit(Report),
    /// Judge what it is about and how soon it has to be done.
    Triage {
        /// What it is about.
        category: String,
        /// How soon.
        priority: Priority,
    },
    /// Say that nothing will be done.
    Decline {
        /// Why.
        reason: String,
    },
    /// Say that it is right again.
    Resolve {
        /// What was done.
        resolution: String,
    },
    /// Say that it isn't.
    Reopen {
        /// Why.
        reason: String,
    },
}

/// What someone reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// At which property.
    pub property: PropertyId,
    /// In which unit, unless in a common area.
    pub unit: Option<UnitId>,
    /// Who reports it, if a resident.
    pub resident: Option<ResidentId>,
    /// What it is about: `plumbing`, `hvac`.
    pub category: String,
    /// How soon.
    pub priority: Priority,
    /// In a line.
    pub summary: String,
    /// In as many words as needed.
    pub description: String,
    /// Whether someone may enter while nobody is at home.
    pub permission_to_enter: bool,
}

refusals! {
    /// Why a request refused.
    pub enum RequestRefusal {
        Absent "request-absent" => Absent: "there is no such request",
        State "request-exists" => Exists: "the request exists already",
        State "request-unchanged" => Unchanged: "the request is triaged with exactly this category and priority already",
        State "request-converted" => Converted { work_order: WorkOrderId }: "the request became work order {work_order}",
        State "request-declined" => Declined: "the request was declined; reopen it first",
        State "request-resolved" => Resolved: "the request was resolved; reopen it first",
        State "request-not-over" => NotOver: "the request is neither resolved nor declined",
    }
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// Nobody looked at it yet.
    Submitted,
    /// Somebody did.
    Triaged,
    /// It is a work order now.
    Converted,
    /// Nothing will be done.
    Declined,
    /// It is right again.
    Resolved,
    /// It wasn't.
    Reopened,
}

/// What a decision about a request reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceRequest(Option<Known>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    work: Work,
    status: RequestStatus,
    work_order: Option<WorkOrderId>,
    reported_at: DateTime<Utc>,
    clocks: Clocks,
}

impl MaintenanceRequest {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid, and to change nothing.
    pub fn decide(&self, command: RequestCommand, context: &Context) -> Result<Vec<MaintenanceRequestEvent>, Refusal> {
        match command {
            RequestCommand::Submit(report) => self.submit(report, context),
            RequestCommand::Triage { category, priority } => self.triage(category, priority, context),
            RequestCommand::Decline { reason } => {
                input::line("reason", &reason)?;
                self.must_be_open_without_work_order()?;
                Ok(self.ending(MaintenanceRequestEvent::Declined { reason }, context))
            }
            RequestCommand::Resolve { resolution } => {
                input::text("resolution", &resolution)?;
                self.must_be_open()?;
                Ok(self.ending(MaintenanceRequestEvent::Resolved { resolution }, context))
            }
            RequestCommand::Reopen { reason } => {
                input::line("reason", &reason)?;
                Ok(vec![self.reopen(reason, None, context)?])
            }
        }
    }

    fn submit(&self, report: Report, context: &Context) -> Result<Vec<MaintenanceRequestEvent>, Refusal> {
        if self.0.is_some() {
            return Err(RequestRefusal::Exists.into());
        }
        input::line("category", &report.category)?;
        input::line("summary", &report.summary)?;
        input::text("description", &report.description)?;
        Ok(vec![MaintenanceRequestEvent::Submitted {
            property: report.property,
            unit: report.unit,
            resident: report.resident,
            category: report.category,
            priority: report.priority,
            summary: report.summary,
            description: report.description,
            permission_to_enter: report.permission_to_enter,
            reported_at: context.occurred_at,
            deadlines: sla::deadlines(report.priority, context.occurred_at, &context.settings),
        }])
    }

    fn triage(
        &self,
        category: String,
        priority: Priority,
        context: &Context,
    ) -> Result<Vec<MaintenanceRequestEvent>, Refusal> {
        let known = self.must_be_open_without_work_order()?;
        input::line("category", &category)?;
        let unchanged = known.work.category == category && known.work.priority == priority;
        if unchanged && known.status == RequestStatus::Triaged {
            return Err(RequestRefusal::Unchanged.into());
        }
        Ok(vec![MaintenanceRequestEvent::Triaged {
            category,
            priority,
            deadlines: sla::deadlines(priority, known.reported_at, &context.settings),
        }])
    }

    /// It becomes a work order: its part of that decision.
    ///
    /// # Errors
    /// Refuses a request that is over, or has a work order.
    pub(crate) fn convert(
        &self,
        work_order: WorkOrderId,
    ) -> Result<(MaintenanceRequestEvent, Work, Deadlines, Vec<SlaClock>), RequestRefusal> {
        let known = self.must_be_open_without_work_order()?;
        Ok((
            MaintenanceRequestEvent::Converted { work_order },
            known.work.clone(),
            known.clocks.deadlines(),
            known.clocks.breached(),
        ))
    }

    /// It isn't right after all; `work_order` is the one that was reopened and brought this about.
    ///
    /// # Errors
    /// Refuses a request that is not over.
    pub(crate) fn reopen(
        &self,
        reason: String,
        work_order: Option<WorkOrderId>,
        context: &Context,
    ) -> Result<MaintenanceRequestEvent, RequestRefusal> {
        let known = self.known()?;
        match known.status {
            RequestStatus::Resolved | RequestStatus::Declined => Ok(MaintenanceRequestEvent::Reopened {
                reason,
                reported_at: context.occurred_at,
                deadlines: sla::deadlines(known.work.priority, context.occurred_at, &context.settings),
                work_order,
            }),
            _ => Err(RequestRefusal::NotOver),
        }
    }

    /// What the clock finds at an instant: each deadline that passed before it and was not recorded yet.
    #[must_use]
    pub fn breaches(&self, at: DateTime<Utc>) -> Vec<MaintenanceRequestEvent> {
        self.0
            .iter()
            .flat_map(|known| known.clocks.missed(at))
            .map(|(clock, due)| MaintenanceRequestEvent::SlaBreached { clock, due })
            .collect()
    }

    /// How far it has come; `None` before it was submitted.
    #[must_use]
    pub fn status(&self) -> Option<RequestStatus> {
        self.0.as_ref().map(|known| known.status)
    }

    /// True until it is reopened, once it was resolved or declined: no clock runs.
    fn is_over(&self) -> bool {
        matches!(self.status(), Some(RequestStatus::Resolved | RequestStatus::Declined))
    }

    /// The work order that it became in this episode, if it did.
    #[must_use]
    pub fn work_order(&self) -> Option<WorkOrderId> {
        self.0.as_ref()?.work_order
    }

    /// An ending stops the clocks: one that is late is recorded with it.
    fn ending(&self, ending: MaintenanceRequestEvent, context: &Context) -> Vec<MaintenanceRequestEvent> {
        let mut events = self.breaches(context.occurred_at);
        events.push(ending);
        events
    }

    fn known(&self) -> Result<&Known, RequestRefusal> {
        self.0.as_ref().ok_or(RequestRefusal::Absent)
    }

    fn must_be_open(&self) -> Result<&Known, RequestRefusal> {
        let known = self.known()?;
        match known.status {
            RequestStatus::Declined => Err(RequestRefusal::Declined),
            RequestStatus::Resolved => Err(RequestRefusal::Resolved),
            _ => Ok(known),
        }
    }

    fn must_be_open_without_work_order(&self) -> Result<&Known, RequestRefusal> {
        let known = self.must_be_open()?;
        match known.work_order {
            Some(work_order) => Err(RequestRefusal::Converted { work_order }),
            None => Ok(known),
        }
    }

    fn evolve(&mut self, event: MaintenanceRequestEvent) {
        if let MaintenanceRequestEvent::Submitted {
            property,
            unit,
            category,
            priority,
            summary,
            description,
            reported_at,
            deadlines,
            ..
        } = event
        {
            self.0 = Some(Known {
                work: Work {
                    property,
                    unit,
                    category,
                    priority,
                    summary,
                    description,
                },
                status: RequestStatus::Submitted,
                work_order: None,
                reported_at,
                clocks: Clocks::start(deadlines),
            });
        } else if let Some(known) = &mut self.0 {
            known.evolve(event);
        }
    }
}

impl Known {
    fn evolve(&mut self, event: MaintenanceRequestEvent) {
        match event {
            MaintenanceRequestEvent::Submitted { .. } => {}
            MaintenanceRequestEvent::Triaged {
                category,
                priority,
                deadlines,
            } => {
                self.status = RequestStatus::Triaged;
                self.work.category = category;
                self.work.priority = priority;
                self.clocks.set(deadlines);
            }
            MaintenanceRequestEvent::Converted { work_order } => {
                self.status = RequestStatus::Converted;
                self.work_order = Some(work_order);
                self.clocks.stop_both();
            }
            MaintenanceRequestEvent::Declined { .. } => {
                self.status = RequestStatus::Declined;
                self.clocks.stop_both();
            }
            MaintenanceRequestEvent::Resolved { .. } => {
                self.status = RequestStatus::Resolved;
                self.clocks.stop_both();
            }
            MaintenanceRequestEvent::Reopened {
                reported_at,
                deadlines,
                work_order,
                ..
            } => {
                self.status = RequestStatus::Reopened;
                self.reported_at = reported_at;
                self.work_order = work_order;
                self.clocks = Clocks::start(deadlines);
                if work_order.is_some() {
                    self.clocks.stop_both();
                }
            }
            MaintenanceRequestEvent::SlaBreached { clock, .. } => self.clocks.record_breach(clock),
        }
    }
}

aggregate!(MaintenanceRequest of RequestId, RequestCommand gives MaintenanceRequestEvent, at rest once is_over);

#[cfg(test)]
mod tests;
