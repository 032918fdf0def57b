//! From the draft to the signature, or to nothing.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::{
    ChargeKind, Contract, Facts, Lease, LeaseEvent, LeaseRefusal, NewRecurring, Status, TakeOver, Terms, schedule,
};
use crate::{
    Refusal,
    context::Context,
    ids::{DepositId, PropertyId, RecurringId, UnitId},
    input::{self, InputRefusal},
    money::Money,
    span::Span,
};

/// The most residents of one lease.
const RESIDENTS: usize = 50;

impl Lease {
    pub(super) fn draft(
        &self,
        property: PropertyId,
        unit: UnitId,
        terms: Terms,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        if self.contract.is_some() {
            return Err(LeaseRefusal::Exists.into());
        }
        check(&terms, context)?;
        Ok(vec![LeaseEvent::Created { property, unit, terms }])
    }

    pub(super) fn amend(&self, terms: Terms, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.contract()?;
        if contract.status != Status::Draft {
            let status = contract.status;
            return Err(LeaseRefusal::Agreed { status }.into());
        }
        check(&terms, context)?;
        if contract.terms() == terms {
            return Err(LeaseRefusal::Unchanged.into());
        }
        Ok(vec![LeaseEvent::Amended { terms }])
    }

    pub(super) fn add_recurring(&self, new: NewRecurring, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.must_be_unfinished()?;
        if !matches!(
            new.kind,
            ChargeKind::Parking | ChargeKind::Pet | ChargeKind::Storage | ChargeKind::Utilities | ChargeKind::Other
        ) {
            return Err(LeaseRefusal::RecurringKind.into());
        }
        input::line("description", &new.description)?;
        input::amount("amount", new.amount, context.currency())?;
        if let Some(tax) = new.tax {
            tax_within("tax", tax, new.amount, context)?;
        }
        within_term("from", new.from, contract.term)?;
        Ok(vec![LeaseEvent::RecurringChargeAdded {
            recurring: context.id(0).into(),
            kind: new.kind,
            description: new.description,
            amount: new.amount,
            tax: new.tax,
            from: new.from,
        }])
    }

    pub(super) fn end_recurring(
        &self,
        id: RecurringId,
        on: NaiveDate,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.must_be_unfinished()?;
        let known = contract.recurring.iter().find(|known| known.id == id);
        let days = known.ok_or(LeaseRefusal::RecurringAbsent { recurring: id })?.days;
        input::date("on", on)?;
        if let Some(ended) = days.to.filter(|ended| *ended <= on) {
            let refusal = LeaseRefusal::RecurringEnded {
                recurring: id,
                on: ended,
            };
            return Err(refusal.into());
        }
        if on < days.from {
            let refusal = LeaseRefusal::OutsideTerm {
                field: "on",
                date: on,
                term: days,
            };
            return Err(refusal.into());
        }
        let mut facts = Facts::on(self, context);
        facts.record(LeaseEvent::RecurringChargeEnded { recurring: id, on });
        facts.give_back(on, |charge| charge.recurring == Some(id))?;
        Ok(facts.into_events())
    }

    pub(super) fn sign(&self, on: NaiveDate, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        self.must_be(&[Status::Draft], "a draft")?;
        not_in_future("on", on, context)?;
        Ok(vec![LeaseEvent::Signed { on }])
    }

    pub(super) fn void(&self, reason: String) -> Result<Vec<LeaseEvent>, Refusal> {
        self.must_be(&[Status::Draft, Status::Signed], "a draft or signed")?;
        input::line("reason", &reason)?;
        Ok(vec![LeaseEvent::Voided { reason }])
    }

    pub(super) fn take_over(&self, taken: TakeOver, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let TakeOver {
            property,
            unit,
            terms,
            moved_in,
            notice,
            balance,
            due_on,
        } = taken;
        let as_of = context.effective_on;
        let Span { from, to } = terms.term;
        not_in_future("term.from", from, context)?;
        not_in_future("moved_in", moved_in, context)?;
        let charged_from = schedule::next_due_date(as_of, terms.due_day);
        let mut facts = Facts::on(self, context);
        facts.record_all(self.draft(property, unit, terms, context)?);
        facts.record(LeaseEvent::Signed { on: from });
        facts.record(LeaseEvent::Activated {
            on: moved_in,
            charged_from,
        });
        match (notice, to) {
            (Some(ends), _) => {
                later_than("notice", ends, from)?;
                facts.record(LeaseEvent::NoticeGiven { given_on: as_of, ends });
            }
            (None, Some(to)) if as_of < to => {}
            (None, over) => facts.record(LeaseEvent::RolledOver {
                from: over.unwrap_or(from),
            }),
        }
        let ids = (context.id(1).into(), context.id(2).into());
        facts.record_all(self.account.open(ids, balance, due_on, context)?);
        Ok(facts.into_events())
    }

    pub(super) fn add_deposit(&self, deposit: DepositId) -> Result<Vec<LeaseEvent>, Refusal> {
        self.must_have_account()?;
        if self.deposits.contains(&deposit) {
            return Err(LeaseRefusal::DepositKnown { deposit }.into());
        }
        Ok(vec![LeaseEvent::DepositAdded { deposit }])
    }

    fn must_be_unfinished(&self) -> Result<&Contract, LeaseRefusal> {
        self.must_be(
            &[
                Status::Draft,
                Status::Signed,
                Status::Active,
                Status::MonthToMonth,
                Status::OnNotice,
            ],
            "a draft, signed or in force",
        )
    }
}

fn check(terms: &Terms, context: &Context) -> Result<(), Refusal> {
    if terms.residents.is_empty() {
        return Err(LeaseRefusal::NoResidents.into());
    }
    let count = terms.residents.len();
    if count > RESIDENTS {
        let field = "residents";
        let limit = RESIDENTS;
        return Err(InputRefusal::TooMany { field, count, limit }.into());
    }
    let mut seen = HashSet::new();
    if let Some(twice) = terms.residents.iter().find(|resident| !seen.insert(**resident)) {
        let entry = twice.to_string();
        let field = "residents";
        return Err(InputRefusal::ListedTwice { field, entry }.into());
    }
    input::date("term.from", terms.term.from)?;
    if let Some(to) = terms.term.to {
        input::date("term.to", to)?;
    }
    if terms.term.is_empty() {
        return Err(LeaseRefusal::NoDays { term: terms.term }.into());
    }
    input::number("due_day", terms.due_day, 1..=31)?;
    rent(terms.rent, terms.rent_tax, context)
}

/// A rent of a whole month, perhaps nothing, with the tax on top of it.
pub(super) fn rent(amount: Money, tax: Option<Money>, context: &Context) -> Result<(), Refusal> {
    input::amount_or_zero("rent", amount, context.currency())?;
    tax.map_or(Ok(()), |tax| tax_within("rent_tax", tax, amount, context))
}

fn tax_within(field: &'static str, tax: Money, amount: Money, context: &Context) -> Result<(), Refusal> {
    input::amount_or_zero(field, tax, context.currency())?;
    if tax.minor > amount.minor {
        return Err(super::AccountRefusal::TaxTooLarge { tax, amount }.into());
    }
    Ok(())
}

pub(super) fn within_term(field: &'static str, date: NaiveDate, term: Span) -> Result<(), Refusal> {
    input::date(field, date)?;
    if term.contains(date) {
        Ok(())
    } else {
        Err(LeaseRefusal::OutsideTerm { field, date, term }.into())
    }
}

pub(super) fn not_in_future(field: &'static str, date: NaiveDate, context: &Context) -> Result<(), Refusal> {
    input::date(field, date)?;
    let today = context.effective_on;
    if date <= today {
        Ok(())
    } else {
        Err(LeaseRefusal::InFuture { field, date, today }.into())
    }
}

pub(super) fn later_than(field: &'static str, date: NaiveDate, after: NaiveDate) -> Result<(), Refusal> {
    input::date(field, date)?;
    if after < date {
        Ok(())
    } else {
        Err(LeaseRefusal::TooEarly { field, date, after }.into())
    }
}
