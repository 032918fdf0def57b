//! Event by event: what becomes of the entries.

use domain::personal::{Contact, PersonName, Personal};
use domain::{
    ids::OrganizationId,
    lease::LeaseEvent,
    maintenance_request::MaintenanceRequestEvent,
    payment::{Method, PaymentEvent},
    property::{PropertyDetails, PropertyEvent},
    registry::AnyEvent,
    resident::ResidentEvent,
    unit::{UnitDetails, UnitEvent},
    vendor::VendorEvent,
    work_order::WorkOrderEvent,
};
use uuid::Uuid;

use super::{
    entry::{Entry, Kind},
    shelf::{Shelf, ShelfError},
};

/// What an erased or unreadable name is shown as.
const ERASED: &str = "(erased)";

/// One event, as far as the index needs it.
pub(super) struct Happening<'a> {
    /// Whose it is.
    pub organization: OrganizationId,
    /// About which thing.
    pub id: Uuid,
    /// What happened.
    pub event: &'a AnyEvent,
}

/// Brings the entries up to date with one event.
///
/// # Errors
/// Refuses an event about a thing that was never created, and passes on what the index itself can't do.
pub(super) fn apply(shelf: &mut Shelf, happening: &Happening<'_>) -> Result<(), ShelfError> {
    let thing = &mut Thing { shelf, happening };
    match happening.event {
        AnyEvent::Property(event) => property(thing, event),
        AnyEvent::Unit(event) => unit(thing, event),
        AnyEvent::Resident(event) => resident(thing, event),
        AnyEvent::Vendor(event) => vendor(thing, event),
        AnyEvent::Lease(event) => lease(thing, event),
        AnyEvent::Payment(event) => payment(thing, event),
        AnyEvent::MaintenanceRequest(event) => request(thing, event),
        AnyEvent::WorkOrder(event) => work_order(thing, event),
        AnyEvent::BankAccount(_)
        | AnyEvent::Claim(_)
        | AnyEvent::Clock(_)
        | AnyEvent::Deposit(_)
        | AnyEvent::Organization(_) => Ok(()),
    }
}

/// The thing that the event is about, on the shelf that holds its entry.
struct Thing<'a> {
    shelf: &'a mut Shelf,
    happening: &'a Happening<'a>,
}

impl Thing<'_> {
    fn begins(
        &mut self,
        (kind, status): (Kind, &str),
        title: String,
        details: Vec<String>,
        links: impl IntoIterator<Item = Uuid>,
    ) -> Result<(), ShelfError> {
        let organization = self.happening.organization;
        let links = links
            .into_iter()
            .map(|id| Ok((id, self.shelf.title(organization, id)?)))
            .collect::<Result<_, ShelfError>>()?;
        self.shelf.put(Entry {
            organization,
            id: self.happening.id,
            kind,
            status: status.to_owned(),
            title,
            details,
            links,
        });
        Ok(())
    }

    fn is_now(&mut self, status: &str) -> Result<(), ShelfError> {
        self.changes(|entry| status.clone_into(&mut entry.status))
    }

    fn changes(&mut self, change: impl FnOnce(&mut Entry)) -> Result<(), ShelfError> {
        self.shelf
            .change(self.happening.organization, self.happening.id, change)
    }

    fn describes(&mut self, title: String, details: Vec<String>) -> Result<(), ShelfError> {
        self.changes(|entry| {
            entry.title = title;
            entry.details = details;
        })
    }

    fn links_to(&mut self, id: Uuid) -> Result<(), ShelfError> {
        let title = self.shelf.title(self.happening.organization, id)?;
        self.changes(|entry| {
            entry.links.insert(id, title);
        })
    }
}

fn property(thing: &mut Thing<'_>, event: &PropertyEvent) -> Result<(), ShelfError> {
    match event {
        PropertyEvent::Created { details } => {
            let (title, lines) = property_words(details);
            thing.begins((Kind::Property, "active"), title, lines, [])
        }
        PropertyEvent::Updated { details } => {
            let (title, lines) = property_words(details);
            thing.describes(title, lines)
        }
        PropertyEvent::Offboarded { .. } => thing.is_now("offboarded"),
        PropertyEvent::UnitNumbered { .. } => Ok(()),
    }
}

fn property_words(details: &PropertyDetails) -> (String, Vec<String>) {
    let address = &details.address;
    let place = format!(
        "{}, {}, {} {}",
        address.street, address.city, address.region, address.postal_code
    );
    let mut lines = vec![place];
    lines.extend(details.amenities.iter().cloned());
    (details.name.clone(), lines)
}

fn unit(thing: &mut Thing<'_>, event: &UnitEvent) -> Result<(), ShelfError> {
    match event {
        UnitEvent::Created { property, details } => {
            let (title, lines) = unit_words(details);
            thing.begins((Kind::Unit, "ready"), title, lines, [property.0])
        }
        UnitEvent::Updated { details } => {
            let (title, lines) = unit_words(details);
            thing.describes(title, lines)
        }
        UnitEvent::Leased { on_notice, .. } => thing.changes(|entry| {
            if entry.status == "occupied" && *on_notice {
                "on_notice".clone_into(&mut entry.status);
            } else if entry.status == "on_notice" && !*on_notice {
                "occupied".clone_into(&mut entry.status);
            }
        }),
        UnitEvent::Listed { .. } | UnitEvent::Released { .. } => Ok(()),
        UnitEvent::Occupied { .. } => thing.is_now("occupied"),
        UnitEvent::Vacated { .. } => thing.is_now("turning"),
        UnitEvent::MadeReady => thing.is_now("ready"),
        UnitEvent::TakenOffline { .. } => thing.is_now("offline"),
    }
}

fn unit_words(details: &UnitDetails) -> (String, Vec<String>) {
    (details.number.clone(), vec![format!("{} bedrooms", details.bedrooms)])
}

fn resident(thing: &mut Thing<'_>, event: &ResidentEvent) -> Result<(), ShelfError> {
    match event {
        ResidentEvent::Created { name, contact, .. } => {
            thing.begins((Kind::Resident, "applicant"), person(name), reach(contact), [])
        }
        ResidentEvent::Updated { name, contact, .. } => thing.describes(person(name), reach(contact)),
        ResidentEvent::MovedIn { unit, .. } => {
            thing.links_to(unit.0)?;
            thing.is_now("current")
        }
        ResidentEvent::NoticeGiven { .. } => Ok(()),
        ResidentEvent::MovedOut { .. } => thing.is_now("past"),
        ResidentEvent::Erased { .. } => {
            thing.shelf.forget();
            thing.describes(ERASED.to_owned(), Vec::new())
        }
    }
}

fn person(name: &Personal<PersonName>) -> String {
    name.value().map_or_else(|| ERASED.to_owned(), ToString::to_string)
}

fn reach(contact: &Personal<Contact>) -> Vec<String> {
    let contact = contact.value().cloned().unwrap_or_default();
    contact.email.into_iter().chain(contact.phone).collect()
}

fn vendor(thing: &mut Thing<'_>, event: &VendorEvent) -> Result<(), ShelfError> {
    let words = |name: &Personal<String>, contact, trades: &[String]| {
        let title = name.value().cloned().unwrap_or_else(|| ERASED.to_owned());
        let mut lines = reach(contact);
        lines.extend(trades.iter().cloned());
        (title, lines)
    };
    match event {
        VendorEvent::Created {
            name, contact, trades, ..
        } => {
            let (title, lines) = words(name, contact, trades);
            thing.begins((Kind::Vendor, "active"), title, lines, [])
        }
        VendorEvent::Updated {
            name, contact, trades, ..
        } => {
            let (title, lines) = words(name, contact, trades);
            thing.describes(title, lines)
        }
        VendorEvent::Blocked { .. } => thing.is_now("blocked"),
        VendorEvent::Unblocked => thing.is_now("active"),
        VendorEvent::InsuranceExpired { .. } => Ok(()),
    }
}

fn lease(thing: &mut Thing<'_>, event: &LeaseEvent) -> Result<(), ShelfError> {
    match event {
        LeaseEvent::Created { property, unit, terms } => {
            let links = [property.0, unit.0]
                .into_iter()
                .chain(terms.residents.iter().map(|resident| resident.0));
            thing.begins(
                (Kind::Lease, "draft"),
                format!("Lease {}", terms.term),
                Vec::new(),
                links,
            )
        }
        LeaseEvent::Amended { terms } => {
            for resident in &terms.residents {
                thing.links_to(resident.0)?;
            }
            thing.describes(format!("Lease {}", terms.term), Vec::new())
        }
        LeaseEvent::Signed { .. } => thing.is_now("signed"),
        LeaseEvent::Activated { .. } => thing.is_now("active"),
        LeaseEvent::Renewed { from, to, .. } => {
            let span = domain::span::Span { from: *from, to: *to };
            thing.changes(|entry| {
                entry.title = format!("Lease {span}");
                if to.is_some() { "active" } else { "month_to_month" }.clone_into(&mut entry.status);
            })
        }
        LeaseEvent::RolledOver { .. } => thing.is_now("month_to_month"),
        LeaseEvent::NoticeGiven { .. } => thing.is_now("on_notice"),
        LeaseEvent::Ended { .. } => thing.is_now("ended"),
        LeaseEvent::Settled => thing.is_now("settled"),
        LeaseEvent::Voided { .. } => thing.is_now("voided"),
        LeaseEvent::RecurringChargeAdded { .. }
        | LeaseEvent::RecurringChargeEnded { .. }
        | LeaseEvent::RentChanged { .. }
        | LeaseEvent::Expiring { .. }
        | LeaseEvent::DepositAdded { .. }
        | LeaseEvent::ChargePosted { .. }
        | LeaseEvent::ChargeWaived { .. }
        | LeaseEvent::ChargeWrittenOff { .. }
        | LeaseEvent::LateFeeAssessed { .. }
        | LeaseEvent::ConcessionGranted { .. }
        | LeaseEvent::Credited { .. }
        | LeaseEvent::CreditApplied { .. }
        | LeaseEvent::CreditUnapplied { .. }
        | LeaseEvent::CreditWithdrawn { .. }
        | LeaseEvent::Opened { .. } => Ok(()),
    }
}

fn payment(thing: &mut Thing<'_>, event: &PaymentEvent) -> Result<(), ShelfError> {
    match event {
        PaymentEvent::Initiated {
            lease,
            payer,
            amount,
            method,
            reference,
            ..
        } => {
            let method = match method {
                Method::Cash => "cash",
                Method::Cheque => "cheque",
                Method::Ach => "ACH",
                Method::Card => "card",
            };
            let words = reference.iter().cloned().chain([method.to_owned()]).collect();
            let links = [lease.0].into_iter().chain(payer.map(|payer| payer.0));
            thing.begins((Kind::Payment, "initiated"), format!("Payment {amount}"), words, links)
        }
        PaymentEvent::Processing => thing.is_now("processing"),
        PaymentEvent::Completed { .. } => thing.is_now("completed"),
        PaymentEvent::Deposited { .. } | PaymentEvent::DisputeWon => thing.is_now("deposited"),
        PaymentEvent::Failed { .. } => thing.is_now("failed"),
        PaymentEvent::Voided { .. } => thing.is_now("voided"),
        PaymentEvent::Returned { .. } | PaymentEvent::DisputeLost { .. } => thing.is_now("returned"),
        PaymentEvent::Disputed { .. } => thing.is_now("disputed"),
        PaymentEvent::Refunded { whole: true, .. } => thing.is_now("refunded"),
        PaymentEvent::Refunded { whole: false, .. } => Ok(()),
    }
}

fn request(thing: &mut Thing<'_>, event: &MaintenanceRequestEvent) -> Result<(), ShelfError> {
    match event {
        MaintenanceRequestEvent::Submitted {
            property,
            unit,
            resident,
            category,
            priority,
            summary,
            description,
            ..
        } => {
            let words = vec![description.clone(), category.clone(), priority.to_string()];
            let links = [property.0]
                .into_iter()
                .chain(unit.map(|unit| unit.0))
                .chain(resident.map(|one| one.0));
            thing.begins((Kind::Request, "submitted"), summary.clone(), words, links)
        }
        MaintenanceRequestEvent::Triaged { category, priority, .. } => thing.changes(|entry| {
            "triaged".clone_into(&mut entry.status);
            entry.details.truncate(1);
            entry.details.extend([category.clone(), priority.to_string()]);
        }),
        MaintenanceRequestEvent::Converted { .. } => thing.is_now("converted"),
        MaintenanceRequestEvent::Declined { .. } => thing.is_now("declined"),
        MaintenanceRequestEvent::Resolved { .. } => thing.is_now("resolved"),
        MaintenanceRequestEvent::Reopened { .. } => thing.is_now("reopened"),
        MaintenanceRequestEvent::SlaBreached { .. } => Ok(()),
    }
}

fn work_order(thing: &mut Thing<'_>, event: &WorkOrderEvent) -> Result<(), ShelfError> {
    match event {
        WorkOrderEvent::Created {
            property,
            unit,
            category,
            priority,
            summary,
            description,
            ..
        } => {
            let words = vec![description.clone(), category.clone(), priority.to_string()];
            let links = [property.0].into_iter().chain(unit.map(|unit| unit.0));
            thing.begins((Kind::WorkOrder, "new"), summary.clone(), words, links)
        }
        WorkOrderEvent::Assigned { vendor } => {
            thing.links_to(vendor.0)?;
            thing.is_now("assigned")
        }
        WorkOrderEvent::EstimateRequested { .. } => thing.is_now("estimate_requested"),
        WorkOrderEvent::Estimated { .. } => thing.is_now("estimated"),
        WorkOrderEvent::Scheduled { .. } => thing.is_now("scheduled"),
        WorkOrderEvent::Paused { .. } => thing.is_now("waiting"),
        WorkOrderEvent::Resumed { .. } => thing.is_now("assigned"),
        WorkOrderEvent::WorkDone { .. } => thing.is_now("work_done"),
        WorkOrderEvent::Billed { .. } => thing.is_now("ready_to_bill"),
        WorkOrderEvent::Completed { .. } => thing.is_now("completed"),
        WorkOrderEvent::Cancelled { .. } => thing.is_now("cancelled"),
        WorkOrderEvent::Reopened { .. } => thing.is_now("new"),
        WorkOrderEvent::SlaBreached { .. } => Ok(()),
    }
}
