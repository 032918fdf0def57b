use std::cmp::Reverse;

use chrono::NaiveDate;

use super::{Account, AccountRefusal, Charge};
use crate::{
    Refusal,
    context::Context,
    ids::{ChargeId, CreditId, DepositId},
    lease::{CreditTarget, LeaseEvent, Withdrawal},
    money::Money,
    settings::AllocationClass,
};

/// An account while a decision is made on it: the facts decided so far, and the account as they leave it.
#[derive(Debug, Clone)]
pub struct Entries<'c> {
    account: Account,
    events: Vec<LeaseEvent>,
    context: &'c Context,
}

impl<'c> Entries<'c> {
    /// Begins with nothing decided.
    #[must_use]
    pub fn on(account: &Account, context: &'c Context) -> Self {
        Self {
            account: account.clone(),
            events: Vec::new(),
            context,
        }
    }

    /// The account as the facts decided so far leave it.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What it is decided with.
    #[must_use]
    pub fn context(&self) -> &'c Context {
        self.context
    }

    /// The facts, in order.
    #[must_use]
    pub fn into_events(self) -> Vec<LeaseEvent> {
        self.events
    }

    /// Decides a fact.
    pub fn record(&mut self, event: LeaseEvent) {
        self.account.apply(&event);
        self.events.push(event);
    }

    /// Pays what is unpaid with what is free: what comes first by policy, then by due date, then by order of recording,
    /// out of the oldest receipt first. Deposits are paid by designation only.
    ///
    /// # Errors
    /// Refuses amounts that can't be reckoned with.
    pub fn pay_from_credits(&mut self) -> Result<(), Refusal> {
        let mut credits: Vec<_> = self
            .account
            .credits()
            .filter(|credit| credit.free.is_positive())
            .map(|credit| (credit.received_on, credit.id))
            .collect();
        credits.sort_by_key(|(received_on, _)| *received_on);
        if credits.is_empty() {
            return Ok(());
        }
        for charge in self.account.unpaid_in_order(&self.context.settings.allocation) {
            for (_, credit) in &credits {
                self.pay_charge(*credit, charge, i64::MAX)?;
            }
        }
        Ok(())
    }

    /// Pays what is unpaid, in the same order, with what is free of one credit.
    ///
    /// # Errors
    /// Refuses a credit that the lease doesn't have.
    pub fn pay_from(&mut self, credit: CreditId) -> Result<(), Refusal> {
        self.account.must_have_credit(credit)?;
        for charge in self.account.unpaid_in_order(&self.context.settings.allocation) {
            self.pay_charge(credit, charge, i64::MAX)?;
        }
        Ok(())
    }

    /// Pays a charge out of a credit: as much as the credit has, the charge needs and `at_most` (minor units) allows,
    /// which may be nothing.
    ///
    /// # Errors
    /// Refuses a charge or credit that the lease doesn't have.
    pub fn pay_charge(&mut self, credit: CreditId, charge: ChargeId, at_most: i64) -> Result<(), Refusal> {
        let from = self.account.must_have_credit(credit)?;
        let owed = self.account.must_have_charge(charge)?;
        let minor = at_most.min(from.free.minor).min(owed.open.minor);
        if minor <= 0 {
            return Ok(());
        }
        let amount = Money::new(minor, owed.amount.currency);
        let event = LeaseEvent::CreditApplied {
            credit,
            target: CreditTarget::Charge {
                charge,
                kind: owed.kind,
            },
            amount,
            tax: nonzero(share(owed.open_tax, amount, owed.open)?),
            on: owed.reducible_from(from.usable_from()),
        };
        self.record(event);
        Ok(())
    }

    /// Pays a deposit out of a credit, as much as the credit has and `at_most` allows, and says how much that is.
    ///
    /// # Errors
    /// Refuses a credit that the lease doesn't have.
    pub fn pay_deposit(&mut self, credit: CreditId, deposit: DepositId, at_most: Money) -> Result<Money, Refusal> {
        let from = self.account.must_have_credit(credit)?;
        let amount = at_most.least(from.free);
        if !amount.is_positive() {
            return Ok(Money::zero(amount.currency));
        }
        let event = LeaseEvent::CreditApplied {
            credit,
            target: CreditTarget::Deposit { deposit },
            amount,
            tax: None,
            on: from.usable_from().max(self.context.effective_on),
        };
        self.record(event);
        Ok(amount)
    }

    /// Takes back what a credit paid: of one target, the whole or a part.
    ///
    /// # Errors
    /// Refuses more than the credit pays there.
    pub fn unapply(&mut self, credit: CreditId, target: CreditTarget, amount: Money) -> Result<(), Refusal> {
        let from = self.account.must_have_credit(credit)?;
        let parts = from.applied_to(target);
        let applied = parts
            .iter()
            .try_fold(Money::zero(amount.currency), |sum, part| sum.plus(part.amount))?;
        if amount.minor > applied.minor {
            let asked = amount;
            return Err(AccountRefusal::AppliedLess { credit, asked, applied }.into());
        }
        let mut missing = amount;
        for part in parts {
            let amount = missing.least(part.amount);
            if !amount.is_positive() {
                break;
            }
            self.record(LeaseEvent::CreditUnapplied {
                credit,
                target,
                amount,
                tax: nonzero(share(part.tax, amount, part.amount)?),
                on: self.context.effective_on.max(part.on),
            });
            missing = missing.minus(amount)?;
        }
        Ok(())
    }

    /// Takes back everything that a credit paid, whenever it did; says what of it had paid deposits.
    ///
    /// # Errors
    /// Refuses a credit that the lease doesn't have.
    pub fn unapply_all(&mut self, credit: CreditId) -> Result<Vec<(DepositId, Money)>, Refusal> {
        let mut deposits = Vec::new();
        for (target, amount) in self.account.must_have_credit(credit)?.pays()? {
            self.unapply(credit, target, amount)?;
            if let CreditTarget::Deposit { deposit } = target {
                deposits.push((deposit, amount));
            }
        }
        Ok(deposits)
    }

    /// Takes an amount of a credit off the lease. Whether so much is free is for whoever decides why.
    pub fn withdraw(&mut self, credit: CreditId, amount: Money, why: Withdrawal) {
        self.record(LeaseEvent::CreditWithdrawn {
            credit,
            amount,
            why,
            on: self.context.effective_on,
        });
    }

    /// Makes so much of a charge unpaid that it can be reduced by `amount`: takes it back from the newest receipts.
    /// Says the tax in that amount and the day from which the reduction can count.
    pub(super) fn make_room(&mut self, charge: ChargeId, amount: Money) -> Result<(Option<Money>, NaiveDate), Refusal> {
        let owed = self.account.must_have_charge(charge)?;
        let target = CreditTarget::Charge {
            charge,
            kind: owed.kind,
        };
        let mut missing = amount.minus(owed.open)?;
        for (credit, paid) in self.account.newest_payments(target) {
            if !missing.is_positive() {
                break;
            }
            let back = missing.least(paid);
            self.unapply(credit, target, back)?;
            missing = missing.minus(back)?;
        }
        let owed = self.account.must_have_charge(charge)?;
        let tax = share(owed.open_tax, amount, owed.open)?;
        Ok((nonzero(tax), owed.reducible_from(self.context.effective_on)))
    }
}

impl Account {
    fn unpaid_in_order(&self, policy: &[AllocationClass]) -> Vec<ChargeId> {
        let rank = |charge: &Charge| policy.iter().position(|class| *class == charge.class());
        let mut unpaid: Vec<_> = self.charges.iter().filter(|charge| charge.open.is_positive()).collect();
        // What the policy doesn't name comes last; the sort is stable, so equals stay in the order of recording.
        unpaid.sort_by_key(|charge| (rank(charge).unwrap_or(policy.len()), charge.due_on));
        unpaid.into_iter().map(|charge| charge.id).collect()
    }

    fn newest_payments(&self, target: CreditTarget) -> Vec<(CreditId, Money)> {
        let mut credits: Vec<_> = self.credits.iter().enumerate().collect();
        credits.sort_by_key(|(position, credit)| Reverse((credit.received_on, *position)));
        credits
            .into_iter()
            .flat_map(|(_, credit)| credit.applications.iter().map(|application| (credit.id, application)))
            .filter(|(_, application)| application.target == target)
            .map(|(credit, application)| (credit, application.amount))
            .collect()
    }

    pub(super) fn must_have_charge(&self, charge: ChargeId) -> Result<&Charge, AccountRefusal> {
        self.charge(charge).ok_or(AccountRefusal::ChargeAbsent { charge })
    }

    pub(super) fn must_have_credit(&self, credit: CreditId) -> Result<&super::Credit, AccountRefusal> {
        self.credit(credit).ok_or(AccountRefusal::CreditAbsent { credit })
    }
}

/// The share of `tax`, the tax in `whole`, that is in a `part` of it: by largest remainder between the part and the rest,
/// so that the shares of all parts sum to the tax, whatever their number and order.
fn share(tax: Money, part: Money, whole: Money) -> Result<Money, Refusal> {
    let rest = whole.minus(part)?;
    if tax.is_zero() {
        return Ok(tax);
    }
    let parts = tax.split(&[part.minor.unsigned_abs(), rest.minor.unsigned_abs()])?;
    Ok(parts[0])
}

fn nonzero(tax: Money) -> Option<Money> {
    (!tax.is_zero()).then_some(tax)
}
