//! Random sequences of decisions about one lease.

use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::{
    ids::*,
    lease::{ChargeKind, LeaseCommand},
    payment::{Designation, Intent, Method, PaymentCommand},
};

#[derive(Debug, Clone)]
pub(super) enum Step {
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
pub(super) fn dated(count: Range<usize>) -> impl Strategy<Value = Vec<(Step, u32)>> {
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
    pub(super) fn take(&mut self, step: &Step, day: u32) -> bool {
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
