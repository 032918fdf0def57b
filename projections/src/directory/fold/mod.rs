//! Event by event: what becomes of the documents.

mod account;
mod leases;
mod money;
mod people;
mod places;
mod repairs;

use std::collections::HashSet;

use domain::{
    bank_account::BankAccountEvent,
    lease::{CreditTarget, LeaseEvent},
    organization::OrganizationEvent,
    registry::AnyEvent,
    unit::UnitEvent,
};
use streams::Fact;
use uuid::Uuid;

use super::{
    document::{
        BankAccount, Charge, Credit, Deposit, Document, Lease, Organization, Payment, Property, Request, Resident,
        Unit, Vendor, WorkOrder,
    },
    state::{Key, State, Unknown},
};

/// A fact and the entries it works on.
struct Happening<'a> {
    state: &'a mut State,
    fact: &'a Fact,
}

impl Happening<'_> {
    /// The thing that the event is about begins.
    fn begins<D: Document>(&mut self, document: D) {
        self.begins_as(self.fact.aggregate_id, document);
    }

    /// A thing of another id begins.
    fn begins_as<D: Document>(&mut self, id: Uuid, document: D) {
        self.state.begin(self.fact.tenant_id.0, id, document);
    }

    /// The thing that the event is about, to be changed.
    fn own<D: Document>(&mut self) -> Result<&mut D, Unknown> {
        self.other(self.fact.aggregate_id)
    }

    /// Another thing, to be changed.
    fn other<D: Document>(&mut self, id: Uuid) -> Result<&mut D, Unknown> {
        self.state.change(self.fact.tenant_id.0, id)
    }
}

/// The kind of the entry that shows an event's aggregate; none for what no list shows.
fn kind(event: &AnyEvent) -> Option<&'static str> {
    match event {
        AnyEvent::BankAccount(_) => Some(BankAccount::KIND),
        AnyEvent::Deposit(_) => Some(Deposit::KIND),
        AnyEvent::Lease(_) => Some(Lease::KIND),
        AnyEvent::MaintenanceRequest(_) => Some(Request::KIND),
        AnyEvent::Organization(_) => Some(Organization::KIND),
        AnyEvent::Payment(_) => Some(Payment::KIND),
        AnyEvent::Property(_) => Some(Property::KIND),
        AnyEvent::Resident(_) => Some(Resident::KIND),
        AnyEvent::Unit(_) => Some(Unit::KIND),
        AnyEvent::Vendor(_) => Some(Vendor::KIND),
        AnyEvent::WorkOrder(_) => Some(WorkOrder::KIND),
        AnyEvent::Claim(_) | AnyEvent::Clock(_) => None,
    }
}

/// The entries that a fact reads or changes.
pub(super) fn wanted(fact: &Fact, keys: &mut HashSet<Key>) {
    let organization = fact.tenant_id.0;
    keys.extend(kind(&fact.event).map(|kind| (organization, kind, fact.aggregate_id)));
    match &fact.event {
        AnyEvent::Unit(UnitEvent::Created { property, .. }) => {
            keys.insert((organization, Property::KIND, property.0));
        }
        AnyEvent::Lease(event) => {
            keys.extend(charge_of(event).map(|id| (organization, Charge::KIND, id)));
            keys.extend(credit_of(event).map(|id| (organization, Credit::KIND, id)));
        }
        _ => {}
    }
}

fn charge_of(event: &LeaseEvent) -> Option<Uuid> {
    match event {
        LeaseEvent::ChargeWaived { charge, .. }
        | LeaseEvent::ChargeWrittenOff { charge, .. }
        | LeaseEvent::ConcessionGranted { charge, .. }
        | LeaseEvent::CreditApplied {
            target: CreditTarget::Charge { charge, .. },
            ..
        }
        | LeaseEvent::CreditUnapplied {
            target: CreditTarget::Charge { charge, .. },
            ..
        } => Some(charge.0),
        _ => None,
    }
}

fn credit_of(event: &LeaseEvent) -> Option<Uuid> {
    match event {
        LeaseEvent::CreditApplied { credit, .. }
        | LeaseEvent::CreditUnapplied { credit, .. }
        | LeaseEvent::CreditWithdrawn { credit, .. } => Some(credit.0),
        _ => None,
    }
}

/// Brings the documents up to date with one fact.
///
/// # Errors
/// Refuses an event about a thing that was never created.
pub(super) fn fold(state: &mut State, fact: &Fact) -> Result<(), Unknown> {
    let happening = &mut Happening { state, fact };
    match &fact.event {
        AnyEvent::BankAccount(event) => bank_account(happening, event)?,
        AnyEvent::Deposit(event) => money::deposit(happening, event)?,
        AnyEvent::Lease(event) => leases::lease(happening, event)?,
        AnyEvent::MaintenanceRequest(event) => repairs::request(happening, event)?,
        AnyEvent::Organization(event) => organization(happening, event)?,
        AnyEvent::Payment(event) => money::payment(happening, event)?,
        AnyEvent::Property(event) => places::property(happening, event)?,
        AnyEvent::Resident(event) => people::resident(happening, event)?,
        AnyEvent::Unit(event) => places::unit(happening, event)?,
        AnyEvent::Vendor(event) => people::vendor(happening, event)?,
        AnyEvent::WorkOrder(event) => repairs::work_order(happening, event)?,
        AnyEvent::Claim(_) | AnyEvent::Clock(_) => {}
    }
    if let Some(kind) = kind(&fact.event) {
        state.reach((fact.tenant_id.0, kind, fact.aggregate_id), fact.sequence);
    }
    Ok(())
}

fn organization(happening: &mut Happening<'_>, event: &OrganizationEvent) -> Result<(), Unknown> {
    match event {
        OrganizationEvent::Created { name, settings, .. } => happening.begins(Organization {
            name: name.clone(),
            status: "active".to_owned(),
            settings: settings.clone(),
        }),
        OrganizationEvent::SettingsChanged { settings } => {
            happening.own::<Organization>()?.settings = settings.clone();
        }
        OrganizationEvent::Suspended { .. } => "suspended".clone_into(&mut happening.own::<Organization>()?.status),
        OrganizationEvent::Reinstated => "active".clone_into(&mut happening.own::<Organization>()?.status),
        OrganizationEvent::Closed { .. } => "closed".clone_into(&mut happening.own::<Organization>()?.status),
    }
    Ok(())
}

fn bank_account(happening: &mut Happening<'_>, event: &BankAccountEvent) -> Result<(), Unknown> {
    match event {
        BankAccountEvent::Opened { name, purpose, on } => happening.begins(BankAccount {
            status: "open".to_owned(),
            name: name.clone(),
            purpose: *purpose,
            opened_on: *on,
        }),
        BankAccountEvent::Closed { .. } => "closed".clone_into(&mut happening.own::<BankAccount>()?.status),
    }
    Ok(())
}
