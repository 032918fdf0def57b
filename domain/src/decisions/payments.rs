//! What happens to a payment and to the account of its lease, in one decision over both, with the deposits it pays and the
//! claim on its reference.

mod bank;
mod credits;
mod deposits;
mod receive;
mod take_back;

pub use bank::{deposit_payment, refund_payment};
pub use credits::{CreditFacts, CreditStreams, apply_credit, unapply_credit};
pub use deposits::{LeaseAndDeposit, bill_deposit, receive_deposit, take_over_deposit};
pub use receive::{complete_payment, initiate_payment, receive_payment};
pub use take_back::{lose_dispute, return_payment, void_payment};

use crate::{
    Refusal, Root,
    claim::{Claim, ClaimEvent},
    context::Context,
    deposit::{Deposit, DepositCommand, DepositEvent, DepositRefusal},
    ids::{DepositId, PaymentId},
    lease::{Lease, LeaseEvent},
    payment::{Payment, PaymentEvent},
};

/// A payment, the lease it is for, and what else its money touches.
#[derive(Debug, Clone, Copy)]
pub struct PaymentStreams<'a> {
    /// The payment.
    pub payment: (PaymentId, &'a Payment),
    /// The lease.
    pub lease: &'a Lease,
    /// The deposits that the payment is to pay, or pays.
    pub deposits: &'a [(DepositId, &'a Deposit)],
    /// The claim on the payment's reference; a free one if it has none.
    pub claim: &'a Claim,
}

/// What a decision about a payment gives: the facts of each stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PaymentFacts {
    /// Of the payment.
    pub payment: Vec<PaymentEvent>,
    /// Of the lease.
    pub lease: Vec<LeaseEvent>,
    /// Of the deposits, in order.
    pub deposits: Vec<(DepositId, DepositEvent)>,
    /// Of the claim on the reference.
    pub claim: Vec<ClaimEvent>,
}

/// Deposits while a decision is made on them: each as the facts decided so far leave it.
struct Deposits {
    states: Vec<(DepositId, Deposit)>,
    facts: Vec<(DepositId, DepositEvent)>,
}

impl Deposits {
    fn on(deposits: &[(DepositId, &Deposit)]) -> Self {
        Self {
            states: deposits
                .iter()
                .map(|(id, deposit)| (*id, Deposit::clone(deposit)))
                .collect(),
            facts: Vec::new(),
        }
    }

    fn get(&self, id: DepositId) -> Result<&Deposit, DepositRefusal> {
        let known = self.states.iter().find(|(known, _)| *known == id);
        known.map(|(_, deposit)| deposit).ok_or(DepositRefusal::Absent)
    }

    fn decide(&mut self, id: DepositId, command: DepositCommand, context: &Context) -> Result<(), Refusal> {
        let events = self.get(id)?.decide(command, context)?;
        for (_, deposit) in self.states.iter_mut().filter(|(known, _)| *known == id) {
            *deposit = deposit.after(&events);
        }
        self.facts.extend(events.into_iter().map(|event| (id, event)));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
