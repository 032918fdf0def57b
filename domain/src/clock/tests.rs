mod rules;

use chrono_tz::America::New_York;
use cqrs_es::{
    Aggregate,
    test::{AggregateTestExecutor, TestFramework},
};
use proptest::prelude::*;

use super::{ClockCommand as Command, ClockEvent as Event, ClockRefusal as Refusal, *};
use crate::input::InputRefusal;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn begun(instant: &str) -> Progress {
    Progress::at(at(instant), New_York)
}

fn over(text: &str) -> Progress {
    Progress::end_of(day(text), New_York)
}

fn advanced(to: Progress) -> Event {
    let Progress { day, phase, instant } = to;
    Event::Advanced { day, phase, instant }
}

fn given(history: Vec<Event>) -> AggregateTestExecutor<Clock> {
    TestFramework::with(Context::sample()).given(history)
}

fn clock(reached: Option<Progress>) -> Clock {
    let mut clock = Clock::default();
    if let Some(reached) = reached {
        clock.apply(advanced(reached));
    }
    clock
}

#[test]
fn a_date_means_its_end_in_the_organizations_zone() {
    let noon = begun("2026-06-01T16:00:00Z");
    assert_eq!((noon.day, noon.phase), (day("2026-06-01"), Phase::Begun));
    assert_eq!(begun("2026-06-01T03:59:59Z").day, day("2026-05-31"));
    let end = over("2026-06-01");
    assert_eq!(
        (end.day, end.phase, end.instant),
        (day("2026-06-01"), Phase::Over, at("2026-06-02T04:00:00Z"))
    );
}

#[test]
fn the_clock_goes_forward_only() {
    let reached = begun("2026-06-01T16:00:00Z");
    given(vec![])
        .when(Command::Advance(reached))
        .then_expect_events(vec![advanced(reached)]);
    for later in [
        begun("2026-06-01T16:00:01Z"),
        over("2026-06-01"),
        begun("2026-06-02T04:00:00Z"),
    ] {
        given(vec![advanced(reached)])
            .when(Command::Advance(later))
            .then_expect_events(vec![advanced(later)]);
    }
    let instant = reached.instant;
    for earlier in [reached, begun("2026-06-01T15:59:59Z"), over("2026-05-31")] {
        given(vec![advanced(reached)])
            .when(Command::Advance(earlier))
            .then_expect_error(Refusal::Ahead { instant }.into());
        assert!(!clock(Some(reached)).is_before(&earlier));
    }
}

#[test]
fn a_day_that_is_over_is_not_begun_again() {
    let over = over("2026-06-01");
    let same_day = begun("2026-06-01T20:00:00Z");
    assert!(!clock(Some(over)).is_before(&same_day));
    assert!(clock(None).is_before(&same_day) && clock(Some(same_day)).is_before(&over));
    // In a zone further west the same day lasts longer.
    let longer = Progress::at(at("2026-06-02T05:00:00Z"), chrono_tz::America::Los_Angeles);
    assert_eq!(longer.day, day("2026-06-01"));
    assert!(!clock(Some(over)).is_before(&longer));
}

#[test]
fn an_absurd_day_is_refused() {
    given(vec![])
        .when(Command::Advance(over("2200-01-01")))
        .then_expect_error(
            InputRefusal::DateOutOfRange {
                field: "day",
                date: day("2200-01-01"),
            }
            .into(),
        );
}

fn pending(reached: Option<Progress>, until: Progress) -> Vec<(String, Phase)> {
    clock(reached)
        .pending(day("2026-06-01"), until)
        .map(|(day, phase)| (day.to_string(), phase))
        .collect()
}

#[test]
fn what_is_pending_lies_behind_what_was_reached() {
    use Phase::{Begun, Over};
    let steps =
        |steps: &[(&str, Phase)]| -> Vec<_> { steps.iter().map(|(day, phase)| ((*day).to_owned(), *phase)).collect() };
    assert_eq!(
        pending(None, begun("2026-06-02T16:00:00Z")),
        steps(&[("2026-06-01", Begun), ("2026-06-01", Over), ("2026-06-02", Begun)])
    );
    assert_eq!(
        pending(Some(begun("2026-06-01T16:00:00Z")), over("2026-06-02")),
        steps(&[("2026-06-01", Over), ("2026-06-02", Begun), ("2026-06-02", Over)])
    );
    assert_eq!(
        pending(Some(over("2026-06-01")), begun("2026-06-02T16:00:00Z")),
        steps(&[("2026-06-02", Begun)])
    );
    assert_eq!(
        pending(Some(begun("2026-06-01T16:00:00Z")), begun("2026-06-01T17:00:00Z")),
        steps(&[])
    );
}

proptest! {
    #[test]
    fn ticking_in_steps_decides_what_ticking_at_once_does(cuts in prop::collection::btree_set(1_i64..20 * 24, 0..10)) {
        let start = at("2026-06-01T12:00:00Z");
        let end = Progress::at(start + chrono::TimeDelta::hours(20 * 24), New_York);
        let mut reached = None;
        let mut steps = Vec::new();
        let instants = cuts.into_iter().map(|hours| Progress::at(start + chrono::TimeDelta::hours(hours), New_York));
        for until in instants.chain([end]) {
            steps.extend(pending(reached, until));
            reached = Some(until);
        }
        prop_assert_eq!(steps, pending(None, end));
    }
}
