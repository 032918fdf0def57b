//! Laws of the account, over random sequences of decisions: each is checked against the facts alone.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const DEPOSITS: [DepositId; 2] = [DepositId(Uuid::from_u128(901)), DepositId(Uuid::from_u128(902))];

#[derive(Debug, Clone)]
enum Step {
    Post {
        kind: ChargeKind,
        amount: i64,
        tax: i64,
        due: u32,
    },
    Receive {
        amount: i64,
    },
    Secure {
        credit: usize,
        deposit: usize,
        amount: i64,
    },
    Waive {
        charge: usize,
        percent: i64,
    },
    Concede {
        charge: usize,
        percent: i64,
    },
    WriteOff {
        charge: usize,
        percent: i64,
    },
    Unapply {
        credit: usize,
        application: usize,
        percent: i64,
    },
    PayBack {
        credit: usize,
        percent: i64,
    },
    TakeBack {
        credit: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(ChargeKind::Rent),
        Just(ChargeKind::Parking),
        Just(ChargeKind::Damage),
        Just(ChargeKind::Utilities)
    ];
    let (any, percent) = (0..6_usize, 0..=100_i64);
    let change = (any.clone(), percent.clone());
    prop_oneof![
        4 => (kind, 1..5_000_i64, 0..=100_i64, 1..=30_u32).prop_map(|(kind, amount, tax, due)| Step::Post {
            kind,
            amount,
            tax: amount * tax / 100,
            due
        }),
        4 => (1..6_000_i64).prop_map(|amount| Step::Receive { amount }),
        1 => (any.clone(), 0..2_usize, 1..2_000_i64)
            .prop_map(|(credit, deposit, amount)| Step::Secure { credit, deposit, amount }),
        2 => change.clone().prop_map(|(charge, percent)| Step::Waive { charge, percent }),
        2 => change.clone().prop_map(|(charge, percent)| Step::Concede { charge, percent }),
        1 => change.clone().prop_map(|(charge, percent)| Step::WriteOff { charge, percent }),
        3 => (any.clone(), any.clone(), percent)
            .prop_map(|(credit, application, percent)| Step::Unapply { credit, application, percent }),
        1 => change.prop_map(|(credit, percent)| Step::PayBack { credit, percent }),
        1 => any.prop_map(|credit| Step::TakeBack { credit }),
    ]
}

/// Decides a step on a day; nothing follows from one that is refused.
fn decide(account: &Account, step: &Step, n: u128, day: u32) -> Option<Vec<LeaseEvent>> {
    let context = Context::on(june(day));
    let mut entries = Entries::on(account, &context);
    let charge = |index: usize| account.charges().nth(index).map(|charge| charge.id);
    let credit = |index: usize| account.credits().nth(index);
    let part = |whole: Money, percent: i64| usd((whole.minor * percent / 100).max(1));
    let reason = || "test".to_owned();
    match *step {
        Step::Post { kind, amount, tax, due } => {
            let new = NewCharge {
                charge: ChargeId(Uuid::from_u128(n)),
                tax: Some(usd(tax)),
                ..new_charge(kind, amount, june(due))
            };
            return account.post(new, &context).ok();
        }
        Step::Receive { amount } => {
            entries.credit(CreditId(Uuid::from_u128(n)), usd(amount), context.effective_on);
            entries.pay_from_credits().ok()?;
        }
        Step::Secure {
            credit: index,
            deposit,
            amount,
        } => {
            entries
                .pay_deposit(credit(index)?.id, DEPOSITS[deposit], usd(amount))
                .ok()?;
        }
        Step::Waive { charge: index, percent } => {
            let whole = account.charges().nth(index)?.amount;
            return account
                .waive(
                    charge(index)?,
                    Reduction::Part(part(whole, percent)),
                    reason(),
                    &context,
                )
                .ok();
        }
        Step::Concede { charge: index, percent } => {
            let whole = account.charges().nth(index)?.amount;
            let ids = (ConcessionId(Uuid::from_u128(n)), charge(index)?);
            return account.concede(ids, part(whole, percent), reason(), &context).ok();
        }
        Step::WriteOff { charge: index, percent } => {
            let whole = account.charges().nth(index)?.open;
            return account
                .write_off(
                    charge(index)?,
                    Reduction::Part(part(whole, percent)),
                    reason(),
                    &context,
                )
                .ok();
        }
        Step::Unapply {
            credit: index,
            application,
            percent,
        } => {
            let from = credit(index)?;
            let paid = from.applications.get(application)?;
            entries.unapply(from.id, paid.target, part(paid.amount, percent)).ok()?;
        }
        Step::PayBack { credit: index, percent } => {
            let from = credit(index)?;
            let can_be_dated = from.usable_from() <= context.effective_on;
            if !from.free.is_positive() || !can_be_dated {
                return None;
            }
            entries.withdraw(from.id, part(from.free, percent), Withdrawal::Refunded);
        }
        Step::TakeBack { credit: index } => {
            let from = credit(index)?;
            if from.usable_from() > context.effective_on {
                return None;
            }
            entries.unapply_all(from.id).ok()?;
            let rest = entries.account().credit(from.id)?.free;
            if rest.is_positive() {
                entries.withdraw(from.id, rest, Withdrawal::Returned);
            }
            entries.pay_from_credits().ok()?;
        }
    }
    Some(entries.into_events())
}

/// What the facts alone say of one charge or credit.
#[derive(Debug, Default, Clone)]
struct Sums {
    began: Option<NaiveDate>,
    amount: i64,
    tax: i64,
    /// Day, amount, tax of everything that made it less, negative where it was taken back.
    taken: Vec<(NaiveDate, i64, i64)>,
}

impl Sums {
    fn left(&self) -> i64 {
        self.amount - self.taken.iter().map(|(_, amount, _)| amount).sum::<i64>()
    }

    fn left_at_end_of(&self, day: NaiveDate) -> i64 {
        let until = self.taken.iter().filter(|(on, ..)| *on <= day);
        self.amount - until.map(|(_, amount, _)| amount).sum::<i64>()
    }

    fn tax_left(&self) -> i64 {
        self.tax - self.taken.iter().map(|(.., tax)| tax).sum::<i64>()
    }
}

#[derive(Debug, Default)]
struct Books {
    charges: BTreeMap<ChargeId, Sums>,
    credits: BTreeMap<CreditId, Sums>,
    days: BTreeSet<NaiveDate>,
}

impl Books {
    fn of(facts: &[LeaseEvent]) -> Self {
        let mut books = Self::default();
        for fact in facts {
            books.note(fact);
        }
        books
    }

    fn note(&mut self, fact: &LeaseEvent) {
        let minor = |tax: &Option<Money>| tax.map_or(0, |tax| tax.minor);
        match fact {
            LeaseEvent::ChargePosted {
                charge,
                amount,
                tax,
                due_on,
                ..
            } => {
                let sums = self.charges.entry(*charge).or_default();
                (sums.began, sums.amount, sums.tax) = (Some(*due_on), amount.minor, minor(tax));
            }
            LeaseEvent::Credited {
                credit,
                amount,
                received_on,
                ..
            } => {
                let sums = self.credits.entry(*credit).or_default();
                (sums.began, sums.amount) = (Some(*received_on), amount.minor);
            }
            LeaseEvent::ChargeWaived {
                charge,
                amount,
                tax,
                on,
                ..
            }
            | LeaseEvent::ChargeWrittenOff {
                charge,
                amount,
                tax,
                on,
                ..
            }
            | LeaseEvent::ConcessionGranted {
                charge,
                amount,
                tax,
                on,
                ..
            } => {
                self.take_charge(*charge, (*on, amount.minor, minor(tax)));
            }
            LeaseEvent::CreditApplied {
                credit,
                target,
                amount,
                tax,
                on,
            } => {
                self.take_credit(*credit, (*on, amount.minor, 0));
                if let Some(charge) = target.charge() {
                    self.take_charge(charge, (*on, amount.minor, minor(tax)));
                }
            }
            LeaseEvent::CreditUnapplied {
                credit,
                target,
                amount,
                tax,
                on,
            } => {
                self.take_credit(*credit, (*on, -amount.minor, 0));
                if let Some(charge) = target.charge() {
                    self.take_charge(charge, (*on, -amount.minor, -minor(tax)));
                }
            }
            LeaseEvent::CreditWithdrawn { credit, amount, on, .. } => self.take_credit(*credit, (*on, amount.minor, 0)),
            other => panic!("no step decides {other:?}"),
        }
    }

    fn take_charge(&mut self, charge: ChargeId, taken: (NaiveDate, i64, i64)) {
        self.days.insert(taken.0);
        self.charges.entry(charge).or_default().taken.push(taken);
    }

    fn take_credit(&mut self, credit: CreditId, taken: (NaiveDate, i64, i64)) {
        self.days.insert(taken.0);
        self.credits.entry(credit).or_default().taken.push(taken);
    }
}

fn check(account: &Account, facts: &[LeaseEvent]) -> Result<(), TestCaseError> {
    let books = Books::of(facts);
    for charge in account.charges() {
        let sums = &books.charges[&charge.id];
        prop_assert_eq!(charge.open.minor, sums.left());
        prop_assert!(charge.open.minor >= 0, "a charge is never paid beyond what it is");
        let tax = sums.tax_left();
        prop_assert!(
            (0..=charge.open.minor).contains(&tax),
            "the tax left lies in what is left"
        );
        prop_assert!(!charge.open.is_zero() || tax == 0, "the parts of a tax sum to it");
        for day in &books.days {
            let left = sums.left_at_end_of(*day);
            prop_assert!((0..=sums.amount).contains(&left), "{} on {day}: {left}", charge.id);
            prop_assert!(
                left == sums.amount || Some(*day) >= sums.began,
                "paid before it was due"
            );
            let unpaid = if Some(*day) >= sums.began { left } else { 0 };
            prop_assert_eq!(charge.unpaid_at_end_of(*day), unpaid);
        }
    }
    for credit in account.credits() {
        let sums = &books.credits[&credit.id];
        prop_assert_eq!(credit.free.minor, sums.left());
        let applied: i64 = credit.applications.iter().map(|paid| paid.amount.minor).sum();
        prop_assert!(credit.applications.iter().all(|paid| paid.amount.is_positive()));
        let withdrawn: i64 = facts
            .iter()
            .filter_map(|fact| match fact {
                LeaseEvent::CreditWithdrawn { credit: id, amount, .. } if *id == credit.id => Some(amount.minor),
                _ => None,
            })
            .sum();
        prop_assert_eq!(applied + credit.free.minor, sums.amount - withdrawn);
        for day in &books.days {
            let free = sums.left_at_end_of(*day);
            prop_assert!((0..=sums.amount).contains(&free), "{} on {day}: {free}", credit.id);
            prop_assert!(
                free == sums.amount || Some(*day) >= sums.began,
                "used before it was received"
            );
        }
    }
    let owed: i64 = books.charges.values().map(Sums::left).sum();
    let free: i64 = books.credits.values().map(Sums::left).sum();
    prop_assert_eq!(account.balance(), owed - free);
    Ok(())
}

proptest! {
    #[test]
    fn nothing_is_lost_or_paid_twice_on_any_day(steps in prop::collection::vec((step(), 1..=30_u32), 1..40)) {
        let mut account = Account::default();
        let mut facts = Vec::new();
        for (n, (step, day)) in (1_000..).zip(&steps) {
            for fact in decide(&account, step, n, *day).unwrap_or_default() {
                account.apply(&fact);
                facts.push(fact);
            }
            check(&account, &facts)?;
        }
    }
}
