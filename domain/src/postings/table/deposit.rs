use super::{Change, Movement, Source};
use crate::{
    deposit::{DepositEvent, DepositSource},
    ids::{CreditId, DepositId},
    money::Money,
    postings::{Account, Act, Deed, Item, Line},
};

pub(super) fn movements(source: &Source<'_>, event: &DepositEvent) -> Vec<Movement> {
    let deposit = DepositId(source.aggregate_id);
    let secured = |credit: &CreditId, amount: &Money, banked: &bool| Deed {
        credit: *credit,
        act: Act::Secured {
            deposit,
            banked: *banked,
        },
        amount: *amount,
    };
    match event {
        DepositEvent::Received {
            lease,
            amount,
            source,
            on,
            bank_account,
        } => {
            let straight_in = || {
                let into = Line::debit(Account::DepositCash, *amount);
                Change::Entry(vec![
                    bank_account.map_or(into, |bank_account| into.at(bank_account)),
                    Line::credit(Account::DepositsHeld, *amount).of(Item::Deposit(deposit)),
                ])
            };
            let (memo, change) = match source {
                DepositSource::Direct => ("Deposit received", straight_in()),
                DepositSource::Opening => ("Deposit taken over", straight_in()),
                DepositSource::Credit { credit, banked } => {
                    ("Deposit paid", Change::Done(secured(credit, amount, banked)))
                }
            };
            vec![Movement::new(*lease, *on, memo, change)]
        }
        DepositEvent::ReceiptReversed {
            lease,
            amount,
            credit,
            banked,
        } => vec![Movement::new(
            *lease,
            source.effective_on,
            "Deposit receipt reversed",
            Change::TakenBack(secured(credit, amount, banked)),
        )],
        DepositEvent::Billed { .. } => Vec::new(),
    }
}
