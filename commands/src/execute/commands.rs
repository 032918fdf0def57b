//! Carries commands out.

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::{
    Refusal, Root, ids::OrganizationId, money::Currency, organization::Organization, registry::Decoder,
    settings::Settings,
};
use schemas::{SHARDS, shard_of};
use sqlx::PgPool;
use store::{
    personal::{PersonalData, Subject},
    secrets::HashKey,
};
use tokio::sync::Mutex;

use super::{
    Command, ExecuteError, InternalError, Invocation, Loaded, Receipt,
    cache::States,
    canonical,
    reader::{Freshness, Reader, typed},
    seal,
    work::Work,
};
use crate::{
    log::{AppendError, EventLog, NewCommand, ReadError, StreamId},
    metrics::CommandOutcome,
};

/// What the states of aggregates may take in memory, about.
const STATES_BYTES: u64 = 64 * 1024 * 1024;

/// How often a command is decided before its client is told that others always came first.
const ATTEMPTS: usize = 8;

/// Carries commands out: to be shared by all that give any.
pub struct Commands {
    log: EventLog,
    personal: PersonalData,
    hash_key: HashKey,
    decoder: Decoder,
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
            personal,
            hash_key,
            decoder: Decoder::default(),
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
        let hash = self.hash(invocation, command).map_err(InternalError::from)?;
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

    /// Name, actor and body; and the day, where the client named one.
    fn hash<C: Command>(&self, invocation: &Invocation, command: &C) -> Result<Vec<u8>, serde_json::Error> {
        let body = canonical::json(command)?;
        let day = canonical::json(&invocation.effective_on)?;
        let parts = [
            C::NAME.as_bytes(),
            invocation.actor.0.as_bytes(),
            body.as_bytes(),
            day.as_bytes(),
        ];
        Ok(self.hash_key.sign(parts))
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

    /// Every aggregate of a type that an organization has, as the log has them now, by id.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn load_every<A: Root>(&self, organization: OrganizationId) -> Result<Vec<(A::Id, Arc<A>)>, ReadError> {
        let every = self.reader(organization, Freshness::Current).every::<A>().await?;
        Ok(every.into_iter().map(|(id, known)| (id, typed(&known.state))).collect())
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
        self.personal.erase(stream, person).await.map_err(seal::failed)?;
        Ok(())
    }

    fn reader(&self, organization: OrganizationId, freshness: Freshness) -> Reader<'_> {
        Reader {
            organization,
            freshness,
            snapshot: self.log.snapshot(organization),
            states: &self.states,
            decoder: &self.decoder,
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
        let organization = work.stream::<Organization>(invocation.organization).await?.state;
        if let Ok(settings) = organization.settings() {
            work.context = invocation.context(Arc::new(settings.clone()));
        }
        if !command.is_about_the_organization() {
            organization.must_be_active().map_err(Refusal::from)?;
        }
        let decided = command.decide(work).await;
        // Before what was decided: a client that is wrong about the state is told so, not what follows from it.
        if let Some(expected) = invocation.if_match {
            let actual = work.primary_sequence();
            if actual != expected {
                return Err(ExecuteError::PreconditionFailed { expected, actual });
            }
        }
        decided?;
        if let Some(error) = work.fault.take() {
            return Err(InternalError::Json(error).into());
        }
        if work.drafts.is_empty() {
            return Err(InternalError::Silent { command: C::NAME }.into());
        }
        self.append(work, invocation, hash).await
    }

    async fn append(&self, work: &mut Work<'_>, invocation: &Invocation, hash: &[u8]) -> Result<Receipt, ExecuteError> {
        let person_keys = seal::seal(&self.personal, work).await?;
        let events = work.take_events().map_err(InternalError::from)?;
        let command = NewCommand {
            organization: invocation.organization,
            command_id: invocation.command_id,
            command_hash: hash.to_vec(),
            metadata: invocation.metadata(work.context()),
            expectations: work.expectations(),
            events: events.iter().map(|outgoing| outgoing.event.clone()).collect(),
            person_keys,
        };
        // The writer needs a connection too, and may have to wait for it: nobody waits for the writer with one in hand.
        work.reader.snapshot.release();
        let appended = match self.log.append(command).await {
            Ok(appended) => appended,
            Err(error) => {
                if matches!(error, AppendError::NewEpoch) {
                    self.states.forget();
                }
                return Err(error.into());
            }
        };
        if appended.repeated {
            return self.first_answer(invocation, hash).await?.ok_or(ExecuteError::Conflict);
        }
        work.remember(&events);
        Ok(Receipt::new(appended, &events))
    }

    /// What a command was answered when it was carried out; nothing if it never was.
    async fn first_answer(&self, invocation: &Invocation, hash: &[u8]) -> Result<Option<Receipt>, ExecuteError> {
        let mut snapshot = self.log.snapshot(invocation.organization);
        let traces = snapshot.traces_of(invocation.command_id).await?;
        if traces.iter().any(|trace| trace.command_hash != hash) {
            return Err(ExecuteError::CommandIdReused);
        }
        Ok(Receipt::repeated(snapshot.shard(), traces))
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
