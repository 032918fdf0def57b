mod clocks;
mod refusals;

use chrono::TimeDelta;
use cqrs_es::{Aggregate, test::TestFramework};
use proptest::prelude::*;
use uuid::Uuid;

use super::{WorkOrderCommand as Command, WorkOrderEvent as Event, WorkOrderRefusal as Refusal, *};
use crate::{Refusal as Any, Root, input::InputRefusal, money::Currency};

const ELM: PropertyId = PropertyId(Uuid::from_u128(1));
const PLUMBER: VendorId = VendorId(Uuid::from_u128(2));
const ROOFER: VendorId = VendorId(Uuid::from_u128(3));
const REQUEST: RequestId = RequestId(Uuid::from_u128(4));

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

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

fn due(respond: i64, resolve: i64) -> Deadlines {
    Deadlines {
        respond_by: hours(respond),
        resolve_by: hours(resolve),
    }
}

fn work() -> Work {
    Work {
        property: ELM,
        unit: None,
        category: "plumbing".into(),
        priority: Priority::High,
        summary: "The tap drips".into(),
        description: "Since Sunday.".into(),
    }
}

fn created_with(request: Option<RequestId>, breached: Vec<SlaClock>) -> Event {
    Event::Created {
        property: ELM,
        unit: None,
        request,
        category: "plumbing".into(),
        priority: Priority::High,
        summary: "The tap drips".into(),
        description: "Since Sunday.".into(),
        deadlines: due(4, 72),
        breached,
    }
}

fn created() -> Event {
    created_with(None, vec![])
}

fn asked(vendor: VendorId) -> Event {
    Event::EstimateRequested { vendor }
}

fn ask(vendor: VendorId) -> Command {
    Command::RequestEstimate { vendor }
}

fn estimated(minor: i64) -> Event {
    Event::Estimated {
        vendor: PLUMBER,
        amount: usd(minor),
    }
}

fn estimate(minor: i64) -> Command {
    Command::Estimate { amount: usd(minor) }
}

fn assigned(vendor: VendorId) -> Event {
    Event::Assigned { vendor }
}

fn assign(vendor: VendorId) -> Command {
    Command::Assign { vendor }
}

fn scheduled(day: u32) -> Event {
    Event::Scheduled { on: june(day) }
}

fn schedule(day: u32) -> Command {
    Command::Schedule { on: june(day) }
}

fn why() -> String {
    "a part is on order".into()
}

fn pause() -> Command {
    Command::Pause { reason: why() }
}

fn paused(stops: &[SlaClock], at: i64) -> Event {
    Event::Paused {
        reason: why(),
        stops: stops.to_vec(),
        at: hours(at),
    }
}

fn resumed(respond: i64, resolve: i64) -> Event {
    Event::Resumed {
        deadlines: due(respond, resolve),
    }
}

fn done() -> Event {
    Event::WorkDone {
        notes: "new washer".into(),
    }
}

fn finish() -> Command {
    Command::FinishWork {
        notes: "new washer".into(),
    }
}

fn billed() -> Event {
    Event::Billed { amount: usd(9_000) }
}

fn bill() -> Command {
    Command::Bill { amount: usd(9_000) }
}

fn completed(vendor: Option<VendorId>) -> Event {
    Event::Completed { vendor }
}

fn cancelled() -> Event {
    Event::Cancelled { reason: why() }
}

fn cancel() -> Command {
    Command::Cancel { reason: why() }
}

fn reopened(at: i64) -> Event {
    Event::Reopened {
        reason: why(),
        deadlines: due(at + 4, at + 72),
    }
}

fn reopen() -> Command {
    Command::Reopen { reason: why() }
}

fn breached(clock: SlaClock, due: i64) -> Event {
    Event::SlaBreached { clock, due: hours(due) }
}

fn at(hours: i64, history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<WorkOrder> {
    TestFramework::with(after_hours(hours)).given(history)
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<WorkOrder> {
    at(0, history)
}

fn after(history: impl IntoIterator<Item = Event>) -> WorkOrder {
    let mut work_order = WorkOrder::default();
    for event in history {
        work_order.apply(event);
    }
    work_order
}

fn busy() -> Vec<Event> {
    vec![created(), assigned(PLUMBER)]
}

fn waiting() -> Vec<Event> {
    vec![created(), assigned(PLUMBER), paused(&[SlaClock::Resolution], 10)]
}

fn finished() -> Vec<Event> {
    vec![created(), assigned(PLUMBER), done()]
}

#[test]
fn a_repair_starts_the_clocks_of_its_priority() {
    given(vec![])
        .when(Command::Create(work()))
        .then_expect_events(vec![created()]);
}

#[test]
fn every_event_moves_the_work_order_on() {
    use WorkOrderStatus as Status;
    let steps = [
        (created_with(Some(REQUEST), vec![]), Status::New),
        (asked(PLUMBER), Status::EstimateRequested),
        (estimated(10_000), Status::Estimated),
        (assigned(PLUMBER), Status::Assigned),
        (scheduled(3), Status::Scheduled),
        (paused(&[], 1), Status::Waiting),
        (resumed(4, 72), Status::Scheduled),
        (breached(SlaClock::Resolution, 72), Status::Scheduled),
        (done(), Status::WorkDone),
        (billed(), Status::ReadyToBill),
        (completed(Some(PLUMBER)), Status::Completed),
        (billed(), Status::Completed),
        (reopened(100), Status::New),
        (cancelled(), Status::Cancelled),
    ];
    let mut work_order = WorkOrder::default();
    assert_eq!((work_order.status(), work_order.request()), (None, None));
    for (event, status) in steps {
        work_order.apply(event.clone());
        assert_eq!(work_order.status(), Some(status), "{event:?}");
        assert_eq!(work_order.request(), Some(REQUEST));
        assert_eq!(
            work_order.is_at_rest(),
            matches!(status, Status::Completed | Status::Cancelled),
            "{event:?}"
        );
        assert!(!work_order.is_at_rest() || work_order.breaches(hours(10_000)).is_empty());
    }
}

#[test]
fn vendors_are_asked_one_after_the_other_what_it_would_cost() {
    given(vec![created()])
        .when(ask(PLUMBER))
        .then_expect_events(vec![asked(PLUMBER)]);
    given(vec![created(), asked(PLUMBER)])
        .when(ask(ROOFER))
        .then_expect_events(vec![asked(ROOFER)]);
    given(vec![created(), asked(PLUMBER)])
        .when(estimate(10_000))
        .then_expect_events(vec![estimated(10_000)]);
    let known = || vec![created(), asked(PLUMBER), estimated(10_000)];
    given(known())
        .when(ask(PLUMBER))
        .then_expect_events(vec![asked(PLUMBER)]);
    given(known())
        .when(estimate(12_000))
        .then_expect_events(vec![estimated(12_000)]);
    let mut anew = known();
    anew.push(asked(PLUMBER));
    given(anew)
        .when(estimate(10_000))
        .then_expect_events(vec![estimated(10_000)]);
}

#[test]
fn a_vendor_is_assigned_with_or_without_an_estimate_and_replaced() {
    for history in [
        vec![created()],
        vec![created(), asked(PLUMBER)],
        vec![created(), asked(PLUMBER), estimated(10_000)],
        vec![created(), assigned(ROOFER)],
        vec![created(), assigned(ROOFER), scheduled(3)],
    ] {
        given(history)
            .when(assign(PLUMBER))
            .then_expect_events(vec![assigned(PLUMBER)]);
    }
}

#[test]
fn the_day_agreed_with_one_vendor_is_void_for_the_next() {
    given(vec![created(), assigned(PLUMBER), scheduled(3), assigned(ROOFER)])
        .when(schedule(3))
        .then_expect_events(vec![scheduled(3)]);
}

/// The sample's day is 1 June.
#[test]
fn a_visit_is_agreed_for_today_or_later() {
    given(busy()).when(schedule(1)).then_expect_events(vec![scheduled(1)]);
    let mut again = busy();
    again.push(scheduled(1));
    given(again).when(schedule(2)).then_expect_events(vec![scheduled(2)]);
}

#[test]
fn reopening_starts_a_new_episode_without_a_vendor() {
    use SlaClock::Response;
    for end in [
        vec![created(), assigned(PLUMBER), scheduled(3), done()],
        vec![created(), done(), billed()],
        vec![created(), done(), completed(None)],
        vec![created(), cancelled()],
    ] {
        at(100, end).when(reopen()).then_expect_events(vec![reopened(100)]);
    }
    let history = || {
        let mut history = vec![created(), breached(Response, 4), asked(PLUMBER), estimated(10_000)];
        history.extend([assigned(PLUMBER), scheduled(3), done(), reopened(100)]);
        history
    };
    assert_eq!(after(history()).breaches(hours(105)), [breached(Response, 104)]);
    given(history())
        .when(assign(PLUMBER))
        .then_expect_events(vec![assigned(PLUMBER)]);
    given(history())
        .when(estimate(10_000))
        .then_expect_error(Refusal::NoEstimateRequested.into());
    let mut again = history();
    again.push(assigned(PLUMBER));
    given(again).when(schedule(3)).then_expect_events(vec![scheduled(3)]);
}

#[test]
fn the_work_is_accepted_once_it_is_done_and_names_who_did_it() {
    given(finished())
        .when(Command::Complete)
        .then_expect_events(vec![completed(Some(PLUMBER))]);
    given(vec![created(), done()])
        .when(Command::Complete)
        .then_expect_events(vec![completed(None)]);
    let mut with_bill = finished();
    with_bill.push(billed());
    given(with_bill)
        .when(Command::Complete)
        .then_expect_events(vec![completed(Some(PLUMBER))]);
}

#[test]
fn bills_come_once_the_work_is_done_also_after_it_was_accepted() {
    given(finished()).when(bill()).then_expect_events(vec![billed()]);
    let mut accepted = finished();
    accepted.push(completed(Some(PLUMBER)));
    given(accepted).when(bill()).then_expect_events(vec![billed()]);
}

#[test]
fn settling_does_and_accepts_what_is_still_open() {
    let settle = |history: Vec<Event>| after(history).settle("new washer", &after_hours(1)).unwrap();
    assert_eq!(settle(busy()), [done(), completed(Some(PLUMBER))]);
    assert_eq!(settle(finished()), [completed(Some(PLUMBER))]);
    assert_eq!(settle(vec![created(), done(), completed(None)]), []);
    assert_eq!(settle(vec![created(), cancelled()]), []);
    let late = after(busy()).settle("new washer", &after_hours(73)).unwrap();
    assert_eq!(
        late,
        [breached(SlaClock::Resolution, 72), done(), completed(Some(PLUMBER))]
    );
    assert_eq!(
        WorkOrder::default().settle("new washer", &after_hours(1)),
        Err(Refusal::Absent.into())
    );
}

#[test]
fn each_status_has_words_of_its_own() {
    use WorkOrderStatus as Status;
    let words = [
        (Status::New, "new"),
        (Status::EstimateRequested, "waiting for an estimate"),
        (Status::Estimated, "estimated"),
        (Status::Assigned, "assigned"),
        (Status::Scheduled, "scheduled"),
        (Status::Waiting, "waiting"),
        (Status::WorkDone, "done"),
        (Status::ReadyToBill, "ready to bill"),
        (Status::Completed, "completed"),
        (Status::Cancelled, "cancelled"),
    ];
    for (status, shown) in words {
        assert_eq!(status.to_string(), shown);
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let vendor = || any::<bool>().prop_map(|first| if first { PLUMBER } else { ROOFER });
    prop_oneof![
        Just(Command::Create(work())),
        vendor().prop_map(ask),
        (1_i64..3).prop_map(estimate),
        vendor().prop_map(assign),
        (1_u32..5).prop_map(schedule),
        Just(pause()),
        Just(Command::Resume),
        Just(finish()),
        Just(bill()),
        Just(Command::Complete),
        Just(cancel()),
        Just(reopen()),
    ]
}

proptest! {
    /// Whatever is asked in whatever order and however late: nothing is accepted that was not done, nothing scheduled without
    /// a vendor, and no deadline is recorded as passed twice in an episode.
    #[test]
    fn the_invariants_hold(commands in prop::collection::vec((any_command(), 0_i64..40), 0..40)) {
        let mut work_order = WorkOrder::default();
        let (mut now, mut done, mut vendor, mut late) = (0, false, None, Vec::new());
        for (command, later) in commands {
            now += later;
            for event in work_order.decide(command, &after_hours(now)).unwrap_or_default() {
                match &event {
                    Event::WorkDone { .. } => done = true,
                    Event::Assigned { vendor: new } => vendor = Some(*new),
                    Event::Scheduled { .. } => prop_assert!(vendor.is_some()),
                    Event::Completed { vendor: named } => {
                        prop_assert!(done);
                        prop_assert_eq!(*named, vendor);
                    }
                    Event::Reopened { .. } => {
                        (done, vendor) = (false, None);
                        late.clear();
                    }
                    Event::SlaBreached { clock, due } => {
                        prop_assert!(*due < hours(now));
                        prop_assert!(!late.contains(clock));
                        late.push(*clock);
                    }
                    _ => {}
                }
                work_order.apply(event);
            }
        }
    }
}
