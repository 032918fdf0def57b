//! The posting table: what each event does to the books. No event is passed over by a wildcard.

mod deposit;
mod lease;
mod payment;

use std::borrow::Cow;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Deed, Dimensions, Line};
use crate::{
    bank_account::BankAccountEvent,
    claim::ClaimEvent,
    clock::ClockEvent,
    ids::{BankAccountId, CreditId, LeaseId},
    lease::LeaseEvent,
    maintenance_request::MaintenanceRequestEvent,
    money::MoneyError,
    organization::OrganizationEvent,
    property::PropertyEvent,
    registry::AnyEvent,
    resident::ResidentEvent,
    unit::UnitEvent,
    vendor::VendorEvent,
    work_order::WorkOrderEvent,
};

/// An event as the books see it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its own id.
    pub event_id: Uuid,
    /// The aggregate it is of.
    pub aggregate_id: Uuid,
    /// The day on which its command took effect: the books' day too, unless the event carries one of its own.
    pub effective_on: NaiveDate,
    /// What happened.
    pub event: &'a AnyEvent,
}

/// One change of the books, before it is known what earlier entries say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// What it is about.
    pub lease: LeaseId,
    /// The day from which it counts.
    pub on: NaiveDate,
    /// What it is, in words for people.
    pub memo: Cow<'static, str>,
    /// The change.
    pub change: Change,
}

impl Movement {
    fn new(lease: LeaseId, on: NaiveDate, memo: impl Into<Cow<'static, str>>, change: Change) -> Self {
        Self {
            lease,
            on,
            memo: memo.into(),
            change,
        }
    }
}

/// How the books change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// By an entry of its own, which nothing takes back.
    Entry(Vec<Line>),
    /// By an entry that a later event may take back.
    Done(Deed),
    /// What was done is taken back, wholly or in part.
    TakenBack(Deed),
}

impl Change {
    /// The credit whose earlier deeds the change reads.
    #[must_use]
    pub const fn reads(&self) -> Option<CreditId> {
        match self {
            Self::TakenBack(deed) => Some(deed.credit),
            Self::Entry(_) | Self::Done(_) => None,
        }
    }
}

/// What later entries carry, and their own events don't say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Of a lease, from its draft on.
    Lease(Dimensions),
    /// Of money whose bank account an event leaves to the organization.
    Accounts(Accounts),
}

/// The bank accounts of an organization that money goes through unless another is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounts {
    /// For rents and costs.
    pub operating: BankAccountId,
    /// For deposits.
    pub deposit: BankAccountId,
}

/// What an event says that later entries carry.
#[must_use]
pub fn known(source: &Source<'_>) -> Option<Known> {
    match source.event {
        AnyEvent::Lease(LeaseEvent::Created { property, unit, .. }) => Some(Known::Lease(Dimensions {
            property: *property,
            unit: *unit,
            lease: LeaseId(source.aggregate_id),
        })),
        AnyEvent::Organization(OrganizationEvent::Created {
            operating_account,
            deposit_account,
            ..
        }) => Some(Known::Accounts(Accounts {
            operating: *operating_account,
            deposit: *deposit_account,
        })),
        _ => None,
    }
}

/// What an event does to the books.
///
/// # Errors
/// Refuses amounts that can't be reckoned with: other currencies beside each other, more than an `i64` holds.
pub fn movements(source: &Source<'_>) -> Result<Vec<Movement>, MoneyError> {
    match source.event {
        AnyEvent::Lease(event) => lease::movements(LeaseId(source.aggregate_id), event),
        AnyEvent::Payment(event) => payment::movements(source, event),
        AnyEvent::Deposit(event) => Ok(deposit::movements(source, event)),
        AnyEvent::BankAccount(BankAccountEvent::Opened { .. } | BankAccountEvent::Closed { .. })
        | AnyEvent::Claim(ClaimEvent::Made { .. } | ClaimEvent::Released { .. })
        | AnyEvent::Clock(ClockEvent::Advanced { .. })
        | AnyEvent::Organization(
            OrganizationEvent::Created { .. }
            | OrganizationEvent::SettingsChanged { .. }
            | OrganizationEvent::Suspended { .. }
            | OrganizationEvent::Reinstated
            | OrganizationEvent::Closed { .. },
        )
        | AnyEvent::Property(
            PropertyEvent::Created { .. }
            | PropertyEvent::Updated { .. }
            | PropertyEvent::UnitNumbered { .. }
            | PropertyEvent::Offboarded { .. },
        )
        | AnyEvent::Unit(
            UnitEvent::Created { .. }
            | UnitEvent::Updated { .. }
            | UnitEvent::Listed { .. }
            | UnitEvent::Leased { .. }
            | UnitEvent::Released { .. }
            | UnitEvent::Occupied { .. }
            | UnitEvent::Vacated { .. }
            | UnitEvent::MadeReady
            | UnitEvent::TakenOffline { .. },
        )
        | AnyEvent::Resident(
            ResidentEvent::Created { .. }
            | ResidentEvent::Updated { .. }
            | ResidentEvent::MovedIn { .. }
            | ResidentEvent::NoticeGiven { .. }
            | ResidentEvent::MovedOut { .. }
            | ResidentEvent::Erased { .. },
        )
        | AnyEvent::Vendor(
            VendorEvent::Created { .. }
            | VendorEvent::Updated { .. }
            | VendorEvent::Blocked { .. }
            | VendorEvent::Unblocked
            | VendorEvent::InsuranceExpired { .. },
        )
        | AnyEvent::MaintenanceRequest(
            MaintenanceRequestEvent::Submitted { .. }
            | MaintenanceRequestEvent::Triaged { .. }
            | MaintenanceRequestEvent::Converted { .. }
            | MaintenanceRequestEvent::Declined { .. }
            | MaintenanceRequestEvent::Resolved { .. }
            | MaintenanceRequestEvent::Reopened { .. }
            | MaintenanceRequestEvent::SlaBreached { .. },
        )
        | AnyEvent::WorkOrder(
            WorkOrderEvent::Created { .. }
            | WorkOrderEvent::EstimateRequested { .. }
            | WorkOrderEvent::Estimated { .. }
            | WorkOrderEvent::Assigned { .. }
            | WorkOrderEvent::Scheduled { .. }
            | WorkOrderEvent::Paused { .. }
            | WorkOrderEvent::Resumed { .. }
            | WorkOrderEvent::WorkDone { .. }
            | WorkOrderEvent::Billed { .. }
            | WorkOrderEvent::Completed { .. }
            | WorkOrderEvent::Cancelled { .. }
            | WorkOrderEvent::Reopened { .. }
            | WorkOrderEvent::SlaBreached { .. },
        ) => Ok(Vec::new()),
    }
}
