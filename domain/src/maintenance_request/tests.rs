use chrono::TimeDelta;
use cqrs_es::{Aggregate, test::TestFramework};
use uuid::Uuid;

use super::{MaintenanceRequestEvent as Event, RequestCommand as Command, RequestRefusal as Refusal, *};
use crate::{Refusal as Any, Root, input::InputRefusal};

const ELM: PropertyId = PropertyId(Uuid::from_u128(1));
const KITCHEN: UnitId = UnitId(Uuid::from_u128(2));
const ADA: ResidentId = ResidentId(Uuid::from_u128(3));
const REPAIR: WorkOrderId = WorkOrderId(Uuid::from_u128(4));

/// So many hours after the report.
fn hours(hours: i64) -> DateTime<Utc> {
    Context::sample().occurred_at + TimeDelta::hours(hours)
}

fn after_hours(later: i64) -> Context {
    Context {
        occurred_at: hours(later),
        ..Context::sample()
    }
}

fn report() -> Report {
    Report {
        property: ELM,
        unit: Some(KITCHEN),
        resident: Some(ADA),
        category: "plumbing".into(),
        priority: Priority::Medium,
        summary: "The tap drips".into(),
        description: "Since Sunday.\nIt gets worse.".into(),
        permission_to_enter: true,
    }
}

fn lacking(clear: impl FnOnce(&mut Report)) -> Command {
    let mut report = report();
    clear(&mut report);
    Command::Submit(report)
}

fn due(respond: i64, resolve: i64) -> Deadlines {
    Deadlines {
        respond_by: hours(respond),
        resolve_by: hours(resolve),
    }
}

fn submitted() -> Event {
    Event::Submitted {
        property: ELM,
        unit: Some(KITCHEN),
        resident: Some(ADA),
        category: "plumbing".into(),
        priority: Priority::Medium,
        summary: "The tap drips".into(),
        description: "Since Sunday.\nIt gets worse.".into(),
        permission_to_enter: true,
        reported_at: hours(0),
        deadlines: due(24, 168),
    }
}

fn triaged() -> Event {
    Event::Triaged {
        category: "flood".into(),
        priority: Priority::Urgent,
        deadlines: due(1, 24),
    }
}

fn triage() -> Command {
    Command::Triage {
        category: "flood".into(),
        priority: Priority::Urgent,
    }
}

fn converted() -> Event {
    Event::Converted { work_order: REPAIR }
}

fn declined() -> Event {
    Event::Declined {
        reason: "not ours".into(),
    }
}

fn decline() -> Command {
    Command::Decline {
        reason: "not ours".into(),
    }
}

fn resolved() -> Event {
    Event::Resolved {
        resolution: "new washer".into(),
    }
}

fn resolve() -> Command {
    Command::Resolve {
        resolution: "new washer".into(),
    }
}

fn reopened(at: i64, work_order: Option<WorkOrderId>) -> Event {
    Event::Reopened {
        reason: "drips again".into(),
        reported_at: hours(at),
        deadlines: due(at + 24, at + 168),
        work_order,
    }
}

fn reopen() -> Command {
    Command::Reopen {
        reason: "drips again".into(),
    }
}

fn breached(clock: SlaClock, due: i64) -> Event {
    Event::SlaBreached { clock, due: hours(due) }
}

fn at(hours: i64, history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<MaintenanceRequest> {
    TestFramework::with(after_hours(hours)).given(history)
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<MaintenanceRequest> {
    at(0, history)
}

fn after(history: impl IntoIterator<Item = Event>) -> MaintenanceRequest {
    let mut request = MaintenanceRequest::default();
    for event in history {
        request.apply(event);
    }
    request
}

#[test]
fn a_report_starts_the_clocks_of_its_priority() {
    given(vec![])
        .when(Command::Submit(report()))
        .then_expect_events(vec![submitted()]);
}

#[test]
fn triage_counts_the_clocks_from_the_report() {
    at(5, vec![submitted()])
        .when(triage())
        .then_expect_events(vec![triaged()]);
    at(30, vec![submitted(), resolved(), reopened(10, None)])
        .when(triage())
        .then_expect_events(vec![Event::Triaged {
            category: "flood".into(),
            priority: Priority::Urgent,
            deadlines: due(11, 34),
        }]);
}

#[test]
fn a_request_is_at_rest_until_it_is_reopened_once_it_is_over() {
    let steps = [
        (submitted(), false),
        (triaged(), false),
        (converted(), false),
        (resolved(), true),
        (reopened(10, None), false),
        (declined(), true),
    ];
    let mut request = MaintenanceRequest::default();
    assert!(!request.is_at_rest());
    for (event, rests) in steps {
        request.apply(event.clone());
        assert_eq!(request.is_at_rest(), rests, "{event:?}");
        assert!(!rests || request.breaches(hours(10_000)).is_empty(), "{event:?}");
    }
}

#[test]
fn a_priority_is_called_what_it_is_stored_as() {
    for priority in [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent] {
        assert_eq!(serde_json::to_value(priority).unwrap(), priority.to_string());
    }
}

#[test]
fn triage_may_confirm_what_was_reported_and_change_either_part_later() {
    let as_reported = || Command::Triage {
        category: "plumbing".into(),
        priority: Priority::Medium,
    };
    let confirmed = || Event::Triaged {
        category: "plumbing".into(),
        priority: Priority::Medium,
        deadlines: due(24, 168),
    };
    given(vec![submitted()])
        .when(as_reported())
        .then_expect_events(vec![confirmed()]);
    given(vec![submitted(), confirmed()])
        .when(as_reported())
        .then_expect_error(Refusal::Unchanged.into());
    for (category, priority) in [("flood", Priority::Medium), ("plumbing", Priority::Urgent)] {
        let change = Command::Triage {
            category: category.into(),
            priority,
        };
        let request = after([submitted(), confirmed()]);
        assert!(request.decide(change, &after_hours(0)).is_ok());
    }
}

#[test]
fn a_request_is_declined_or_resolved_and_reopened() {
    given(vec![submitted()])
        .when(decline())
        .then_expect_events(vec![declined()]);
    given(vec![submitted()])
        .when(resolve())
        .then_expect_events(vec![resolved()]);
    given(vec![submitted(), triaged(), converted()])
        .when(resolve())
        .then_expect_events(vec![resolved()]);
    for over in [declined(), resolved()] {
        at(100, vec![submitted(), over])
            .when(reopen())
            .then_expect_events(vec![reopened(100, None)]);
    }
}

#[test]
fn each_event_moves_the_request_on() {
    let steps = [
        (submitted(), RequestStatus::Submitted, None),
        (triaged(), RequestStatus::Triaged, None),
        (converted(), RequestStatus::Converted, Some(REPAIR)),
        (resolved(), RequestStatus::Resolved, Some(REPAIR)),
        (reopened(9, Some(REPAIR)), RequestStatus::Reopened, Some(REPAIR)),
        (resolved(), RequestStatus::Resolved, Some(REPAIR)),
        (reopened(9, None), RequestStatus::Reopened, None),
        (declined(), RequestStatus::Declined, None),
    ];
    let mut request = MaintenanceRequest::default();
    assert_eq!((request.status(), request.work_order()), (None, None));
    for (event, status, work_order) in steps {
        request.apply(event);
        assert_eq!((request.status(), request.work_order()), (Some(status), work_order));
    }
}

#[test]
fn conversion_hands_over_the_work_with_its_clocks() {
    let (event, work, deadlines, late) = after([submitted(), triaged(), breached(SlaClock::Response, 1)])
        .convert(REPAIR)
        .unwrap();
    assert_eq!(event, converted());
    assert_eq!(deadlines, due(1, 24));
    assert_eq!(late, [SlaClock::Response]);
    assert_eq!(
        work,
        Work {
            property: ELM,
            unit: Some(KITCHEN),
            category: "flood".into(),
            priority: Priority::Urgent,
            summary: "The tap drips".into(),
            description: "Since Sunday.\nIt gets worse.".into(),
        }
    );
}

#[test]
fn a_request_becomes_one_work_order_until_it_is_reopened() {
    let of = |history: Vec<Event>| after(history).convert(REPAIR).map(drop);
    let already = Err(Refusal::Converted { work_order: REPAIR });
    assert_eq!(of(vec![]), Err(Refusal::Absent));
    assert_eq!(of(vec![submitted(), converted()]), already);
    assert_eq!(of(vec![submitted(), resolved()]), Err(Refusal::Resolved));
    assert_eq!(
        of(vec![submitted(), converted(), resolved(), reopened(9, None)]),
        Ok(())
    );
    assert_eq!(
        of(vec![submitted(), converted(), resolved(), reopened(9, Some(REPAIR))]),
        already,
        "its work order was reopened with it"
    );
}

#[test]
fn a_deadline_that_passed_is_found_once() {
    use SlaClock::{Resolution, Response};
    assert_eq!(after([]).breaches(hours(1_000)), []);
    assert_eq!(after([submitted()]).breaches(hours(24)), []);
    assert_eq!(after([submitted()]).breaches(hours(25)), [breached(Response, 24)]);
    assert_eq!(
        after([submitted(), breached(Response, 24)]).breaches(hours(200)),
        [breached(Resolution, 168)]
    );
    assert_eq!(
        after([submitted(), triaged()]).breaches(hours(2)),
        [breached(Response, 1)]
    );
}

#[test]
fn what_is_over_or_a_work_order_is_not_late_any_more() {
    for event in [converted(), declined(), resolved()] {
        assert_eq!(after([submitted(), event]).breaches(hours(1_000)), []);
    }
    let with_its_work_order = [submitted(), converted(), resolved(), reopened(9, Some(REPAIR))];
    assert_eq!(after(with_its_work_order).breaches(hours(1_000)), []);
    let alone = [
        submitted(),
        breached(SlaClock::Response, 24),
        resolved(),
        reopened(100, None),
    ];
    assert_eq!(
        after(alone).breaches(hours(130)),
        [breached(SlaClock::Response, 124)],
        "a new episode is late by itself"
    );
}

#[test]
fn an_ending_that_comes_late_is_recorded_as_late() {
    at(30, vec![submitted()])
        .when(decline())
        .then_expect_events(vec![breached(SlaClock::Response, 24), declined()]);
    at(200, vec![submitted(), breached(SlaClock::Response, 24)])
        .when(resolve())
        .then_expect_events(vec![breached(SlaClock::Resolution, 168), resolved()]);
}

#[test]
fn refusals_say_which_rule_and_with_which_values() {
    let is_work_order = Refusal::Converted { work_order: REPAIR };
    let missing = |field| Any::from(InputRefusal::TextMissing { field });
    let cases: Vec<(Vec<Event>, Command, Any)> = vec![
        (vec![], triage(), Refusal::Absent.into()),
        (vec![], decline(), Refusal::Absent.into()),
        (vec![], resolve(), Refusal::Absent.into()),
        (vec![], reopen(), Refusal::Absent.into()),
        (vec![submitted()], Command::Submit(report()), Refusal::Exists.into()),
        (vec![submitted()], reopen(), Refusal::NotOver.into()),
        (vec![submitted(), converted()], reopen(), Refusal::NotOver.into()),
        (vec![submitted(), converted()], triage(), is_work_order.clone().into()),
        (vec![submitted(), converted()], decline(), is_work_order.into()),
        (vec![submitted(), declined()], resolve(), Refusal::Declined.into()),
        (vec![submitted(), declined()], triage(), Refusal::Declined.into()),
        (vec![submitted(), resolved()], decline(), Refusal::Resolved.into()),
        (vec![submitted(), resolved()], resolve(), Refusal::Resolved.into()),
        (
            vec![submitted()],
            Command::Triage {
                category: String::new(),
                priority: Priority::Low,
            },
            missing("category"),
        ),
        (
            vec![submitted()],
            Command::Decline { reason: String::new() },
            missing("reason"),
        ),
        (
            vec![submitted()],
            Command::Resolve {
                resolution: String::new(),
            },
            missing("resolution"),
        ),
        (
            vec![submitted(), resolved()],
            Command::Reopen { reason: String::new() },
            missing("reason"),
        ),
        (vec![], lacking(|r| r.category.clear()), missing("category")),
        (vec![], lacking(|r| r.summary.clear()), missing("summary")),
        (vec![], lacking(|r| r.description.clear()), missing("description")),
    ];
    for (history, command, refusal) in cases {
        given(history).when(command).then_expect_error(refusal);
    }
}
