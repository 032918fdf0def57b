//! From moving in to moving out, and to the settlement.

use chrono::{Days, NaiveDate};

use super::{
    Facts, Lease, LeaseEvent, LeaseRefusal, Renewal, Status,
    agreement::{later_than, not_in_future, rent, within_term},
    schedule,
};
use crate::{Refusal, context::Context, money::Money, span::days_after};

impl Lease {
    pub(super) fn activate(&self, on: NaiveDate, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.must_be(&[Status::Signed], "signed and not yet in force")?;
        within_term("on", on, contract.term)?;
        not_in_future("on", on, context)?;
        let move_in_day_counts = context.settings.proration.move_in_day_counts;
        let mut facts = Facts::on(self, context);
        facts.record(LeaseEvent::Activated {
            on,
            charged_from: schedule::first_charged_day(contract.term, contract.due_day, move_in_day_counts),
        });
        if contract.term.to.is_none() {
            let from = contract.term.from;
            facts.record(LeaseEvent::RolledOver { from });
        }
        facts.post_due(context.effective_on)?;
        Ok(facts.into_events())
    }

    pub(super) fn change_rent(
        &self,
        amount: Money,
        tax: Option<Money>,
        from: NaiveDate,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.must_be(
            &[Status::Signed, Status::Active, Status::MonthToMonth, Status::OnNotice],
            "signed or in force",
        )?;
        rent(amount, tax, context)?;
        within_term("from", from, contract.term)?;
        let present = contract.rent_on(from);
        if (present.amount, present.tax) == (amount, tax) {
            return Err(LeaseRefusal::RentUnchanged { rent: amount }.into());
        }
        self.rent_must_be_open_from(from)?;
        Ok(vec![LeaseEvent::RentChanged {
            rent: amount,
            rent_tax: tax,
            from,
        }])
    }

    pub(super) fn renew(&self, renewal: Renewal, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let Renewal {
            from,
            to,
            rent: amount,
            rent_tax: tax,
        } = renewal;
        let contract = self.must_be_in_force()?;
        later_than("from", from, contract.term.from)?;
        if let Some(ends) = contract.term.to.filter(|ends| *ends < from) {
            return Err(LeaseRefusal::Gap { from, ends }.into());
        }
        if let Some(to) = to {
            later_than("to", to, contract.term.to.map_or(from, |ends| ends.max(from)))?;
        }
        rent(amount, tax, context)?;
        let present = contract.rent_on(from);
        if (present.amount, present.tax) != (amount, tax) {
            self.rent_must_be_open_from(from)?;
        }
        let renewed = LeaseEvent::Renewed {
            from,
            to,
            rent: amount,
            rent_tax: tax,
        };
        Ok(match to {
            Some(_) => vec![renewed],
            None => vec![renewed, LeaseEvent::RolledOver { from }],
        })
    }

    /// The days that are charged were charged at the rent they had.
    fn rent_must_be_open_from(&self, from: NaiveDate) -> Result<(), LeaseRefusal> {
        match schedule::rent_charged_through(&self.account) {
            Some(through) if from < through => Err(LeaseRefusal::DaysCharged { from, through }),
            _ => Ok(()),
        }
    }

    pub(super) fn roll_over(&self, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let ends = self.end_of_term()?;
        if context.effective_on < ends {
            return Err(LeaseRefusal::TermNotOver { ends }.into());
        }
        Ok(vec![LeaseEvent::RolledOver { from: ends }])
    }

    pub(super) fn give_notice(
        &self,
        given_on: NaiveDate,
        ends: NaiveDate,
        context: &Context,
    ) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.must_be_in_force()?;
        not_in_future("given_on", given_on, context)?;
        later_than("ends", ends, given_on.max(contract.term.from))?;
        if contract.status == Status::OnNotice && contract.term.to == Some(ends) {
            return Err(LeaseRefusal::NoticeGiven { ends }.into());
        }
        Ok(vec![LeaseEvent::NoticeGiven { given_on, ends }])
    }

    pub(super) fn announce_expiry(&self, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let ends = self.end_of_term()?;
        if self.contract()?.announced == Some(ends) {
            return Err(LeaseRefusal::ExpiryAnnounced { ends }.into());
        }
        let announced_from = announced_from(ends, context.settings.expiring_days);
        if context.effective_on < announced_from || ends <= context.effective_on {
            return Err(LeaseRefusal::NotExpiring { ends, announced_from }.into());
        }
        Ok(vec![LeaseEvent::Expiring { ends }])
    }

    /// The end of a term that may still be followed by another or by none.
    fn end_of_term(&self) -> Result<NaiveDate, LeaseRefusal> {
        let contract = self.must_be(&[Status::Active], "active, for a term")?;
        contract.term.to.ok_or(LeaseRefusal::Status {
            status: contract.status,
            needed: "active, for a term",
        })
    }

    pub(super) fn end(&self, on: NaiveDate, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        let contract = self.must_be_in_force()?;
        later_than("on", on, contract.term.from)?;
        // The last day may be today.
        let latest = days_after(context.effective_on, 1);
        if latest < on {
            let (field, today) = ("on", latest);
            return Err(LeaseRefusal::InFuture { field, date: on, today }.into());
        }
        let mut facts = Facts::on(self, context);
        facts.post_due_of_days_before(on)?;
        facts.give_back(on, |_| true)?;
        facts.record(LeaseEvent::Ended { on });
        Ok(facts.into_events())
    }

    pub(super) fn settle(&self, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        self.must_be(&[Status::Ended], "ended")?;
        match self.account.balance() {
            0 => Ok(vec![LeaseEvent::Settled]),
            balance => {
                let balance = Money::new(balance, context.currency());
                Err(LeaseRefusal::BalanceOpen { balance }.into())
            }
        }
    }
}

/// The first day on which an end is announced as coming.
pub(super) fn announced_from(ends: NaiveDate, days: u16) -> NaiveDate {
    ends.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN)
}
