//! The read models: one folder each.

pub mod dashboard;
pub mod directory;
pub mod ledger;
pub mod search;

use std::sync::Arc;

use streams::Projection;

/// Every read model in the database, in the order of their names. Search isn't among them: each node keeps an index of its own.
#[must_use]
pub fn all() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(dashboard::Dashboard),
        Arc::new(directory::Directory),
        Arc::new(ledger::Ledger),
    ]
}
