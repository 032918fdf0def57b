//! Laws of money, over random sequences of decisions about one lease: none comes from nowhere, none goes missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::*;
use crate::{
    EventSet,
    deposit::{DepositEvent, DepositSource},
    ids::*,
    lease::{ChargeKind, LeaseCommand},
    payment::{Designation, Intent, Method, PaymentCommand, PaymentEvent, PaymentStatus},
};

#[derive(Debug, Clone)]
enum Step {
    Charge {
        amount: i64,
    },
    AssessLateFees,
    Waive {
        charge: usize,
        percent: i64,
    },
    WriteOff {
        charge: usize,
    },
    Bill {
        amount: i64,
    },
    Initiate {
        amount: i64,
        designation: usize,
    },
    Receive {
        amount: i64,
        reference: u8,
        designation: usize,
    },
    Complete {
        payment: usize,
        reference: Option<u8>,
    },
    Bank {
        payment: usize,
    },
    Fail {
        payment: usize,
    },
    Void {
        payment: usize,
    },
    Return {
        payment: usize,
    },
    Dispute {
        payment: usize,
    },
    Win {
        payment: usize,
    },
    Lose {
        payment: usize,
    },
    Refund {
        payment: usize,
        percent: i64,
    },
    Apply {
        payment: usize,
        designation: usize,
        amount: i64,
    },
    Unapply {
        payment: usize,
        part: usize,
        percent: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || prop_oneof![1..100_i64, 1..100_000_i64];
    let any = || 0..6_usize;
    let percent = || 1..=100_i64;
    prop_oneof![
        5 => amount().prop_map(|amount| Step::Charge { amount }),
        2 => Just(Step::AssessLateFees),
        2 => (any(), percent()).prop_map(|(charge, percent)| Step::Waive { charge, percent }),
        1 => any().prop_map(|charge| Step::WriteOff { charge }),
        1 => amount().prop_map(|amount| Step::Bill { amount }),
        1 => (amount(), any()).prop_map(|(amount, designation)| Step::Initiate { amount, designation }),
        6 => (amount(), 0..9_u8, any())
            .prop_map(|(amount, reference, designation)| Step::Receive { amount, reference, designation }),
        1 => (any(), prop::option::of(0..9_u8)).prop_map(|(payment, reference)| Step::Complete { payment, reference }),
        4 => any().prop_map(|payment| Step::Bank { payment }),
        1 => any().prop_map(|payment| Step::Fail { payment }),
        1 => any().prop_map(|payment| Step::Void { payment }),
        1 => any().prop_map(|payment| Step::Return { payment }),
        1 => any().prop_map(|payment| Step::Dispute { payment }),
        1 => any().prop_map(|payment| Step::Win { payment }),
        1 => any().prop_map(|payment| Step::Lose { payment }),
        5 => (any(), 1..=120_i64).prop_map(|(payment, percent)| Step::Refund { payment, percent }),
        2 => (any(), any(), amount())
            .prop_map(|(payment, designation, amount)| Step::Apply { payment, designation, amount }),
        2 => (any(), any(), percent()).prop_map(|(payment, part, percent)| Step::Unapply { payment, part, percent }),
    ]
}

/// Steps on the days of a month: each some days after the one before, but now and then one is dated back.
fn dated(count: Range<usize>) -> impl Strategy<Value = Vec<(Step, u32)>> {
    let back = prop_oneof![5 => Just(0), 1 => 1..10_u32];
    prop::collection::vec((step(), 0..=2_u32, back), count).prop_map(|steps| {
        let mut today = 1;
        let date = |(step, later, back): (Step, u32, u32)| {
            today = 30.min(today + later);
            (step, today.saturating_sub(back).max(1))
        };
        steps.into_iter().map(date).collect()
    })
}

impl Desk {
    /// Takes a step on a day, or not: what is refused changes nothing. Says whether it was taken.
    fn take(&mut self, step: &Step, day: u32) -> bool {
        match *step {
            Step::Charge { amount } => {
                self.charge(ChargeKind::Rent, amount, day);
                true
            }
            Step::AssessLateFees => self.on_account(day, LeaseCommand::AssessLateFees { day: june(day) }),
            Step::Waive { charge, percent } => self.reduce(charge, |id, whole| {
                let amount = Some(usd((whole * percent / 100).max(1)));
                let reason = "test".into();
                (
                    day,
                    LeaseCommand::Waive {
                        charge: id,
                        amount,
                        reason,
                    },
                )
            }),
            Step::WriteOff { charge } => self.reduce(charge, |charge, _| {
                let (amount, reason) = (None, "test".into());
                (day, LeaseCommand::WriteOff { charge, amount, reason })
            }),
            Step::Bill { amount } => {
                self.bill(amount);
                true
            }
            Step::Initiate { amount, designation } => {
                let designations = self.designate(designation, amount);
                let intent = Intent {
                    designations,
                    ..cash(amount)
                };
                self.initiate(day, intent).is_ok()
            }
            Step::Receive {
                amount,
                reference,
                designation,
            } => {
                let intent = Intent {
                    designations: self.designate(designation, amount),
                    method: if reference % 2 == 0 { Method::Ach } else { Method::Cash },
                    ..cheque(amount, &reference.to_string())
                };
                self.receive(day, intent).is_ok()
            }
            Step::Complete { payment, reference } => self.with(payment, |desk, id| {
                let reference = reference.map(|reference| reference.to_string());
                desk.complete(day, id, reference.as_deref()).is_ok()
            }),
            Step::Bank { payment } => self.with(payment, |desk, id| desk.bank(day, id, 0).is_ok()),
            Step::Fail { payment } => self.alone(payment, day, PaymentCommand::Fail { reason: "test".into() }),
            Step::Void { payment } => self.with(payment, |desk, id| desk.void(day, id).is_ok()),
            Step::Return { payment } => self.with(payment, |desk, id| desk.bounce(day, id).is_ok()),
            Step::Dispute { payment } => self.alone(payment, day, PaymentCommand::Dispute { reason: "test".into() }),
            Step::Win { payment } => self.alone(payment, day, PaymentCommand::Win),
            Step::Lose { payment } => self.with(payment, |desk, id| desk.lose(day, id).is_ok()),
            Step::Refund { payment, percent } => self.with(payment, |desk, id| {
                let credit = desk.lease.account().credit(id.into());
                let free = credit.map_or(0, |credit| credit.free.minor);
                desk.refund(day, id, free * percent / 100).is_ok()
            }),
            Step::Apply {
                payment,
                designation,
                amount,
            } => self.with(payment, |desk, id| {
                let designations = desk.designate(designation, amount);
                desk.apply(day, id.into(), &designations).is_ok()
            }),
            Step::Unapply { payment, part, percent } => self.with(payment, |desk, id| {
                let parts = desk
                    .lease
                    .account()
                    .credit(id.into())
                    .map(|credit| credit.pays().unwrap());
                match parts.unwrap_or_default().get(part) {
                    Some((target, paid)) => {
                        let amount = (paid.minor * percent / 100).max(1);
                        desk.unapply(day, id.into(), *target, amount).is_ok()
                    }
                    None => false,
                }
            }),
        }
    }

    fn with(&mut self, payment: usize, take: impl FnOnce(&mut Self, PaymentId) -> bool) -> bool {
        let id = self.payments.keys().nth(payment).copied();
        id.is_some_and(|id| take(self, id))
    }

    fn alone(&mut self, payment: usize, day: u32, command: PaymentCommand) -> bool {
        self.with(payment, |desk, id| desk.step(day, id, command).is_ok())
    }

    fn on_account(&mut self, day: u32, command: LeaseCommand) -> bool {
        let context = self.context(june(day));
        match self.lease.decide(command, &context) {
            Ok(facts) => {
                self.on_lease(&facts);
                true
            }
            Err(_) => false,
        }
    }

    fn reduce(&mut self, charge: usize, command: impl FnOnce(ChargeId, i64) -> (u32, LeaseCommand)) -> bool {
        let Some(charge) = self.lease.account().charges().nth(charge) else {
            return false;
        };
        let (day, command) = command(charge.id, charge.amount.minor);
        self.on_account(day, command)
    }

    /// The deposits come first, then the charges; beyond them nothing is designated.
    fn designate(&self, n: usize, amount: i64) -> Vec<Designation> {
        let deposits = self.deposits.keys().map(|id| for_deposit(*id, amount));
        let charges = self
            .lease
            .account()
            .charges()
            .map(|charge| for_charge(charge.id, amount));
        deposits.chain(charges).nth(n).into_iter().collect()
    }
}

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
