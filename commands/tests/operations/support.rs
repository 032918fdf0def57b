//! An organization to work in, on a database of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::America::New_York;
use commands::{
    Metrics,
    execute::{Command, Commands, ExecuteError, Invocation, Receipt},
    handlers::{CreateUnit, CreateWorkOrder, FoundOrganization, OnStream},
    log::EventLog,
};
use domain::{
    Refusal, Refuse, Root,
    ids::{CommandId, OrganizationId, PropertyId, ResidentId, UnitId, UserId, VendorId, WorkOrderId},
    maintenance_request::Priority,
    money::{Currency, Money},
    personal::{Contact, PersonName},
    property::{Address, Property, PropertyCommand, PropertyDetails, PropertyKind},
    resident::{Profile, Resident, ResidentCommand},
    settings::Settings,
    unit::UnitDetails,
    vendor::{Vendor, VendorCommand, VendorProfile},
    work_order::Work,
};
use sqlx::Row;
use store::{MigrationSet, personal::PersonalData, secrets::Secrets, testing::TestDatabase};
use uuid::Uuid;

const SCHEMA: &[MigrationSet] = &[("store", store::MIGRATIONS), ("commands", commands::MIGRATIONS)];

/// Noon in New York on Monday, 1 June 2026.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_329_600, 0).unwrap()
}

pub struct Office {
    pub database: TestDatabase,
    pub commands: Commands,
    pub organization: OrganizationId,
    given: AtomicU32,
}

/// An event as the log holds it.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored {
    pub position: i64,
    pub event_type: String,
    pub aggregate_id: Uuid,
    pub payload: String,
}

impl Office {
    /// A database without any organization in it.
    pub async fn unfounded() -> Self {
        let database = TestDatabase::new(SCHEMA).await;
        Self {
            commands: process(&database).await,
            database,
            organization: OrganizationId(Uuid::from_u128(1)),
            given: AtomicU32::new(0),
        }
    }

    /// Another process on the same log: it remembers nothing of what this one did.
    pub async fn another_process(&self) -> Commands {
        process(&self.database).await
    }

    pub async fn new() -> Self {
        let office = Self::unfounded().await;
        office.give(&found()).await;
        office
    }

    /// A command that nobody gave before, so many hours after noon.
    pub fn invocation(&self, hours: i64) -> Invocation {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let id = CommandId(Uuid::new_v5(&self.organization.0, &number.to_be_bytes()));
        let actor = UserId(Uuid::from_u128(9));
        Invocation::new(self.organization, actor, id, noon() + TimeDelta::hours(hours))
    }

    pub async fn attempt<C: Command>(&self, command: &C) -> Result<Receipt, ExecuteError> {
        self.commands.execute(&self.invocation(0), command).await
    }

    /// Gives a command that must be carried out.
    pub async fn give<C: Command>(&self, command: &C) -> Receipt {
        self.attempt(command).await.unwrap()
    }

    /// Gives a command that must be refused, and says under which rule.
    pub async fn refused<C: Command>(&self, command: &C) -> &'static str {
        rule(self.attempt(command).await)
    }

    /// Everything in the log, in order.
    pub async fn log(&self) -> Vec<Stored> {
        let mut superuser = self.database.superuser().await;
        let rows =
            sqlx::query("SELECT position, event_type, aggregate_id, payload::text FROM events ORDER BY position")
                .fetch_all(&mut superuser)
                .await
                .unwrap();
        rows.into_iter()
            .map(|row| Stored {
                position: row.get(0),
                event_type: row.get(1),
                aggregate_id: row.get(2),
                payload: row.get(3),
            })
            .collect()
    }

    /// The names of a command's events.
    pub fn written(receipt: &Receipt) -> Vec<&str> {
        receipt.written.iter().map(|event| event.event_type.as_str()).collect()
    }

    pub async fn state<A: Root>(&self, id: A::Id) -> A {
        let loaded = self.commands.load::<A>(self.organization, id).await.unwrap();
        A::clone(&loaded.state)
    }

    pub async fn property(&self, n: u128) -> PropertyId {
        let id = PropertyId(Uuid::from_u128(n));
        let details = PropertyDetails {
            name: format!("Elm Court {n}"),
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
        self.give(&OnStream::<Property>::begin(id, PropertyCommand::Create { details }))
            .await;
        id
    }

    pub async fn unit(&self, property: PropertyId, n: u128) -> UnitId {
        let command = unit(property, n, &n.to_string());
        self.give(&command).await;
        command.unit
    }

    pub async fn vendor(&self, n: u128) -> VendorId {
        let vendor = VendorId(Uuid::from_u128(n));
        let profile = VendorProfile {
            name: format!("Drip & Sons {n}"),
            contact: Contact::default(),
            trades: vec!["plumbing".into()],
            insured_through: None,
        };
        let create = VendorCommand::Create { vendor, profile };
        self.give(&OnStream::<Vendor>::begin(vendor, create)).await;
        vendor
    }

    pub async fn resident(&self, n: u128) -> ResidentId {
        let resident = ResidentId(Uuid::from_u128(n));
        let create = ResidentCommand::Create {
            resident,
            profile: ada(),
        };
        self.give(&OnStream::<Resident>::begin(resident, create)).await;
        resident
    }

    pub async fn work_order(&self, property: PropertyId, n: u128) -> WorkOrderId {
        let work_order = WorkOrderId(Uuid::from_u128(n));
        let work = Work {
            property,
            unit: None,
            category: "plumbing".into(),
            priority: Priority::High,
            summary: "The tap drips".into(),
            description: "Since Sunday.".into(),
        };
        self.give(&CreateWorkOrder { work_order, work }).await;
        work_order
    }
}

async fn process(database: &TestDatabase) -> Commands {
    let log = EventLog::new(database.pools().await.app, Metrics::default());
    let key = STANDARD.encode([7; 32]);
    let secrets = Secrets::from_configuration(&key, &key).unwrap();
    Commands::new(log, PersonalData::new(secrets.master), secrets.command_hash)
}

pub fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

pub fn found() -> FoundOrganization {
    FoundOrganization {
        name: "Elm Homes".into(),
        settings: Settings::usual(Currency::USD, New_York),
    }
}

pub fn ada() -> Profile {
    Profile {
        name: PersonName {
            given: "Ada".into(),
            family: "Lovelace".into(),
        },
        contact: Contact::default(),
        birth_date: None,
        emergency_contacts: vec![],
    }
}

pub fn unit(property: PropertyId, n: u128, number: &str) -> CreateUnit {
    CreateUnit {
        unit: UnitId(Uuid::from_u128(n)),
        property,
        details: UnitDetails {
            number: number.into(),
            bedrooms: 1,
            half_baths: 2,
            square_feet: None,
            market_rent: Money::new(120_000, Currency::USD),
        },
    }
}

/// The rule under which a command was refused.
pub fn rule(result: Result<Receipt, ExecuteError>) -> &'static str {
    match result.unwrap_err() {
        ExecuteError::Refused(refusal) => Refusal::rule(&refusal),
        other => panic!("not a refusal: {other}"),
    }
}
