//! What the tests of execution share: an organization, and processes that carry out commands for it.

use chrono::{DateTime, Utc};
use commands::{
    Metrics,
    execute::{Command, Commands, ExecuteError, Invocation, Receipt},
    handlers::{FoundOrganization, OnStream},
    log::{EventLog, StreamId},
};
use domain::{
    ids::{CommandId, UserId, VendorId},
    money::Currency,
    personal::Contact,
    settings::Settings,
    vendor::{Vendor, VendorCommand, VendorProfile},
};
use schemas::Recorded;
use store::{personal::PersonalData, secrets::Secrets, testing::TestDatabase};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{OURS, SCHEMA};

/// An organization in New York, and the folder with its server's keys.
pub struct Office {
    pub database: TestDatabase,
    secrets: TempDir,
}

impl Office {
    pub async fn open() -> Self {
        Self::on(TestDatabase::new(SCHEMA).await).await
    }

    pub async fn on(database: TestDatabase) -> Self {
        let secrets = tempfile::tempdir().unwrap();
        let office = Self { database, secrets };
        let found = FoundOrganization {
            name: "Our company".into(),
            settings: Settings::usual(Currency::USD, chrono_tz::America::New_York),
        };
        office.process().await.execute(&given(1), &found).await.unwrap();
        office
    }

    /// A process of its own: it remembers nothing of what others did.
    pub async fn process(&self) -> Commands {
        let log = EventLog::new(self.database.pools().await.app, Metrics::default());
        let secrets = self.secrets();
        Commands::new(log, PersonalData::new(secrets.master), secrets.command_hash)
    }

    pub fn secrets(&self) -> Secrets {
        Secrets::in_folder(self.secrets.path()).unwrap()
    }
}

/// An invocation on the afternoon of 1 June 2026, under a command id.
pub fn given(id: u128) -> Invocation {
    Invocation::new(
        OURS,
        UserId(Uuid::from_u128(9)),
        CommandId(Uuid::from_u128(id)),
        june(1, 20),
    )
}

/// An hour in June 2026.
pub fn june(day: u32, hour: u32) -> DateTime<Utc> {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 6, day).unwrap();
    day.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

/// Vendors by a small number.
pub fn vendor_id(n: u128) -> VendorId {
    VendorId(Uuid::from_u128(0x7e_0000 + n))
}

pub fn profile(name: &str) -> VendorProfile {
    VendorProfile {
        name: name.into(),
        contact: Contact::default(),
        trades: vec!["plumbing".into()],
        insured_through: None,
    }
}

pub fn create(n: u128) -> OnStream<Vendor> {
    let create = VendorCommand::Create {
        vendor: vendor_id(n),
        profile: profile("Drip & Sons"),
    };
    OnStream::begin(vendor_id(n), create)
}

pub fn update(n: u128, name: &str) -> OnStream<Vendor> {
    let update = VendorCommand::Update {
        vendor: vendor_id(n),
        profile: profile(name),
    };
    OnStream::of(vendor_id(n), update)
}

pub fn block(n: u128, reason: &str) -> OnStream<Vendor> {
    OnStream::of(vendor_id(n), VendorCommand::Block { reason: reason.into() })
}

pub fn unblock(n: u128) -> OnStream<Vendor> {
    OnStream::of(vendor_id(n), VendorCommand::Unblock)
}

pub async fn stream_of(process: &Commands, n: u128) -> Vec<Recorded> {
    process
        .log()
        .stream(OURS, StreamId::of::<Vendor>(vendor_id(n)))
        .await
        .unwrap()
}

/// Carries out a command that nothing is in the way of.
pub async fn carry_out<C: Command>(process: &Commands, id: u128, command: &C) -> Receipt {
    process.execute(&given(id), command).await.unwrap()
}

/// The rule that refused.
pub fn rule(result: Result<Receipt, ExecuteError>) -> &'static str {
    use domain::Refuse;
    match result {
        Err(ExecuteError::Refused(refusal)) => refusal.rule(),
        other => panic!("not refused: {other:?}"),
    }
}
