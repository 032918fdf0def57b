//! What every request is answered with.

use std::time::Duration;

use crate::{auth::token::Tokens, metrics::Metrics};

/// What every request is answered with: one for the process, shared by all.
pub struct App {
    /// Who callers are.
    pub tokens: Tokens,
    /// What is counted.
    pub metrics: Metrics,
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
}
