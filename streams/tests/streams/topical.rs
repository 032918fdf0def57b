//! The source that reads the topic hands out what the log holds, whatever becomes of the topic.

use std::sync::Arc;

use schemas::{DomainEvent, Shard, shard_of};
use streams::{
    Feed, State,
    kafka::SourceTelemetry,
    testing::{self, TestBroker, filtered, messages},
};

use crate::{
    support::{ONE, QUICK, TWO, World, metric, metrics, until},
    tally::Tally,
    topic::{envelope, forget, put, relay},
};

/// The value of one of the source's metrics.
fn counted(telemetry: &SourceTelemetry, name: &str) -> i64 {
    let text = metrics(|registry| telemetry.register(registry));
    let line = text.lines().find(|line| line.starts_with(&format!("source_{name}")));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

const FROM_TOPIC: &str = "events_total{from=\"topic\"}";
const FROM_LOG: &str = "events_total{from=\"log\"}";

/// What a rebuild from the log says, which no topic has a part in.
async fn from_the_log(world: &World) -> String {
    world.apply(&Tally::version(2)).await
}

async fn until_joined(telemetry: &SourceTelemetry) {
    until("all shards are read from the topic", async || {
        counted(telemetry, "shards ") == 16
    })
    .await;
}

#[tokio::test]
async fn a_history_read_from_the_topic_gives_the_read_model_that_the_log_gives() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let relay = relay(&world.pools.stream, &broker);
    let (source, telemetry) = world.patient_kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    until_joined(&telemetry).await;
    let before = counted(&telemetry, FROM_LOG);
    world.append_a_history().await;
    world.append_a_history().await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(world.dump(&Tally::version(1)).await, from_the_log(&world).await);
    assert_eq!(
        counted(&telemetry, FROM_LOG),
        before,
        "nothing was read from the log any more"
    );
    assert!(counted(&telemetry, FROM_TOPIC) > 0);
}

#[tokio::test]
async fn a_reader_goes_on_in_the_topic_where_it_stopped() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let relay = relay(&world.pools.stream, &broker);
    world.append_a_history().await;
    world.apply(&Tally::version(1)).await;
    world.append_a_history().await;
    world.until_relayed().await;
    let (source, telemetry) = world.patient_kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    until_joined(&telemetry).await;
    world.append_a_history().await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(world.dump(&Tally::version(1)).await, from_the_log(&world).await);
    assert!(counted(&telemetry, FROM_TOPIC) > 0);
}

#[tokio::test]
async fn readers_at_different_places_share_one_source() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let relay = relay(&world.pools.stream, &broker);
    world.append_a_history().await;
    world.apply(&Tally::version(1)).await;
    let (source, telemetry) = world.patient_kafka(&broker);
    let feed = world.feed_of(source);
    let ahead = world.run_with(&Tally::version(1), feed.clone(), QUICK);
    until_joined(&telemetry).await;
    // Begins at the beginning, with the same source.
    let behind = world.run_with(&Tally::version(3), feed, QUICK);
    world.append_a_history().await;
    world.until_applied(&ahead).await;
    world.until_applied(&behind).await;
    for running in [ahead, behind] {
        running.stop().await.unwrap();
    }
    relay.stop().await.unwrap();
    let expected = from_the_log(&world).await;
    assert_eq!(world.dump(&Tally::version(1)).await, expected);
    assert_eq!(world.dump(&Tally::version(3)).await, expected);
}

#[tokio::test]
async fn behind_the_topics_retention_the_log_is_read_until_it_meets_the_topic() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let relay = relay(&world.pools.stream, &broker);
    world.append_a_history().await;
    world.until_relayed().await;
    forget(&broker).await;
    world.append_a_history().await;
    world.until_relayed().await;
    let (source, telemetry) = world.patient_kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    until_joined(&telemetry).await;
    world.append_a_history().await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(world.dump(&Tally::version(1)).await, from_the_log(&world).await);
    assert!(
        counted(&telemetry, FROM_LOG) > 0,
        "what the topic lacks came from the log"
    );
    assert!(counted(&telemetry, FROM_TOPIC) > 0, "and the rest from the topic");
}

#[tokio::test]
async fn without_a_relay_the_log_is_read() {
    let (world, broker) = (World::new().await, testing::topic().await);
    broker.create_topic().await.unwrap();
    let (source, telemetry) = world.kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    until_joined(&telemetry).await;
    for _ in 0..2 {
        world.append_a_history().await;
        world.until_applied(&running).await;
    }
    assert!(counted(&telemetry, "catch_ups_total") > 0);
    // It comes late, with what was read long ago.
    let relay = relay(&world.pools.stream, &broker);
    world.until_relayed().await;
    until_joined(&telemetry).await;
    world.append_a_history().await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(world.dump(&Tally::version(1)).await, from_the_log(&world).await);
}

#[tokio::test]
async fn what_is_no_event_of_its_partition_is_dropped_and_counted() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let relay = relay(&world.pools.stream, &broker);
    let (source, telemetry) = world.patient_kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    world.append(ONE, 1, 3).await;
    world.append(TWO, 1, 3).await;
    world.until_relayed().await;
    until_joined(&telemetry).await;

    let partition = i32::from(shard_of(ONE).number());
    let envelopes = world.envelopes().await;
    let theirs = &envelopes[&i32::from(shard_of(TWO).number())][2];
    let mut next: DomainEvent = serde_json::from_str(theirs).unwrap();
    next.position = 4;
    let elsewhere = serde_json::to_vec(&next).unwrap();
    next.shard = shard_of(ONE).number();
    let disguised = serde_json::to_vec(&next).unwrap();
    let mut mine: DomainEvent = serde_json::from_str(&envelopes[&partition][2]).unwrap();
    (mine.epoch, mine.position) = (7, 4);
    let unknown_epoch = serde_json::to_vec(&mine).unwrap();
    for rubbish in [b"rubbish".to_vec(), Vec::new(), elsewhere, disguised, unknown_epoch] {
        put(&broker, partition, rubbish).await;
    }
    until("all of it is counted", async || {
        counted(&telemetry, "rubbish_total") == 5
    })
    .await;
    world.append(ONE, 1, 3).await;
    world.append(TWO, 1, 3).await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(world.dump(&Tally::version(1)).await, from_the_log(&world).await);
}

#[tokio::test]
async fn an_event_of_an_unknown_version_parks_its_own_sequence_only() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let relay = relay(&world.pools.stream, &broker);
    let (source, telemetry) = world.patient_kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    until_joined(&telemetry).await;
    world
        .tamper(
            "CREATE FUNCTION of_the_future() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN NEW.event_version = 99; RETURN NEW; END $$;
             CREATE TRIGGER of_the_future BEFORE INSERT ON events FOR EACH ROW
               WHEN (NEW.aggregate_id = '00000000-0000-0000-0000-000000000002') EXECUTE FUNCTION of_the_future()",
        )
        .await;
    world.append(ONE, 1, 3).await;
    world.append(ONE, 2, 2).await;
    world.append(ONE, 1, 3).await;
    world.append(TWO, 1, 3).await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert!(counted(&telemetry, FROM_TOPIC) > 0);
    let parked: Vec<(uuid::Uuid, i64)> = sqlx::query_as("SELECT sequence, waiting FROM parked")
        .fetch_all(&world.pools.stream)
        .await
        .unwrap();
    assert_eq!(parked, [(ONE.0, 5)], "it, and what follows it in its organization");
    assert_eq!(
        world
            .ask::<i64>("SELECT sum(events)::bigint FROM tally_v1.vendors")
            .await,
        6
    );
}

#[tokio::test]
async fn a_topic_of_another_log_is_recognised() {
    let broker = testing::topic().await;
    let (other, world) = (World::new().await, World::new().await);
    world.append(ONE, 1, 5).await;
    // The same organization at the same positions, with other events.
    other.append(TWO, 1, 1).await;
    other.append(ONE, 1, 5).await;
    let relay = relay(&other.pools.stream, &broker);
    other.until_relayed().await;
    relay.stop().await.unwrap();
    world
        .tamper("UPDATE checkpoints SET position = 5, event_id = gen_random_uuid() WHERE projection = 'relay'")
        .await;
    let (source, _) = world.kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    let refused = running.ended().await.unwrap_err();
    assert!(refused.to_string().contains("restored or replaced"), "{refused}");
}

#[tokio::test]
async fn nothing_of_another_logs_topic_is_applied_to_an_empty_shard() {
    let broker = testing::topic().await;
    let (other, world) = (World::new().await, World::new().await);
    other.append(TWO, 1, 1).await;
    other.append(ONE, 1, 5).await;
    let relay = relay(&other.pools.stream, &broker);
    other.until_relayed().await;
    relay.stop().await.unwrap();
    let (source, telemetry) = world.kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    let refused = running.ended().await.unwrap_err();
    assert!(refused.to_string().contains("restored or replaced"), "{refused}");
    assert!(counted(&telemetry, FROM_TOPIC) > 0);
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM tally_v1.vendors").await, 0);
}

#[tokio::test]
async fn what_was_written_before_a_restore_is_dropped() {
    let (world, broker) = (World::new().await, testing::topic().await);
    world.append(ONE, 1, 10).await;
    let first = relay(&world.pools.stream, &broker);
    world.until_relayed().await;
    first.stop().await.unwrap();
    world
        .tamper(&format!(
            "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM events WHERE tenant_id = '{ONE}' AND position > 7;
             SELECT begin_epoch()"
        ))
        .await;
    let world = world.reopened().await;
    world.append(ONE, 1, 6).await;
    let relay = relay(&world.pools.stream, &broker);
    world.until_relayed().await;
    // From the beginning, through all that the topic holds.
    let (mut source, telemetry) = world.kafka(&broker);
    let start = schemas::Cursor::start(shard_of(ONE));
    let limit = streams::Limit { events: 1, bytes: 1 };
    streams::Source::fetch(&mut source, &[start], limit).await.unwrap();
    let feed = Arc::new(Feed::new(source, world.reader()));
    let running = world.run_with(&Tally::version(1), feed, QUICK);
    world.until_applied(&running).await;
    until_joined(&telemetry).await;
    world.append(ONE, 1, 6).await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(world.dump(&Tally::version(1)).await, from_the_log(&world).await);
}

#[tokio::test]
async fn a_broker_that_freezes_dies_or_forgets_delays_and_loses_nothing() {
    let (world, own) = (World::new().await, TestBroker::own().await);
    let broker = own.topic();
    let relay = relay(&world.pools.stream, &broker);
    let (source, telemetry) = world.kafka(&broker);
    let running = world.run_with(&Tally::version(1), world.feed_of(source), QUICK);
    until_joined(&telemetry).await;
    world.append_a_history().await;
    world.until_relayed().await;

    own.freeze();
    // The log stands in for the topic.
    for _ in 0..2 {
        world.append_a_history().await;
        world.until_applied(&running).await;
    }
    assert!(counted(&telemetry, "catch_ups_total") > 0);
    own.thaw();
    world.until_relayed().await;
    until_joined(&telemetry).await;

    own.kill();
    world.append_a_history().await;
    world.until_applied(&running).await;
    own.start().await;
    world.until_relayed().await;
    assert_eq!(filtered(&messages(&broker).await), world.envelopes().await);
    until_joined(&telemetry).await;

    own.wipe();
    let wiped_at = world.heads().await;
    world.append_a_history().await;
    world.until_applied(&running).await;
    own.start().await;
    world.until_relayed().await;
    until_joined(&telemetry).await;
    let from_topic = counted(&telemetry, FROM_TOPIC);
    // Whatever comes through the log meanwhile, the new topic is read in the end.
    until("the new topic is read", async || {
        world.append(ONE, 1, 1).await;
        counted(&telemetry, FROM_TOPIC) > from_topic
    })
    .await;
    world.until_applied(&running).await;
    world.until_relayed().await;
    assert_eq!(relay.telemetry.health(), State::Running);
    assert_eq!(metric(&running.telemetry, "parked"), 0);
    running.stop().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(world.dump(&Tally::version(1)).await, from_the_log(&world).await);
    // What lay behind the checkpoints is gone with the old topic, and all since is in the new one.
    let held = messages(&broker).await;
    for ((shard, wiped_at), head) in Shard::all().zip(wiped_at).zip(world.heads().await) {
        let messages = held.get(&i32::from(shard.number())).into_iter().flatten();
        let held: Vec<i64> = messages.map(|message| envelope(message).position).collect();
        assert!(
            (wiped_at + 1..=head).all(|position| held.contains(&position)),
            "{shard}: {held:?}"
        );
    }
}
