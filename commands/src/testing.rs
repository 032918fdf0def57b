//! What the tests inside this crate begin with.

use chrono::{DateTime, NaiveDate};
use domain::ids::{CommandId, OrganizationId};
use schemas::Metadata;
use store::testing::TestDatabase;
use uuid::Uuid;

use crate::log::NewCommand;

pub const OURS: OrganizationId = OrganizationId(Uuid::from_u128(1));

/// A database with an empty log.
pub async fn database() -> TestDatabase {
    TestDatabase::new(&[("store", store::MIGRATIONS), ("commands", crate::MIGRATIONS)]).await
}

/// A command of [`OURS`] without expectations or events yet.
pub fn command(id: CommandId) -> NewCommand {
    NewCommand {
        organization: OURS,
        command_id: id,
        command_hash: vec![7; 32],
        metadata: Metadata {
            actor: Uuid::nil(),
            correlation_id: id.0,
            causation_id: None,
            occurred_at: DateTime::UNIX_EPOCH,
            effective_date: NaiveDate::default(),
            traceparent: None,
        },
        expectations: Vec::new(),
        events: Vec::new(),
        person_keys: Vec::new(),
    }
}
