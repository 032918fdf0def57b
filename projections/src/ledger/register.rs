//! The register: what reports say about the properties, units, leases, residents and payments that the books are about.

use std::collections::HashSet;

use chrono::NaiveDate;
use domain::{
    ids::{RecurringId, ResidentId},
    lease::{LeaseEvent, Terms},
    money::Money,
    payment::{Method, PaymentEvent},
    personal::{PersonName, Personal},
    property::PropertyEvent,
    registry::AnyEvent,
    resident::ResidentEvent,
    span::Span,
    unit::{UnitDetails, UnitEvent},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use streams::{ApplyError, Fact};
use uuid::Uuid;

use super::sheet::{Key, Row, Sheet};

/// What a batch of events changes in the register.
#[derive(Default)]
pub(super) struct Register<'a> {
    properties: Sheet<'a, Property>,
    units: Sheet<'a, Unit>,
    leases: Sheet<'a, Lease>,
    residents: Sheet<'a, Resident>,
    payments: Sheet<'a, Payment>,
    /// Whatever begins with one of the events.
    begun: HashSet<Key>,
}

// A row that lacks what its table requires is of an event that came before the one that creates it; the table refuses it.

#[derive(Default, Serialize, Deserialize)]
struct Property {
    name: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Unit {
    property_id: Option<Uuid>,
    number: String,
    bedrooms: u8,
    half_baths: u8,
    square_feet: Option<u32>,
    market_rent: i64,
    offline: Vec<Span>,
}

#[derive(Default, Serialize, Deserialize)]
struct Lease {
    property_id: Option<Uuid>,
    unit_id: Option<Uuid>,
    residents: Vec<ResidentId>,
    terms: Vec<Span>,
    leased_from: Option<NaiveDate>,
    leased_to: Option<NaiveDate>,
    notice_given_on: Option<NaiveDate>,
    moved_in_on: Option<NaiveDate>,
    rents: Vec<Rent>,
    recurring: Vec<Recurring>,
}

#[derive(Serialize, Deserialize)]
struct Rent {
    from: NaiveDate,
    #[serde(rename = "rent")]
    amount: i64,
    tax: i64,
}

#[derive(Serialize, Deserialize)]
struct Recurring {
    id: RecurringId,
    from: NaiveDate,
    to: Option<NaiveDate>,
    amount: i64,
}

#[derive(Default, Serialize, Deserialize)]
struct Resident {
    name: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Payment {
    method: Option<Method>,
    reference: Option<String>,
}

impl Row for Property {
    const TABLE: &'static str = "ledger_v2.properties";
}

impl Row for Unit {
    const TABLE: &'static str = "ledger_v2.units";
}

impl Row for Lease {
    const TABLE: &'static str = "ledger_v2.leases";
}

impl Row for Resident {
    const TABLE: &'static str = "ledger_v2.residents";
}

impl Row for Payment {
    const TABLE: &'static str = "ledger_v2.payments";
}

impl<'a> Register<'a> {
    /// Remembers what an event changes.
    pub fn note(&mut self, fact: &'a Fact) {
        let (tenant, id) = (fact.tenant_id.0, fact.aggregate_id);
        let today = fact.metadata.effective_date;
        if fact.sequence == 1 {
            self.begun.insert((tenant, id));
        }
        match &fact.event {
            AnyEvent::Property(event) => self.of_property((tenant, id), event),
            AnyEvent::Unit(event) => self.of_unit((tenant, id), today, event),
            AnyEvent::Lease(event) => self.leases_of((tenant, id), event),
            AnyEvent::Resident(event) => self.of_resident((tenant, id), event),
            AnyEvent::Payment(event) => self.of_payment((tenant, id), event),
            AnyEvent::BankAccount(_)
            | AnyEvent::Claim(_)
            | AnyEvent::Clock(_)
            | AnyEvent::Deposit(_)
            | AnyEvent::MaintenanceRequest(_)
            | AnyEvent::Organization(_)
            | AnyEvent::Vendor(_)
            | AnyEvent::WorkOrder(_) => {}
        }
    }

    /// Writes what was noted.
    pub async fn write(self, connection: &mut PgConnection) -> Result<(), ApplyError> {
        self.properties.write(connection, &self.begun).await?;
        self.units.write(connection, &self.begun).await?;
        self.leases.write(connection, &self.begun).await?;
        self.residents.write(connection, &self.begun).await?;
        self.payments.write(connection, &self.begun).await
    }

    fn of_property(&mut self, key: (Uuid, Uuid), event: &'a PropertyEvent) {
        match event {
            PropertyEvent::Created { details } | PropertyEvent::Updated { details } => {
                self.properties
                    .change(key, |property| property.name = Some(details.name.clone()));
            }
            PropertyEvent::UnitNumbered { .. } | PropertyEvent::Offboarded { .. } => {}
        }
    }

    fn of_unit(&mut self, key: (Uuid, Uuid), today: NaiveDate, event: &'a UnitEvent) {
        match event {
            UnitEvent::Created { property, details } => self.units.change(key, |unit| {
                unit.property_id = Some(property.0);
                unit.describe(details);
            }),
            UnitEvent::Updated { details } => self.units.change(key, |unit| unit.describe(details)),
            UnitEvent::TakenOffline { .. } => self.units.change(key, move |unit| {
                unit.offline.push(Span::open(today));
            }),
            UnitEvent::MadeReady => self.units.change(key, move |unit| {
                for span in unit.offline.iter_mut().filter(|span| span.to.is_none()) {
                    span.to = Some(today);
                }
            }),
            UnitEvent::Leased { lease, span, .. } => {
                let span = *span;
                self.leases.change((key.0, lease.0), move |lease| {
                    lease.leased_from = Some(span.from);
                    lease.leased_to = span.to;
                });
            }
            UnitEvent::Released { lease } => self.leases.change((key.0, lease.0), |lease| {
                lease.leased_from = None;
                lease.leased_to = None;
            }),
            UnitEvent::Listed { .. } | UnitEvent::Occupied { .. } | UnitEvent::Vacated { .. } => {}
        }
    }

    fn leases_of(&mut self, key: (Uuid, Uuid), event: &'a LeaseEvent) {
        let mut change = |change: Box<dyn FnOnce(&mut Lease) + Send + 'a>| self.leases.change(key, change);
        match event {
            LeaseEvent::Created { property, unit, terms } => change(Box::new(|lease| {
                lease.property_id = Some(property.0);
                lease.unit_id = Some(unit.0);
                lease.agree(terms);
            })),
            LeaseEvent::Amended { terms } => change(Box::new(|lease| lease.agree(terms))),
            LeaseEvent::RecurringChargeAdded {
                recurring,
                amount,
                from,
                ..
            } => change(Box::new(|lease| {
                lease.recurring.push(Recurring {
                    id: *recurring,
                    from: *from,
                    to: None,
                    amount: amount.minor,
                });
            })),
            LeaseEvent::RecurringChargeEnded { recurring, on } => change(Box::new(|lease| {
                for known in lease.recurring.iter_mut().filter(|known| known.id == *recurring) {
                    known.to = Some(*on);
                }
            })),
            LeaseEvent::Activated { on, .. } => change(Box::new(|lease| lease.moved_in_on = Some(*on))),
            LeaseEvent::RentChanged { rent, rent_tax, from } => {
                change(Box::new(|lease| lease.charge(*from, *rent, *rent_tax)));
            }
            LeaseEvent::Renewed {
                from,
                to,
                rent,
                rent_tax,
            } => change(Box::new(|lease| {
                lease.terms.push(Span { from: *from, to: *to });
                lease.charge(*from, *rent, *rent_tax);
            })),
            LeaseEvent::RolledOver { from } => change(Box::new(|lease| lease.terms.push(Span::open(*from)))),
            LeaseEvent::NoticeGiven { given_on, .. } => {
                change(Box::new(|lease| lease.notice_given_on = Some(*given_on)));
            }
            LeaseEvent::Ended { on } => change(Box::new(|lease| lease.leased_to = Some(*on))),
            LeaseEvent::Signed { .. }
            | LeaseEvent::Expiring { .. }
            | LeaseEvent::Settled
            | LeaseEvent::Voided { .. }
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
            | LeaseEvent::Opened { .. } => {}
        }
    }

    fn of_resident(&mut self, key: (Uuid, Uuid), event: &'a ResidentEvent) {
        match event {
            ResidentEvent::Created { name, .. } | ResidentEvent::Updated { name, .. } => {
                self.residents.change(key, |resident| resident.name = readable(name));
            }
            ResidentEvent::Erased { .. } => self.residents.change(key, |resident| resident.name = None),
            ResidentEvent::MovedIn { .. } | ResidentEvent::NoticeGiven { .. } | ResidentEvent::MovedOut { .. } => {}
        }
    }

    fn of_payment(&mut self, key: (Uuid, Uuid), event: &'a PaymentEvent) {
        match event {
            PaymentEvent::Initiated { method, reference, .. } => self.payments.change(key, |payment| {
                payment.method = Some(*method);
                payment.reference.clone_from(reference);
            }),
            PaymentEvent::Completed {
                reference: Some(reference),
                ..
            } => self
                .payments
                .change(key, |payment| payment.reference = Some(reference.clone())),
            PaymentEvent::Completed { reference: None, .. }
            | PaymentEvent::Processing
            | PaymentEvent::Deposited { .. }
            | PaymentEvent::Failed { .. }
            | PaymentEvent::Voided { .. }
            | PaymentEvent::Returned { .. }
            | PaymentEvent::Disputed { .. }
            | PaymentEvent::DisputeWon
            | PaymentEvent::DisputeLost { .. }
            | PaymentEvent::Refunded { .. } => {}
        }
    }
}

impl Unit {
    fn describe(&mut self, details: &UnitDetails) {
        self.number.clone_from(&details.number);
        self.bedrooms = details.bedrooms;
        self.half_baths = details.half_baths;
        self.square_feet = details.square_feet;
        self.market_rent = details.market_rent.minor;
    }
}

impl Lease {
    fn agree(&mut self, terms: &Terms) {
        self.residents.clone_from(&terms.residents);
        self.terms = vec![terms.term];
        self.rents.clear();
        self.charge(terms.term.from, terms.rent, terms.rent_tax);
    }

    fn charge(&mut self, from: NaiveDate, rent: Money, tax: Option<Money>) {
        self.rents.retain(|known| known.from != from);
        self.rents.push(Rent {
            from,
            amount: rent.minor,
            tax: tax.map_or(0, |tax| tax.minor),
        });
    }
}

fn readable(name: &Personal<PersonName>) -> Option<String> {
    name.value().map(ToString::to_string)
}
