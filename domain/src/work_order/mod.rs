//! A work order: one repair, from its creation to its acceptance.
//!
//! Invariants: one vendor is answerable at a time; nothing is scheduled before that vendor is known, and nothing accepted
//! before it is done; waiting stops only the clocks that the policy names; a deadline that passes is recorded once; reopening
//! starts a new episode with clocks of its own.

mod events;
mod progress;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::{PropertyId, RequestId, UnitId, VendorId, WorkOrderId},
    input,
    maintenance_request::{Deadlines, Priority},
    money::Money,
    sla::{self, Clocks},
};

/// What can be asked of a work order. Whether the vendors and places that it names may be used is for
/// [`assign_vendor`](crate::decisions::assign_vendor) and its neighbours.
#[derive(Debug, Clone, Serialize)]
pub enum WorkOrderCommand {
    /// Begin a repair that no request asks for.
    Create(Work),
    /// Ask a vendor what it would cost.
    RequestEstimate {
        /// Whom.
        vendor: VendorId,
    },
    /// Record what the vendor that was asked says.
    Estimate {
        /// How much.
        amount: Money,
    },
    /// Make a vendor answerable.
    Assign {
        /// Which.
        vendor: VendorId,
    },
    /// Agree on the vendor's visit.
    Schedule {
        /// The day.
        on: NaiveDate,
    },
    /// Wait for something.
    Pause {
        /// What.
        reason: String,
    },
    /// Go on.
    Resume,
    /// Record that the work is done.
    FinishWork {
        /// What was done.
        notes: String,
    },
    /// Record that its cost is on a bill.
    Bill {
        /// How much.
        amount: Money,
    },
    /// Accept the work.
    Complete,
    /// Give it up.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Say that it was not done after all.
    Reopen {
        /// Why.
        reason: String,
    },
}

/// What is to be done, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// At which property.
    pub property: PropertyId,
    /// In which unit, unless in a common area.
    pub unit: Option<UnitId>,
    /// What it is about: `plumbing`, `hvac`.
    pub category: String,
    /// How soon.
    pub priority: Priority,
    /// In a line.
    pub summary: String,
    /// In as many words as needed.
    pub description: String,
}

refusals! {
    /// Why a work order refused.
    pub enum WorkOrderRefusal {
        Absent "work-order-absent" => Absent: "there is no such work order",
        State "work-order-exists" => Exists: "the work order exists already",
        State "work-order-estimate-requested" => EstimateRequested { vendor: VendorId }:
            "vendor {vendor} was asked for an estimate already",
        State "work-order-no-estimate-requested" => NoEstimateRequested: "no vendor was asked for an estimate",
        State "work-order-estimated" => Estimated { amount: Money }: "the work is estimated at {amount} already",
        State "work-order-assigned" => Assigned { vendor: VendorId }: "vendor {vendor} is assigned already",
        State "work-order-unassigned" => Unassigned: "no vendor is assigned",
        State "work-order-scheduled" => Scheduled { on: NaiveDate }: "the visit is set for {on} already",
        Rule "work-order-scheduled-in-the-past" => ScheduledInThePast { on: NaiveDate, today: NaiveDate }:
            "the visit on {on} would lie before today, {today}",
        State "work-order-waiting" => Waiting { reason: String }: "the work order waits: {reason}",
        State "work-order-not-waiting" => NotWaiting: "the work order doesn't wait",
        State "work-order-not-done" => NotDone: "the work is not done yet",
        State "work-order-done" => Done { status: WorkOrderStatus }: "the work order is {status}; reopen it first",
    }
}

/// How far a work order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkOrderStatus {
    /// Nobody was asked yet.
    New,
    /// A vendor was asked what it would cost.
    EstimateRequested,
    /// It said so.
    Estimated,
    /// A vendor is answerable.
    Assigned,
    /// Its visit is agreed.
    Scheduled,
    /// Nothing can be done for now.
    Waiting,
    /// The work is done.
    WorkDone,
    /// And its cost is known.
    ReadyToBill,
    /// And accepted.
    Completed,
    /// It was given up.
    Cancelled,
}

impl WorkOrderStatus {
    /// True until the work is done or given up.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::New
            | Self::EstimateRequested
            | Self::Estimated
            | Self::Assigned
            | Self::Scheduled
            | Self::Waiting => true,
            Self::WorkDone | Self::ReadyToBill | Self::Completed | Self::Cancelled => false,
        }
    }
}

impl std::fmt::Display for WorkOrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::EstimateRequested => "waiting for an estimate",
            Self::Estimated => "estimated",
            Self::Assigned => "assigned",
            Self::Scheduled => "scheduled",
            Self::Waiting => "waiting",
            Self::WorkDone => "done",
            Self::ReadyToBill => "ready to bill",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        })
    }
}

/// What a decision about a work order reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder(Option<Known>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    request: Option<RequestId>,
    priority: Priority,
    status: WorkOrderStatus,
    /// Who was asked for an estimate, and said what.
    asked: Option<VendorId>,
    estimate: Option<Money>,
    /// Who is answerable.
    vendor: Option<VendorId>,
    visit: Option<NaiveDate>,
    /// What it waits for, and where it goes on.
    waiting: Option<(String, WorkOrderStatus)>,
    clocks: Clocks,
}

impl WorkOrder {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid, and to change nothing.
    pub fn decide(&self, command: WorkOrderCommand, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        match command {
            WorkOrderCommand::Create(work) => {
                let deadlines = sla::deadlines(work.priority, context.occurred_at, &context.settings);
                Ok(vec![self.create(work, None, deadlines, vec![])?])
            }
            WorkOrderCommand::RequestEstimate { vendor } => self.request_estimate(vendor),
            WorkOrderCommand::Estimate { amount } => self.estimate(amount, context),
            WorkOrderCommand::Assign { vendor } => self.assign(vendor, context),
            WorkOrderCommand::Schedule { on } => self.schedule(on, context),
            WorkOrderCommand::Pause { reason } => self.pause(reason, context),
            WorkOrderCommand::Resume => self.resume(context),
            WorkOrderCommand::FinishWork { notes } => self.finish_work(notes, context),
            WorkOrderCommand::Bill { amount } => self.bill(amount, context),
            WorkOrderCommand::Complete => self.complete(),
            WorkOrderCommand::Cancel { reason } => self.cancel(reason, context),
            WorkOrderCommand::Reopen { reason } => self.reopen(reason, context),
        }
    }

    /// A repair begins, by itself or out of a request, whose deadlines and recorded breaches it takes over.
    ///
    /// # Errors
    /// Refuses a work order that exists, and words that can't be recorded.
    pub(crate) fn create(
        &self,
        work: Work,
        request: Option<RequestId>,
        deadlines: Deadlines,
        breached: Vec<SlaClock>,
    ) -> Result<WorkOrderEvent, Refusal> {
        if self.0.is_some() {
            return Err(WorkOrderRefusal::Exists.into());
        }
        input::line("category", &work.category)?;
        input::line("summary", &work.summary)?;
        input::text("description", &work.description)?;
        Ok(WorkOrderEvent::Created {
            property: work.property,
            unit: work.unit,
            request,
            category: work.category,
            priority: work.priority,
            summary: work.summary,
            description: work.description,
            deadlines,
            breached,
        })
    }

    /// What the clock finds at an instant: each deadline that passed before it and was not recorded yet.
    #[must_use]
    pub fn breaches(&self, at: DateTime<Utc>) -> Vec<WorkOrderEvent> {
        self.0
            .iter()
            .flat_map(|known| known.clocks.missed(at))
            .map(|(clock, due)| WorkOrderEvent::SlaBreached { clock, due })
            .collect()
    }

    /// How far it has come; `None` before it was created.
    #[must_use]
    pub fn status(&self) -> Option<WorkOrderStatus> {
        self.0.as_ref().map(|known| known.status)
    }

    /// True until it is reopened, once it was accepted or given up: no clock runs.
    fn is_over(&self) -> bool {
        matches!(
            self.status(),
            Some(WorkOrderStatus::Completed | WorkOrderStatus::Cancelled)
        )
    }

    /// The request that it comes from, if any.
    #[must_use]
    pub fn request(&self) -> Option<RequestId> {
        self.0.as_ref()?.request
    }

    fn evolve(&mut self, event: WorkOrderEvent) {
        if let WorkOrderEvent::Created {
            request,
            priority,
            deadlines,
            breached,
            ..
        } = event
        {
            let mut clocks = Clocks::start(deadlines);
            for clock in breached {
                clocks.record_breach(clock);
            }
            self.0 = Some(Known {
                request,
                priority,
                status: WorkOrderStatus::New,
                asked: None,
                estimate: None,
                vendor: None,
                visit: None,
                waiting: None,
                clocks,
            });
        } else if let Some(known) = &mut self.0 {
            known.evolve(event);
        }
    }
}

aggregate!(WorkOrder of WorkOrderId, WorkOrderCommand gives WorkOrderEvent, at rest once is_over);

#[cfg(test)]
mod tests;
