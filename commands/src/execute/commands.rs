//! Carries commands out.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::{Root, ids::OrganizationId, money::Currency, organization::Organization, settings::Settings};
use schemas::{SHARDS, shard_of};
use sqlx::{PgConnection, PgPool};
use store::{
    personal::{PersonalData, Subject},
    secrets::HashKey,
};
use tokio::{join, sync::Mutex, task::yield_now};

use super::{
    Aggregates, Bulk, BulkError, Command, ExecuteError, Invocation, Loaded, Receipt,
    before::before,
    cache::States,
    decider::{Decided, Decider},
    every::Every,
    reader::{Freshness, Memory, Reader, typed},
    seal,
    work::Work,
};
use crate::{
    log::{AppendError, EventLog, ReadError, StreamId},
    metrics::CommandOutcome,
};

/// What the states of aggregates may take in memory, about.
const STATES_BYTES: u64 = 64 * 1024 * 1024;

/// How often a command is decided before its client is told that others always came first.
const ATTEMPTS: usize = 8;

/// Carries commands out: to be shared by all that give any.
pub struct Commands {
    log: EventLog,
    decider: Arc<Decider>,
    states: States,
    /// Of each shard, whose turn it is to try again. Those who lost against each other would lose again if they all ran at
    /// once.
    turns: [Mutex<()>; SHARDS as usize],
}

impl Commands {
    /// Writes to a log, with the keys of this installation.
    #[must_use]
    pub fn new(log: EventLog, personal: PersonalData, hash_key: HashKey) -> Self {
        Self {
            log,
            decider: Arc::new(Decider::new(personal, hash_key)),
            states: States::new(STATES_BYTES),
            turns: Default::default(),
        }
    }

    /// The log that is written to.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Decides a command and writes what follows from it, once: a retry gets the first answer. What others change meanwhile
    /// makes it decide again.
    ///
    /// # Errors
    /// See [`ExecuteError`]. A refusal rests on the log as it is, not on what this process remembers of it.
    pub async fn execute<C: Command>(&self, invocation: &Invocation, command: &C) -> Result<Receipt, ExecuteError> {
        let hash = self.decider.hash(invocation, command)?;
        let mut result = self.decide(invocation, command, &hash).await;
        // Whatever a retry would be told now, it was told something else the first time.
        if result.as_ref().is_err_and(ExecuteError::is_an_answer) && !invocation.command_id_is_fresh {
            result = match self.first_answer(invocation, &hash).await {
                Ok(None) => result,
                Ok(Some(receipt)) => Ok(receipt),
                Err(error) => Err(error),
            };
        }
        self.log.metrics().command(outcome(&result));
        result
    }

    /// An aggregate as the log has it now.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn load<A: Root>(&self, organization: OrganizationId, id: A::Id) -> Result<Loaded<A>, ReadError> {
        let mut reader = self.reader(organization, Freshness::Current);
        let (known, _) = reader.aggregate::<A>(StreamId::of::<A>(id)).await?;
        Ok(Loaded {
            state: typed(&known.state),
            sequence: known.sequence,
        })
    }

    /// An aggregate as it was when it was last used here, and as the log has it if it wasn't: for what never changes.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn recall<A: Root>(&self, organization: OrganizationId, id: A::Id) -> Result<Arc<A>, ReadError> {
        let mut reader = self.reader(organization, Freshness::Remembered);
        let (known, _) = reader.aggregate::<A>(StreamId::of::<A>(id)).await?;
        Ok(typed(&known.state))
    }

    /// Every aggregate of a type that an organization has, as the log has them now, by id.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn load_every<A: Root>(&self, organization: OrganizationId) -> Result<Aggregates<A>, ReadError> {
        let mut every = Every {
            organization,
            states: &self.states,
            snapshot: self.log.snapshot(organization),
            decoder: &self.decider.decoder,
        };
        let every = every.of::<A>().await?;
        Ok(every.into_iter().map(|(id, known)| (id, typed(&known.state))).collect())
    }

    /// An aggregate as it was before an instant: with what occurred until then, whenever it was written.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn load_before<A: Root>(
        &self,
        organization: OrganizationId,
        id: A::Id,
        instant: DateTime<Utc>,
    ) -> Result<Arc<A>, ReadError> {
        let mut snapshot = self.log.snapshot(organization);
        before(&mut snapshot, &self.decider.decoder, StreamId::of::<A>(id), instant).await
    }

    /// Begins a bulk load of an organization that has no events yet, as the owner of the log. So many events are written at
    /// a time, about, and while they are, nobody else writes to the shard.
    ///
    /// # Errors
    /// See [`BulkError`]: nothing was written.
    pub async fn bulk(
        &self,
        owner: PgConnection,
        organization: OrganizationId,
        batch_events: u32,
    ) -> Result<Bulk, BulkError> {
        let app = self.log.pool().clone();
        Bulk::begin(self.decider.clone(), app, owner, organization, batch_events).await
    }

    /// The civil date on which an organization began to keep its business here; `None` if it didn't.
    pub(crate) async fn effective_date(&self, organization: OrganizationId) -> Result<Option<NaiveDate>, ReadError> {
        self.log
            .snapshot(organization)
            .first_effective_date(StreamId::of::<Organization>(organization))
            .await
    }

    /// Deletes a person's key, after the log has what says so; see [`PersonalData::erase`].
    pub(crate) async fn erase_key(&self, stream: &PgPool, person: Subject) -> Result<(), ExecuteError> {
        self.decider
            .personal
            .erase(stream, person)
            .await
            .map_err(seal::failed)?;
        Ok(())
    }

    fn reader(&self, organization: OrganizationId, freshness: Freshness) -> Reader<'_> {
        Reader {
            organization,
            memory: Memory::Cache(&self.states, freshness),
            snapshot: self.log.snapshot(organization),
            decoder: &self.decider.decoder,
        }
    }

    async fn decide<C: Command>(
        &self,
        invocation: &Invocation,
        command: &C,
        hash: &[u8],
    ) -> Result<Receipt, ExecuteError> {
        let mut freshness = Freshness::Remembered;
        let mut turn = None;
        for _ in 0..ATTEMPTS {
            // An organization that is only being founded has no policies yet.
            let unfounded = Settings::usual(Currency::USD, Tz::UTC);
            let context = invocation.context(Arc::new(unfounded));
            let mut work = Work::new(context, self.reader(invocation.organization, freshness));
            match self.attempt(&mut work, invocation, command, hash).await {
                Err(ExecuteError::Conflict) if turn.is_none() => {
                    turn = Some(self.turns[shard_of(invocation.organization).index()].lock().await);
                }
                Err(ExecuteError::Conflict) => {}
                Err(error) if error.rests_on_state() && work.rests_on_memory() => {}
                result => return result,
            }
            freshness = Freshness::Current;
        }
        Err(ExecuteError::Conflict)
    }

    async fn attempt<C: Command>(
        &self,
        work: &mut Work<'_>,
        invocation: &Invocation,
        command: &C,
        hash: &[u8],
    ) -> Result<Receipt, ExecuteError> {
        let Decided { command, events } = self.decider.decide(work, invocation, command, hash).await?;
        // The writer needs a connection too, and may have to wait for it: nobody waits for the writer with one in hand.
        work.reader.snapshot.release();
        let append = self.log.append(command);
        // What it leads to is reckoned while the database writes.
        let (appended, states) = join!(append, async {
            yield_now().await;
            work.states_after(&events)
        });
        let appended = appended.inspect_err(|error| {
            if matches!(error, AppendError::NewEpoch) {
                self.states.forget();
            }
        })?;
        if appended.repeated {
            return self.first_answer(invocation, hash).await?.ok_or(ExecuteError::Conflict);
        }
        // What can't be reckoned now is read when it is needed.
        for (stream, known) in states.into_iter().flatten() {
            self.states.put(invocation.organization, stream, known);
        }
        Ok(Receipt::new(appended, &events))
    }

    /// What a command was answered when it was carried out; nothing if it never was.
    async fn first_answer(&self, invocation: &Invocation, hash: &[u8]) -> Result<Option<Receipt>, ExecuteError> {
        let mut snapshot = self.log.snapshot(invocation.organization);
        Receipt::first(&mut snapshot, invocation.command_id, hash).await
    }
}

fn outcome(result: &Result<Receipt, ExecuteError>) -> CommandOutcome {
    match result {
        Ok(Receipt { repeated: false, .. }) => CommandOutcome::Written,
        Ok(_) => CommandOutcome::Repeated,
        Err(ExecuteError::Conflict | ExecuteError::PreconditionFailed { .. }) => CommandOutcome::Conflict,
        Err(ExecuteError::Unavailable { .. } | ExecuteError::Internal(_)) => CommandOutcome::Failed,
        Err(_) => CommandOutcome::Refused,
    }
}
