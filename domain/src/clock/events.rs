use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What of a day has been decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What happens once the day has begun: charges, starts and ends.
    Begun,
    /// What happens once it is over: late fees.
    Over,
}

events! {
    /// Facts about an organization's clock.
    pub enum ClockEvent of "clock" {
        /// All that is decided up to here has been; none of it is decided again.
        "clock.advanced" v 1 => Advanced {
            /// The last day that was decided.
            day: NaiveDate,
            /// How much of it.
            phase: Phase,
            /// The instant up to which service levels were looked at.
            instant: DateTime<Utc>,
        },
    }
}
