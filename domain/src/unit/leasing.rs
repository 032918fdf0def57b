//! What leases do to a unit. Each returns the unit's part of a decision that also writes the lease; a change that is none
//! gives no event, because the lease's part says what happened.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Unit, UnitEvent, UnitRefusal};
use crate::{ids::LeaseId, span::Span};

/// The days that a signed lease has of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    /// Which lease.
    pub lease: LeaseId,
    /// The days; without an end while the lease has none.
    pub span: Span,
    /// True once notice was given.
    pub on_notice: bool,
}

impl Tenure {
    /// True if the unit is no longer to be had from this day on, as it was listed: the lease has that day or a later one.
    #[must_use]
    pub fn ends_listing(self, available_on: NaiveDate) -> bool {
        self.span.overlaps(Span::open(available_on))
    }

    pub(super) fn refusal(self) -> UnitRefusal {
        UnitRefusal::Leased {
            lease: self.lease,
            span: self.span,
        }
    }
}

impl Unit {
    /// A lease takes these days of the unit: when it is signed, and again whenever its days or its notice change.
    ///
    /// # Errors
    /// Refuses days that another lease has, no day at all, and a new lease of a unit that is absent or offline.
    pub fn take(&self, lease: LeaseId, span: Span, on_notice: bool) -> Result<Vec<UnitEvent>, UnitRefusal> {
        let wanted = Tenure { lease, span, on_notice };
        let present = self.tenure(lease);
        if present == Some(wanted) {
            return Ok(vec![]);
        }
        if present.is_none() {
            self.must_be_rentable()?;
            if span.is_empty() {
                return Err(UnitRefusal::NoDays { span });
            }
        }
        self.must_be_free(lease, span)?;
        Ok(vec![UnitEvent::Leased { lease, span, on_notice }])
    }

    /// A lease gives its days back: it was voided before anybody moved in.
    ///
    /// # Errors
    /// Refuses a lease that has no days, and one under which somebody lives in the unit.
    pub fn release(&self, lease: LeaseId) -> Result<Vec<UnitEvent>, UnitRefusal> {
        if self.occupied_by == Some(lease) {
            return Err(UnitRefusal::Occupied { lease });
        }
        self.must_have_tenure(lease)?;
        Ok(vec![UnitEvent::Released { lease }])
    }

    /// Residents move in under a lease.
    ///
    /// # Errors
    /// Refuses a lease that has no days, and a unit that is occupied or offline.
    pub fn move_in(&self, lease: LeaseId) -> Result<Vec<UnitEvent>, UnitRefusal> {
        self.must_be_rentable()?;
        self.must_have_tenure(lease)?;
        match self.occupied_by {
            Some(present) => Err(UnitRefusal::Occupied { lease: present }),
            None => Ok(vec![UnitEvent::Occupied { lease }]),
        }
    }

    /// Residents move out; the lease's days end here at the latest.
    ///
    /// # Errors
    /// Refuses a lease under which nobody lives in the unit.
    pub fn move_out(&self, lease: LeaseId, ends: NaiveDate) -> Result<Vec<UnitEvent>, UnitRefusal> {
        if self.occupied_by != Some(lease) {
            return Err(UnitRefusal::NotOccupied { lease });
        }
        let from = self.tenure(lease).map_or(ends, |tenure| tenure.span.from);
        let mut events = self.take(lease, Span::new(from, ends), true)?;
        events.push(UnitEvent::Vacated { lease });
        Ok(events)
    }

    /// A guard: no other lease has any of these days.
    ///
    /// # Errors
    /// Names the first lease that has, and its days.
    pub fn must_be_free(&self, lease: LeaseId, span: Span) -> Result<(), UnitRefusal> {
        match self.others(lease).find(|other| other.span.overlaps(span)) {
            Some(other) => Err(other.refusal()),
            None => Ok(()),
        }
    }

    /// A guard: nobody lives here, and no lease has this day or a later one.
    ///
    /// # Errors
    /// Names the lease.
    pub fn must_be_unused_from(&self, day: NaiveDate) -> Result<(), UnitRefusal> {
        if let Some(lease) = self.occupied_by {
            return Err(UnitRefusal::Occupied { lease });
        }
        match self.tenures.iter().find(|tenure| tenure.span.overlaps(Span::open(day))) {
            Some(tenure) => Err(tenure.refusal()),
            None => Ok(()),
        }
    }

    /// True if another lease begins on the day on which this one ends, or later: it has a successor.
    #[must_use]
    pub fn has_successor(&self, lease: LeaseId, ends: NaiveDate) -> bool {
        self.others(lease).any(|other| other.span.from >= ends)
    }

    /// The lease under which somebody lives here.
    #[must_use]
    pub const fn occupied_by(&self) -> Option<LeaseId> {
        self.occupied_by
    }

    /// The days that a lease has.
    #[must_use]
    pub fn tenure(&self, lease: LeaseId) -> Option<Tenure> {
        self.tenures.iter().find(|tenure| tenure.lease == lease).copied()
    }

    pub(super) fn set_tenure(&mut self, tenure: Tenure) {
        self.listed = self.listed.filter(|(day, _)| !tenure.ends_listing(*day));
        match self.tenures.iter_mut().find(|present| present.lease == tenure.lease) {
            Some(present) => *present = tenure,
            None => self.tenures.push(tenure),
        }
    }

    fn must_have_tenure(&self, lease: LeaseId) -> Result<(), UnitRefusal> {
        self.tenure(lease).map(drop).ok_or(UnitRefusal::NotLeased { lease })
    }

    fn others(&self, lease: LeaseId) -> impl Iterator<Item = &Tenure> {
        self.tenures.iter().filter(move |tenure| tenure.lease != lease)
    }
}
