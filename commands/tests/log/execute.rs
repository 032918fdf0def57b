//! Carrying out commands: what is decided on, how often, and what is answered.

use commands::{
    execute::{ExecuteError, Invocation},
    handlers::OnStream,
};
use domain::{
    ids::UserId,
    organization::{Organization, OrganizationCommand},
};
use uuid::Uuid;

use crate::{
    office::{Office, block, carry_out, create, given, june, rule, stream_of, unblock, update, vendor_id},
    support::{NEIGHBOURS, OURS},
};

#[tokio::test]
async fn a_receipt_says_what_was_written_and_where() {
    let office = Office::open().await;
    let process = office.process().await;
    let receipt = carry_out(&process, 2, &create(1)).await;
    let [event] = stream_of(&process, 1).await.try_into().unwrap();
    assert_eq!(
        (receipt.epoch, receipt.shard, receipt.repeated),
        (1, event.shard, false)
    );
    assert_eq!(
        (receipt.first_position, receipt.last_position),
        (event.position, event.position)
    );
    assert_eq!(receipt.last_event_id, event.event_id);
    assert_eq!(receipt.primary_sequence(), 1);
    assert_eq!(receipt.sequence_of("vendor", vendor_id(1).0), Some(1));
    assert_eq!(receipt.sequence_of("vendor", vendor_id(2).0), None);
    let [written] = receipt.written.try_into().unwrap();
    assert_eq!(
        (written.aggregate_type.as_str(), written.aggregate_id),
        ("vendor", vendor_id(1).0)
    );
    assert_eq!((written.event_type.as_str(), written.sequence), ("vendor.created", 1));
    assert_eq!(written.event_id, event.event_id);
}

#[tokio::test]
async fn an_event_says_by_whom_why_and_when() {
    let office = Office::open().await;
    let process = office.process().await;
    let invocation = Invocation {
        // In New York it is still the 14th.
        occurred_at: june(15, 2),
        correlation_id: Uuid::from_u128(70),
        causation_id: Some(Uuid::from_u128(71)),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        ..given(2)
    };
    process.execute(&invocation, &create(1)).await.unwrap();
    let metadata = &stream_of(&process, 1).await[0].metadata;
    assert_eq!(metadata.actor, invocation.actor.0);
    assert_eq!(metadata.correlation_id, invocation.correlation_id);
    assert_eq!(metadata.causation_id, invocation.causation_id);
    assert_eq!(metadata.traceparent, invocation.traceparent);
    assert_eq!(metadata.occurred_at, invocation.occurred_at);
    assert_eq!(metadata.effective_date.to_string(), "2026-06-14");
}

#[tokio::test]
async fn the_day_that_the_client_names_counts() {
    let office = Office::open().await;
    let process = office.process().await;
    let day = june(3, 0).date_naive();
    let invocation = Invocation {
        effective_on: Some(day),
        ..given(2)
    };
    process.execute(&invocation, &create(1)).await.unwrap();
    assert_eq!(stream_of(&process, 1).await[0].metadata.effective_date, day);
    // And is part of what was asked.
    let other = Invocation {
        effective_on: day.succ_opt(),
        ..invocation
    };
    let reused = process.execute(&other, &create(1)).await;
    assert!(matches!(reused, Err(ExecuteError::CommandIdReused)), "{reused:?}");
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_whatever_happened_since() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    let created = carry_out(&process, 2, &create(1)).await;
    let blocked = carry_out(&process, 3, &block(1, "no insurance")).await;
    carry_out(&process, 4, &unblock(1)).await;
    for process in [&process, &other] {
        // Decided now, each of them would be refused.
        for (id, command, first) in [(2, create(1), &created), (3, block(1, "no insurance"), &blocked)] {
            let mut again = carry_out(process, id, &command).await;
            assert!(again.repeated);
            again.repeated = false;
            assert_eq!(again, *first);
        }
    }
    assert_eq!(stream_of(&process, 1).await.len(), 3);
}

#[tokio::test]
async fn a_retry_that_would_pass_again_is_not_carried_out_again() {
    let office = Office::open().await;
    let process = office.process().await;
    carry_out(&process, 2, &create(1)).await;
    let first = carry_out(&process, 3, &update(1, "Drip & Daughters")).await;
    carry_out(&process, 4, &update(1, "Drip & Sons")).await;
    let again = carry_out(&process, 3, &update(1, "Drip & Daughters")).await;
    assert!(again.repeated);
    assert_eq!(again.written, first.written);
    assert_eq!(stream_of(&process, 1).await.len(), 3);
}

#[tokio::test]
async fn a_retry_with_a_condition_gets_the_first_answer_too() {
    let office = Office::open().await;
    let process = office.process().await;
    carry_out(&process, 2, &create(1)).await;
    let conditional = Invocation {
        if_match: Some(1),
        ..given(3)
    };
    process.execute(&conditional, &update(1, "Drip Ltd")).await.unwrap();
    assert!(
        process
            .execute(&conditional, &update(1, "Drip Ltd"))
            .await
            .unwrap()
            .repeated
    );
}

#[tokio::test]
async fn an_id_is_for_one_command_of_one_actor() {
    let office = Office::open().await;
    let process = office.process().await;
    carry_out(&process, 2, &create(1)).await;
    let reused = |result: Result<_, ExecuteError>| {
        assert!(matches!(result, Err(ExecuteError::CommandIdReused)), "{result:?}");
    };
    // One that would pass, one that would be refused, one on another stream, one by someone else.
    reused(process.execute(&given(2), &update(1, "Drip Ltd")).await);
    reused(process.execute(&given(2), &unblock(1)).await);
    reused(process.execute(&given(2), &create(2)).await);
    let someone_else = Invocation {
        actor: UserId(Uuid::from_u128(10)),
        ..given(2)
    };
    reused(process.execute(&someone_else, &create(1)).await);
    assert_eq!(stream_of(&process, 1).await.len(), 1);
}

#[tokio::test]
async fn a_refusal_writes_nothing_and_is_decided_anew_when_asked_again() {
    let office = Office::open().await;
    let process = office.process().await;
    carry_out(&process, 2, &create(1)).await;
    assert_eq!(
        rule(process.execute(&given(3), &unblock(1)).await),
        "vendor-not-blocked"
    );
    carry_out(&process, 4, &block(1, "no insurance")).await;
    assert!(!carry_out(&process, 3, &unblock(1)).await.repeated);
}

#[tokio::test]
async fn a_refusal_rests_on_the_log_and_not_on_what_the_process_remembers() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&process, 2, &create(1)).await;
    carry_out(&other, 3, &block(1, "no insurance")).await;
    // As far as this process remembers, the vendor is not blocked.
    carry_out(&process, 4, &unblock(1)).await;
    // And as far as the other remembers, it is.
    assert_eq!(rule(other.execute(&given(5), &unblock(1)).await), "vendor-not-blocked");
}

#[tokio::test]
async fn a_decision_on_a_state_that_others_moved_on_from_is_taken_again() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&process, 2, &create(1)).await;
    carry_out(&other, 3, &update(1, "Drip Ltd")).await;
    // It would have passed on the old state; on the new one it must be decided again, and passes there too.
    let receipt = carry_out(&process, 4, &block(1, "no insurance")).await;
    assert_eq!(receipt.primary_sequence(), 3);
    // And here the new state forbids it.
    assert_eq!(
        rule(other.execute(&given(5), &block(1, "again")).await),
        "vendor-blocked"
    );
}

#[tokio::test]
async fn what_begins_with_a_command_may_be_there_already() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&other, 2, &create(1)).await;
    assert_eq!(rule(process.execute(&given(3), &create(1)).await), "vendor-exists");
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_answered_with_what_is() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&process, 2, &create(1)).await;
    carry_out(&other, 3, &update(1, "Drip Ltd")).await;
    let conditional = |id, if_match| Invocation {
        if_match: Some(if_match),
        ..given(id)
    };
    // Also where the process remembers the sequence that the client expects, and where the command would be refused.
    for (id, command) in [(4, update(1, "Drop Ltd")), (5, unblock(1))] {
        let refused = process.execute(&conditional(id, 1), &command).await;
        let expected = (1, 2);
        assert!(
            matches!(refused, Err(ExecuteError::PreconditionFailed { expected: e, actual: a }) if (e, a) == expected),
            "{refused:?}"
        );
    }
    process
        .execute(&conditional(6, 2), &update(1, "Drop Ltd"))
        .await
        .unwrap();
    assert_eq!(stream_of(&process, 1).await.len(), 3);
}

#[tokio::test]
async fn an_organization_that_was_never_founded_takes_no_commands() {
    let office = Office::open().await;
    let stranger = Invocation {
        organization: NEIGHBOURS,
        ..given(2)
    };
    let refused = office.process().await.execute(&stranger, &create(1)).await;
    assert_eq!(rule(refused), "organization-absent");
}

#[tokio::test]
async fn a_suspended_organization_takes_no_commands_but_those_about_itself() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&other, 2, &create(1)).await;
    let ask = |command| OnStream::<Organization>::of(OURS, command);
    carry_out(
        &process,
        3,
        &ask(OrganizationCommand::Suspend {
            reason: "unpaid".into(),
        }),
    )
    .await;
    // The other process still remembers it as active: the organization's stream is a guard of each append.
    for process in [&process, &other] {
        assert_eq!(
            rule(process.execute(&given(4), &update(1, "Drip Ltd")).await),
            "organization-suspended"
        );
    }
    carry_out(&process, 5, &ask(OrganizationCommand::Reinstate)).await;
    carry_out(&other, 4, &update(1, "Drip Ltd")).await;
}

#[tokio::test]
async fn commands_that_get_in_each_others_way_are_all_carried_out() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&process, 2, &create(1)).await;
    let updates = (100..150).map(|id| {
        let process = if id % 2 == 0 { &process } else { &other };
        async move { process.execute(&given(id), &update(1, &format!("Drip {id}"))).await }
    });
    let results = futures::future::join_all(updates).await;
    let carried_out = results.iter().filter(|result| result.is_ok()).count();
    assert!(
        results
            .iter()
            .all(|result| matches!(result, Ok(_) | Err(ExecuteError::Conflict))),
        "{results:?}"
    );
    // Against the other process nobody is promised anything but an end; alone, everyone comes through.
    assert!(carried_out >= 25, "{carried_out}");
    assert_eq!(stream_of(&process, 1).await.len(), carried_out + 1);
    let alone = (200..250).map(|id| {
        let process = &process;
        async move { process.execute(&given(id), &update(1, &format!("Drip {id}"))).await }
    });
    for result in futures::future::join_all(alone).await {
        result.unwrap();
    }
}

#[tokio::test]
async fn an_aggregate_is_loaded_as_the_log_has_it() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&process, 2, &create(1)).await;
    carry_out(&other, 3, &block(1, "no insurance")).await;
    let loaded = process
        .load::<domain::vendor::Vendor>(OURS, vendor_id(1))
        .await
        .unwrap();
    assert_eq!(loaded.sequence, 2);
    assert!(loaded.state.must_be_active().is_err());
    let absent = process
        .load::<domain::vendor::Vendor>(OURS, vendor_id(2))
        .await
        .unwrap();
    assert_eq!(
        (absent.sequence, (*absent.state).clone()),
        (0, domain::vendor::Vendor::default())
    );
}
