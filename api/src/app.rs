//! What every request is answered with.

use std::{path::PathBuf, sync::Arc, time::Duration};

use commands::execute::Commands;
use projections::search::Library;
use store::{Pools, personal::PersonalData};
use streams::{Progress, Telemetry};

use crate::{auth::token::Tokens, metrics::Metrics};

/// What every request is answered with: one for the process, shared by all.
pub struct App {
    /// Carries out commands.
    pub commands: Commands,
    /// Connections, by role.
    pub pools: Pools,
    /// The keys of personal data.
    pub personal: PersonalData,
    /// Who callers are.
    pub tokens: Tokens,
    /// How far the read models of this process have come.
    pub progress: Arc<Progress>,
    /// How the projectors of this process fare.
    pub telemetry: Telemetry,
    /// The search index of this process.
    pub library: Library,
    /// Where it is.
    pub search_index: PathBuf,
    /// What is counted.
    pub metrics: Metrics,
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// How long a read waits for its read model.
    pub read_wait: Duration,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
}
