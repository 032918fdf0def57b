use super::*;
use crate::{
    lease::schedule::{due_charges, first_charged_day, next_due_date, rental_period},
    settings::ProrationMethod,
};

#[test]
fn a_rental_period_runs_from_one_due_date_to_the_next() {
    for (date, due_day, from, to) in [
        ("2026-06-01", 1, "2026-06-01", "2026-07-01"),
        ("2026-06-30", 1, "2026-06-01", "2026-07-01"),
        ("2026-06-04", 5, "2026-05-05", "2026-06-05"),
        ("2026-06-05", 5, "2026-06-05", "2026-07-05"),
        ("2026-02-27", 31, "2026-01-31", "2026-02-28"),
        ("2026-02-28", 31, "2026-02-28", "2026-03-31"),
        ("2026-03-30", 31, "2026-02-28", "2026-03-31"),
        ("2024-02-29", 30, "2024-02-29", "2024-03-30"),
        ("2027-01-10", 15, "2026-12-15", "2027-01-15"),
    ] {
        let period = rental_period(day(date), due_day);
        assert_eq!(period, (day(from), day(to)), "{date} with due day {due_day}");
        assert_eq!(next_due_date(day(date), due_day), day(to));
    }
}

#[test]
fn the_move_in_day_is_free_only_in_a_part_of_a_period() {
    let first = |term: Span, counts| first_charged_day(term, 1, counts).to_string();
    let mid_month = span("2026-06-10", "2027-06-01");
    assert_eq!(first(mid_month, true), "2026-06-10");
    assert_eq!(first(mid_month, false), "2026-06-11");
    assert_eq!(first(span("2026-06-01", "2026-07-01"), false), "2026-06-01");
    assert_eq!(first(Span::open(day("2026-06-01")), false), "2026-06-01");
    assert_eq!(first(span("2026-06-01", "2026-06-30"), false), "2026-06-02");
}

/// From, to (without it) and amount of each charge that falls due.
fn due(lease: &Lease, method: ProrationMethod, through: &str) -> Vec<(String, String, i64)> {
    due_charges(lease.contract().unwrap(), lease.account(), method, day(through))
        .unwrap()
        .into_iter()
        .map(|due| (due.from.to_string(), due.to.to_string(), due.amount.minor))
        .collect()
}

fn actual(lease: &Lease, through: &str) -> Vec<(String, String, i64)> {
    due(lease, ProrationMethod::ActualDays, through)
}

fn rows<const N: usize>(rows: [(&str, &str, i64); N]) -> Vec<(String, String, i64)> {
    rows.map(|(from, to, minor)| (from.into(), to.into(), minor)).into()
}

fn running(terms: Terms) -> Vec<Event> {
    let from = terms.term.from.to_string();
    vec![created(terms), signed(), activated(&from)]
}

#[test]
fn nothing_falls_due_before_a_lease_is_in_force() {
    assert_eq!(actual(&lease(agreed()), "2026-09-01"), []);
}

#[test]
fn a_part_period_is_one_charge_across_the_end_of_a_month() {
    let mid = Terms {
        rent: usd(125_000),
        due_day: 3,
        ..terms(span("2026-04-30", "2026-06-10"))
    };
    assert_eq!(
        actual(&lease(running(mid)), "2026-12-31"),
        rows([
            ("2026-04-30", "2026-05-03", 12_231),
            ("2026-05-03", "2026-06-03", 125_000),
            ("2026-06-03", "2026-06-10", 29_167),
        ])
    );
}

#[test]
fn each_charge_is_due_on_its_first_day() {
    let lease = lease(running(terms(span("2026-05-20", "2027-06-01"))));
    assert_eq!(actual(&lease, "2026-05-19"), []);
    let part = ("2026-05-20", "2026-06-01", 38_710);
    assert_eq!(actual(&lease, "2026-05-31"), rows([part]));
    assert_eq!(
        actual(&lease, "2026-06-01"),
        rows([part, ("2026-06-01", "2026-07-01", 100_000)])
    );
}

#[test]
fn the_method_of_the_policy_is_used() {
    let lease = lease(running(terms(span("2026-07-20", "2027-06-01"))));
    for (method, minor) in [
        (ProrationMethod::ActualDays, 38_710),
        (ProrationMethod::ThirtyDays, 40_000),
        (ProrationMethod::DaysOfYear, 39_452),
    ] {
        assert_eq!(
            due(&lease, method, "2026-07-31"),
            rows([("2026-07-20", "2026-08-01", minor)])
        );
    }
}

fn change(minor: i64, from: &str) -> Event {
    Event::RentChanged {
        rent: usd(minor),
        rent_tax: None,
        from: day(from),
    }
}

#[test]
fn a_rent_that_changes_within_a_period_makes_two_parts() {
    let changed = lease(with(in_force(), [change(120_000, "2026-06-16")]));
    assert_eq!(
        actual(&changed, "2026-07-01"),
        rows([
            ("2026-06-01", "2026-06-16", 50_000),
            ("2026-06-16", "2026-07-01", 60_000),
            ("2026-07-01", "2026-08-01", 120_000),
        ])
    );
}

#[test]
fn the_parts_of_a_period_never_come_to_more_than_its_dearest_rent() {
    let raised = lease(with(in_force(), [change(101_000, "2026-07-16")]));
    assert_eq!(
        due(&raised, ProrationMethod::ThirtyDays, "2026-07-31"),
        rows([
            ("2026-06-01", "2026-07-01", 100_000),
            ("2026-07-01", "2026-07-16", 50_000),
            ("2026-07-16", "2026-08-01", 51_000),
        ])
    );
    let lowered = lease(with(in_force(), [change(90_000, "2026-07-16")]));
    assert_eq!(
        due(&lowered, ProrationMethod::ThirtyDays, "2026-07-31").pop(),
        rows([("2026-07-16", "2026-08-01", 48_000)]).pop()
    );
    let twice = lease(with(
        in_force(),
        [change(300_000, "2026-07-02"), change(30_000, "2026-07-31")],
    ));
    assert_eq!(
        due(&twice, ProrationMethod::ThirtyDays, "2026-07-31")[1..],
        rows([
            ("2026-07-01", "2026-07-02", 3_333),
            ("2026-07-02", "2026-07-31", 290_000),
            ("2026-07-31", "2026-08-01", 1_000),
        ])
    );
}

/// July has 31 thirtieths: what is left of it after a half of 50,000 would come to 53,333.
#[test]
fn only_prices_in_force_and_charges_of_a_period_limit_what_its_parts_come_to() {
    let half = rent(0, 50_000, "2026-07-01", "2026-07-16");
    let next = rent(1, 100_000, "2026-08-01", "2026-09-01");
    let before = [change(200_000, "2026-06-15"), change(100_000, "2026-07-01")];
    let replaced = [change(200_000, "2026-07-16"), change(100_000, "2026-07-16")];
    for (case, more) in [
        ("a dearer rent replaced", replaced.into()),
        (
            "a dearer rent before",
            vec![before[0].clone(), before[1].clone(), half.clone()],
        ),
        ("a dearer rent after", vec![change(200_000, "2026-08-01"), half.clone()]),
        ("the next period charged", vec![half, next]),
    ] {
        let lease = lease(with(in_force(), more));
        assert_eq!(
            due(&lease, ProrationMethod::ThirtyDays, "2026-07-31").pop(),
            rows([("2026-07-16", "2026-08-01", 50_000)]).pop(),
            "{case}"
        );
    }
}

/// From, amount and tax of each charge by the 31 of July, when the rent of July changes on a day.
fn taxed_in_july(before: (i64, Option<i64>), after: (i64, Option<i64>), from: &str) -> Vec<(String, i64, Option<i64>)> {
    let changed = Event::RentChanged {
        rent: usd(after.0),
        rent_tax: after.1.map(usd),
        from: day(from),
    };
    let terms = Terms {
        rent: usd(before.0),
        rent_tax: before.1.map(usd),
        ..terms(Span::open(day("2026-07-01")))
    };
    let lease = lease(with(running(terms), [changed]));
    let (contract, account) = (lease.contract().unwrap(), lease.account());
    due_charges(contract, account, ProrationMethod::ThirtyDays, day("2026-07-31"))
        .unwrap()
        .into_iter()
        .map(|due| (due.from.to_string(), due.amount.minor, due.tax.map(|tax| tax.minor)))
        .collect()
}

#[test]
fn each_part_of_a_period_has_the_tax_of_its_own_rent() {
    for (before, after, parts) in [
        (
            (100_000, Some(10_000)),
            (120_000, None),
            [(55_000, Some(5_000)), (64_000, None)],
        ),
        (
            (120_000, None),
            (100_000, Some(10_000)),
            [(60_000, None), (58_667, Some(5_333))],
        ),
        (
            (105_000, Some(5_000)),
            (100_000, Some(10_000)),
            [(55_000, Some(2_500)), (55_000, Some(5_333))],
        ),
    ] {
        let [first, second] = parts;
        let expected = [("2026-07-01", first), ("2026-07-16", second)];
        assert_eq!(
            taxed_in_july(before, after, "2026-07-16"),
            expected.map(|(from, (amount, tax))| (from.to_owned(), amount, tax))
        );
    }
}

/// Thirty days are a whole month already: what the 31st adds is the difference of the rents.
#[test]
fn there_is_never_more_tax_in_a_part_than_it_comes_to() {
    assert_eq!(
        taxed_in_july((100_000, None), (83_500, Some(16_700)), "2026-07-31"),
        [
            ("2026-07-01".to_owned(), 100_000, None),
            ("2026-07-31".to_owned(), 200, Some(200)),
        ]
    );
}

#[test]
fn a_tax_is_capped_as_the_rent_is() {
    let taxed = Terms {
        rent_tax: Some(usd(10_000)),
        ..terms(span("2026-07-01", "2026-07-16"))
    };
    let after = lease(with(
        running(taxed),
        [
            Event::ChargePosted {
                charge: charge_id(0),
                kind: ChargeKind::Rent,
                description: "Rent".into(),
                amount: usd(55_000),
                tax: Some(usd(5_000)),
                due_on: day("2026-07-01"),
                period: Some(span("2026-07-01", "2026-07-16")),
                recurring: None,
            },
            Event::RolledOver {
                from: day("2026-07-16"),
            },
        ],
    ));
    let rest = due_charges(
        after.contract().unwrap(),
        after.account(),
        ProrationMethod::ThirtyDays,
        day("2026-07-31"),
    )
    .unwrap();
    assert_eq!((rest[0].amount, rest[0].tax), (usd(55_000), Some(usd(5_000))));
}

#[test]
fn the_rest_of_a_period_is_charged_when_a_term_goes_on() {
    let rolled = lease(with(
        running(terms(span("2026-06-01", "2026-06-16"))),
        [
            rent(0, 50_000, "2026-06-01", "2026-06-16"),
            Event::RolledOver {
                from: day("2026-06-16"),
            },
        ],
    ));
    assert_eq!(
        actual(&rolled, "2026-06-16"),
        rows([("2026-06-16", "2026-07-01", 50_000)])
    );
}

#[test]
fn what_recurs_is_charged_for_its_own_days_within_those_of_the_lease() {
    let ended = Event::RecurringChargeEnded {
        recurring: GARAGE,
        on: day("2026-07-11"),
    };
    let lease = lease(with(in_force(), [garage("2026-06-16"), ended]));
    let parking: Vec<_> = actual(&lease, "2026-12-01")
        .into_iter()
        .filter(|(_, _, minor)| *minor < 10_000)
        .collect();
    assert_eq!(
        parking,
        rows([("2026-06-16", "2026-07-01", 2_500), ("2026-07-01", "2026-07-11", 1_613)])
    );
}

#[test]
fn what_recurs_ends_with_the_lease_and_begins_with_its_charging() {
    let short = lease(with(
        running(terms(span("2026-06-01", "2026-06-16"))),
        [garage("2026-06-01")],
    ));
    assert_eq!(
        actual(&short, "2026-12-01"),
        rows([
            ("2026-06-01", "2026-06-16", 50_000),
            ("2026-06-01", "2026-06-16", 2_500)
        ])
    );
    let taken_over = lease(with(
        in_force(),
        [
            Event::Opened {
                as_of: day("2026-07-14"),
                charge: None,
                credit: None,
            },
            garage("2026-06-01"),
        ],
    ));
    assert_eq!(
        actual(&taken_over, "2026-08-01"),
        rows([
            ("2026-08-01", "2026-09-01", 100_000),
            ("2026-08-01", "2026-09-01", 5_000)
        ])
    );
}

#[test]
fn a_rent_of_nothing_is_not_charged() {
    let free = Terms {
        rent: usd(0),
        ..terms(Span::open(day("2026-06-01")))
    };
    let waited = lease(with(running(free), [change(10_000, "2026-09-01")]));
    assert_eq!(
        actual(&waited, "2026-09-01"),
        rows([("2026-09-01", "2026-10-01", 10_000)])
    );
}
