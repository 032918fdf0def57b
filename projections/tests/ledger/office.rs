//! A business that is run by commands: every event is one that the domain decides.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::America::New_York;
use commands::{
    execute::{Command, Commands, Invocation, Receipt},
    handlers::{
        ActivateLease, CreateUnit, DepositPayment, DraftLease, FoundOrganization, OnStream, ReceivePayment, SignLease,
        TakeOverDeposit, TakeOverLease,
    },
    tick::tick,
};
use domain::{
    clock::{Phase, Progress},
    deposit::{DepositPurpose, NewDeposit},
    ids::{
        BankAccountId, CommandId, DepositId, LeaseId, OrganizationId, PaymentId, PropertyId, ResidentId, UnitId, UserId,
    },
    lease::{ChargeKind, Lease, LeaseCommand, NewRecurring, Terms},
    money::Currency,
    organization::Organization,
    payment::{Designation, Intent, Method},
    personal::{Contact, PersonName},
    postings::testing::{day, usd},
    property::{Address, Property, PropertyCommand, PropertyDetails, PropertyKind},
    resident::{Profile, Resident, ResidentCommand},
    settings::Settings,
    span::Span,
    unit::UnitDetails,
};
use store::secrets::Secrets;
use uuid::Uuid;

use crate::support::{World, organization};

pub const BOSS: UserId = UserId(Uuid::from_u128(9));

pub struct Office {
    pub world: World,
    pub commands: Commands,
    pub organization: OrganizationId,
    given: AtomicU32,
}

impl Office {
    /// A new organization: dollars, New York.
    pub async fn open() -> Self {
        let world = World::new().await;
        let key = "BwcH".repeat(10) + "Bwc=";
        let secrets = Secrets::from_configuration(&key, &key).unwrap();
        let office = Self {
            commands: Commands::new(world.log.clone(), world.personal.clone(), secrets.command_hash),
            organization: organization(1),
            given: AtomicU32::new(0),
            world,
        };
        let found = FoundOrganization {
            name: "Elm Homes".into(),
            settings: Settings::usual(Currency::USD, New_York),
        };
        office.give(day(5, 1), &found).await;
        office
    }

    pub fn invocation(&self, on: NaiveDate) -> Invocation {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let id = CommandId(Uuid::new_v5(&self.organization.0, &number.to_be_bytes()));
        Invocation::new(self.organization, BOSS, id, afternoon(on))
    }

    /// Gives a command that must be carried out.
    pub async fn give<C: Command>(&self, on: NaiveDate, command: &C) -> Receipt {
        self.commands.execute(&self.invocation(on), command).await.unwrap()
    }

    /// Lets time pass until a day is over.
    pub async fn until_end_of(&self, last: NaiveDate) {
        let until = Progress {
            day: last,
            phase: Phase::Over,
            instant: afternoon(last),
        };
        tick(&self.commands, self.organization, BOSS, until).await.unwrap();
    }

    pub async fn operating_account(&self) -> BankAccountId {
        let organization = self.commands.load::<Organization>(self.organization, self.organization);
        organization.await.unwrap().state.operating_account().unwrap()
    }

    pub async fn property(&self, name: &str) -> PropertyId {
        let id = PropertyId(Uuid::new_v5(&self.organization.0, name.as_bytes()));
        let details = PropertyDetails {
            name: name.into(),
            address: Address {
                street: "12 Elm Street".into(),
                city: "Springfield".into(),
                region: "IL".into(),
                postal_code: "62701".into(),
                country: "US".into(),
            },
            kind: PropertyKind::MultiFamily,
            year_built: None,
            amenities: vec![],
        };
        let create = PropertyCommand::Create { details };
        self.give(day(5, 1), &OnStream::<Property>::begin(id, create)).await;
        id
    }

    pub async fn unit(&self, property: PropertyId, number: &str) -> UnitId {
        let unit = UnitId(Uuid::new_v5(&property.0, number.as_bytes()));
        let details = UnitDetails {
            number: number.into(),
            bedrooms: 2,
            half_baths: 3,
            square_feet: Some(840),
            market_rent: usd(160_000),
        };
        let create = CreateUnit {
            unit,
            property,
            details,
        };
        self.give(day(5, 1), &create).await;
        unit
    }

    pub async fn resident(&self, given: &str, family: &str) -> ResidentId {
        let resident = ResidentId(Uuid::new_v5(&self.organization.0, family.as_bytes()));
        let profile = Profile {
            name: PersonName {
                given: given.into(),
                family: family.into(),
            },
            contact: Contact::default(),
            birth_date: None,
            emergency_contacts: vec![],
        };
        let create = ResidentCommand::Create { resident, profile };
        self.give(day(5, 1), &OnStream::<Resident>::begin(resident, create))
            .await;
        resident
    }

    /// A signed lease for a year of 2026.
    pub async fn lease(&self, unit: UnitId, residents: Vec<ResidentId>, from: NaiveDate, rent: i64) -> LeaseId {
        let draft = DraftLease {
            unit,
            terms: terms(residents, Span::new(from, day(12, 32)), rent),
        };
        let lease = of(&self.give(day(5, 1), &draft).await, "lease");
        let lease = LeaseId(lease);
        self.give(day(5, 2), &SignLease { lease, on: day(5, 2) }).await;
        lease
    }

    pub async fn move_in(&self, lease: LeaseId, on: NaiveDate) {
        self.give(on, &ActivateLease { lease, on }).await;
    }

    pub async fn take_over(&self, unit: UnitId, resident: ResidentId, balance: i64, due_on: NaiveDate) -> LeaseId {
        let take_over = TakeOverLease {
            unit,
            terms: terms(vec![resident], Span::new(day(1, 1), day(3, 1)), 120_000),
            moved_in: day(1, 1),
            notice: None,
            balance: usd(balance),
            due_on: Some(due_on),
        };
        LeaseId(of(&self.give(day(5, 31), &take_over).await, "lease"))
    }

    pub async fn take_over_deposit(&self, lease: LeaseId, amount: i64) -> DepositId {
        let deposit = DepositId(Uuid::new_v5(&lease.0, b"deposit"));
        let new = NewDeposit {
            lease,
            purpose: DepositPurpose::Security,
            limited: false,
            amount: usd(amount),
            due_on: day(5, 31),
        };
        self.give(day(5, 31), &TakeOverDeposit { deposit, new }).await;
        deposit
    }

    pub async fn on_lease(&self, on: NaiveDate, lease: LeaseId, command: LeaseCommand) {
        self.give(on, &OnStream::<Lease>::of(lease, command)).await;
    }

    /// Parking from June on: 50.00 and 4.00 of tax.
    pub async fn parking(&self, lease: LeaseId) {
        let recurring = NewRecurring {
            kind: ChargeKind::Parking,
            description: "Parking".into(),
            amount: usd(5_400),
            tax: Some(usd(400)),
            from: day(6, 1),
        };
        self.on_lease(day(5, 2), lease, LeaseCommand::AddRecurring(recurring))
            .await;
    }

    pub async fn receive(
        &self,
        on: NaiveDate,
        lease: LeaseId,
        amount: i64,
        designations: Vec<Designation>,
    ) -> PaymentId {
        let payment = PaymentId(Uuid::new_v5(&lease.0, on.to_string().as_bytes()));
        let intent = Intent {
            lease,
            payer: None,
            amount: usd(amount),
            method: Method::Cheque,
            reference: Some(format!("no. {amount}")),
            designations,
        };
        self.give(on, &ReceivePayment { payment, intent }).await;
        payment
    }

    pub async fn bank(&self, on: NaiveDate, payment: PaymentId, fee: i64) {
        let bank_account = self.operating_account().await;
        let deposit = DepositPayment {
            payment,
            bank_account,
            fee: usd(fee),
        };
        self.give(on, &deposit).await;
    }
}

fn terms(residents: Vec<ResidentId>, term: Span, rent: i64) -> Terms {
    Terms {
        residents,
        term,
        rent: usd(rent),
        rent_tax: None,
        due_day: 1,
    }
}

fn of(receipt: &Receipt, aggregate_type: &str) -> Uuid {
    let written = receipt
        .written
        .iter()
        .find(|event| event.aggregate_type == aggregate_type);
    written.unwrap().aggregate_id
}

/// Three in the afternoon, UTC: the same day in New York.
fn afternoon(on: NaiveDate) -> DateTime<Utc> {
    on.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(15)
}
