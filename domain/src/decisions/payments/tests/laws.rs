//! Laws of money, over random sequences of decisions about one lease: none comes from nowhere, none goes missing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::{steps::dated, *};
use crate::{
    EventSet,
    deposit::{DepositEvent, DepositSource},
    ids::*,
    payment::{PaymentEvent, PaymentStatus},
};

/// Where the money of one payment is, by the books: what its events say, and nothing else.
#[derive(Debug, Default)]
struct Whereabouts {
    undeposited: i64,
    operating: i64,
    trust: i64,
    received: i64,
    refunded: i64,
    taken_back: i64,
}

fn whereabouts(desk: &Desk) -> BTreeMap<PaymentId, Whereabouts> {
    let mut all: BTreeMap<PaymentId, Whereabouts> = BTreeMap::new();
    // Order matters only within one payment, and there deposits move money whose place the flag names.
    for (id, event) in &desk.payment_facts {
        let it = all.entry(*id).or_default();
        match event {
            PaymentEvent::Completed { amount, .. } => {
                it.received += amount.minor;
                it.undeposited += amount.minor;
            }
            PaymentEvent::Deposited { amount, .. } => {
                it.undeposited -= amount.minor;
                it.operating += amount.minor;
            }
            PaymentEvent::Voided {
                amount,
                completed: true,
                ..
            } => {
                it.taken_back += amount.minor;
                it.undeposited -= amount.minor;
            }
            PaymentEvent::Returned {
                amount, bank_account, ..
            }
            | PaymentEvent::DisputeLost {
                amount, bank_account, ..
            } => {
                it.taken_back += amount.minor;
                match bank_account {
                    Some(_) => it.operating -= amount.minor,
                    None => it.undeposited -= amount.minor,
                }
            }
            PaymentEvent::Refunded { amount, .. } => {
                it.refunded += amount.minor;
                it.operating -= amount.minor;
            }
            _ => {}
        }
    }
    for (_, event) in &desk.deposit_facts {
        let (credit, banked, amount) = match event {
            DepositEvent::Received {
                source: DepositSource::Credit { credit, banked },
                amount,
                ..
            } => (credit, banked, amount.minor),
            DepositEvent::ReceiptReversed {
                credit, banked, amount, ..
            } => (credit, banked, -amount.minor),
            _ => continue,
        };
        let it = all.entry(PaymentId(credit.0)).or_default();
        it.trust += amount;
        match banked {
            true => it.operating -= amount,
            false => it.undeposited -= amount,
        }
    }
    all
}

fn check(desk: &Desk) -> Result<(), TestCaseError> {
    let account = desk.lease.account();
    let all = whereabouts(desk);
    let mut secured: BTreeMap<DepositId, i64> = BTreeMap::new();
    let (mut left, mut credited) = (0, 0);
    for (id, payment) in &desk.payments {
        let Some(it) = all.get(id) else { continue };
        let status = payment.status().unwrap();
        left += it.received - it.refunded - it.taken_back;
        if it.received == 0 {
            prop_assert!(account.credit((*id).into()).is_none());
            continue;
        }
        let credit = account.credit((*id).into()).unwrap();
        let (mut on_charges, mut on_deposits) = (0, 0);
        for (target, amount) in credit.pays().unwrap() {
            match target.deposit() {
                Some(deposit) => {
                    on_deposits += amount.minor;
                    *secured.entry(deposit).or_default() += amount.minor;
                }
                None => on_charges += amount.minor,
            }
        }
        credited += on_charges + on_deposits + credit.free.minor;
        prop_assert!(it.refunded <= it.received, "no more is refunded than came in");
        prop_assert_eq!(it.trust, on_deposits);
        prop_assert!(it.undeposited >= 0 && it.trust >= 0);
        if payment.bank_account().is_some() {
            prop_assert_eq!(it.undeposited, 0, "nothing lies undeposited once the payment is banked");
        }
        if status == PaymentStatus::Returned || status == PaymentStatus::Voided {
            prop_assert_eq!(on_charges + on_deposits, 0, "money that went back pays nothing");
            prop_assert_eq!(credit.free.minor, it.received - it.refunded - it.taken_back);
        } else {
            prop_assert!(credit.free.minor >= 0, "only a bank makes a credit negative");
        }
    }
    prop_assert_eq!(left, credited, "receipts = applied + free + refunded + taken back");
    for (id, deposit) in &desk.deposits {
        let billed: i64 = desk
            .deposit_facts
            .iter()
            .filter_map(|(known, event)| match event {
                DepositEvent::Billed { amount, .. } if known == id => Some(amount.minor),
                _ => None,
            })
            .sum();
        let held = billed - deposit.due().unwrap().minor;
        prop_assert!((0..=billed).contains(&held));
        prop_assert_eq!(held, secured.get(id).copied().unwrap_or_default());
    }
    counted_once(desk)?;
    for charge in account.charges() {
        prop_assert!((0..=charge.amount.minor).contains(&charge.open.minor));
        for day in june(1).iter_days().take(31) {
            let unpaid = charge.unpaid_at_end_of(day);
            prop_assert!(
                (0..=charge.amount.minor).contains(&unpaid),
                "{unpaid} of {charge:?} on {day}"
            );
        }
    }
    Ok(())
}

/// No two payments that count have the same method, payer and reference.
fn counted_once(desk: &Desk) -> Result<(), TestCaseError> {
    let mut marks: Vec<_> = desk
        .payments
        .values()
        .filter(|payment| payment.was_received() && payment.status() != Some(PaymentStatus::Voided))
        .map(|payment| payment.intent().unwrap())
        .filter(|intent| intent.reference.is_some())
        .map(|intent| (intent.method.name(), intent.payer, intent.reference.clone()))
        .collect();
    let count = marks.len();
    marks.sort();
    marks.dedup();
    prop_assert_eq!(marks.len(), count);
    Ok(())
}

proptest! {
    #[test]
    fn money_neither_comes_from_nowhere_nor_goes_missing(
        steps in dated(1..40),
    ) {
        let mut desk = Desk::new();
        for (step, day) in &steps {
            desk.take(step, *day);
            check(&desk)?;
        }
    }
}

/// The sequences above come to something: many steps are taken, and every event of a payment occurs that the lease is part of.
#[test]
fn random_sequences_reach_every_event_of_a_payment() {
    let mut runner = TestRunner::deterministic();
    let sequences = dated(30..60);
    let mut seen = BTreeSet::new();
    let (mut tried, mut taken) = (0, 0);
    for _ in 0..60 {
        let steps = sequences.new_tree(&mut runner).unwrap().current();
        let mut desk = Desk::new();
        for (step, day) in &steps {
            tried += 1;
            taken += i32::from(desk.take(step, *day));
        }
        seen.extend(desk.payment_facts.iter().map(|(_, event)| event.name()));
    }
    let all: BTreeSet<_> = PaymentEvent::KINDS.iter().map(|(name, _)| *name).collect();
    let never: Vec<_> = all.difference(&seen).collect();
    assert_eq!(never, [&"payment.processing"]);
    assert!(taken * 3 > tried, "{taken} of {tried}");
}
