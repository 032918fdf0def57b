use chrono::NaiveDate;

use super::{Change, Movement};
use crate::{
    ids::{ChargeId, CreditId, LeaseId},
    lease::{ChargeKind, CreditTarget, LateFeePart, LeaseEvent, OpeningCharge, OpeningCredit},
    money::{Money, MoneyError},
    postings::{Account, Act, Deed, Item, Line, View, deed::charged_as},
};

pub(super) fn movements(lease: LeaseId, event: &LeaseEvent) -> Result<Vec<Movement>, MoneyError> {
    let entry = |on, memo: String, lines| Ok(vec![Movement::new(lease, on, memo, Change::Entry(lines))]);
    match event {
        LeaseEvent::ChargePosted {
            charge,
            kind,
            description,
            amount,
            tax,
            due_on,
            ..
        } => entry(*due_on, description.clone(), owed(*charge, *kind, *amount, *tax)?),
        LeaseEvent::LateFeeAssessed {
            charge,
            period,
            part,
            day,
            amount,
        } => {
            let lines = owed(*charge, ChargeKind::LateFee, *amount, None)?;
            entry(*day, late_fee_memo(*period, *part, *day), lines)
        }
        // A waiver is a decision of its own, not the correction of a mistake: it may be of a part, and of another month.
        LeaseEvent::ChargeWaived {
            charge,
            kind,
            amount,
            tax,
            reason,
            on,
        } => {
            let lines = owed(*charge, *kind, *amount, *tax)?;
            let lines = lines.into_iter().map(Line::inverse).collect();
            entry(*on, format!("Waived: {reason}"), lines)
        }
        LeaseEvent::ConcessionGranted {
            charge,
            amount,
            tax,
            reason,
            on,
            ..
        } => {
            let lines = given_up(*charge, Account::Concessions, *amount, *tax)?;
            entry(*on, format!("Concession: {reason}"), lines)
        }
        LeaseEvent::ChargeWrittenOff {
            charge,
            amount,
            tax,
            reason,
            on,
            ..
        } => {
            let lines = given_up(*charge, Account::BadDebt, *amount, *tax)?;
            entry(*on, format!("Written off: {reason}"), lines)
        }
        LeaseEvent::CreditApplied {
            credit,
            target,
            amount,
            tax,
            on,
        } => Ok(paid(*credit, *target, *amount, *tax)
            .map(|deed| Movement::new(lease, *on, "Credit applied", Change::Done(deed)))
            .into_iter()
            .collect()),
        LeaseEvent::CreditUnapplied {
            credit,
            target,
            amount,
            tax,
            on,
        } => Ok(paid(*credit, *target, *amount, *tax)
            .map(|deed| Movement::new(lease, *on, "Credit un-applied", Change::TakenBack(deed)))
            .into_iter()
            .collect()),
        LeaseEvent::Opened { as_of, charge, credit } => Ok(opened(lease, *as_of, charge.as_ref(), credit.as_ref())),
        // What comes in and what goes out again is posted by the payment's own events.
        LeaseEvent::Credited { .. }
        | LeaseEvent::CreditWithdrawn { .. }
        | LeaseEvent::Created { .. }
        | LeaseEvent::Amended { .. }
        | LeaseEvent::RecurringChargeAdded { .. }
        | LeaseEvent::RecurringChargeEnded { .. }
        | LeaseEvent::Signed { .. }
        | LeaseEvent::Activated { .. }
        | LeaseEvent::RentChanged { .. }
        | LeaseEvent::Renewed { .. }
        | LeaseEvent::RolledOver { .. }
        | LeaseEvent::NoticeGiven { .. }
        | LeaseEvent::Expiring { .. }
        | LeaseEvent::Ended { .. }
        | LeaseEvent::Settled
        | LeaseEvent::Voided { .. }
        | LeaseEvent::DepositAdded { .. } => Ok(Vec::new()),
    }
}

/// 1200 / the kind's income, and 2400 for the tax.
fn owed(charge: ChargeId, kind: ChargeKind, amount: Money, tax: Option<Money>) -> Result<Vec<Line>, MoneyError> {
    let tax = or_zero(tax, amount);
    Ok(vec![
        receivable(charge, amount),
        Line::credit(charged_as(kind), amount.minus(tax)?).only(View::Accrual),
        Line::credit(Account::TaxesPayable, tax).only(View::Accrual),
    ])
}

/// What it costs to give up the claim, and 2400 for the tax that will not be collected / 1200.
fn given_up(charge: ChargeId, cost: Account, amount: Money, tax: Option<Money>) -> Result<Vec<Line>, MoneyError> {
    let tax = or_zero(tax, amount);
    Ok(vec![
        Line::debit(cost, amount.minus(tax)?).only(View::Accrual),
        Line::debit(Account::TaxesPayable, tax).only(View::Accrual),
        receivable(charge, amount).inverse(),
    ])
}

fn or_zero(tax: Option<Money>, of: Money) -> Money {
    tax.unwrap_or(Money::zero(of.currency))
}

fn receivable(charge: ChargeId, amount: Money) -> Line {
    Line::debit(Account::Receivables, amount)
        .of(Item::Charge(charge))
        .only(View::Accrual)
}

/// What a credit paid. A deposit's own event says so for a deposit.
fn paid(credit: CreditId, target: CreditTarget, amount: Money, tax: Option<Money>) -> Option<Deed> {
    match target {
        CreditTarget::Charge { charge, kind } => Some(Deed {
            credit,
            act: Act::Paid {
                charge,
                kind,
                tax: or_zero(tax, amount),
            },
            amount,
        }),
        CreditTarget::Deposit { .. } => None,
    }
}

/// 1200 / 3800 for what is owed; 1000 / 2200 for what is in the residents' favour.
fn opened(
    lease: LeaseId,
    as_of: NaiveDate,
    charge: Option<&OpeningCharge>,
    credit: Option<&OpeningCredit>,
) -> Vec<Movement> {
    let entry = |memo, lines| Movement::new(lease, as_of, memo, Change::Entry(lines));
    let charge = charge.map(|opening| {
        let lines = vec![
            receivable(opening.charge, opening.amount),
            Line::credit(Account::OpeningBalances, opening.amount).only(View::Accrual),
        ];
        entry("Balance taken over", lines)
    });
    let credit = credit.map(|opening| {
        let lines = vec![
            Line::debit(Account::OperatingCash, opening.amount),
            Line::credit(Account::Prepaid, opening.amount).of(Item::Credit(opening.credit)),
        ];
        entry("Credit taken over", lines)
    });
    charge.into_iter().chain(credit).collect()
}

fn late_fee_memo(period: NaiveDate, part: LateFeePart, day: NaiveDate) -> String {
    match part {
        LateFeePart::Flat | LateFeePart::PercentOfOutstanding | LateFeePart::PercentOfRent => {
            format!("Late fee, due {period}")
        }
        LateFeePart::Daily => format!("Late fee, due {period}, for {day}"),
    }
}
