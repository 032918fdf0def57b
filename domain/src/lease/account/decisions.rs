use chrono::NaiveDate;

use super::{Account, Charge, Entries};
use crate::{
    Refusal,
    context::Context,
    ids::{ChargeId, ConcessionId, CreditId, RecurringId},
    input,
    lease::{ChargeKind, CreditSource, LeaseEvent, OpeningCharge, OpeningCredit},
    money::{Money, MoneyError},
    span::Span,
};

refusals! {
    /// Why something could not be booked on a lease's account.
    pub enum AccountRefusal {
        Absent "charge-absent" => ChargeAbsent { charge: ChargeId }: "the lease has no charge {charge}",
        Absent "credit-absent" => CreditAbsent { credit: CreditId }: "the lease has no credit {credit}",
        Rule "charge-kind-reserved" => KindReserved: "late fees and opening balances are not posted as charges by hand",
        Rule "charge-tax-too-large" => TaxTooLarge { tax: Money, amount: Money }:
            "the tax, {tax}, is more than the charge of {amount} that it is part of",
        State "charge-reduced-too-far" => ReducedTooFar { charge: ChargeId, asked: Money, most: Money }:
            "charge {charge} can be reduced by {most} at most, not by {asked}",
        State "charge-nothing-left" => NothingLeft { charge: ChargeId }: "nothing is left of charge {charge} to reduce",
        State "credit-applied-less" => AppliedLess { credit: CreditId, asked: Money, applied: Money }:
            "credit {credit} pays {applied} of that, not {asked}",
        State "credit-not-free" => NotFree { credit: CreditId, asked: Money, free: Money }:
            "{free} of credit {credit} are free, not {asked}",
        State "credit-nothing-to-pay" => NothingToPay { credit: CreditId }:
            "credit {credit} has nothing to pay: nothing of it is free, or nothing is unpaid",
        State "account-opened" => Opened { as_of: NaiveDate }: "balances as of {as_of} were taken over already",
    }
}

/// Something to be owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCharge {
    /// Its id.
    pub charge: ChargeId,
    /// What for.
    pub kind: ChargeKind,
    /// In words a resident understands.
    pub description: String,
    /// How much, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Option<Money>,
    /// When it is due.
    pub due_on: NaiveDate,
    /// The days it is for.
    pub period: Option<Span>,
    /// The recurring charge it comes from.
    pub recurring: Option<RecurringId>,
}

/// By how much a charge becomes less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// By all that can still be taken off it.
    Whole,
    /// By so much, tax included.
    Part(Money),
}

impl Account {
    /// Posts a charge and pays it from what is free.
    ///
    /// # Errors
    /// Refuses amounts, texts and dates that can't be recorded.
    pub fn post(&self, charge: NewCharge, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let mut entries = Entries::on(self, context);
        entries.post(charge)?;
        entries.pay_from_credits()?;
        Ok(entries.into_events())
    }

    /// Waives a charge, wholly or in part. What was paid of it and no longer has to be pays other charges.
    ///
    /// # Errors
    /// Refuses more than is left of the charge.
    pub fn waive(
        &self,
        charge: ChargeId,
        reduction: Reduction,
        reason: String,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        let mut entries = Entries::on(self, context);
        entries.waive(charge, reduction, reason)?;
        entries.pay_from_credits()?;
        Ok(entries.into_events())
    }

    /// Grants a reduction on a charge. What was paid of it and no longer has to be pays other charges.
    ///
    /// # Errors
    /// Refuses more than is left of the charge.
    pub fn concede(
        &self,
        (concession, charge): (ConcessionId, ChargeId),
        amount: Money,
        reason: String,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        input::line("reason", &reason)?;
        let mut entries = Entries::on(self, context);
        let owed = entries.account().must_have_charge(charge)?;
        let kind = owed.kind;
        let amount = self.reduction(charge, Reduction::Part(amount), context)?;
        let (tax, on) = entries.make_room(charge, amount)?;
        entries.record(LeaseEvent::ConcessionGranted {
            concession,
            charge,
            kind,
            amount,
            tax,
            reason,
            on,
        });
        entries.pay_from_credits()?;
        Ok(entries.into_events())
    }

    /// Gives up collecting what is unpaid of a charge.
    ///
    /// # Errors
    /// Refuses more than is unpaid.
    pub fn write_off(
        &self,
        charge: ChargeId,
        reduction: Reduction,
        reason: String,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        input::line("reason", &reason)?;
        let owed = self.must_have_charge(charge)?;
        let amount = within(charge, reduction, owed.open, context)?;
        let mut entries = Entries::on(self, context);
        let (tax, on) = entries.make_room(charge, amount)?;
        entries.record(LeaseEvent::ChargeWrittenOff {
            charge,
            kind: owed.kind,
            amount,
            tax,
            reason,
            on,
        });
        Ok(entries.into_events())
    }

    /// Takes over the balance of earlier books: what is owed as a charge, due `due_on`; what is less than zero as a
    /// credit. `ids` are of the one or the other.
    ///
    /// # Errors
    /// Refuses a second time.
    pub fn open(
        &self,
        (charge, credit): (ChargeId, CreditId),
        balance: Money,
        due_on: Option<NaiveDate>,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        let as_of = context.effective_on;
        if let Some(as_of) = self.opened_as_of {
            return Err(AccountRefusal::Opened { as_of }.into());
        }
        let due_on = due_on.unwrap_or(as_of);
        input::date("due_on", due_on)?;
        let size = Money::new(balance.minor.saturating_abs(), balance.currency);
        input::amount_or_zero("balance", size, context.currency())?;
        let mut entries = Entries::on(self, context);
        entries.record(LeaseEvent::Opened {
            as_of,
            charge: balance.is_positive().then_some(OpeningCharge {
                charge,
                amount: size,
                due_on,
            }),
            credit: (balance.minor < 0).then_some(OpeningCredit { credit, amount: size }),
        });
        entries.pay_from_credits()?;
        Ok(entries.into_events())
    }

    /// What `reduction` means for a charge that may be reduced down to nothing, what is paid of it included.
    fn reduction(&self, charge: ChargeId, reduction: Reduction, context: &Context) -> Result<Money, Refusal> {
        let left = self.left_of(self.must_have_charge(charge)?)?;
        within(charge, reduction, left, context)
    }

    /// What is left of a charge after all its reductions: what is unpaid and what is paid of it.
    pub(in crate::lease) fn left_of(&self, charge: &Charge) -> Result<Money, MoneyError> {
        self.credits()
            .flat_map(|credit| &credit.applications)
            .filter(|application| application.target.charge() == Some(charge.id))
            .try_fold(charge.open, |sum, application| sum.plus(application.amount))
    }
}

impl Entries<'_> {
    /// Posts a charge.
    ///
    /// # Errors
    /// Refuses amounts, texts and dates that can't be recorded.
    pub fn post(&mut self, charge: NewCharge) -> Result<(), Refusal> {
        if matches!(charge.kind, ChargeKind::LateFee | ChargeKind::Opening) {
            return Err(AccountRefusal::KindReserved.into());
        }
        let currency = self.context().currency();
        input::line("description", &charge.description)?;
        input::amount("amount", charge.amount, currency)?;
        input::date("due_on", charge.due_on)?;
        let tax = charge.tax.filter(|tax| !tax.is_zero());
        if let Some(tax) = tax {
            input::amount("tax", tax, currency)?;
            if tax.minor > charge.amount.minor {
                let amount = charge.amount;
                return Err(AccountRefusal::TaxTooLarge { tax, amount }.into());
            }
        }
        self.record(LeaseEvent::ChargePosted {
            charge: charge.charge,
            kind: charge.kind,
            description: charge.description,
            amount: charge.amount,
            tax,
            due_on: charge.due_on,
            period: charge.period,
            recurring: charge.recurring,
        });
        Ok(())
    }

    /// Waives a charge, wholly or in part; only what is unpaid, the rest is un-applied first.
    ///
    /// # Errors
    /// Refuses more than is left of the charge.
    pub fn waive(&mut self, charge: ChargeId, reduction: Reduction, reason: String) -> Result<(), Refusal> {
        input::line("reason", &reason)?;
        let kind = self.account().must_have_charge(charge)?.kind;
        let amount = self.account().reduction(charge, reduction, self.context())?;
        let (tax, on) = self.make_room(charge, amount)?;
        self.record(LeaseEvent::ChargeWaived {
            charge,
            kind,
            amount,
            tax,
            reason,
            on,
        });
        Ok(())
    }

    /// Adds what came in to what is in the residents' favour.
    pub fn credit(&mut self, credit: CreditId, amount: Money, received_on: NaiveDate) {
        self.record(LeaseEvent::Credited {
            credit,
            source: CreditSource::Payment,
            amount,
            received_on,
        });
    }
}

fn within(charge: ChargeId, reduction: Reduction, most: Money, context: &Context) -> Result<Money, Refusal> {
    if most.is_zero() {
        return Err(AccountRefusal::NothingLeft { charge }.into());
    }
    let asked = match reduction {
        Reduction::Whole => most,
        Reduction::Part(asked) => asked,
    };
    input::amount("amount", asked, context.currency())?;
    if asked.minor > most.minor {
        return Err(AccountRefusal::ReducedTooFar { charge, asked, most }.into());
    }
    Ok(asked)
}
