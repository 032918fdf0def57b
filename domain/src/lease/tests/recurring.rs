//! What is charged beside the rent.

use super::*;
use crate::input::InputRefusal;

fn parking(from: &str) -> NewRecurring {
    NewRecurring {
        kind: ChargeKind::Parking,
        description: "Garage 4".into(),
        amount: usd(5_000),
        tax: Some(usd(400)),
        from: day(from),
    }
}

#[test]
fn something_recurs_beside_the_rent() {
    let today = "2026-05-02";
    let added = Event::RecurringChargeAdded {
        recurring: Context::on(day(today)).id(0).into(),
        kind: ChargeKind::Parking,
        description: "Garage 4".into(),
        amount: usd(5_000),
        tax: Some(usd(400)),
        from: day("2026-06-01"),
    };
    for history in [draft(), agreed(), in_force()] {
        on(today, history)
            .when(Command::AddRecurring(parking("2026-06-01")))
            .then_expect_events(vec![added.clone()]);
    }
}

#[test]
fn what_recurs_is_checked() {
    let wrong: Vec<(NewRecurring, crate::Refusal)> = vec![
        (
            NewRecurring {
                kind: ChargeKind::LateFee,
                ..parking("2026-06-01")
            },
            Refusal::RecurringKind.into(),
        ),
        (
            NewRecurring {
                kind: ChargeKind::Rent,
                ..parking("2026-06-01")
            },
            Refusal::RecurringKind.into(),
        ),
        (
            NewRecurring {
                description: String::new(),
                ..parking("2026-06-01")
            },
            InputRefusal::TextMissing { field: "description" }.into(),
        ),
        (
            NewRecurring {
                amount: usd(0),
                ..parking("2026-06-01")
            },
            InputRefusal::NotPositive {
                field: "amount",
                amount: usd(0),
            }
            .into(),
        ),
        (
            NewRecurring {
                tax: Some(usd(5_001)),
                ..parking("2026-06-01")
            },
            AccountRefusal::TaxTooLarge {
                tax: usd(5_001),
                amount: usd(5_000),
            }
            .into(),
        ),
        (
            NewRecurring {
                tax: Some(usd(-1)),
                ..parking("2026-06-01")
            },
            InputRefusal::Negative {
                field: "tax",
                amount: usd(-1),
            }
            .into(),
        ),
        (
            parking("2026-05-31"),
            Refusal::OutsideTerm {
                field: "from",
                date: day("2026-05-31"),
                term: span("2026-06-01", "2027-06-01"),
            }
            .into(),
        ),
    ];
    for (recurring, refusal) in wrong {
        on("2026-05-02", draft())
            .when(Command::AddRecurring(recurring))
            .then_expect_error(refusal);
    }
    let over = with(in_force(), [Event::Ended { on: day("2026-07-01") }]);
    on("2026-07-02", over)
        .when(Command::AddRecurring(parking("2026-06-01")))
        .then_expect_error(
            Refusal::Status {
                status: Status::Ended,
                needed: "a draft, signed or in force",
            }
            .into(),
        );
}

#[test]
fn what_recurs_ends_once_or_earlier() {
    let end = |on: &str| Command::EndRecurring {
        recurring: GARAGE,
        on: day(on),
    };
    let ended = |on: &str| Event::RecurringChargeEnded {
        recurring: GARAGE,
        on: day(on),
    };
    let history = || with(in_force(), [garage("2026-06-01")]);
    on("2026-06-02", history())
        .when(end("2026-09-01"))
        .then_expect_events(vec![ended("2026-09-01")]);
    on("2026-06-02", with(history(), [ended("2026-09-01")]))
        .when(end("2026-08-01"))
        .then_expect_events(vec![ended("2026-08-01")]);
    on("2026-06-02", with(history(), [ended("2026-09-01")]))
        .when(end("2026-09-01"))
        .then_expect_error(
            Refusal::RecurringEnded {
                recurring: GARAGE,
                on: day("2026-09-01"),
            }
            .into(),
        );
    on("2026-06-02", history())
        .when(end("2026-06-01"))
        .then_expect_events(vec![ended("2026-06-01")]);
    on("2026-06-02", history()).when(end("2026-05-31")).then_expect_error(
        Refusal::OutsideTerm {
            field: "on",
            date: day("2026-05-31"),
            term: Span::open(day("2026-06-01")),
        }
        .into(),
    );
    on("2026-06-02", in_force())
        .when(end("2026-09-01"))
        .then_expect_error(Refusal::RecurringAbsent { recurring: GARAGE }.into());
}

#[test]
fn each_thing_that_recurs_ends_by_itself() {
    const CAT: RecurringId = RecurringId(Uuid::from_u128(6));
    let cat = Event::RecurringChargeAdded {
        recurring: CAT,
        kind: ChargeKind::Pet,
        description: "Cat".into(),
        amount: usd(2_000),
        tax: None,
        from: day("2026-07-01"),
    };
    let history = with(in_force(), [garage("2026-06-01"), cat]);
    let end = |recurring, on: &str| Command::EndRecurring { recurring, on: day(on) };
    let ended = |on: &str| Event::RecurringChargeEnded {
        recurring: CAT,
        on: day(on),
    };
    on("2026-06-02", history.clone())
        .when(end(CAT, "2026-06-15"))
        .then_expect_error(
            Refusal::OutsideTerm {
                field: "on",
                date: day("2026-06-15"),
                term: Span::open(day("2026-07-01")),
            }
            .into(),
        );
    let lease = lease(with(history, [ended("2026-09-01")]));
    let days: Vec<_> = lease.contract().unwrap().recurring.iter().map(|it| it.days).collect();
    assert_eq!(days, [Span::open(day("2026-06-01")), span("2026-07-01", "2026-09-01")]);
}
