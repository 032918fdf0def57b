//! Keeps each shard where it is read best: in the topic if that goes on from what was read, else in the log.

use std::{sync::Arc, time::Duration};

use rdkafka::{
    TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    error::KafkaError,
};
use schemas::{Cursor, Shard};
use tokio::time::{Instant, interval};
use tracing::{debug, warn};

use super::{
    blocking, joining,
    source::{Shared, retire},
};
use crate::SourceError;

/// How often shards that are read from the log are looked for in the topic.
const JOIN_EVERY: Duration = Duration::from_secs(1);

/// After so long without a reader a shard of the topic isn't read on.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

impl Shared {
    fn consumer(&self) -> Arc<StreamConsumer> {
        self.consumer.borrow().clone()
    }

    /// Goes on with a new client.
    fn renew(&self) {
        match self.client.create() {
            Ok(consumer) => {
                warn!("the topic is there and the client is mute: another client takes its place");
                self.leave_all();
                retire(self.consumer.send_replace(Arc::new(consumer)));
            }
            Err(error) => debug!(%error, "no other client can be made"),
        }
    }

    /// Lets shards that are read from the log go on with the topic where it has what comes next.
    pub(super) async fn keep_joining(&self) {
        let mut looks = interval(JOIN_EVERY);
        let (mut assigned, mut aims) = (Vec::new(), Vec::new());
        loop {
            looks.tick().await;
            self.forget();
            if std::mem::take(&mut self.state().lost) {
                self.renew();
                assigned.clear();
            }
            if let Err(error) = self.unassign(&mut assigned).await {
                warn!(%error, "partitions can't be left: all are joined anew");
                self.leave_all();
                assigned.clear();
                let consumer = self.consumer();
                if let Err(error) = blocking(move || consumer.unassign()).await {
                    debug!(%error, "nor all of them at once");
                }
            }
            if let Err(error) = self.join(&mut assigned, &mut aims).await {
                debug!(%error, "the topic can't be joined");
            }
            let (mut joined, mut apart) = (0, 0);
            for front in &self.state().fronts {
                joined += i64::from(front.is_joined());
                apart += i64::from(!front.is_joined() && front.wanted.is_some());
            }
            self.telemetry.shards.set(joined);
            self.telemetry.shards_in_log.set(apart);
        }
    }

    /// Leaves the shards that no reader asks for any more.
    fn forget(&self) {
        let now = Instant::now();
        let mut state = self.state();
        for front in &mut state.fronts {
            if front.is_forgotten(now, FORGOTTEN_AFTER) {
                front.leave();
                front.wanted = None;
            }
        }
        self.drained.notify_one();
    }

    async fn unassign(&self, assigned: &mut Vec<Shard>) -> Result<(), KafkaError> {
        let left: Vec<Shard> = {
            let state = self.state();
            let is_left = |shard: &&Shard| !state.fronts[shard.index()].is_joined();
            assigned.iter().filter(is_left).copied().collect()
        };
        if left.is_empty() {
            return Ok(());
        }
        let mut partitions = TopicPartitionList::new();
        for shard in &left {
            partitions.add_partition(&self.topic, i32::from(shard.number()));
        }
        let consumer = self.consumer();
        blocking(move || consumer.incremental_unassign(&partitions)).await?;
        assigned.retain(|shard| !left.contains(shard));
        Ok(())
    }

    /// Joins the shards whose aims the topic has, and aims at what was read of the others by now. What was read at the last look is
    /// in the topic at this one if the relay keeps up; what was read just now would always be on its way still.
    async fn join(&self, assigned: &mut Vec<Shard>, aims: &mut Vec<Cursor>) -> Result<(), SourceError> {
        let wanted: Vec<Cursor> = {
            let state = self.state();
            let apart = state.fronts.iter().filter(|front| !front.is_joined());
            let wanted = apart.filter_map(|front| front.wanted);
            wanted.filter(|cursor| !assigned.contains(&cursor.shard)).collect()
        };
        let mut aimed = std::mem::replace(aims, wanted);
        aimed.retain(|aim| aims.iter().any(|wanted| wanted.shard == aim.shard));
        if aimed.is_empty() {
            return Ok(());
        }
        let places = joining::places(&self.stream, &aimed).await?;
        let unavailable = |error: KafkaError| SourceError::Unavailable(Box::new(error));
        let joins = joining::offsets(&self.consumer(), &self.topic, places)
            .await
            .map_err(unavailable)?;
        if joins.is_empty() {
            return Ok(());
        }
        let mut partitions = TopicPartitionList::new();
        for join in &joins {
            let partition = i32::from(join.cursor.shard.number());
            partitions
                .add_partition_offset(&self.topic, partition, join.offset)
                .map_err(unavailable)?;
        }
        let now = Instant::now();
        {
            let mut state = self.state();
            for join in &joins {
                state.fronts[join.cursor.shard.index()].join(join.cursor, join.anchor, now);
            }
        }
        let consumer = self.consumer();
        let result = blocking(move || consumer.incremental_assign(&partitions)).await;
        if result.is_ok() {
            assigned.extend(joins.iter().map(|join| join.cursor.shard));
        } else {
            let mut state = self.state();
            for join in &joins {
                state.fronts[join.cursor.shard.index()].leave();
            }
        }
        result.map_err(unavailable)
    }
}
