//! The log as cqrs-es knows one: for tools that are made for its framework and work on one stream at a time.
//!
//! Use it with [`PersistedEventStore::new_event_store`](cqrs_es::persist::PersistedEventStore::new_event_store) only. The
//! framework's other two stores apply events twice; they need snapshots, and get none here.

use cqrs_es::{
    Aggregate,
    persist::{
        PersistedEventRepository, PersistenceError, ReplayFeed, ReplayStream, SerializedEvent, SerializedSnapshot,
    },
};
use domain::ids::{CommandId, OrganizationId};
use schemas::{Metadata, Recorded};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use crate::log::{AppendError, EventLog, NewCommand, NewEvent, ReadError, StreamId};

/// How many events a replay reads at a time.
const PAGE: i64 = 1_000;

/// One organization's streams. Personal data is not sealed here: events that hold any readable are refused.
#[derive(Clone)]
pub struct LogRepository {
    log: EventLog,
    organization: OrganizationId,
    metadata: Metadata,
}

impl LogRepository {
    /// Reads and writes the streams of an organization. What is written carries this metadata, except for what a command's
    /// own metadata says by the same names.
    #[must_use]
    pub const fn new(log: EventLog, organization: OrganizationId, metadata: Metadata) -> Self {
        Self {
            log,
            organization,
            metadata,
        }
    }

    /// A command that can be written once only: its id says what it follows. The framework knows no retries, so whatever
    /// stands there already was another's.
    fn command(&self, stream: StreamId, events: &[SerializedEvent]) -> Result<NewCommand, PersistenceError> {
        let before = events.first().map_or(0, |event| event.sequence - 1);
        let name = format!("{} {before}", stream.aggregate_type);
        let command_id = CommandId(Uuid::new_v5(&stream.aggregate_id, name.as_bytes()));
        let event = |(number, event): (u32, &SerializedEvent)| {
            Ok(NewEvent {
                stream,
                event_id: command_id.derive(number),
                event_type: event.event_type.clone().into(),
                event_version: event.event_version.parse().map_err(unknown)?,
                payload: RawValue::from_string(event.payload.to_string())?,
            })
        };
        Ok(NewCommand {
            organization: self.organization,
            command_id,
            command_hash: vec![0; 32],
            metadata: self.metadata_of(events)?,
            expectations: vec![(stream, i64::try_from(before).map_err(unknown)?)],
            events: (0..).zip(events).map(event).collect::<Result<_, PersistenceError>>()?,
            person_keys: Vec::new(),
        })
    }

    fn metadata_of(&self, events: &[SerializedEvent]) -> Result<Metadata, PersistenceError> {
        let mut metadata = serde_json::to_value(&self.metadata)?;
        let own = events.first().and_then(|event| event.metadata.as_object());
        for (name, value) in own.into_iter().flatten() {
            metadata[name] = value.clone();
        }
        Ok(serde_json::from_value(metadata)?)
    }

    async fn events<A: Aggregate>(&self, aggregate_id: &str) -> Result<Vec<Recorded>, PersistenceError> {
        let stream = stream_of::<A>(aggregate_id)?;
        self.log.stream(self.organization, stream).await.map_err(unreadable)
    }
}

impl PersistedEventRepository for LogRepository {
    async fn get_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.get_last_events::<A>(aggregate_id, 0).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let events = self.events::<A>(aggregate_id).await?;
        events.iter().skip(last_sequence).map(serialized).collect()
    }

    async fn get_snapshot<A: Aggregate>(&self, _: &str) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Err(unknown("the log keeps no snapshots"))
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if snapshot_update.is_some() {
            return Err(unknown("the log keeps no snapshots"));
        }
        let Some(first) = events.first() else { return Ok(()) };
        let stream = stream_of::<A>(&first.aggregate_id)?;
        match self.log.append(self.command(stream, events)?).await {
            Ok(appended) if appended.repeated => Err(PersistenceError::OptimisticLockError),
            Ok(_) => Ok(()),
            Err(AppendError::Conflict | AppendError::CommandIdReused | AppendError::NewEpoch) => {
                Err(PersistenceError::OptimisticLockError)
            }
            Err(error @ AppendError::Unavailable { .. }) => Err(PersistenceError::ConnectionError(Box::new(error))),
            Err(error) => Err(unknown(error)),
        }
    }

    async fn stream_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<ReplayStream, PersistenceError> {
        let events = self.get_events::<A>(aggregate_id).await?;
        let (mut feed, stream) = ReplayStream::new(events.len().max(1));
        for event in events {
            feed.push(Ok(event)).await?;
        }
        Ok(stream)
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let (mut feed, stream) = ReplayStream::new(64);
        let repository = self.clone();
        tokio::spawn(async move {
            // A replay that ends early must not look complete: what ended it is the last that it hands out.
            if let Err(error) = repository.feed::<A>(&mut feed).await {
                let _gone = feed.push(Err(error)).await;
            }
        });
        Ok(stream)
    }
}

impl LogRepository {
    /// All events of a type, in the order of the log.
    async fn feed<A: Aggregate>(&self, feed: &mut ReplayFeed) -> Result<(), PersistenceError> {
        let mut after = 0;
        loop {
            let mut snapshot = self.log.snapshot(self.organization);
            let page = snapshot
                .events_of_type(A::TYPE, after, PAGE)
                .await
                .map_err(unreadable)?;
            snapshot.release();
            let Some(last) = page.last() else { return Ok(()) };
            after = last.position;
            for event in &page {
                feed.push(serialized(event)).await?;
            }
        }
    }
}

fn stream_of<A: Aggregate>(aggregate_id: &str) -> Result<StreamId, PersistenceError> {
    Ok(StreamId {
        aggregate_type: A::TYPE,
        aggregate_id: aggregate_id.parse().map_err(unknown)?,
    })
}

fn serialized(event: &Recorded) -> Result<SerializedEvent, PersistenceError> {
    Ok(SerializedEvent::new(
        event.aggregate_id.to_string(),
        usize::try_from(event.sequence).map_err(unknown)?,
        event.aggregate_type.clone(),
        event.event_type.clone(),
        event.event_version.to_string(),
        serde_json::from_str(event.payload.get())?,
        serde_json::to_value(&event.metadata)?,
    ))
}

fn unreadable(error: ReadError) -> PersistenceError {
    match error {
        ReadError::Unavailable { .. } => PersistenceError::ConnectionError(Box::new(error)),
        ReadError::Corrupt(_)
        | ReadError::Unreadable(_)
        | ReadError::OtherOrganization(_)
        | ReadError::Unwritten(_) => unknown(error),
    }
}

fn unknown(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PersistenceError {
    PersistenceError::UnknownError(error.into())
}
