//! What a lease charges: what falls due, what is charged by hand, fees for being late, and what was charged for days that
//! the residents don't live here after all.

use chrono::NaiveDate;

use super::{
    Account, Charge, ChargeKind, Contract, Facts, Lease, LeaseEvent, LeaseRefusal, ManualCharge, NewCharge, Reduction,
    agreement::not_in_future,
    late_fees,
    schedule::{self, Due},
};
use crate::{Refusal, context::Context, ids::ChargeId, money::Money, span::Span};

impl Lease {
    pub(super) fn post_due(&self, through: NaiveDate, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        self.must_be_in_force()?;
        not_in_future("through", through, context)?;
        let mut facts = Facts::on(self, context);
        facts.post_due(through)?;
        match facts.into_events() {
            none if none.is_empty() => Err(LeaseRefusal::NothingDue { through }.into()),
            events => Ok(events),
        }
    }

    pub(super) fn charge(&self, charge: ManualCharge, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        self.must_have_account()?;
        if let Some(period) = charge.period {
            self.must_be_chargeable(charge.kind, period)?;
        }
        let charge = NewCharge {
            charge: context.id(0).into(),
            kind: charge.kind,
            description: charge.description,
            amount: charge.amount,
            tax: charge.tax,
            due_on: charge.due_on,
            period: charge.period,
            recurring: None,
        };
        self.account.post(charge, context)
    }

    fn must_be_chargeable(&self, kind: ChargeKind, period: Span) -> Result<(), LeaseRefusal> {
        if period.to.is_none() || period.is_empty() {
            return Err(LeaseRefusal::NoDays { term: period });
        }
        let rent = |charge: &&Charge| charge.kind == ChargeKind::Rent;
        let mut charged = self.account.charges().filter(rent).filter_map(|charge| charge.period);
        match charged.find(|charged| kind == ChargeKind::Rent && charged.overlaps(period)) {
            Some(period) => Err(LeaseRefusal::RentCharged { period }),
            None => Ok(()),
        }
    }

    pub(super) fn assess_late_fees(&self, day: NaiveDate, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.must_be_in_force()?;
        not_in_future("day", day, context)?;
        let fees = late_fees::assess(contract, &self.account, &context.settings.late_fees, day)?;
        if fees.is_empty() {
            return Err(LeaseRefusal::NoLateFee { day }.into());
        }
        let mut facts = Facts::on(self, context);
        facts.book(|entries| {
            for (fee, n) in fees.into_iter().zip(0..) {
                entries.record(LeaseEvent::LateFeeAssessed {
                    charge: context.id(n).into(),
                    period: fee.period,
                    part: fee.part,
                    day,
                    amount: fee.amount,
                });
            }
            Ok(())
        })?;
        Ok(facts.into_events())
    }

    /// What of the late fees is not owed after all, with the account as a decision on this lease leaves it: for decisions
    /// that record receipts later than they came in.
    ///
    /// # Errors
    /// Refuses a lease that was never drafted, and amounts too large to reckon with.
    pub fn late_fees_undone(&self, after: &Account, context: &Context) -> Result<Vec<(ChargeId, Money)>, Refusal> {
        let accounts = (&self.account, after);
        Ok(late_fees::undone(
            self.contract()?,
            accounts,
            &context.settings.late_fees,
        )?)
    }
}

impl Facts<'_> {
    /// Posts what falls due up to a day, each charge at its own date.
    pub(super) fn post_due(&mut self, through: NaiveDate) -> Result<(), Refusal> {
        let contract = self.lease().contract()?.clone();
        self.post_due_of(&contract, through)
    }

    /// Posts what falls due for the days before another, as if the lease ended there.
    pub(super) fn post_due_of_days_before(&mut self, end: NaiveDate) -> Result<(), Refusal> {
        let mut contract = self.lease().contract()?.clone();
        contract.term.to = Some(end);
        self.post_due_of(&contract, end)
    }

    fn post_due_of(&mut self, contract: &Contract, through: NaiveDate) -> Result<(), Refusal> {
        let method = self.context.settings.proration.method;
        let due = schedule::due_charges(contract, self.lease().account(), method, through)?;
        if due.is_empty() {
            return Ok(());
        }
        let context = self.context;
        self.book(|entries| {
            due.into_iter()
                .zip(0..)
                .try_for_each(|(due, n)| entries.post(new_charge(&due, context.id(n).into())))
        })
    }

    /// Waives what the chosen charges of rent and recurring charges come to from a day on.
    pub(super) fn give_back(&mut self, from: NaiveDate, chosen: impl Fn(&Charge) -> bool) -> Result<(), Refusal> {
        let method = self.context.settings.proration.method;
        let mut excess = Vec::new();
        let contract = self.lease().contract()?;
        for charge in self.lease().account().charges().filter(|charge| chosen(charge)) {
            let kept = schedule::kept_until(from, charge, contract, method)?;
            let left = self.lease().account().left_of(charge)?;
            if let Some(kept) = kept
                && kept.minor < left.minor
            {
                excess.push((charge.id, left.minus(kept)?));
            }
        }
        if excess.is_empty() {
            return Ok(());
        }
        self.book(|entries| {
            for (charge, amount) in excess {
                let reason = format!("not owed for days from {from} on");
                entries.waive(charge, Reduction::Part(amount), reason)?;
            }
            Ok(())
        })
    }
}

fn new_charge(due: &Due, charge: ChargeId) -> NewCharge {
    let days = Span::new(due.from, due.to);
    NewCharge {
        charge,
        kind: due.kind,
        description: format!("{} for {days}", due.name),
        amount: due.amount,
        tax: due.tax,
        due_on: due.from,
        period: Some(days),
        recurring: due.recurring,
    }
}
