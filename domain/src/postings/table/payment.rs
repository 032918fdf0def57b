use chrono::NaiveDate;

use super::{Change, Movement, Source};
use crate::{
    ids::{BankAccountId, CreditId, LeaseId, PaymentId},
    money::{Money, MoneyError},
    payment::PaymentEvent,
    postings::{Account, Act, Deed, Item, Line, deed::cash},
};

pub(super) fn movements(source: &Source<'_>, event: &PaymentEvent) -> Result<Vec<Movement>, MoneyError> {
    let credit = CreditId::from(PaymentId(source.aggregate_id));
    let today = source.effective_on;
    let received = |amount| Deed {
        credit,
        act: Act::Received,
        amount,
    };
    Ok(match event {
        PaymentEvent::Completed {
            lease,
            amount,
            received_on,
            ..
        } => vec![Movement::new(
            *lease,
            *received_on,
            "Payment received",
            Change::Done(received(*amount)),
        )],
        PaymentEvent::Deposited {
            lease,
            amount,
            fee,
            bank_account,
            on,
        } => {
            let lines = banked(*amount, *fee, *bank_account)?;
            vec![Movement::new(*lease, *on, "Payment banked", Change::Entry(lines))]
        }
        PaymentEvent::Voided {
            lease,
            amount,
            completed: true,
            reason,
        } => vec![Movement::new(
            *lease,
            today,
            format!("Payment voided: {reason}"),
            Change::TakenBack(received(*amount)),
        )],
        PaymentEvent::Returned {
            lease,
            amount,
            bank_account,
            bank_fee,
            reason,
        } => {
            let memo = format!("Payment returned: {reason}");
            lost(credit, *lease, today, memo, *amount, *bank_account, *bank_fee)
        }
        PaymentEvent::DisputeLost {
            lease,
            amount,
            bank_account,
            bank_fee,
        } => {
            let memo = "Dispute lost".to_owned();
            lost(credit, *lease, today, memo, *amount, *bank_account, *bank_fee)
        }
        PaymentEvent::Refunded {
            lease,
            amount,
            bank_account,
            reason,
            ..
        } => vec![Movement::new(
            *lease,
            today,
            format!("Refund: {reason}"),
            Change::Entry(paid_out(credit, *amount, Some(*bank_account))),
        )],
        PaymentEvent::Voided { completed: false, .. }
        | PaymentEvent::Initiated { .. }
        | PaymentEvent::Processing
        | PaymentEvent::Failed { .. }
        | PaymentEvent::Disputed { .. }
        | PaymentEvent::DisputeWon => Vec::new(),
    })
}

/// 1000 and 5200 / 1050. What deposits took before is no longer in 1050, so the fee may be more than what comes in.
fn banked(amount: Money, fee: Money, bank_account: BankAccountId) -> Result<Vec<Line>, MoneyError> {
    Ok(vec![
        Line::change(Account::OperatingCash, amount.minus(fee)?).at(bank_account),
        Line::debit(Account::BankFees, fee),
        Line::credit(Account::UndepositedFunds, amount),
    ])
}

/// 2200 / 1000, or 1050 while it is not in the bank; 5200 / 1000 for what the bank took.
fn lost(
    credit: CreditId,
    lease: LeaseId,
    on: NaiveDate,
    memo: String,
    amount: Money,
    bank_account: Option<BankAccountId>,
    bank_fee: Money,
) -> Vec<Movement> {
    let fee = vec![
        Line::debit(Account::BankFees, bank_fee),
        from_bank(Account::OperatingCash, bank_fee, bank_account),
    ];
    vec![
        Movement::new(lease, on, memo, Change::Entry(paid_out(credit, amount, bank_account))),
        Movement::new(lease, on, "Bank fee", Change::Entry(fee)),
    ]
}

fn paid_out(credit: CreditId, amount: Money, bank_account: Option<BankAccountId>) -> Vec<Line> {
    vec![
        Line::debit(Account::Prepaid, amount).of(Item::Credit(credit)),
        from_bank(cash(bank_account.is_some()), amount, bank_account),
    ]
}

fn from_bank(account: Account, amount: Money, bank_account: Option<BankAccountId>) -> Line {
    let line = Line::credit(account, amount);
    bank_account.map_or(line, |bank_account| line.at(bank_account))
}
