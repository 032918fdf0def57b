use super::{Entries, Lease, LeaseEvent};
use crate::{Refusal, context::Context};

/// A lease while a decision is made on it: the facts decided so far, and the lease as they leave it.
pub(super) struct Facts<'c> {
    lease: Lease,
    events: Vec<LeaseEvent>,
    pub(super) context: &'c Context,
}

impl<'c> Facts<'c> {
    pub(super) fn on(lease: &Lease, context: &'c Context) -> Self {
        Self {
            lease: lease.clone(),
            events: Vec::new(),
            context,
        }
    }

    pub(super) fn record(&mut self, event: LeaseEvent) {
        self.lease.evolve(event.clone());
        self.events.push(event);
    }

    pub(super) fn record_all(&mut self, events: impl IntoIterator<Item = LeaseEvent>) {
        for event in events {
            self.record(event);
        }
    }

    /// Decides on the account, and pays what is unpaid then with what is free.
    pub(super) fn book(&mut self, book: impl FnOnce(&mut Entries<'c>) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let mut entries = Entries::on(&self.lease.account, self.context);
        book(&mut entries)?;
        entries.pay_from_credits()?;
        self.record_all(entries.into_events());
        Ok(())
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(super) fn into_events(self) -> Vec<LeaseEvent> {
        self.events
    }
}
