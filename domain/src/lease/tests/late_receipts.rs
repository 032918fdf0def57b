//! What returns and receipts recorded late do to late fees.

use LateFeePart::{Daily, Flat};
use rust_decimal::Decimal;

use super::{
    late_fees::{FLAT_30, daily, fees, june_unpaid, let_days_end, policy, total},
    *,
};
use crate::settings::{DailyBegin, LateFeeRule, LateFees};

/// The bank takes a payment back on a day.
fn give_back(lease: &mut Lease, n: u128, on: &str) {
    let context = Context::on(day(on));
    let credit = CreditId(Uuid::from_u128(n));
    let mut entries = Entries::on(lease.account(), &context);
    entries.unapply_all(credit).unwrap();
    let free = entries.account().credit(credit).unwrap().free;
    entries.withdraw(credit, free, Withdrawal::Returned);
    for event in entries.into_events() {
        lease.apply(event);
    }
}

#[test]
fn after_a_return_fees_run_from_the_day_of_the_return() {
    let mut lease = june_unpaid();
    pay(&mut lease, 1, 100_000, day("2026-06-02"));
    give_back(&mut lease, 1, "2026-06-10");
    let policy = policy(4, vec![FLAT_30, daily(100, DailyBegin::DayAfter)]);
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-12");
    assert_eq!(
        fees(&lease),
        [
            ("2026-06-10", Flat, 3_000),
            ("2026-06-11", Daily, 100),
            ("2026-06-12", Daily, 100),
        ]
        .map(|(day, part, minor)| (day.to_owned(), part, minor))
    );
}

#[test]
fn a_return_within_grace_changes_nothing() {
    let mut lease = june_unpaid();
    pay(&mut lease, 1, 100_000, day("2026-06-01"));
    give_back(&mut lease, 1, "2026-06-04");
    let_days_end(&mut lease, &policy(4, vec![FLAT_30]), "2026-06-01", "2026-06-30");
    assert_eq!(fees(&lease), [("2026-06-06".into(), Flat, 3_000)]);
}

/// What a receipt that is recorded now undoes of the fees.
fn undone_by(lease: &Lease, policy: &LateFees, minor: i64, received_on: &str) -> Vec<i64> {
    let context = under(day(received_on), |settings| settings.late_fees = policy.clone());
    let mut paid = lease.clone();
    pay(&mut paid, 9, minor, day(received_on));
    let undone = lease.late_fees_undone(paid.account(), &context).unwrap();
    let of_charge = |charge: &Charge| {
        let found = undone.iter().find(|(id, _)| *id == charge.id);
        found.map(|(_, amount)| amount.minor)
    };
    lease.account().charges().filter_map(of_charge).collect()
}

#[test]
fn a_receipt_dated_within_grace_undoes_the_fees_of_its_period() {
    let policy = policy(4, vec![FLAT_30, daily(100, DailyBegin::AssessmentDay)]);
    let mut lease = june_unpaid();
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-08");
    assert_eq!(
        undone_by(&lease, &policy, 100_000, "2026-06-05"),
        [3_000, 100, 100, 100]
    );
    assert_eq!(undone_by(&lease, &policy, 100_000, "2026-06-07"), [100, 100]);
    assert_eq!(undone_by(&lease, &policy, 100_000, "2026-06-09"), [] as [i64; 0]);
    assert_eq!(undone_by(&lease, &policy, 99_999, "2026-06-05"), [] as [i64; 0]);
}

#[test]
fn a_part_dated_within_grace_undoes_its_share_of_a_percentage() {
    let policy = LateFees {
        minimum_balance: usd(2_000),
        ..policy(
            4,
            vec![
                LateFeeRule::PercentOfOutstanding {
                    percent: Decimal::new(10, 0),
                },
                FLAT_30,
            ],
        )
    };
    let mut lease = june_unpaid();
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-08");
    assert_eq!(undone_by(&lease, &policy, 60_000, "2026-06-05"), [6_000]);
    assert_eq!(undone_by(&lease, &policy, 98_000, "2026-06-05"), [9_800]);
    assert_eq!(undone_by(&lease, &policy, 98_001, "2026-06-05"), [10_000, 3_000]);
}

#[test]
fn what_is_waived_already_is_not_undone_again() {
    let policy = policy(4, vec![FLAT_30]);
    let mut lease = june_unpaid();
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-08");
    let fee = lease.account().charges().last().unwrap().id;
    for (waived, left) in [(1_000, vec![2_000]), (2_000, vec![])] {
        let context = Context::on(day("2026-06-08"));
        let waive = Command::Waive {
            charge: fee,
            amount: Some(usd(waived)),
            reason: "kindness".into(),
        };
        for event in lease.decide(waive, &context).unwrap() {
            lease.apply(event);
        }
        assert_eq!(undone_by(&lease, &policy, 100_000, "2026-06-05"), left);
    }
}

#[test]
fn fees_of_other_periods_stand() {
    let policy = policy(4, vec![FLAT_30]);
    let mut lease = lease(with(
        in_force(),
        [
            rent(0, 100_000, "2026-06-01", "2026-07-01"),
            rent(1, 90_000, "2026-07-01", "2026-08-01"),
        ],
    ));
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-07-08");
    assert_eq!(total(&lease), 6_000);
    assert_eq!(undone_by(&lease, &policy, 100_000, "2026-06-05"), [3_000]);
    assert_eq!(undone_by(&lease, &policy, 190_000, "2026-07-05"), [3_000]);
}

#[test]
fn what_a_fee_is_a_percentage_of_is_the_rent_of_its_own_period_alone() {
    let policy = policy(
        4,
        vec![LateFeeRule::PercentOfOutstanding {
            percent: Decimal::new(10, 0),
        }],
    );
    let water = Event::ChargePosted {
        charge: charge_id(2),
        kind: ChargeKind::Utilities,
        description: "Water".into(),
        amount: usd(20_000),
        tax: None,
        due_on: day("2026-06-01"),
        period: None,
        recurring: None,
    };
    let mut lease = lease(with(
        in_force(),
        [
            rent(0, 100_000, "2026-06-01", "2026-07-01"),
            water,
            rent(1, 90_000, "2026-07-01", "2026-08-01"),
        ],
    ));
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-07-08");
    assert_eq!(total(&lease), 19_000);
    assert_eq!(undone_by(&lease, &policy, 40_000, "2026-06-05"), [4_000]);
    assert_eq!(undone_by(&lease, &policy, 100_000, "2026-06-05"), [10_000]);
}

#[test]
fn without_a_minimum_balance_a_fee_for_nothing_is_undone() {
    let policy = LateFees {
        minimum_balance: usd(0),
        ..policy(4, vec![FLAT_30])
    };
    let mut lease = june_unpaid();
    let_days_end(&mut lease, &policy, "2026-06-01", "2026-06-08");
    assert_eq!(undone_by(&lease, &policy, 99_999, "2026-06-05"), [] as [i64; 0]);
    assert_eq!(undone_by(&lease, &policy, 100_000, "2026-06-05"), [3_000]);
}

#[test]
fn a_higher_minimum_balance_undoes_no_fee_that_was_due_before() {
    let mut lease = june_unpaid();
    let_days_end(&mut lease, &policy(4, vec![FLAT_30]), "2026-06-01", "2026-06-08");
    let higher = LateFees {
        minimum_balance: usd(200_000),
        ..policy(4, vec![FLAT_30])
    };
    assert_eq!(undone_by(&lease, &higher, 50_000, "2026-06-07"), [] as [i64; 0]);
}
