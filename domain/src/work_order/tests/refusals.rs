//! What a work order refuses, with which values.

use super::*;

#[test]
fn nothing_but_its_creation_happens_to_what_does_not_exist() {
    for command in [
        ask(PLUMBER),
        estimate(1),
        assign(PLUMBER),
        schedule(2),
        pause(),
        Command::Resume,
        finish(),
        bill(),
        Command::Complete,
        cancel(),
        reopen(),
    ] {
        given(vec![]).when(command).then_expect_error(Refusal::Absent.into());
    }
}

#[test]
fn nothing_but_going_on_and_ending_happens_to_what_waits() {
    for command in [ask(PLUMBER), estimate(1), assign(ROOFER), schedule(2), pause()] {
        given(waiting())
            .when(command)
            .then_expect_error(Refusal::Waiting { reason: why() }.into());
    }
    given(waiting()).when(cancel()).then_expect_events(vec![cancelled()]);
}

#[test]
fn what_is_over_is_reopened_first() {
    use WorkOrderStatus as Status;
    let over = [(done(), Status::WorkDone), (cancelled(), Status::Cancelled)];
    for (end, status) in over {
        for command in [
            ask(PLUMBER),
            estimate(1),
            assign(ROOFER),
            schedule(2),
            pause(),
            Command::Resume,
            finish(),
            cancel(),
        ] {
            given(vec![created(), end.clone()])
                .when(command)
                .then_expect_error(Refusal::Done { status }.into());
        }
    }
}

fn missing(field: &'static str) -> Any {
    InputRefusal::TextMissing { field }.into()
}

fn nothing() -> Any {
    let field = "amount";
    InputRefusal::NotPositive { field, amount: usd(0) }.into()
}

fn refused(cases: Vec<(Vec<Event>, Command, Any)>) {
    for (history, command, refusal) in cases {
        given(history).when(command).then_expect_error(refusal);
    }
}

#[test]
fn a_repair_begins_once_and_says_what_is_to_be_done() {
    let with = |change: fn(&mut Work)| {
        let mut work = work();
        change(&mut work);
        Command::Create(work)
    };
    refused(vec![
        (vec![created()], Command::Create(work()), Refusal::Exists.into()),
        (vec![], with(|work| work.category.clear()), missing("category")),
        (vec![], with(|work| work.summary.clear()), missing("summary")),
        (vec![], with(|work| work.description.clear()), missing("description")),
    ]);
}

#[test]
fn estimates_are_asked_for_before_a_vendor_is_assigned() {
    let is_assigned = Refusal::Assigned { vendor: PLUMBER };
    refused(vec![
        (
            vec![created(), asked(PLUMBER)],
            ask(PLUMBER),
            Refusal::EstimateRequested { vendor: PLUMBER }.into(),
        ),
        (busy(), ask(ROOFER), is_assigned.clone().into()),
        (
            vec![created(), asked(PLUMBER), assigned(PLUMBER)],
            estimate(1),
            is_assigned.into(),
        ),
        (vec![created()], estimate(1), Refusal::NoEstimateRequested.into()),
        (
            vec![created(), asked(PLUMBER), estimated(1)],
            estimate(1),
            Refusal::Estimated { amount: usd(1) }.into(),
        ),
        (vec![created(), asked(PLUMBER)], estimate(0), nothing()),
    ]);
}

#[test]
fn a_visit_is_agreed_with_a_vendor_for_a_day_to_come() {
    let yesterday = june(1).pred_opt().unwrap();
    let absurd = NaiveDate::from_ymd_opt(2200, 1, 1).unwrap();
    let mut agreed = busy();
    agreed.push(scheduled(3));
    let past = Refusal::ScheduledInThePast {
        on: yesterday,
        today: june(1),
    };
    let field = "on";
    refused(vec![
        (busy(), assign(PLUMBER), Refusal::Assigned { vendor: PLUMBER }.into()),
        (vec![created()], schedule(2), Refusal::Unassigned.into()),
        (agreed, schedule(3), Refusal::Scheduled { on: june(3) }.into()),
        (busy(), Command::Schedule { on: yesterday }, past.into()),
        (
            busy(),
            Command::Schedule { on: absurd },
            InputRefusal::DateOutOfRange { field, date: absurd }.into(),
        ),
        (busy(), Command::Pause { reason: String::new() }, missing("reason")),
        (busy(), Command::Resume, Refusal::NotWaiting.into()),
    ]);
}

#[test]
fn nothing_is_billed_accepted_or_reopened_before_it_is_done() {
    let done = |status| Any::from(Refusal::Done { status });
    let mut accepted = finished();
    accepted.push(completed(Some(PLUMBER)));
    let unsaid = String::new;
    refused(vec![
        (busy(), Command::FinishWork { notes: unsaid() }, missing("notes")),
        (busy(), bill(), Refusal::NotDone.into()),
        (vec![created(), cancelled()], bill(), done(WorkOrderStatus::Cancelled)),
        (finished(), Command::Bill { amount: usd(0) }, nothing()),
        (busy(), Command::Complete, Refusal::NotDone.into()),
        (accepted, Command::Complete, done(WorkOrderStatus::Completed)),
        (busy(), Command::Cancel { reason: unsaid() }, missing("reason")),
        (busy(), reopen(), Refusal::NotDone.into()),
        (finished(), Command::Reopen { reason: unsaid() }, missing("reason")),
    ]);
}
