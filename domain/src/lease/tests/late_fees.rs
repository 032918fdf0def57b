use LateFeePart::{Daily, Flat, PercentOfOutstanding, PercentOfRent};
use rust_decimal::Decimal;

use super::*;
use crate::{
    settings::{AssessmentDay, DailyBegin, LateFeeRule, LateFees},
    span::days_after,
};

pub(super) const FLAT_30: LateFeeRule = LateFeeRule::Flat {
    amount: Money::new(3_000, Currency::USD),
};

pub(super) fn daily(minor: i64, begins: DailyBegin) -> LateFeeRule {
    LateFeeRule::Daily {
        amount: usd(minor),
        begins,
    }
}

pub(super) fn policy(grace_days: u16, rules: Vec<LateFeeRule>) -> LateFees {
    LateFees {
        grace_days,
        assessed: AssessmentDay::DayAfterGrace,
        rules,
        cap: None,
        minimum_balance: usd(1),
    }
}

/// In force, with June's rent of a thousand unpaid.
pub(super) fn june_unpaid() -> Lease {
    lease(with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]))
}

/// Lets the days end, the first and the last included, and assesses what each brings.
pub(super) fn let_days_end(lease: &mut Lease, policy: &LateFees, from: &str, last: &str) {
    let mut today = day(from);
    while today <= day(last) {
        let context = under(today, |settings| settings.late_fees = policy.clone());
        let assessed = lease.decide(Command::AssessLateFees { day: today }, &context);
        assert_eq!(assessed.is_ok(), lease.is_late(today, &context.settings));
        for event in assessed.unwrap_or_default() {
            lease.apply(event);
        }
        today = days_after(today, 1);
    }
}

/// Each fee: for which day, which part, how much.
pub(super) fn fees(lease: &Lease) -> Vec<(String, LateFeePart, i64)> {
    let of = |charge: &Charge| {
        let fee = charge.late_fee?;
        Some((fee.day.to_string(), fee.part, charge.amount.minor))
    };
    lease.account().charges().filter_map(of).collect()
}

pub(super) fn total(lease: &Lease) -> i64 {
    fees(lease).iter().map(|(_, _, minor)| minor).sum()
}

fn assessed(policy: &LateFees, last: &str) -> Vec<(String, LateFeePart, i64)> {
    let mut lease = june_unpaid();
    let_days_end(&mut lease, policy, "2026-06-01", last);
    fees(&lease)
}

#[test]
fn due_the_first_with_three_days_of_grace_is_assessed_on_the_fifth() {
    let policy = policy(3, vec![FLAT_30]);
    assert_eq!(assessed(&policy, "2026-06-04"), []);
    assert_eq!(assessed(&policy, "2026-06-30"), [("2026-06-05".into(), Flat, 3_000)]);
}

#[test]
fn a_flat_fee_with_a_daily_one_comes_to_both_on_the_first_day() {
    let policy = policy(4, vec![FLAT_30, daily(1_000, DailyBegin::AssessmentDay)]);
    assert_eq!(assessed(&policy, "2026-06-05"), []);
    assert_eq!(
        assessed(&policy, "2026-06-06"),
        [("2026-06-06".into(), Flat, 3_000), ("2026-06-06".into(), Daily, 1_000)]
    );
}

#[test]
fn the_daily_fee_begins_on_the_assessment_day_or_the_day_after() {
    let flat = LateFeeRule::Flat { amount: usd(2_500) };
    for (begins, by_the_eighth) in [(DailyBegin::AssessmentDay, 5_000), (DailyBegin::DayAfter, 4_500)] {
        let policy = policy(2, vec![flat, daily(500, begins)]);
        let sum: i64 = assessed(&policy, "2026-06-08").iter().map(|(_, _, minor)| minor).sum();
        assert_eq!(sum, by_the_eighth);
    }
}

#[test]
fn the_last_day_of_grace_can_be_the_assessment_day() {
    let policy = LateFees {
        assessed: AssessmentDay::LastDayOfGrace,
        ..policy(3, vec![FLAT_30])
    };
    assert_eq!(assessed(&policy, "2026-06-30"), [("2026-06-04".into(), Flat, 3_000)]);
}

#[test]
fn percentages_are_of_what_is_unpaid_or_of_the_rent() {
    let policy = policy(
        4,
        vec![
            LateFeeRule::PercentOfOutstanding {
                percent: Decimal::new(5, 0),
            },
            LateFeeRule::PercentOfRent {
                percent: Decimal::new(125, 2),
            },
        ],
    );
    let mut lease = june_unpaid();
    pay(&mut lease, 1, 40_010, day("2026-06-03"));
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-30");
    assert_eq!(
        fees(&lease),
        [
            ("2026-06-06".into(), PercentOfOutstanding, 3_000),
            ("2026-06-06".into(), PercentOfRent, 1_250),
        ]
    );
}

#[test]
fn a_percentage_of_the_rent_is_of_the_rent_of_that_period() {
    let policy = policy(
        4,
        vec![LateFeeRule::PercentOfRent {
            percent: Decimal::new(10, 0),
        }],
    );
    let raised = Event::RentChanged {
        rent: usd(120_000),
        rent_tax: Some(usd(9_000)),
        from: day("2026-07-01"),
    };
    let mut lease = lease(with(
        in_force(),
        [
            rent(0, 100_000, "2026-06-01", "2026-07-01"),
            raised,
            rent(1, 129_000, "2026-07-01", "2026-08-01"),
        ],
    ));
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-07-31");
    assert_eq!(
        fees(&lease),
        [
            ("2026-06-06".into(), PercentOfRent, 10_000),
            ("2026-07-06".into(), PercentOfRent, 12_000),
        ]
    );
}

#[test]
fn what_was_paid_in_time_costs_nothing() {
    for received_on in ["2026-05-20", "2026-06-05", "2026-06-06"] {
        let mut lease = june_unpaid();
        pay(&mut lease, 1, 100_000, day(received_on));
        let_days_end(&mut lease, &policy(4, vec![FLAT_30]), "2026-06-01", "2026-06-30");
        assert_eq!(fees(&lease), []);
    }
    let mut lease = june_unpaid();
    pay(&mut lease, 1, 100_000, day("2026-06-07"));
    let_days_end(&mut lease, &policy(4, vec![FLAT_30]), "2026-06-01", "2026-06-30");
    assert_eq!(fees(&lease), [("2026-06-06".into(), Flat, 3_000)]);
}

#[test]
fn the_daily_fee_stops_with_the_day_of_the_receipt() {
    let mut lease = june_unpaid();
    pay(&mut lease, 1, 100_000, day("2026-06-09"));
    let policy = policy(4, vec![daily(100, DailyBegin::AssessmentDay)]);
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-30");
    assert_eq!(
        fees(&lease),
        [("06", 100), ("07", 100), ("08", 100)].map(|(day, minor)| (format!("2026-06-{day}"), Daily, minor))
    );
}

#[test]
fn below_the_minimum_balance_nothing_is_due() {
    let policy = LateFees {
        minimum_balance: usd(5_000),
        ..policy(4, vec![FLAT_30])
    };
    for (paid, fee) in [(95_001, 0), (95_000, 3_000)] {
        let mut lease = june_unpaid();
        pay(&mut lease, 1, paid, day("2026-06-02"));
        let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-30");
        assert_eq!(total(&lease), fee);
    }
}

#[test]
fn the_cap_holds_for_all_parts_of_a_period_together() {
    let policy = LateFees {
        cap: Some(usd(4_250)),
        ..policy(4, vec![FLAT_30, daily(1_000, DailyBegin::AssessmentDay)])
    };
    let mut lease = lease(with(
        in_force(),
        [
            rent(0, 100_000, "2026-06-01", "2026-07-01"),
            rent(1, 100_000, "2026-07-01", "2026-08-01"),
        ],
    ));
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-07-31");
    assert_eq!(
        fees(&lease),
        [
            ("2026-06-06", Flat, 3_000),
            ("2026-06-06", Daily, 1_000),
            ("2026-06-07", Daily, 250),
            ("2026-07-06", Flat, 3_000),
            ("2026-07-06", Daily, 1_000),
            ("2026-07-07", Daily, 250),
        ]
        .map(|(day, part, minor)| (day.to_owned(), part, minor))
    );
}

#[test]
fn only_rent_and_what_recurs_bear_fees() {
    let other = |n, kind, recurring| Event::ChargePosted {
        charge: charge_id(n),
        kind,
        description: "Something".into(),
        amount: usd(10_000),
        tax: None,
        due_on: day("2026-06-01"),
        period: None,
        recurring,
    };
    let policy = policy(
        4,
        vec![LateFeeRule::PercentOfOutstanding {
            percent: Decimal::new(10, 0),
        }],
    );
    for (kind, recurring, fee) in [
        (ChargeKind::NsfFee, None, None),
        (ChargeKind::Damage, None, None),
        (ChargeKind::Utilities, None, None),
        (ChargeKind::Utilities, Some(GARAGE), Some(1_000)),
        (ChargeKind::Parking, Some(GARAGE), Some(1_000)),
    ] {
        let mut lease = lease(with(in_force(), [garage("2026-06-01"), other(0, kind, recurring)]));
        let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-30");
        assert_eq!(total(&lease), fee.unwrap_or(0), "{kind:?}");
    }
    let opened = Event::Opened {
        as_of: day("2026-06-01"),
        charge: Some(OpeningCharge {
            charge: charge_id(0),
            amount: usd(90_000),
            due_on: day("2026-05-01"),
        }),
        credit: None,
    };
    let mut lease = lease(with(in_force(), [opened]));
    let_days_end(&mut lease, &policy, "2026-05-01", "2026-06-30");
    assert_eq!(fees(&lease), []);
}

#[test]
fn two_parts_of_a_period_cost_one_flat_fee() {
    let mut lease = lease(with(
        in_force(),
        [
            rent(0, 50_000, "2026-06-01", "2026-06-16"),
            rent(1, 55_000, "2026-06-16", "2026-07-01"),
        ],
    ));
    let percent = LateFeeRule::PercentOfOutstanding {
        percent: Decimal::new(10, 0),
    };
    let_days_end(
        &mut lease,
        &policy(4, vec![FLAT_30, percent]),
        "2026-06-01",
        "2026-07-31",
    );
    assert_eq!(
        fees(&lease),
        [
            ("2026-06-06".into(), Flat, 3_000),
            ("2026-06-06".into(), PercentOfOutstanding, 5_000)
        ]
    );
}

#[test]
fn the_second_part_of_a_period_is_late_by_its_own_date() {
    let mut lease = lease(with(
        in_force(),
        [
            rent(0, 50_000, "2026-06-01", "2026-06-16"),
            rent(1, 55_000, "2026-06-16", "2026-07-01"),
        ],
    ));
    pay(&mut lease, 1, 50_000, day("2026-06-01"));
    let_days_end(&mut lease, &policy(4, vec![FLAT_30]), "2026-06-01", "2026-07-31");
    assert_eq!(fees(&lease), [("2026-06-21".into(), Flat, 3_000)]);
    let fee = lease.account().charges().find_map(|charge| charge.late_fee).unwrap();
    assert_eq!(fee.period, day("2026-06-01"));
}

#[test]
fn a_period_is_late_from_its_first_part_on_in_whatever_order_they_were_posted() {
    let mut lease = lease(with(
        in_force(),
        [
            rent(0, 55_000, "2026-06-16", "2026-07-01"),
            rent(1, 50_000, "2026-06-01", "2026-06-16"),
        ],
    ));
    let policy = policy(4, vec![daily(100, DailyBegin::DayAfter)]);
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-22");
    let days: Vec<_> = (7..=22).map(|day| (format!("2026-06-{day:02}"), Daily, 100)).collect();
    assert_eq!(fees(&lease), days);
}

#[test]
fn a_day_is_assessed_once() {
    let policy = policy(4, vec![FLAT_30, daily(1_000, DailyBegin::AssessmentDay)]);
    let mut lease = june_unpaid();
    let_days_end(&mut lease, &policy, "2026-06-06", "2026-06-07");
    let once = fees(&lease);
    let_days_end(&mut lease, &policy, "2026-06-06", "2026-06-07");
    assert_eq!(fees(&lease), once);
    let context = under(day("2026-06-07"), |settings| settings.late_fees = policy);
    let again = lease.decide(Command::AssessLateFees { day: day("2026-06-07") }, &context);
    assert_eq!(again, Err(Refusal::NoLateFee { day: day("2026-06-07") }.into()));
}

#[test]
fn a_day_that_is_to_come_is_not_assessed_nor_a_lease_that_ended() {
    on("2026-06-05", in_force())
        .when(Command::AssessLateFees { day: day("2026-06-06") })
        .then_expect_error(
            Refusal::InFuture {
                field: "day",
                date: day("2026-06-06"),
                today: day("2026-06-05"),
            }
            .into(),
        );
    let mut left = june_unpaid();
    left.apply(Event::Ended { on: day("2026-06-03") });
    let_days_end(&mut left, &policy(4, vec![FLAT_30]), "2026-06-01", "2026-06-30");
    assert_eq!(fees(&left), []);
}

#[test]
fn a_fee_names_its_period_part_and_day() {
    let today = "2026-06-06";
    let history = with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]);
    on(today, history)
        .when(Command::AssessLateFees { day: day(today) })
        .then_expect_events(vec![Event::LateFeeAssessed {
            charge: Context::on(day(today)).id(0).into(),
            period: day("2026-06-01"),
            part: Flat,
            day: day(today),
            amount: usd(5_000),
        }]);
}
