use super::*;
use crate::input::InputRefusal;

fn taken(term: Span) -> TakeOver {
    TakeOver {
        property: HOUSE,
        unit: FLAT,
        terms: terms(term),
        moved_in: day("2024-03-15"),
        notice: None,
        balance: usd(0),
        due_on: None,
    }
}

fn begun(term: Span) -> Vec<Event> {
    let from = term.from;
    vec![
        created(terms(term)),
        Event::Signed { on: from },
        Event::Activated {
            on: day("2024-03-15"),
            charged_from: day("2026-07-01"),
        },
    ]
}

fn opened(charge: Option<OpeningCharge>, credit: Option<OpeningCredit>) -> Event {
    Event::Opened {
        as_of: day("2026-06-15"),
        charge,
        credit,
    }
}

#[test]
fn a_lease_within_its_term_is_taken_over_and_charged_from_the_next_due_date() {
    let term = span("2026-01-01", "2027-01-01");
    on("2026-06-15", vec![])
        .when(Command::TakeOver(taken(term)))
        .then_expect_events(with(begun(term), [opened(None, None)]));
    let lease = lease(with(begun(term), [opened(None, None)]));
    assert_eq!(lease.contract().unwrap().status, Status::Active);
    let settings = Context::sample().settings;
    assert!(!lease.has_due(day("2026-06-30"), &settings) && lease.has_due(day("2026-07-01"), &settings));
}

#[test]
fn a_term_that_is_past_goes_on_from_month_to_month() {
    for (to, rolls) in [("2026-06-15", true), ("2026-06-16", false)] {
        let term = span("2025-06-15", to);
        let rolled = rolls.then_some(Event::RolledOver { from: day(to) });
        on("2026-06-15", vec![])
            .when(Command::TakeOver(taken(term)))
            .then_expect_events(with(with(begun(term), rolled), [opened(None, None)]));
    }
    let open = Span::open(day("2025-06-15"));
    on("2026-06-15", vec![])
        .when(Command::TakeOver(taken(open)))
        .then_expect_events(with(
            begun(open),
            [Event::RolledOver { from: open.from }, opened(None, None)],
        ));
}

#[test]
fn what_is_owed_becomes_a_charge_and_what_is_in_credit_a_credit() {
    let term = span("2026-01-01", "2027-01-01");
    let context = Context::on(day("2026-06-15"));
    let owes = TakeOver {
        balance: usd(12_345),
        due_on: Some(day("2026-05-01")),
        ..taken(term)
    };
    let charge = OpeningCharge {
        charge: context.id(1).into(),
        amount: usd(12_345),
        due_on: day("2026-05-01"),
    };
    on("2026-06-15", vec![])
        .when(Command::TakeOver(owes))
        .then_expect_events(with(begun(term), [opened(Some(charge), None)]));
    let prepaid = TakeOver {
        balance: usd(-500),
        ..taken(term)
    };
    let credit = OpeningCredit {
        credit: context.id(2).into(),
        amount: usd(500),
    };
    on("2026-06-15", vec![])
        .when(Command::TakeOver(prepaid))
        .then_expect_events(with(begun(term), [opened(None, Some(credit))]));
}

#[test]
fn notice_that_was_given_is_taken_over() {
    let term = span("2026-01-01", "2027-01-01");
    let leaving = TakeOver {
        notice: Some(day("2026-08-01")),
        ..taken(term)
    };
    let noticed = Event::NoticeGiven {
        given_on: day("2026-06-15"),
        ends: day("2026-08-01"),
    };
    on("2026-06-15", vec![])
        .when(Command::TakeOver(leaving))
        .then_expect_events(with(begun(term), [noticed, opened(None, None)]));
    let absurd = TakeOver {
        notice: Some(day("2026-01-01")),
        ..taken(term)
    };
    on("2026-06-15", vec![])
        .when(Command::TakeOver(absurd))
        .then_expect_error(
            Refusal::TooEarly {
                field: "notice",
                date: day("2026-01-01"),
                after: day("2026-01-01"),
            }
            .into(),
        );
}

#[test]
fn what_did_not_begin_is_not_taken_over() {
    let future = |field, date| Refusal::InFuture {
        field,
        date,
        today: day("2026-06-15"),
    };
    on("2026-06-15", vec![])
        .when(Command::TakeOver(taken(span("2026-06-16", "2027-01-01"))))
        .then_expect_error(future("term.from", day("2026-06-16")).into());
    let not_moved_in = TakeOver {
        moved_in: day("2026-06-16"),
        ..taken(span("2026-01-01", "2027-01-01"))
    };
    on("2026-06-15", vec![])
        .when(Command::TakeOver(not_moved_in))
        .then_expect_error(future("moved_in", day("2026-06-16")).into());
    on("2026-06-15", draft())
        .when(Command::TakeOver(taken(span("2026-01-01", "2027-01-01"))))
        .then_expect_error(Refusal::Exists.into());
    let absurd = TakeOver {
        balance: usd(-Money::MAX_MINOR - 1),
        ..taken(span("2026-01-01", "2027-01-01"))
    };
    on("2026-06-15", vec![])
        .when(Command::TakeOver(absurd))
        .then_expect_error(
            InputRefusal::TooLarge {
                field: "balance",
                amount: usd(Money::MAX_MINOR + 1),
            }
            .into(),
        );
}
