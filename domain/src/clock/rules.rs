use chrono::{DateTime, NaiveDate, Utc};

use super::ClockRefusal;
use crate::{
    context::Context,
    lease::Lease,
    maintenance_request::{MaintenanceRequest, MaintenanceRequestEvent},
    settings::Settings,
    vendor::{Vendor, VendorEvent},
    work_order::{SlaClock, WorkOrder, WorkOrderEvent},
};

/// What a day can bring a lease, in the order in which it is decided: what ends makes room for what starts, and only what
/// is in force is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeaseRule {
    /// Its term or its notice is over: it ends, or goes on from month to month.
    Conclude,
    /// It is signed, and its days have begun.
    Activate,
    /// Rent or something that recurs beside it falls due.
    PostDue,
    /// Its end comes near.
    AnnounceExpiry,
    /// It is late, now that the day is over.
    AssessLateFees,
}

impl LeaseRule {
    /// What is decided once a day has begun.
    pub const BEGUN: [Self; 4] = [Self::Conclude, Self::Activate, Self::PostDue, Self::AnnounceExpiry];
    /// What is decided once it is over.
    pub const OVER: [Self; 1] = [Self::AssessLateFees];

    /// Its stable name: with the lease and the date it makes the command's id.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conclude => "conclude",
            Self::Activate => "activate",
            Self::PostDue => "post_due",
            Self::AnnounceExpiry => "announce_expiry",
            Self::AssessLateFees => "assess_late_fees",
        }
    }

    /// Whether it asks something of a lease on a day.
    #[must_use]
    pub fn asks(self, lease: &Lease, day: NaiveDate, settings: &Settings) -> bool {
        match self {
            Self::Conclude => lease.is_over_by(day),
            Self::Activate => lease.is_to_begin_by(day),
            Self::PostDue => lease.has_due(day, settings),
            Self::AnnounceExpiry => lease.is_expiring(day, settings),
            Self::AssessLateFees => lease.is_late(day, settings),
        }
    }
}

/// A request was not answered or resolved in time.
///
/// # Errors
/// Refuses a deadline that it doesn't have, that was recorded, or that has not passed.
pub fn breach_of_request(
    request: &MaintenanceRequest,
    clock: SlaClock,
    due: DateTime<Utc>,
    context: &Context,
) -> Result<Vec<MaintenanceRequestEvent>, ClockRefusal> {
    let breached = MaintenanceRequestEvent::SlaBreached { clock, due };
    let passed = due <= context.occurred_at && request.breaches(DateTime::<Utc>::MAX_UTC).contains(&breached);
    passed.then(|| vec![breached]).ok_or(ClockRefusal::NothingPassed)
}

/// A work order was not assigned or done in time.
///
/// # Errors
/// Refuses a deadline that it doesn't have, that was recorded, or that has not passed.
pub fn breach_of_work_order(
    work_order: &WorkOrder,
    clock: SlaClock,
    due: DateTime<Utc>,
    context: &Context,
) -> Result<Vec<WorkOrderEvent>, ClockRefusal> {
    let breached = WorkOrderEvent::SlaBreached { clock, due };
    let passed = due <= context.occurred_at && work_order.breaches(DateTime::<Utc>::MAX_UTC).contains(&breached);
    passed.then(|| vec![breached]).ok_or(ClockRefusal::NothingPassed)
}

/// A vendor's insurance ran out before the day.
///
/// # Errors
/// Refuses one that covers the day, is not known, or whose end was recorded.
pub fn expiry_of_insurance(vendor: &Vendor, context: &Context) -> Result<Vec<VendorEvent>, ClockRefusal> {
    let expired = vendor.insurance_expiry(context.effective_on);
    expired.map(|event| vec![event]).ok_or(ClockRefusal::NothingPassed)
}
