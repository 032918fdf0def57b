//! The ledger: the books of each organization in double entry, and the reports made of them.
//!
//! Invariants: entries are numbered densely in the order of the log and never change; each names its event; the lines of each
//! view of an entry sum to zero; `balances`, `balances_by_month` and `items` are sums of `lines`; an entry is taken back at most once.

mod journal;
mod load;
mod register;
pub mod reports;
mod save;
mod sheet;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::PgConnection;
use streams::{ApplyError, Fact, Projection};

use journal::{Posting, Wanted};
use register::Register;

/// The ledger's read model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ledger;

impl Ledger {
    const NAME: &'static str = "ledger";
    const VERSION: u32 = 2;
}

#[async_trait]
impl Projection for Ledger {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn version(&self) -> u32 {
        Self::VERSION
    }

    /// What is owed is looked at right after it was paid.
    fn rest(&self) -> Duration {
        Duration::from_millis(4)
    }

    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }

    async fn apply(&self, connection: &mut PgConnection, facts: &[Arc<Fact>]) -> Result<(), ApplyError> {
        let mut register = Register::default();
        for fact in facts {
            register.note(fact);
        }
        let postings: Vec<_> = facts.iter().map(|fact| Posting::of(fact)).collect::<Result<_, _>>()?;
        let mut journal = load::load(connection, Wanted::by(&postings)).await?;
        for posting in postings {
            journal.post(posting)?;
        }
        register.write(connection).await?;
        save::save(connection, &journal).await
    }
}
