//! Which charges fall due when.
//!
//! A rental period runs from one due date to the next. A line (the rent, or something that recurs beside it) is charged for
//! the days on which it is owed and that no charge covers yet: a whole period at its whole price, a part by the organization's
//! proration, each on its first day. A price that changes within a period makes two parts of it.

use chrono::NaiveDate;

use super::{Account, Charge, ChargeKind, Contract, Recurring, Rent, proration};
use crate::{
    ids::RecurringId,
    money::{Money, MoneyError},
    settings::ProrationMethod,
    span::{Span, days_after, due_date, month_after},
};

/// A charge that falls due on the first of the days it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What for.
    pub kind: ChargeKind,
    /// The recurring charge it comes from; the rent without.
    pub recurring: Option<RecurringId>,
    /// What it is called in the lease.
    pub name: String,
    /// How much, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Option<Money>,
    /// The first day it is for; its due date.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
}

/// The rental period that a day lies in: from a due date up to, and without, the next.
#[must_use]
pub fn rental_period(day: NaiveDate, due_day: u8) -> (NaiveDate, NaiveDate) {
    let in_month = due_date(day, due_day);
    if in_month <= day {
        (in_month, due_date(month_after(day, 1), due_day))
    } else {
        let month_before = due_date(day, 1).pred_opt().unwrap_or(day);
        (due_date(month_before, due_day), in_month)
    }
}

/// The first due date after a day.
#[must_use]
pub fn next_due_date(day: NaiveDate, due_day: u8) -> NaiveDate {
    rental_period(day, due_day).1
}

/// The first day that is charged for: the first of the lease, or the day after where the policy lets the day of moving in go
/// free. A whole period has no part to leave out.
#[must_use]
pub fn first_charged_day(term: Span, due_day: u8, move_in_day_counts: bool) -> NaiveDate {
    let (due, next) = rental_period(term.from, due_day);
    let whole_period = due == term.from && term.to.is_none_or(|to| next <= to);
    if move_in_day_counts || whole_period {
        term.from
    } else {
        days_after(term.from, 1)
    }
}

/// The charges of a lease that fall due up to a day and are not posted yet, by due date. None before it is in force.
///
/// # Errors
/// Refuses amounts too large to reckon with.
pub fn due_charges(
    contract: &Contract,
    account: &Account,
    method: ProrationMethod,
    through: NaiveDate,
) -> Result<Vec<Due>, MoneyError> {
    let mut due = Vec::new();
    for line in Line::all(contract)? {
        due.extend(line.due(account, contract.due_day, method, through)?);
    }
    due.sort_by_key(|charge| charge.from);
    Ok(due)
}

/// The day behind the last for which rent is charged.
#[must_use]
pub fn rent_charged_through(account: &Account) -> Option<NaiveDate> {
    let rent = |charge: &&Charge| (charge.kind, charge.recurring) == (ChargeKind::Rent, None);
    account
        .charges()
        .filter(rent)
        .filter_map(|charge| charge.period?.to)
        .max()
}

/// What a charge would have come to, had its days ended before `end`. `None` if they do anyway, or if it is neither rent nor
/// a recurring charge for days.
///
/// # Errors
/// Refuses amounts too large to reckon with.
pub fn kept_until(
    end: NaiveDate,
    charge: &Charge,
    contract: &Contract,
    method: ProrationMethod,
) -> Result<Option<Money>, MoneyError> {
    let lines = Line::all(contract)?;
    let line = lines.iter().find(|line| line.makes(charge));
    let Some((line, Span { from, to: Some(to) })) = line.zip(charge.period) else {
        return Ok(None);
    };
    if to <= end {
        return Ok(None);
    }
    let whole = line.price_on(from).amount;
    let kept = if (from, end) == rental_period(from, contract.due_day) {
        whole
    } else {
        proration::part(whole, from, end, method)?
    };
    Ok(Some(kept.least(charge.amount)))
}

/// Something that is charged for every period of its days.
struct Line<'a> {
    kind: ChargeKind,
    recurring: Option<RecurringId>,
    name: &'a str,
    days: Span,
    /// The price at first.
    price: Price,
    /// The prices after it, by the day each begins.
    later: Vec<Price>,
}

/// What a whole period costs from a day on, tax included.
#[derive(Clone, Copy)]
struct Price {
    from: NaiveDate,
    amount: Money,
    tax: Option<Money>,
}

/// Days that a charge covers, and what it comes to.
struct Charged {
    from: NaiveDate,
    to: NaiveDate,
    amount: Money,
    tax: Option<Money>,
}

impl<'a> Line<'a> {
    fn all(contract: &'a Contract) -> Result<Vec<Self>, MoneyError> {
        let Some(first) = contract.charged_from else {
            return Ok(vec![]);
        };
        let mut lines = vec![Self::rent(contract, first)?];
        let recurring = contract.recurring.iter();
        lines.extend(recurring.map(|recurring| Self::recurring(contract, recurring, first)));
        Ok(lines)
    }

    fn rent(contract: &'a Contract, first: NaiveDate) -> Result<Self, MoneyError> {
        let price = |rent: &Rent| {
            Ok(Price {
                from: rent.from,
                amount: rent.tax.map_or(Ok(rent.amount), |tax| rent.amount.plus(tax))?,
                tax: rent.tax,
            })
        };
        Ok(Self {
            kind: ChargeKind::Rent,
            recurring: None,
            name: "Rent",
            days: Span {
                from: first,
                to: contract.term.to,
            },
            price: price(&contract.rent)?,
            later: contract
                .rent_changes
                .iter()
                .map(price)
                .collect::<Result<_, MoneyError>>()?,
        })
    }

    fn recurring(contract: &Contract, recurring: &'a Recurring, first: NaiveDate) -> Self {
        let Span { from, to } = recurring.days;
        Self {
            kind: recurring.kind,
            recurring: Some(recurring.id),
            name: &recurring.description,
            days: Span {
                from: first.max(from),
                to: [contract.term.to, to].into_iter().flatten().min(),
            },
            price: Price {
                from,
                amount: recurring.amount,
                tax: recurring.tax,
            },
            later: vec![],
        }
    }

    fn due(
        &self,
        account: &Account,
        due_day: u8,
        method: ProrationMethod,
        through: NaiveDate,
    ) -> Result<Vec<Due>, MoneyError> {
        let mut charged = self.charged(account);
        let mut due = Vec::new();
        let mut day = after_charged(self.days.from, &charged);
        while day <= through && self.days.contains(day) {
            let period = rental_period(day, due_day);
            let to = self.end_of_part(day, period.1, &charged);
            let (amount, tax) = self.cost((day, to), period, &charged, method)?;
            if amount.is_positive() {
                due.push(Due {
                    kind: self.kind,
                    recurring: self.recurring,
                    name: self.name.to_owned(),
                    amount,
                    tax,
                    from: day,
                    to,
                });
            }
            charged.push(Charged {
                from: day,
                to,
                amount,
                tax,
            });
            day = after_charged(to, &charged);
        }
        Ok(due)
    }

    /// Where the part that begins on a day ends: with the period, the line, the price, or where a charge covers the days.
    fn end_of_part(&self, day: NaiveDate, period_ends: NaiveDate, charged: &[Charged]) -> NaiveDate {
        let price_ends = self.later.iter().map(|price| price.from);
        let covered = charged.iter().map(|part| part.from);
        price_ends
            .chain(covered)
            .chain(self.days.to)
            .filter(|end| day < *end)
            .fold(period_ends, NaiveDate::min)
    }

    /// What the days of a part cost. All parts of a period together never cost more than the dearest price in it, nor is
    /// there more tax in them than in the most taxed.
    fn cost(
        &self,
        (from, to): (NaiveDate, NaiveDate),
        period: (NaiveDate, NaiveDate),
        charged: &[Charged],
        method: ProrationMethod,
    ) -> Result<(Money, Option<Money>), MoneyError> {
        let price = self.price_on(from);
        if (from, to) == period {
            return Ok((price.amount, price.tax));
        }
        let (most, most_tax) = self.dearest_in(period);
        let taken = charged
            .iter()
            .filter(|part| period.0 <= part.from && part.from < period.1);
        let (amounts, taxes) = taken.fold((0_i64, 0_i64), |(amounts, taxes), part| {
            let tax = part.tax.map_or(0, |tax| tax.minor);
            (amounts.saturating_add(part.amount.minor), taxes.saturating_add(tax))
        });
        let within = |whole: Money, room: i64| {
            let part = proration::part(whole, from, to, method)?;
            Ok::<_, MoneyError>(Money::new(part.minor.min(room.max(0)), part.currency))
        };
        let amount = within(price.amount, most.saturating_sub(amounts))?;
        let tax_room = most_tax.saturating_sub(taxes).min(amount.minor);
        let tax = price.tax.map(|tax| within(tax, tax_room)).transpose()?;
        Ok((amount, tax))
    }

    fn price_on(&self, day: NaiveDate) -> Price {
        let in_force = self.later.iter().rev().find(|price| price.from <= day);
        *in_force.unwrap_or(&self.price)
    }

    /// The highest amount and the highest tax, each by itself, of the prices in a period. In minor units.
    fn dearest_in(&self, period: (NaiveDate, NaiveDate)) -> (i64, i64) {
        let first = self.price_on(period.0);
        let within = |price: &&Price| period.0 < price.from && price.from < period.1;
        self.later
            .iter()
            .filter(within)
            .chain([&first])
            .fold((0, 0), |(amount, tax), price| {
                let own_tax = price.tax.map_or(0, |tax| tax.minor);
                (amount.max(price.amount.minor), tax.max(own_tax))
            })
    }

    fn makes(&self, charge: &Charge) -> bool {
        (charge.kind, charge.recurring) == (self.kind, self.recurring)
    }

    /// What the line's charges cover, by day. A charge of rent without days covers none.
    fn charged(&self, account: &Account) -> Vec<Charged> {
        let mut charged: Vec<_> = account
            .charges()
            .filter(|charge| self.makes(charge))
            .filter_map(|charge| {
                let Span { from, to: Some(to) } = charge.period? else {
                    return None;
                };
                Some(Charged {
                    from,
                    to,
                    amount: charge.amount,
                    tax: charge.tax,
                })
            })
            .collect();
        charged.sort_by_key(|part| part.from);
        charged
    }
}

/// The first day from a given one on that no charge covers. The charges that end after it are in the order of their days.
fn after_charged(day: NaiveDate, charged: &[Charged]) -> NaiveDate {
    charged
        .iter()
        .fold(day, |day, part| if part.from <= day { day.max(part.to) } else { day })
}
