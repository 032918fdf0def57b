//! The only place that reads the clock and the only one that mints ids: everything else is given both.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::ids::CommandId;
use uuid::Uuid;

/// The present instant.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is the place")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The present civil date somewhere.
#[must_use]
pub fn today(zone: Tz) -> NaiveDate {
    now().with_timezone(&zone).date_naive()
}

/// A command id for a client that brought none.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is the place")]
pub fn new_command_id() -> CommandId {
    CommandId(Uuid::now_v7())
}

/// An id for what follows from a request that brought none.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is the place")]
pub fn new_correlation_id() -> Uuid {
    Uuid::now_v7()
}
