//! The write side in this process: decided by the aggregates, sealed, appended.

use std::sync::Arc;

use api::clock::new_command_id;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate};
use commands::{
    Metrics,
    execute::{Command, Commands, Invocation},
    handlers::{
        ActivateLease, ConvertRequest, CreateUnit, DepositPayment, DraftLease, FoundOrganization, OnStream,
        ReceivePayment, SignLease, SubmitRequest,
    },
    log::EventLog,
};
use domain::{
    Root,
    ids::{BankAccountId, CommandId, LeaseId, OrganizationId, PropertyId, ResidentId, UnitId, UserId, VendorId},
    lease::{ChargeKind, Lease, LeaseCommand, ManualCharge, Terms},
    maintenance_request::{Priority, Report},
    money::{Currency, Money},
    payment::{Intent, Method},
    personal::{Contact, PersonName},
    property::{Address, Property, PropertyCommand, PropertyDetails, PropertyKind},
    resident::{Profile, Resident, ResidentCommand},
    settings::Settings,
    span::Span,
    unit::UnitDetails,
    vendor::{Vendor, VendorCommand, VendorProfile},
    work_order::{WorkOrder, WorkOrderCommand},
};
use store::{Pools, personal::PersonalData, secrets::Secrets};
use uuid::Uuid;

use crate::{
    rounds::{Contestant, Turn},
    work::{self, Gate, Load, Step, rent},
};

const CLERK: UserId = UserId(Uuid::from_u128(9));
/// Why a vendor is blocked, in the words of `tests/peers`: events are as large here as there.
const REASON: &str = "The certificate of liability insurance ran out, and a new one was asked for by letter and twice by telephone; no work may \
    be given out until it is here and has been checked";
/// 1 November 2026, noon.
const NOW: DateTime<chrono::Utc> = DateTime::from_timestamp(1_793_534_400, 0).expect("an instant");

/// One organization's office.
#[derive(Clone)]
pub struct Office {
    commands: Arc<Commands>,
    organization: OrganizationId,
    operating_account: BankAccountId,
    vendor: VendorId,
}

/// Carries commands out on a database that has the schema.
pub fn commands_on(pools: &Pools, secrets: Secrets) -> Arc<Commands> {
    let log = EventLog::new(pools.app.clone(), Metrics::default());
    Arc::new(Commands::new(
        log,
        PersonalData::new(secrets.master),
        secrets.command_hash,
    ))
}

impl Office {
    /// Founds an organization.
    pub async fn found(commands: Arc<Commands>, organization: OrganizationId) -> Self {
        let founding = new_command_id();
        let found = FoundOrganization {
            name: "A company".into(),
            settings: Settings::usual(Currency::USD, chrono_tz::America::Chicago),
        };
        let invocation = Invocation::new(organization, CLERK, founding, NOW);
        let done = commands.execute(&invocation, &found).await;
        done.expect("a new organization");
        Self::of(commands, organization, BankAccountId(founding.derive(1))).await
    }

    /// That of an organization that there is, with a vendor more.
    pub async fn of(commands: Arc<Commands>, organization: OrganizationId, operating_account: BankAccountId) -> Self {
        let vendor = new_command_id();
        let office = Self {
            commands,
            organization,
            operating_account,
            vendor: VendorId(vendor.derive(0)),
        };
        office.execute(vendor, &new_vendor(office.vendor)).await;
        office
    }

    async fn execute<C: Command>(&self, id: CommandId, command: &C) {
        let invocation = Invocation::new(self.organization, CLERK, id, NOW);
        let done = self.commands.execute(&invocation, command).await;
        done.unwrap_or_else(|error| panic!("{}: {error}", C::NAME));
    }

    async fn ask<A>(&self, id: CommandId, aggregate: Uuid, command: A::Command) -> Uuid
    where
        A: Root,
        OnStream<A>: Command,
    {
        self.execute(id, &OnStream::<A>::of(aggregate.into(), command)).await;
        aggregate
    }
}

impl Gate for Office {
    #[expect(clippy::too_many_lines, reason = "one arm for each step")]
    async fn give(&self, step: Step) -> Uuid {
        let id = new_command_id();
        let new = id.derive(0);
        match step {
            Step::Property => {
                let create = PropertyCommand::Create { details: property(new) };
                self.execute(id, &OnStream::<Property>::begin(new.into(), create)).await;
            }
            Step::Unit { property, number } => {
                let (unit, property, details) = (UnitId(new), PropertyId(property), unit(number));
                let create = CreateUnit {
                    unit,
                    property,
                    details,
                };
                self.execute(id, &create).await;
            }
            Step::Resident => {
                let resident = ResidentId(new);
                let create = ResidentCommand::Create {
                    resident,
                    profile: profile(),
                };
                self.execute(id, &OnStream::<Resident>::begin(resident, create)).await;
            }
            Step::Draft { unit, resident, number } => {
                let (unit, terms) = (UnitId(unit), terms(resident, number));
                self.execute(id, &DraftLease { unit, terms }).await;
            }
            Step::Sign { lease: of } => {
                let (lease, on) = (LeaseId(of), today());
                self.execute(id, &SignLease { lease, on }).await;
                return of;
            }
            Step::Activate { lease: of } => {
                let (lease, on) = (LeaseId(of), today());
                self.execute(id, &ActivateLease { lease, on }).await;
                return of;
            }
            Step::Charge { lease } => return self.ask::<Lease>(id, lease, LeaseCommand::Charge(water())).await,
            Step::Receive {
                lease,
                resident,
                number,
            } => {
                let intent = Intent {
                    lease: LeaseId(lease),
                    payer: Some(ResidentId(resident)),
                    amount: usd(rent(number)),
                    method: Method::Ach,
                    reference: Some(new.to_string()),
                    designations: Vec::new(),
                };
                let payment = new.into();
                self.execute(id, &ReceivePayment { payment, intent }).await;
            }
            Step::Bank { payment } => {
                let bank = DepositPayment {
                    payment: payment.into(),
                    bank_account: self.operating_account,
                    fee: usd(0),
                };
                self.execute(id, &bank).await;
                return payment;
            }
            Step::Report {
                property,
                unit,
                resident,
            } => {
                let report = report(property, unit, resident);
                let request = new.into();
                self.execute(id, &SubmitRequest { request, report }).await;
            }
            Step::Convert { request } => {
                let convert = ConvertRequest {
                    request: request.into(),
                    work_order: new.into(),
                    vendor: self.vendor,
                };
                self.execute(id, &convert).await;
            }
            Step::Schedule { order } => {
                let schedule = WorkOrderCommand::Schedule { on: today() };
                return self.ask::<WorkOrder>(id, order, schedule).await;
            }
            Step::Finish { order } => {
                let notes = "A new seal".to_owned();
                return self
                    .ask::<WorkOrder>(id, order, WorkOrderCommand::FinishWork { notes })
                    .await;
            }
            Step::Complete { order } => return self.ask::<WorkOrder>(id, order, WorkOrderCommand::Complete).await,
            Step::Vendor => self.execute(id, &new_vendor(VendorId(new))).await,
            Step::Block { vendor } => {
                let reason = REASON.to_owned();
                return self.ask::<Vendor>(id, vendor, VendorCommand::Block { reason }).await;
            }
            Step::Unblock { vendor } => return self.ask::<Vendor>(id, vendor, VendorCommand::Unblock).await,
        }
        new
    }
}

fn today() -> NaiveDate {
    NOW.date_naive()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn property(id: Uuid) -> PropertyDetails {
    PropertyDetails {
        name: format!("Maple Court {id}"),
        address: Address {
            street: format!("{id} Maple Street"),
            city: "Springfield".into(),
            region: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
        },
        kind: PropertyKind::MultiFamily,
        year_built: None,
        amenities: vec!["laundry".into()],
    }
}

fn unit(number: u32) -> UnitDetails {
    UnitDetails {
        number: number.to_string(),
        bedrooms: 2,
        half_baths: 2,
        square_feet: Some(900),
        market_rent: usd(rent(number)),
    }
}

fn profile() -> Profile {
    Profile {
        name: PersonName {
            given: "Ada".into(),
            family: "Lovelace".into(),
        },
        contact: Contact {
            email: Some("ada@example.com".into()),
            phone: None,
        },
        birth_date: None,
        emergency_contacts: Vec::new(),
    }
}

fn terms(resident: Uuid, number: u32) -> Terms {
    Terms {
        residents: vec![ResidentId(resident)],
        term: Span::open(today()),
        rent: usd(rent(number)),
        rent_tax: None,
        due_day: 1,
    }
}

fn water() -> ManualCharge {
    ManualCharge {
        kind: ChargeKind::Utilities,
        description: "Water".into(),
        amount: usd(4_500),
        tax: None,
        due_on: today(),
        period: None,
    }
}

fn report(property: Uuid, unit: Uuid, resident: Uuid) -> Report {
    Report {
        property: property.into(),
        unit: Some(unit.into()),
        resident: Some(resident.into()),
        category: "plumbing".into(),
        priority: Priority::Medium,
        summary: "Kitchen sink leaks".into(),
        description: "Water drips under the sink.".into(),
        permission_to_enter: true,
    }
}

fn new_vendor(vendor: VendorId) -> OnStream<Vendor> {
    let profile = VendorProfile {
        name: "Drip & Sons Plumbing".into(),
        contact: Contact::default(),
        trades: vec!["plumbing".into()],
        insured_through: None,
    };
    OnStream::begin(vendor, VendorCommand::Create { vendor, profile })
}

/// The write side as a contestant.
pub struct InProcess {
    pub load: Load,
    /// Clients work for these in turn.
    pub offices: Vec<Office>,
}

#[async_trait]
impl Contestant for InProcess {
    fn name(&self) -> String {
        let load = match self.load {
            Load::Mix => "the mix",
            Load::OneKind => "one kind",
        };
        match self.offices.len() {
            1 => format!("in process, {load}, one organization"),
            many => format!("in process, {load}, {many} organizations"),
        }
    }

    async fn turn(&mut self, clients: u32, lasting: std::time::Duration) -> Turn {
        let office = |client: u32| self.offices[client as usize % self.offices.len()].clone();
        work::run(self.load, clients, lasting, None, office).await
    }
}
