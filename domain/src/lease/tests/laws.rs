//! Laws that hold for any lease.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{
    lease::schedule::rental_period,
    settings::{AssessmentDay, DailyBegin, LateFeeRule, LateFees, ProrationMethod},
    span::days_after,
};

const START: &str = "2024-01-01";

fn nth(days: u32) -> NaiveDate {
    days_after(day(START), days)
}

/// Something that is done to a lease in force.
#[derive(Debug, Clone)]
enum Step {
    ChangeRent { minor: i64, ahead: u32 },
    AddRecurring { minor: i64, ahead: u32 },
    EndRecurring { ahead: u32 },
    GiveNotice { ahead: u32 },
    Renew { days: u32, minor: i64 },
    RollOver,
    End,
}

/// Nothing, or so much that a day of it is at least a cent.
fn any_rent() -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(0), 9 => 100_i64..500_000]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any_rent(), 0_u32..70).prop_map(|(minor, ahead)| Step::ChangeRent { minor, ahead }),
        2 => (100_i64..50_000, 0_u32..70).prop_map(|(minor, ahead)| Step::AddRecurring { minor, ahead }),
        2 => (0_u32..70).prop_map(|ahead| Step::EndRecurring { ahead }),
        1 => (1_u32..90).prop_map(|ahead| Step::GiveNotice { ahead }),
        2 => (1_u32..400, any_rent()).prop_map(|(days, minor)| Step::Renew { days, minor }),
        2 => Just(Step::RollOver),
        1 => Just(Step::End),
    ]
}

fn command(step: &Step, lease: &Lease, today: NaiveDate) -> Option<Command> {
    let contract = lease.contract().ok()?;
    Some(match *step {
        Step::ChangeRent { minor, ahead } => Command::ChangeRent {
            rent: usd(minor),
            rent_tax: None,
            from: days_after(today, ahead),
        },
        Step::AddRecurring { minor, ahead } => Command::AddRecurring(NewRecurring {
            kind: ChargeKind::Storage,
            description: "Cellar".into(),
            amount: usd(minor),
            tax: None,
            from: days_after(today, ahead),
        }),
        Step::EndRecurring { ahead } => Command::EndRecurring {
            recurring: contract.recurring.last()?.id,
            on: days_after(today, ahead),
        },
        Step::GiveNotice { ahead } => Command::GiveNotice {
            given_on: today,
            ends: days_after(today, ahead),
        },
        Step::Renew { days, minor } => {
            let from = contract.term.to.unwrap_or(today);
            Command::Renew(Renewal {
                from,
                to: Some(days_after(from, days)),
                rent: usd(minor),
                rent_tax: None,
            })
        }
        Step::RollOver => Command::RollOver,
        Step::End => Command::End { on: today },
    })
}

/// Runs a lease from its activation: on each of the days charges are posted, then the step is tried.
fn run(terms: &Terms, method: ProrationMethod, steps: Vec<(u32, Step)>) -> Lease {
    let mut state = lease(vec![created(terms.clone()), signed()]);
    let mut today = terms.term.from;
    let decide = |state: &mut Lease, command: Command, today: NaiveDate| {
        let mut context = under(today, |settings| settings.proration.method = method);
        context.command = crate::ids::CommandId(Uuid::new_v5(&context.command.0, format!("{command:?}").as_bytes()));
        for event in state.decide(command, &context).unwrap_or_default() {
            state.apply(event);
        }
    };
    decide(&mut state, Command::Activate { on: today }, today);
    for (wait, step) in steps {
        today = days_after(today, wait);
        decide(&mut state, Command::PostDue { through: today }, today);
        if let Some(command) = command(&step, &state, today) {
            decide(&mut state, command, today);
        }
    }
    decide(&mut state, Command::End { on: today }, today);
    state
}

fn any_terms() -> impl Strategy<Value = Terms> {
    (0_u32..60, prop::option::of(1_u32..800), 1_u8..=31, any_rent()).prop_map(|(start, days, due_day, minor)| {
        let from = nth(start);
        Terms {
            rent: usd(minor),
            due_day,
            ..terms(Span {
                from,
                to: days.map(|days| days_after(from, days)),
            })
        }
    })
}

fn any_method() -> impl Strategy<Value = ProrationMethod> {
    prop::sample::select(vec![
        ProrationMethod::ActualDays,
        ProrationMethod::ThirtyDays,
        ProrationMethod::DaysOfYear,
    ])
}

fn rents(lease: &Lease) -> Vec<&Charge> {
    let rent = |charge: &&Charge| charge.kind == ChargeKind::Rent;
    lease.account().charges().filter(rent).collect()
}

proptest! {
    #[test]
    fn no_day_is_charged_twice_or_not_at_all(
        terms in any_terms(),
        method in any_method(),
        steps in prop::collection::vec((0_u32..45, any_step()), 0..30),
    ) {
        let lease = run(&terms, method, steps);
        let contract = lease.contract().unwrap();
        for line in contract.recurring.iter().map(|recurring| Some(recurring.id)).chain([None]) {
            let mut charged = BTreeMap::new();
            for charge in lease.account().charges().filter(|charge| charge.recurring == line && charge.late_fee.is_none()) {
                let days = charge.period.unwrap();
                for day in days.from.iter_days().take_while(|day| days.contains(*day)) {
                    *charged.entry(day).or_insert(0) += 1;
                }
            }
            prop_assert!(charged.values().all(|times| *times == 1));
            let owed = match line {
                None => contract.term,
                Some(id) => {
                    let own = contract.recurring.iter().find(|known| known.id == id).unwrap().days;
                    Span { from: own.from, to: own.to.into_iter().chain(contract.term.to).min() }
                }
            };
            let free = |day: NaiveDate| line.is_none() && contract.rent_on(day).amount.is_zero();
            if contract.status == Status::Ended && !owed.is_empty() {
                for day in owed.from.iter_days().take_while(|day| owed.contains(*day)) {
                    prop_assert!(charged.contains_key(&day) || free(day) || is_full(&lease, line, day), "{day} of {line:?} was not charged");
                }
            }
        }
    }

    #[test]
    fn a_period_never_costs_more_than_its_dearest_rent(
        terms in any_terms(),
        method in any_method(),
        steps in prop::collection::vec((0_u32..45, any_step()), 0..30),
    ) {
        let due_day = terms.due_day;
        let lease = run(&terms, method, steps);
        let contract = lease.contract().unwrap();
        let mut periods: BTreeMap<_, (i64, i64)> = BTreeMap::new();
        for charge in rents(&lease) {
            let from = charge.period.unwrap().from;
            let period = periods.entry(rental_period(from, due_day)).or_default();
            period.0 += charge.amount.minor;
            period.1 = period.1.max(contract.rent_on(from).amount.minor);
        }
        for (period, (sum, dearest)) in periods {
            let dearest = dearest.max(contract.rent_on(period.0).amount.minor);
            prop_assert!(sum <= dearest, "{period:?}: {sum} of {dearest}");
        }
    }

    #[test]
    fn posting_day_by_day_posts_what_posting_at_once_does(
        terms in any_terms(),
        method in any_method(),
        days in 0_u32..200,
    ) {
        let begun = || {
            let from = terms.term.from.to_string();
            lease(vec![created(terms.clone()), signed(), activated(&from)])
        };
        let last = days_after(terms.term.from, days);
        let post = |lease: &mut Lease, through: NaiveDate| {
            let context = under(through, |settings| settings.proration.method = method);
            for event in lease.decide(Command::PostDue { through }, &context).unwrap_or_default() {
                lease.apply(event);
            }
        };
        let (mut daily, mut at_once) = (begun(), begun());
        terms.term.from.iter_days().take_while(|day| *day <= last).for_each(|day| post(&mut daily, day));
        post(&mut at_once, last);
        let what = |lease: &Lease| -> Vec<_> {
            rents(lease).into_iter().map(|charge| (charge.due_on, charge.period, charge.amount)).collect()
        };
        prop_assert_eq!(what(&daily), what(&at_once));
    }

    #[test]
    fn late_fees_never_exceed_their_cap_and_are_never_assessed_twice(
        grace_days in 0_u16..20,
        assessed in prop::sample::select(vec![AssessmentDay::DayAfterGrace, AssessmentDay::LastDayOfGrace]),
        rules in prop::collection::vec(any_rule(), 1..3),
        cap in 1_i64..20_000,
        payments in prop::collection::vec((0_u32..100, 1_i64..200_000, any::<bool>()), 0..8),
    ) {
        let policy = LateFees { grace_days, assessed, rules, cap: Some(usd(cap)), minimum_balance: usd(1) };
        let mut lease = lease(in_force());
        let first = day("2026-06-01");
        for (today, n) in first.iter_days().take(100).zip(0_u32..) {
            let context = under(today, |settings| settings.late_fees = policy.clone());
            let decide = |lease: &mut Lease, command| {
                for event in lease.decide(command, &context).unwrap_or_default() {
                    lease.apply(event);
                }
            };
            decide(&mut lease, Command::PostDue { through: today });
            for (id, (_, minor, returned)) in payments.iter().enumerate().filter(|(_, (day, ..))| *day == n) {
                let id = u128::try_from(id).unwrap() + 1;
                pay(&mut lease, id, *minor, today);
                if *returned {
                    let credit = CreditId(Uuid::from_u128(id));
                    let later = Context::on(days_after(today, 3));
                    let mut entries = Entries::on(lease.account(), &later);
                    entries.unapply_all(credit).unwrap();
                    entries.withdraw(credit, usd(*minor), Withdrawal::Returned);
                    entries.into_events().into_iter().for_each(|event| lease.apply(event));
                }
            }
            decide(&mut lease, Command::AssessLateFees { day: today });
            decide(&mut lease, Command::AssessLateFees { day: today });
        }
        let mut totals: BTreeMap<_, i64> = BTreeMap::new();
        let mut seen = Vec::new();
        for (fee, amount) in lease.account().charges().filter_map(|charge| Some((charge.late_fee?, charge.amount.minor))) {
            *totals.entry(fee.period).or_default() += amount;
            let key = (fee.period, fee.part, (fee.part == LateFeePart::Daily).then_some(fee.day));
            prop_assert!(!seen.contains(&key), "{key:?} was assessed twice");
            seen.push(key);
        }
        prop_assert!(totals.values().all(|total| *total <= cap));
    }
}

/// Whether the charges for the period of a day come to its dearest price, so that nothing was left for the day.
fn is_full(lease: &Lease, line: Option<RecurringId>, day: NaiveDate) -> bool {
    let contract = lease.contract().unwrap();
    let (from, to) = rental_period(day, contract.due_day);
    let within = |charge: &&Charge| {
        charge.recurring == line && charge.period.is_some_and(|days| from <= days.from && days.from < to)
    };
    let sum: i64 = lease
        .account()
        .charges()
        .filter(within)
        .map(|charge| charge.amount.minor)
        .sum();
    let price = |day: NaiveDate| match contract.recurring.iter().find(|known| Some(known.id) == line) {
        Some(recurring) => recurring.amount.minor,
        None => contract.rent_on(day).amount.minor,
    };
    let dearest = from.iter_days().take_while(|day| *day < to).map(price).max();
    dearest.is_some_and(|dearest| dearest <= sum)
}

fn any_rule() -> impl Strategy<Value = LateFeeRule> {
    let begins = prop::sample::select(vec![DailyBegin::AssessmentDay, DailyBegin::DayAfter]);
    prop_oneof![
        (1_i64..10_000).prop_map(|minor| LateFeeRule::Flat { amount: usd(minor) }),
        (1_i64..2_000).prop_map(|percent| LateFeeRule::PercentOfOutstanding {
            percent: Decimal::new(percent, 2)
        }),
        (1_i64..2_000).prop_map(|percent| LateFeeRule::PercentOfRent {
            percent: Decimal::new(percent, 2)
        }),
        (1_i64..2_000, begins).prop_map(|(minor, begins)| LateFeeRule::Daily {
            amount: usd(minor),
            begins
        }),
    ]
}
