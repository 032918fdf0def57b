//! Carrying out commands for one new organization, alone, so that nothing has to be asked and much can be written at once.
//!
//! Each command is decided by the same code as any other, on states that are kept in memory, and its events stand in the log
//! as if it had been given alone: with their sequences, ids and hashes.

mod whole;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::{Root, ids::OrganizationId, money::Currency, settings::Settings};
use sqlx::{PgConnection, PgPool};
use tokio::sync::Mutex;

pub(super) use self::whole::Whole;
use super::{
    Aggregates, CarryOut, Command, ExecuteError, InternalError, Invocation, Loaded, Receipt,
    before::before,
    decider::{Decided, Decider},
    reader::{Memory, Reader, typed},
    work::Work,
};
use crate::log::{AppendError, BulkLog, ReadError, Snapshot, StreamId};

/// What is at rest is remembered for so many batches' events: what is about to be asked for it is asked by then.
const KEPT_FOR: u64 = 2;

/// Why a bulk load was not begun, or not ended.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// The organization has a history, which would not be continued but begun anew.
    #[error("organization {0} has events already; a bulk load is for a new one")]
    NotEmpty(OrganizationId),
    /// The log can't be asked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was decided last can't be written.
    #[error(transparent)]
    Write(#[from] AppendError),
}

/// Carries out commands for one organization that had no events, and to which nobody else writes meanwhile.
///
/// What it has decided is in the log once a batch is full, and all of it after [`Bulk::finish`]. Whenever it ends, the log has
/// whole commands, up to one of them. After an error of the log it is of no more use, and tells that error again.
pub struct Bulk {
    decider: Arc<Decider>,
    /// Reads back what is no longer remembered.
    app: PgPool,
    organization: OrganizationId,
    whole: Mutex<Whole>,
}

impl Bulk {
    pub(super) async fn begin(
        decider: Arc<Decider>,
        app: PgPool,
        owner: PgConnection,
        organization: OrganizationId,
        batch_events: u32,
    ) -> Result<Self, BulkError> {
        if Snapshot::new(&app, organization).has_events().await? {
            return Err(BulkError::NotEmpty(organization));
        }
        let log = BulkLog::open(owner, organization, batch_events).await?;
        Ok(Self {
            decider,
            app,
            organization,
            whole: Mutex::new(Whole::new(log, KEPT_FOR * u64::from(batch_events))),
        })
    }

    /// Writes the last that was decided, and says how many events were written in all.
    ///
    /// # Errors
    /// A log that can't be written to, or an organization that others write to.
    pub async fn finish(self) -> Result<u64, BulkError> {
        Ok(self.whole.into_inner().log.close().await?)
    }

    /// Decides a command and hands it to the log.
    async fn attempt<C: Command>(
        &self,
        whole: &mut Whole,
        invocation: &Invocation,
        command: &C,
        hash: &[u8],
    ) -> Result<(), ExecuteError> {
        let unfounded = Settings::usual(Currency::USD, Tz::UTC);
        let context = invocation.context(Arc::new(unfounded));
        let mut work = Work::new(context, self.reader(whole));
        let Decided { command, events } = self.decider.decide(&mut work, invocation, command, hash).await?;
        let states = work.states_after(&events)?;
        drop(work);
        match whole.append(command, states).await {
            // Nobody may try again: what was decided before is lost.
            Err(error @ AppendError::NewEpoch) => Err(InternalError::Append(error).into()),
            appended => Ok(appended?),
        }
    }

    fn must_be_ours(&self, organization: OrganizationId) -> Result<(), ReadError> {
        if organization == self.organization {
            Ok(())
        } else {
            Err(ReadError::OtherOrganization(organization))
        }
    }

    fn snapshot(&self) -> Snapshot<'_> {
        Snapshot::new(&self.app, self.organization)
    }

    fn reader<'c>(&'c self, whole: &'c mut Whole) -> Reader<'c> {
        Reader {
            organization: self.organization,
            memory: Memory::Whole(whole),
            snapshot: self.snapshot(),
            decoder: &self.decider.decoder,
        }
    }
}

impl CarryOut for Bulk {
    /// Each is decided on what the one before has left. So the log comes out the same each time.
    const AT_ONCE: usize = 1;

    async fn carry_out<C: Command>(&self, invocation: &Invocation, command: &C) -> Result<(), ExecuteError> {
        self.must_be_ours(invocation.organization)?;
        let hash = self.decider.hash(invocation, command)?;
        let mut whole = self.whole.lock().await;
        let result = self.attempt(&mut whole, invocation, command, &hash).await;
        // As by commands: whatever a retry would be told now, it was told something else the first time.
        if result.as_ref().is_err_and(ExecuteError::is_an_answer) && !invocation.command_id_is_fresh {
            whole.settle().await?;
            let first = Receipt::first(&mut self.snapshot(), invocation.command_id, &hash).await?;
            return first.map_or(result, |_| Ok(()));
        }
        result
    }

    async fn load<A: Root>(&self, organization: OrganizationId, id: A::Id) -> Result<Loaded<A>, ReadError> {
        self.must_be_ours(organization)?;
        let mut whole = self.whole.lock().await;
        let (known, _) = self.reader(&mut whole).aggregate::<A>(StreamId::of::<A>(id)).await?;
        Ok(Loaded {
            state: typed(&known.state),
            sequence: known.sequence,
        })
    }

    async fn load_before<A: Root>(
        &self,
        organization: OrganizationId,
        id: A::Id,
        instant: DateTime<Utc>,
    ) -> Result<Arc<A>, ReadError> {
        self.must_be_ours(organization)?;
        let mut whole = self.whole.lock().await;
        let stream = StreamId::of::<A>(id);
        if let Some(state) = whole.find_before(stream, instant) {
            return Ok(state);
        }
        whole.settle().await?;
        before(&mut self.snapshot(), &self.decider.decoder, stream, instant).await
    }

    async fn load_awake<A: Root>(&self, organization: OrganizationId) -> Result<Aggregates<A>, ReadError> {
        self.must_be_ours(organization)?;
        Ok(self.whole.lock().await.awake::<A>())
    }

    async fn effective_date(&self, organization: OrganizationId) -> Result<Option<NaiveDate>, ReadError> {
        self.must_be_ours(organization)?;
        Ok(self.whole.lock().await.begun)
    }
}
