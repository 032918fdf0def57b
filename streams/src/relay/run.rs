//! One life of a relay: from its checkpoints on, until something fails.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::error::KafkaError;
use schemas::{Cursor, Recorded, Shard};
use tokio::{
    select,
    task::consume_budget,
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{info, warn};

use super::{Failure, Relay, VERSION, lane::Lane, sender::Sender};
use crate::{
    Batch, LogSource, Source, SourceError,
    checkpoint::{self, Leases, Settled},
    log,
};

/// A relay at work, until something fails.
pub(super) struct Run<'a> {
    relay: &'a Relay,
    leases: &'a Leases,
    stop: &'a CancellationToken,
    log: LogSource,
    sender: Sender,
    lanes: BTreeMap<Shard, Lane>,
    ahead: Option<Ahead>,
    next_take: Instant,
    next_save: Instant,
}

/// What is read while what comes before it is sent.
struct Ahead {
    /// Of no use for a run that stands elsewhere by then.
    behind: Vec<Cursor>,
    batches: AbortOnDropHandle<Result<Vec<Batch>, SourceError>>,
}

impl<'a> Run<'a> {
    pub fn new(relay: &'a Relay, leases: &'a Leases, stop: &'a CancellationToken) -> Result<Self, KafkaError> {
        Ok(Self {
            relay,
            leases,
            stop,
            log: LogSource::new(relay.stream.clone()),
            sender: Sender::new(&relay.broker, relay.settings.in_flight)?,
            lanes: BTreeMap::new(),
            ahead: None,
            next_take: Instant::now(),
            next_save: Instant::now(),
        })
    }

    /// Sends what is in the log and what comes, until told to stop.
    pub async fn go_on(&mut self) -> Result<(), Failure> {
        let settings = self.relay.settings;
        let mut hints = self.log.hints();
        while !self.stop.is_cancelled() {
            hints.mark_unchanged();
            if Instant::now() >= self.next_take {
                self.next_take = Instant::now() + (settings.lease / 3).min(Duration::from_secs(1));
                self.take().await?;
            }
            if Instant::now() >= self.next_save {
                self.next_save = Instant::now() + settings.checkpoint_every;
                self.save().await?;
            }
            if self.sender.has_room() && self.send().await? > 0 {
                self.relay.telemetry.running(self.lanes.len());
                continue;
            }
            self.relay.telemetry.running(self.lanes.len());
            select! {
                () = self.stop.cancelled() => {}
                () = self.sender.acknowledged(), if !self.sender.has_room() => {}
                () = sleep(settings.poll.min(settings.checkpoint_every)) => {}
                Ok(()) = hints.changed(), if self.sender.has_room() => {}
            }
        }
        Ok(())
    }

    /// Takes what is this process's part of the shards, and leaves the rest to others.
    async fn take(&mut self) -> Result<(), Failure> {
        // What is left is left where the broker has it.
        self.save().await?;
        let Settled { kept, taken } = self
            .leases
            .settle(VERSION, |shard, _| self.lanes.contains_key(&shard))
            .await?;
        self.lanes.retain(|shard, _| kept.contains(shard));
        self.relay.telemetry.takeovers(taken.takeovers);
        for held in taken.held {
            info!(from = %held.cursor, "relays a shard");
            self.sender.begin(held.cursor);
            self.lanes.insert(held.cursor.shard, Lane::new(&held));
        }
        Ok(())
    }

    /// Sends what follows, and says how much that was.
    async fn send(&mut self) -> Result<usize, Failure> {
        let cursors: Vec<Cursor> = self.lanes.values().map(Lane::sent).collect();
        if cursors.is_empty() {
            return Ok(0);
        }
        let batches = self.fetch(cursors).await?;
        self.read_ahead(&batches);
        let mut sent = 0;
        for batch in batches {
            sent += batch.events.len();
            let Some(lane) = self.lanes.get_mut(&batch.shard) else {
                continue;
            };
            for event in batch.events {
                let (cursor, event_id) = (event.cursor(), event.event_id);
                self.sender.send(event)?;
                lane.sent_up_to(cursor, event_id);
                // Thousands may follow, and others of this thread have to do something in time.
                consume_budget().await;
            }
        }
        self.relay.telemetry.sent(sent, self.sender.in_flight());
        Ok(sent)
    }

    /// What follows these.
    async fn fetch(&mut self, cursors: Vec<Cursor>) -> Result<Vec<Batch>, SourceError> {
        if let Some(ahead) = self.ahead.take().filter(|ahead| ahead.behind == cursors)
            && let Ok(batches) = ahead.batches.await
        {
            let batches = batches?;
            // Nothing, a while ago, doesn't mean that nothing has come since.
            if !batches.is_empty() {
                return Ok(batches);
            }
        }
        self.log.fetch(&cursors, self.relay.settings.batch).await
    }

    /// While these are sent, the server may look for what follows them, if there are so many that there is more.
    fn read_ahead(&mut self, batches: &[Batch]) {
        let (stream, limit) = (self.relay.stream.clone(), self.relay.settings.batch);
        if batches.iter().all(|batch| batch.events.len() < limit.events / 2) {
            return;
        }
        let last = |shard: Shard| {
            let batch = batches.iter().find(|batch| batch.shard == shard)?;
            batch.events.last().map(Recorded::cursor)
        };
        let lanes = self.lanes.iter();
        let behind: Vec<Cursor> = lanes.map(|(shard, lane)| last(*shard).unwrap_or(lane.sent())).collect();
        let cursors = behind.clone();
        let batches = tokio::spawn(async move { log::tail(&stream, &cursors, limit).await });
        self.ahead = Some(Ahead {
            behind,
            batches: AbortOnDropHandle::new(batches),
        });
    }

    /// Moves the checkpoints over what was acknowledged; fails if that isn't this process's to do any more, or if something
    /// could not be delivered.
    async fn save(&mut self) -> Result<(), Failure> {
        self.relay.telemetry.in_flight(self.sender.in_flight());
        let acknowledged = |shard: &Shard| self.sender.acknowledged_up_to(*shard);
        let (mut advances, mut events) = (Vec::new(), 0);
        for (shard, lane) in &mut self.lanes {
            if let Some(advance) = lane.advance(acknowledged(shard)) {
                events += advance.to.position - advance.from.position;
                advances.push(advance);
            }
        }
        if !advances.is_empty() {
            let mut tx = checkpoint::begin(&self.relay.stream, self.relay.settings.lease).await?;
            if !checkpoint::advance(&mut tx, VERSION, &advances).await? {
                return Err(Failure::Passing("another relay has taken a shard".into()));
            }
            tx.commit().await?;
            for advance in advances {
                if let Some(lane) = self.lanes.get_mut(&advance.to.shard) {
                    lane.saved(advance.to);
                }
            }
            self.relay.telemetry.relayed(events);
        }
        match self.sender.failure() {
            Some(reason) => Err(Failure::Passing(reason)),
            None => Ok(()),
        }
    }

    /// Waits for what is under way if there is hope, writes down how far it came, and gives the sender up. Says whether anything
    /// was acknowledged at all.
    pub async fn end(mut self) -> bool {
        if self.sender.failure().is_none() {
            let _in_time = timeout(self.relay.settings.grace, self.sender.drained()).await;
        }
        let saved = timeout(self.relay.settings.grace, self.save()).await;
        if !matches!(saved, Ok(Ok(()))) {
            warn!("the relay's checkpoints may lie behind");
        }
        let worked = self.sender.has_delivered();
        self.sender.discard().await;
        worked
    }
}
