//! When a work order is late, and what stops that.

use super::*;

#[test]
fn waiting_stops_the_clocks_that_the_policy_names() {
    use SlaClock::{Resolution, Response};
    at(10, busy())
        .when(pause())
        .then_expect_events(vec![paused(&[Resolution], 10)]);
    let policy = |response, resolution| {
        let mut context = after_hours(2);
        let mut settings = (*context.settings).clone();
        settings.service_levels.waiting_pauses_response = response;
        settings.service_levels.waiting_pauses_resolution = resolution;
        context.settings = settings.into();
        TestFramework::<WorkOrder>::with(context)
    };
    let begun = || vec![created()];
    policy(true, true)
        .given(begun())
        .when(pause())
        .then_expect_events(vec![paused(&[Response, Resolution], 2)]);
    policy(false, false)
        .given(begun())
        .when(pause())
        .then_expect_events(vec![paused(&[], 2)]);
    policy(true, true)
        .given(busy())
        .when(pause())
        .then_expect_events(vec![paused(&[Resolution], 2)]);
}

#[test]
fn going_on_moves_the_deadlines_by_the_time_it_waited() {
    at(30, waiting())
        .when(Command::Resume)
        .then_expect_events(vec![resumed(4, 92)]);
    let mut goes_on = waiting();
    goes_on.push(resumed(4, 92));
    assert_eq!(after(goes_on.clone()).status(), Some(WorkOrderStatus::Assigned));
    assert_eq!(after(goes_on.clone()).breaches(hours(92)), []);
    assert_eq!(after(goes_on).breaches(hours(93)), [breached(SlaClock::Resolution, 92)]);
}

#[test]
fn what_waits_is_not_late_and_what_was_late_before_stays_so() {
    assert_eq!(after(waiting()).breaches(hours(1_000)), []);
    at(80, busy()).when(pause()).then_expect_events(vec![
        breached(SlaClock::Resolution, 72),
        paused(&[SlaClock::Resolution], 80),
    ]);
    // Nobody was assigned in time, and waiting doesn't stop that clock: the tick will find it.
    at(5, vec![created()])
        .when(pause())
        .then_expect_events(vec![paused(&[SlaClock::Resolution], 5)]);
    assert_eq!(
        after([created(), paused(&[SlaClock::Resolution], 5)]).breaches(hours(6)),
        [breached(SlaClock::Response, 4)]
    );
}

#[test]
fn the_first_assignment_answers_and_is_late_after_its_deadline() {
    use SlaClock::Response;
    at(4, vec![created()])
        .when(assign(PLUMBER))
        .then_expect_events(vec![assigned(PLUMBER)]);
    at(5, vec![created()])
        .when(assign(PLUMBER))
        .then_expect_events(vec![breached(Response, 4), assigned(PLUMBER)]);
    at(80, vec![created()])
        .when(assign(PLUMBER))
        .then_expect_events(vec![breached(Response, 4), assigned(PLUMBER)]);
    at(5, vec![created(), breached(Response, 4)])
        .when(assign(PLUMBER))
        .then_expect_events(vec![assigned(PLUMBER)]);
    at(5, vec![created_with(Some(REQUEST), vec![Response])])
        .when(assign(PLUMBER))
        .then_expect_events(vec![assigned(PLUMBER)]);
    at(50, busy())
        .when(assign(ROOFER))
        .then_expect_events(vec![assigned(ROOFER)]);
}

#[test]
fn the_end_of_the_work_stops_both_clocks() {
    use SlaClock::{Resolution, Response};
    at(72, busy()).when(finish()).then_expect_events(vec![done()]);
    at(73, busy())
        .when(finish())
        .then_expect_events(vec![breached(Resolution, 72), done()]);
    at(73, vec![created()]).when(finish()).then_expect_events(vec![
        breached(Response, 4),
        breached(Resolution, 72),
        done(),
    ]);
    at(73, vec![created()]).when(cancel()).then_expect_events(vec![
        breached(Response, 4),
        breached(Resolution, 72),
        cancelled(),
    ]);
    at(500, waiting()).when(finish()).then_expect_events(vec![done()]);
    for end in [done(), cancelled()] {
        assert_eq!(after([created(), end]).breaches(hours(1_000)), []);
    }
}

#[test]
fn a_deadline_that_passed_is_found_once() {
    use SlaClock::{Resolution, Response};
    assert_eq!(WorkOrder::default().breaches(hours(1_000)), []);
    assert_eq!(after([created()]).breaches(hours(4)), []);
    assert_eq!(
        after([created()]).breaches(hours(73)),
        [breached(Response, 4), breached(Resolution, 72)]
    );
    assert_eq!(
        after([created(), breached(Response, 4)]).breaches(hours(73)),
        [breached(Resolution, 72)]
    );
}
