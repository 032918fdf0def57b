//! What time asks of a lease: the questions of [`LeaseRule`](crate::clock::LeaseRule).

use chrono::NaiveDate;

use super::{Contract, Lease, Status, late_fees, lifecycle::announced_from, schedule};
use crate::settings::Settings;

impl Lease {
    /// True once it has ended, or was given up: no day brings it anything more.
    pub(super) fn is_over(&self) -> bool {
        self.contract()
            .is_ok_and(|contract| matches!(contract.status, Status::Ended | Status::Settled | Status::Voided))
    }

    /// True once the day has come on which its term or its notice is over.
    #[must_use]
    pub fn is_over_by(&self, day: NaiveDate) -> bool {
        self.in_force()
            .and_then(|contract| contract.term.to)
            .is_some_and(|ends| ends <= day)
    }

    /// True if it is signed and the day is one of its own.
    #[must_use]
    pub fn is_to_begin_by(&self, day: NaiveDate) -> bool {
        self.contract()
            .is_ok_and(|contract| contract.status == Status::Signed && contract.term.contains(day))
    }

    /// True if something falls due by the day that is not posted. Also if that can't be reckoned: then the command says so.
    #[must_use]
    pub fn has_due(&self, day: NaiveDate, settings: &Settings) -> bool {
        let method = settings.proration.method;
        self.in_force().is_some_and(|contract| {
            schedule::due_charges(contract, self.account(), method, day).map_or(true, |due| !due.is_empty())
        })
    }

    /// True if its end comes near and that was not announced.
    #[must_use]
    pub fn is_expiring(&self, day: NaiveDate, settings: &Settings) -> bool {
        self.in_force().is_some_and(|contract| match contract.term.to {
            Some(ends) => {
                contract.status == Status::Active
                    && contract.announced != Some(ends)
                    && announced_from(ends, settings.expiring_days) <= day
                    && day < ends
            }
            None => false,
        })
    }

    /// True if a late fee is to be assessed when the day is over. Also if that can't be reckoned: then the command says so.
    #[must_use]
    pub fn is_late(&self, day: NaiveDate, settings: &Settings) -> bool {
        self.in_force().is_some_and(|contract| {
            late_fees::assess(contract, self.account(), &settings.late_fees, day).map_or(true, |fees| !fees.is_empty())
        })
    }

    fn in_force(&self) -> Option<&Contract> {
        self.contract().ok().filter(|contract| contract.in_force())
    }
}
