//! How a work order goes on once it exists.

use chrono::NaiveDate;

use super::{Known, SlaClock, WorkOrder, WorkOrderEvent, WorkOrderRefusal, WorkOrderStatus};
use crate::{Refusal, context::Context, ids::VendorId, input, money::Money, sla, sla::Clocks};

impl WorkOrder {
    pub(super) fn request_estimate(&self, vendor: VendorId) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.must_go_on()?;
        if let Some(vendor) = known.vendor {
            return Err(WorkOrderRefusal::Assigned { vendor }.into());
        }
        if known.status == WorkOrderStatus::EstimateRequested && known.asked == Some(vendor) {
            return Err(WorkOrderRefusal::EstimateRequested { vendor }.into());
        }
        Ok(vec![WorkOrderEvent::EstimateRequested { vendor }])
    }

    pub(super) fn estimate(&self, amount: Money, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.must_go_on()?;
        input::amount("amount", amount, context.currency())?;
        if let Some(vendor) = known.vendor {
            return Err(WorkOrderRefusal::Assigned { vendor }.into());
        }
        let vendor = known.asked.ok_or(WorkOrderRefusal::NoEstimateRequested)?;
        if known.estimate == Some(amount) {
            return Err(WorkOrderRefusal::Estimated { amount }.into());
        }
        Ok(vec![WorkOrderEvent::Estimated { vendor, amount }])
    }

    /// The first assignment stops the clock to the response: one that is late is recorded with it.
    pub(super) fn assign(&self, vendor: VendorId, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.must_go_on()?;
        if known.vendor == Some(vendor) {
            return Err(WorkOrderRefusal::Assigned { vendor }.into());
        }
        Ok(self.with_misses(&[SlaClock::Response], WorkOrderEvent::Assigned { vendor }, context))
    }

    pub(super) fn schedule(&self, on: NaiveDate, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.must_go_on()?;
        known.vendor.ok_or(WorkOrderRefusal::Unassigned)?;
        input::date("on", on)?;
        if known.visit == Some(on) {
            return Err(WorkOrderRefusal::Scheduled { on }.into());
        }
        let today = context.effective_on;
        if on < today {
            return Err(WorkOrderRefusal::ScheduledInThePast { on, today }.into());
        }
        Ok(vec![WorkOrderEvent::Scheduled { on }])
    }

    pub(super) fn pause(&self, reason: String, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.must_go_on()?;
        input::line("reason", &reason)?;
        let stops = known.clocks.stopped_by_waiting(&context.settings.service_levels);
        let paused = WorkOrderEvent::Paused {
            reason,
            stops: stops.clone(),
            at: context.occurred_at,
        };
        Ok(self.with_misses(&stops, paused, context))
    }

    pub(super) fn resume(&self, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.must_be_open()?;
        if known.waiting.is_none() {
            return Err(WorkOrderRefusal::NotWaiting.into());
        }
        Ok(vec![WorkOrderEvent::Resumed {
            deadlines: known.clocks.resumed(context.occurred_at, &context.settings),
        }])
    }

    pub(super) fn finish_work(&self, notes: String, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        self.must_be_open()?;
        input::text("notes", &notes)?;
        Ok(self.with_misses(&EVERY_CLOCK, WorkOrderEvent::WorkDone { notes }, context))
    }

    pub(super) fn bill(&self, amount: Money, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        self.must_be_done()?;
        input::amount("amount", amount, context.currency())?;
        Ok(vec![WorkOrderEvent::Billed { amount }])
    }

    pub(super) fn complete(&self) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.must_be_done()?;
        if known.status == WorkOrderStatus::Completed {
            return Err(WorkOrderRefusal::Done { status: known.status }.into());
        }
        Ok(vec![WorkOrderEvent::Completed { vendor: known.vendor }])
    }

    pub(super) fn cancel(&self, reason: String, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        self.must_be_open()?;
        input::line("reason", &reason)?;
        Ok(self.with_misses(&EVERY_CLOCK, WorkOrderEvent::Cancelled { reason }, context))
    }

    pub(super) fn reopen(&self, reason: String, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.known()?;
        input::line("reason", &reason)?;
        if known.status.is_open() {
            return Err(WorkOrderRefusal::NotDone.into());
        }
        Ok(vec![WorkOrderEvent::Reopened {
            reason,
            deadlines: sla::deadlines(known.priority, context.occurred_at, &context.settings),
        }])
    }

    /// What was asked for is right again: an open repair is done and accepted, one that is done is accepted, and of one that
    /// is over nothing more is said.
    ///
    /// # Errors
    /// Refuses a work order that does not exist, and words that can't be recorded.
    pub(crate) fn settle(&self, notes: &str, context: &Context) -> Result<Vec<WorkOrderEvent>, Refusal> {
        let known = self.known()?;
        let mut events = Vec::new();
        if known.status.is_open() {
            events = self.finish_work(notes.to_owned(), context)?;
        }
        if !matches!(known.status, WorkOrderStatus::Completed | WorkOrderStatus::Cancelled) {
            events.push(WorkOrderEvent::Completed { vendor: known.vendor });
        }
        Ok(events)
    }

    /// An event that stops these clocks, after the breach of each that stops too late.
    fn with_misses(&self, stops: &[SlaClock], event: WorkOrderEvent, context: &Context) -> Vec<WorkOrderEvent> {
        let mut events = self.breaches(context.occurred_at);
        events.retain(|breach| matches!(breach, WorkOrderEvent::SlaBreached { clock, .. } if stops.contains(clock)));
        events.push(event);
        events
    }

    fn known(&self) -> Result<&Known, WorkOrderRefusal> {
        self.0.as_ref().ok_or(WorkOrderRefusal::Absent)
    }

    fn must_be_open(&self) -> Result<&Known, WorkOrderRefusal> {
        let known = self.known()?;
        if known.status.is_open() {
            Ok(known)
        } else {
            Err(WorkOrderRefusal::Done { status: known.status })
        }
    }

    fn must_go_on(&self) -> Result<&Known, WorkOrderRefusal> {
        let known = self.must_be_open()?;
        match &known.waiting {
            Some((reason, _)) => Err(WorkOrderRefusal::Waiting { reason: reason.clone() }),
            None => Ok(known),
        }
    }

    fn must_be_done(&self) -> Result<&Known, WorkOrderRefusal> {
        let known = self.known()?;
        match known.status {
            WorkOrderStatus::WorkDone | WorkOrderStatus::ReadyToBill | WorkOrderStatus::Completed => Ok(known),
            WorkOrderStatus::Cancelled => Err(WorkOrderRefusal::Done { status: known.status }),
            _ => Err(WorkOrderRefusal::NotDone),
        }
    }
}

const EVERY_CLOCK: [SlaClock; 2] = [SlaClock::Response, SlaClock::Resolution];

impl Known {
    pub(super) fn evolve(&mut self, event: WorkOrderEvent) {
        match event {
            WorkOrderEvent::Created { .. } => {}
            WorkOrderEvent::EstimateRequested { vendor } => {
                self.status = WorkOrderStatus::EstimateRequested;
                self.asked = Some(vendor);
                self.estimate = None;
            }
            WorkOrderEvent::Estimated { amount, .. } => {
                self.status = WorkOrderStatus::Estimated;
                self.estimate = Some(amount);
            }
            WorkOrderEvent::Assigned { vendor } => {
                self.status = WorkOrderStatus::Assigned;
                self.vendor = Some(vendor);
                self.visit = None;
                self.clocks.stop(SlaClock::Response);
            }
            WorkOrderEvent::Scheduled { on } => {
                self.status = WorkOrderStatus::Scheduled;
                self.visit = Some(on);
            }
            WorkOrderEvent::Paused { reason, stops, at } => {
                self.waiting = Some((reason, self.status));
                self.status = WorkOrderStatus::Waiting;
                for clock in stops {
                    self.clocks.pause(clock, at);
                }
            }
            WorkOrderEvent::Resumed { deadlines } => {
                if let Some((_, before)) = self.waiting.take() {
                    self.status = before;
                }
                self.clocks.set(deadlines);
                self.clocks.resume();
            }
            WorkOrderEvent::WorkDone { .. } => self.end(WorkOrderStatus::WorkDone),
            WorkOrderEvent::Billed { .. } => {
                if self.status != WorkOrderStatus::Completed {
                    self.status = WorkOrderStatus::ReadyToBill;
                }
            }
            WorkOrderEvent::Completed { .. } => self.status = WorkOrderStatus::Completed,
            WorkOrderEvent::Cancelled { .. } => self.end(WorkOrderStatus::Cancelled),
            WorkOrderEvent::Reopened { deadlines, .. } => {
                self.status = WorkOrderStatus::New;
                self.asked = None;
                self.estimate = None;
                self.vendor = None;
                self.visit = None;
                self.clocks = Clocks::start(deadlines);
            }
            WorkOrderEvent::SlaBreached { clock, .. } => self.clocks.record_breach(clock),
        }
    }

    fn end(&mut self, status: WorkOrderStatus) {
        self.status = status;
        self.waiting = None;
        self.clocks.stop_both();
    }
}
