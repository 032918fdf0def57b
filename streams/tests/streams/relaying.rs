//! The relay: the topic, filtered by the next position, is the log.

use std::time::Duration;

use rdkafka::Message;
use schemas::{DomainEvent, shard_of};
use streams::{
    Limit, State,
    kafka::TopicError,
    relay::{self, RelayError},
    testing::{self, filtered, messages},
};

use crate::{
    support::{ONE, SOON, TWO, World, metrics, until},
    topic::{QUICK, envelope, header, held_by, relay, relay_with},
};

#[tokio::test]
async fn the_topic_holds_the_log_in_its_partitions() {
    let (world, broker) = (World::new().await, testing::topic().await);
    world.append_a_history().await;
    let relay = relay(&world.pools.stream, &broker);
    world.append_a_history().await;
    world.until_relayed().await;
    relay.stop().await.unwrap();
    let held = messages(&broker).await;
    assert_eq!(filtered(&held), world.envelopes().await);
    for (partition, messages) in held {
        for message in messages {
            assert_eq!(
                partition,
                i32::from(shard_of(domain::ids::OrganizationId(envelope(&message).tenant_id)).number())
            );
        }
    }
}

#[tokio::test]
async fn a_message_carries_the_envelope_its_attributes_and_the_trace() {
    let (world, broker) = (World::new().await, testing::topic().await);
    world.append(ONE, 1, 1).await;
    world
        .tamper(
            "ALTER TABLE events DISABLE TRIGGER ALL;
             UPDATE events SET metadata = (metadata::jsonb || '{\"traceparent\": \"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"}')::json",
        )
        .await;
    let relay = relay(&world.pools.stream, &broker);
    world.until_relayed().await;
    relay.stop().await.unwrap();
    let held = messages(&broker).await;
    let message = &held[&i32::from(shard_of(ONE).number())][0];
    let event: DomainEvent = envelope(message);
    assert_eq!(message.key().unwrap(), ONE.to_string().as_bytes());
    assert_eq!(
        message.timestamp().to_millis(),
        Some(event.timestamp.timestamp_millis())
    );
    let expected = [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", event.id.to_string()),
        ("ce_source", format!("urn:propertyos:organization:{ONE}")),
        ("ce_type", "vendor.unblocked".to_owned()),
        ("ce_subject", event.aggregate_id.to_string()),
        (
            "ce_time",
            event.timestamp.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        ),
        ("content-type", "application/json".to_owned()),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        ),
    ];
    for (name, value) in expected {
        assert_eq!(header(message, name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn two_relays_share_the_shards_and_one_goes_on_alone() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let (one, two) = (relay(&world.pools.stream, &broker), relay(&world.pools.stream, &broker));
    world.append_a_history().await;
    world
        .until("SELECT count(DISTINCT holder) = 2 FROM leases WHERE projection = 'relay'")
        .await;
    world.append_a_history().await;
    one.stop().await.unwrap();
    world.append_a_history().await;
    world.until_relayed().await;
    two.stop().await.unwrap();
    assert_eq!(filtered(&messages(&broker).await), world.envelopes().await);
}

#[tokio::test]
async fn while_it_sends_much_others_of_its_thread_have_their_turn() {
    // So its leases are renewed however long it sends: all that this test starts shares one thread.
    let (world, broker) = (World::new().await, testing::topic().await);
    broker.create_topic().await.unwrap();
    for _ in 0..20 {
        world.append(ONE, 1, 500).await;
    }
    let all_at_once = relay::Settings {
        lease: Duration::from_secs(15),
        batch: Limit {
            events: 10_000,
            bytes: 1 << 24,
        },
        in_flight: 64 << 20,
        ..QUICK
    };
    let held = held_by(&broker);
    let relay = relay_with(&world.pools.stream, &broker, all_at_once);
    let nothing_sent_yet =
        || metrics(|registry| relay.telemetry.register(registry)).contains("relay_batch_events_sum 0.0\n");
    let mut seen = 0;
    while seen == 0 && nothing_sent_yet() {
        // What was sent in the last turn is on its way meanwhile.
        seen = (0..20).map(|_| held(shard_of(ONE))).max().unwrap();
        tokio::task::yield_now().await;
    }
    assert!(seen > 0, "all 10,000 were sent in one turn");
    world.until_relayed().await;
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn a_topic_that_others_made_with_other_partitions_is_refused() {
    let (world, broker) = (World::new().await, testing::topic().await);
    let admin: rdkafka::admin::AdminClient<rdkafka::client::DefaultClientContext> = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &broker.servers)
        .create()
        .unwrap();
    let three = rdkafka::admin::NewTopic::new(&broker.topic, 3, rdkafka::admin::TopicReplication::Fixed(1));
    let made = admin
        .create_topics([&three], &rdkafka::admin::AdminOptions::new())
        .await
        .unwrap();
    made[0].clone().unwrap();
    let relay = relay(&world.pools.stream, &broker);
    let telemetry = relay.telemetry.clone();
    let refused = tokio::time::timeout(SOON, relay.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert!(
        matches!(refused, RelayError::Topic(TopicError::Partitions { found: 3, .. })),
        "{refused}"
    );
    assert!(matches!(telemetry.health(), State::Stopped { .. }));
}

#[tokio::test]
async fn after_a_new_epoch_the_relay_goes_on_behind_what_survived() {
    let (world, broker) = (World::new().await, testing::topic().await);
    world.append(ONE, 1, 10).await;
    world.append(TWO, 1, 3).await;
    let first = relay(&world.pools.stream, &broker);
    world.until_relayed().await;
    first.stop().await.unwrap();

    // The log as an older dump has it.
    world
        .tamper(&format!(
            "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM events WHERE tenant_id = '{ONE}' AND position > 7"
        ))
        .await;
    let stopped = relay(&world.pools.stream, &broker);
    let refused = tokio::time::timeout(SOON, stopped.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert!(matches!(refused, RelayError::Fault(_)), "{refused}");

    world.tamper("SELECT begin_epoch()").await;
    let world = world.reopened().await;
    world.append(ONE, 1, 4).await;
    let again = relay(&world.pools.stream, &broker);
    world.until_relayed().await;
    again.stop().await.unwrap();
    let held = messages(&broker).await;
    let positions: Vec<(i32, i64)> = held[&i32::from(shard_of(ONE).number())]
        .iter()
        .map(|message| (envelope(message).epoch, envelope(message).position))
        .collect();
    let expected: Vec<(i32, i64)> = (1..=10).map(|at| (1, at)).chain((8..=11).map(|at| (2, at))).collect();
    assert_eq!(positions, expected);
}

#[tokio::test]
async fn it_says_how_far_the_topic_is_behind_while_no_broker_answers() {
    let (world, mut broker) = (World::new().await, testing::topic().await);
    broker.servers = "127.0.0.1:9".into();
    world.append(ONE, 1, 10).await;
    let relay = relay(&world.pools.stream, &broker);
    let telemetry = relay.telemetry.clone();
    until("a failure shows", async || {
        matches!(telemetry.health(), State::Failing { .. })
    })
    .await;
    until("the lag shows", async || {
        let text = metrics(|registry| telemetry.register(registry));
        text.contains("relay_lag_events 10\n") && !text.contains("relay_lag_seconds 0.0\n")
    })
    .await;
    relay.stop().await.unwrap();
}
