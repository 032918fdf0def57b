//! What every request is answered with.

use std::{sync::Arc, time::Duration};

use commands::execute::Commands;
use projections::search::Library;
use store::{Pools, personal::PersonalData};
use streams::Progress;

use crate::{auth::token::Tokens, vitals::Vitals};

/// What every request is answered with: one for the process, shared by all.
pub struct App {
    /// Carries out commands.
    pub commands: Arc<Commands>,
    /// Connections, by role.
    pub pools: Pools,
    /// The keys of personal data.
    pub personal: PersonalData,
    /// Who callers are.
    pub tokens: Tokens,
    /// How far the read models of this process have come.
    pub progress: Arc<Progress>,
    /// The search index of this process.
    pub library: Library,
    /// How this process fares.
    pub vitals: Vitals,
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// How long a read waits for its read model.
    pub read_wait: Duration,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
}
