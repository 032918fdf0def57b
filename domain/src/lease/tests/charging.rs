use super::*;
use crate::input::InputRefusal;

fn manual(kind: ChargeKind, period: Option<Span>) -> ManualCharge {
    ManualCharge {
        kind,
        description: "Lock changed".into(),
        amount: usd(8_000),
        tax: Some(usd(600)),
        due_on: day("2026-06-10"),
        period,
    }
}

fn charged(today: &str, kind: ChargeKind, period: Option<Span>) -> Event {
    Event::ChargePosted {
        charge: Context::on(day(today)).id(0).into(),
        kind,
        description: "Lock changed".into(),
        amount: usd(8_000),
        tax: Some(usd(600)),
        due_on: day("2026-06-10"),
        period,
        recurring: None,
    }
}

#[test]
fn what_falls_due_is_posted_up_to_a_day_and_once() {
    let through = |text: &str| Command::PostDue { through: day(text) };
    let today = "2026-07-15";
    on(today, in_force())
        .when(through("2026-07-15"))
        .then_expect_events(vec![
            posted(today, 0, 100_000, "2026-06-01", "2026-07-01"),
            posted(today, 1, 100_000, "2026-07-01", "2026-08-01"),
        ]);
    let both = with(
        in_force(),
        [
            rent(0, 100_000, "2026-06-01", "2026-07-01"),
            rent(1, 100_000, "2026-07-01", "2026-08-01"),
        ],
    );
    on(today, both.clone()).when(through("2026-07-15")).then_expect_error(
        Refusal::NothingDue {
            through: day("2026-07-15"),
        }
        .into(),
    );
    on(today, both).when(through("2026-07-16")).then_expect_error(
        Refusal::InFuture {
            field: "through",
            date: day("2026-07-16"),
            today: day(today),
        }
        .into(),
    );
    on(today, agreed()).when(through("2026-07-15")).then_expect_error(
        Refusal::Status {
            status: Status::Signed,
            needed: "in force",
        }
        .into(),
    );
}

#[test]
fn what_recurs_is_posted_with_the_rent_and_its_tax() {
    let today = "2026-06-10";
    let parking = Event::ChargePosted {
        charge: Context::on(day(today)).id(1).into(),
        kind: ChargeKind::Parking,
        description: "Garage 4 for 2026-06-10 to 2026-06-30".into(),
        amount: usd(3_500),
        tax: Some(usd(280)),
        due_on: day("2026-06-10"),
        period: Some(span("2026-06-10", "2026-07-01")),
        recurring: Some(GARAGE),
    };
    on(today, with(in_force(), [garage("2026-06-10")]))
        .when(Command::PostDue { through: day(today) })
        .then_expect_events(vec![posted(today, 0, 100_000, "2026-06-01", "2026-07-01"), parking]);
}

#[test]
fn tax_comes_on_top_of_the_rent() {
    let taxed = Terms {
        rent_tax: Some(usd(7_000)),
        ..terms(span("2026-06-16", "2027-06-01"))
    };
    let history = vec![created(taxed), signed(), activated("2026-06-16")];
    let today = "2026-06-16";
    on(today, history)
        .when(Command::PostDue { through: day(today) })
        .then_expect_events(vec![Event::ChargePosted {
            charge: Context::on(day(today)).id(0).into(),
            kind: ChargeKind::Rent,
            description: "Rent for 2026-06-16 to 2026-06-30".into(),
            amount: usd(53_500),
            tax: Some(usd(3_500)),
            due_on: day(today),
            period: Some(span("2026-06-16", "2026-07-01")),
            recurring: None,
        }]);
}

#[test]
fn what_is_in_credit_pays_a_charge_as_it_is_posted() {
    let mut lease = lease(in_force());
    pay(&mut lease, 1, 150_000, day("2026-05-20"));
    let context = Context::on(day("2026-07-01"));
    let events = lease
        .decide(
            Command::PostDue {
                through: day("2026-07-01"),
            },
            &context,
        )
        .unwrap();
    let paid: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::CreditApplied { amount, on, .. } => Some((amount.minor, *on)),
            _ => None,
        })
        .collect();
    assert_eq!(paid, [(100_000, day("2026-06-01")), (50_000, day("2026-07-01"))]);
}

#[test]
fn a_charge_is_posted_by_hand() {
    for (kind, history) in [
        (
            ChargeKind::Damage,
            with(in_force(), [Event::Ended { on: day("2026-07-01") }]),
        ),
        (ChargeKind::Other, agreed()),
        (ChargeKind::Utilities, in_force()),
    ] {
        on("2026-06-10", history)
            .when(Command::Charge(manual(kind, None)))
            .then_expect_events(vec![charged("2026-06-10", kind, None)]);
    }
    on("2026-06-10", draft())
        .when(Command::Charge(manual(ChargeKind::Other, None)))
        .then_expect_error(
            Refusal::Status {
                status: Status::Draft,
                needed: "signed and not settled",
            }
            .into(),
        );
    on("2026-06-10", in_force())
        .when(Command::Charge(manual(ChargeKind::LateFee, None)))
        .then_expect_error(AccountRefusal::KindReserved.into());
}

#[test]
fn a_charge_for_days_has_days() {
    for period in [span("2026-06-10", "2026-06-10"), Span::open(day("2026-06-10"))] {
        on("2026-06-10", in_force())
            .when(Command::Charge(manual(ChargeKind::Other, Some(period))))
            .then_expect_error(Refusal::NoDays { term: period }.into());
    }
    let week = Some(span("2026-06-10", "2026-06-17"));
    on("2026-06-10", in_force())
        .when(Command::Charge(manual(ChargeKind::Utilities, week)))
        .then_expect_events(vec![charged("2026-06-10", ChargeKind::Utilities, week)]);
}

#[test]
fn rent_posted_by_hand_covers_its_days_once() {
    let days = span("2026-06-10", "2026-06-17");
    let by_hand = Command::Charge(manual(ChargeKind::Rent, Some(days)));
    on("2026-06-10", in_force())
        .when(by_hand.clone())
        .then_expect_events(vec![charged("2026-06-10", ChargeKind::Rent, Some(days))]);
    let june = span("2026-06-01", "2026-07-01");
    on(
        "2026-06-10",
        with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]),
    )
    .when(by_hand)
    .then_expect_error(Refusal::RentCharged { period: june }.into());
    on(
        "2026-06-10",
        with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]),
    )
    .when(Command::Charge(manual(ChargeKind::Utilities, Some(days))))
    .then_expect_events(vec![charged("2026-06-10", ChargeKind::Utilities, Some(days))]);
    on(
        "2026-06-10",
        with(in_force(), [charged("2026-06-09", ChargeKind::Utilities, Some(june))]),
    )
    .when(Command::Charge(manual(ChargeKind::Rent, Some(days))))
    .then_expect_events(vec![charged("2026-06-10", ChargeKind::Rent, Some(days))]);
    let after = Some(span("2026-07-01", "2026-07-08"));
    on(
        "2026-06-10",
        with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]),
    )
    .when(Command::Charge(manual(ChargeKind::Rent, after)))
    .then_expect_events(vec![charged("2026-06-10", ChargeKind::Rent, after)]);
    let today = "2026-06-18";
    on(
        today,
        with(in_force(), [charged("2026-06-10", ChargeKind::Rent, Some(days))]),
    )
    .when(Command::PostDue { through: day(today) })
    .then_expect_events(vec![
        posted(today, 0, 30_000, "2026-06-01", "2026-06-10"),
        posted(today, 1, 46_667, "2026-06-17", "2026-07-01"),
    ]);
}

fn waived(n: u128, minor: i64, on: &str, from: &str) -> Event {
    Event::ChargeWaived {
        charge: charge_id(n),
        kind: ChargeKind::Rent,
        amount: usd(minor),
        tax: None,
        reason: format!("not owed for days from {from} on"),
        on: day(on),
    }
}

#[test]
fn what_was_charged_beyond_the_end_is_given_back() {
    let history = with(
        in_force(),
        [
            rent(0, 100_000, "2026-06-01", "2026-07-01"),
            rent(1, 100_000, "2026-07-01", "2026-08-01"),
            rent(2, 100_000, "2026-08-01", "2026-09-01"),
        ],
    );
    on("2026-08-02", history)
        .when(Command::End { on: day("2026-07-11") })
        .then_expect_events(vec![
            waived(1, 67_742, "2026-08-02", "2026-07-11"),
            waived(2, 100_000, "2026-08-02", "2026-07-11"),
            Event::Ended { on: day("2026-07-11") },
        ]);
}

#[test]
fn no_more_is_given_back_than_is_left() {
    let conceded = Event::ConcessionGranted {
        concession: crate::ids::ConcessionId(Uuid::from_u128(1)),
        charge: charge_id(0),
        kind: ChargeKind::Rent,
        amount: usd(60_000),
        tax: None,
        reason: "noise".into(),
        on: day("2026-06-02"),
    };
    let history = |more: Option<Event>| {
        with(
            with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]),
            std::iter::once(conceded.clone()).chain(more),
        )
    };
    on("2026-06-20", history(None))
        .when(Command::End { on: day("2026-06-10") })
        .then_expect_events(vec![
            waived(0, 10_000, "2026-06-20", "2026-06-10"),
            Event::Ended { on: day("2026-06-10") },
        ]);
    on("2026-06-20", history(None))
        .when(Command::End { on: day("2026-06-13") })
        .then_expect_events(vec![Event::Ended { on: day("2026-06-13") }]);
}

#[test]
fn what_recurs_is_given_back_from_the_day_it_ends() {
    let parking = Event::ChargePosted {
        charge: charge_id(7),
        kind: ChargeKind::Parking,
        description: "Garage 4".into(),
        amount: usd(5_000),
        tax: Some(usd(400)),
        due_on: day("2026-06-01"),
        period: Some(span("2026-06-01", "2026-07-01")),
        recurring: Some(GARAGE),
    };
    let history = with(
        in_force(),
        [
            garage("2026-06-01"),
            rent(0, 100_000, "2026-06-01", "2026-07-01"),
            parking,
        ],
    );
    on("2026-06-10", history)
        .when(Command::EndRecurring {
            recurring: GARAGE,
            on: day("2026-06-16"),
        })
        .then_expect_events(vec![
            Event::RecurringChargeEnded {
                recurring: GARAGE,
                on: day("2026-06-16"),
            },
            Event::ChargeWaived {
                charge: charge_id(7),
                kind: ChargeKind::Parking,
                amount: usd(2_500),
                tax: Some(usd(200)),
                reason: "not owed for days from 2026-06-16 on".into(),
                on: day("2026-06-10"),
            },
        ]);
}

#[test]
fn the_account_takes_commands_while_the_lease_has_one() {
    let charge = charge_id(0);
    let reason = || "kindness".to_owned();
    let commands = || {
        [
            Command::Waive {
                charge,
                amount: Some(usd(500)),
                reason: reason(),
            },
            Command::WriteOff {
                charge,
                amount: None,
                reason: reason(),
            },
            Command::Concede {
                charge,
                amount: usd(700),
                reason: reason(),
            },
        ]
    };
    let today = "2026-06-10";
    let given = [
        Event::ChargeWaived {
            charge,
            kind: ChargeKind::Rent,
            amount: usd(500),
            tax: None,
            reason: reason(),
            on: day(today),
        },
        Event::ChargeWrittenOff {
            charge,
            kind: ChargeKind::Rent,
            amount: usd(100_000),
            tax: None,
            reason: reason(),
            on: day(today),
        },
        Event::ConcessionGranted {
            concession: Context::on(day(today)).id(0).into(),
            charge,
            kind: ChargeKind::Rent,
            amount: usd(700),
            tax: None,
            reason: reason(),
            on: day(today),
        },
    ];
    let history = || with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]);
    for (command, event) in commands().into_iter().zip(given) {
        on(today, history()).when(command).then_expect_events(vec![event]);
    }
    let settled = || with(history(), [Event::Ended { on: day("2026-07-01") }, Event::Settled]);
    for command in commands() {
        on(today, settled()).when(command).then_expect_error(
            Refusal::Status {
                status: Status::Settled,
                needed: "signed and not settled",
            }
            .into(),
        );
    }
    on(today, history())
        .when(Command::Waive {
            charge,
            amount: None,
            reason: String::new(),
        })
        .then_expect_error(InputRefusal::TextMissing { field: "reason" }.into());
}
