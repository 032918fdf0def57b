//! What holds of the books whatever happened.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::postings::{
    Account, EntryId, Item,
    testing::{History, Step},
};

prop_compose! {
    fn step()(what in any::<u8>(), pick in any::<u16>(), cents in 0_u32..300_000) -> Step {
        Step { what, pick, cents }
    }
}

prop_compose! {
    fn history()(leases in 1_usize..4, steps in prop::collection::vec(step(), 0..60)) -> History {
        let mut history = History::begin(1, leases);
        for step in steps {
            history.take(step);
        }
        history
    }
}

fn post(history: &History) -> Vec<JournalEntry> {
    let mut books = Books::default();
    let post = |happened: &crate::postings::testing::Happened| books.post(&happened.source()).unwrap();
    history.happened().iter().flat_map(post).collect()
}

/// What the items of each kind come to, debits above zero; in both views the same, where both have them.
fn items(entries: &[JournalEntry], account: Account) -> HashMap<Item, i64> {
    let mut sums = HashMap::new();
    for line in entries.iter().flat_map(|entry| &entry.lines) {
        if line.account == account {
            *sums.entry(line.item.unwrap()).or_default() += line.signed();
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_view_of_each_entry_balances_and_no_amount_is_below_zero(history in history()) {
        for entry in post(&history) {
            for basis in [Basis::Accrual, Basis::Cash] {
                let lines = entry.lines.iter().filter(|line| line.view.is_in(basis));
                prop_assert_eq!(lines.map(Line::signed).sum::<i64>(), 0, "{:?} {:?}", basis, entry);
            }
            prop_assert!(entry.lines.iter().all(|line| line.amount.is_positive()));
        }
    }

    #[test]
    fn a_correction_is_the_inverse_of_one_earlier_entry_that_nothing_else_reverses(history in history()) {
        let mut earlier: HashMap<EntryId, JournalEntry> = HashMap::new();
        let mut reversed = HashSet::new();
        for entry in post(&history) {
            if let Some(original) = entry.reverses {
                let original = &earlier[&original];
                prop_assert_eq!(&entry.lines, &inverse(&original.lines));
                prop_assert_eq!(entry.dimensions, original.dimensions);
                prop_assert_eq!(original.reverses, None, "a reversal is not reversed");
                prop_assert!(reversed.insert(original.id), "reversed twice");
                prop_assert_eq!(entry.stands, None);
            }
            prop_assert!(earlier.insert(entry.id, entry).is_none(), "an id is used once");
        }
    }

    #[test]
    fn the_books_agree_with_the_account_of_every_lease(history in history()) {
        let entries = post(&history);
        let receivables = items(&entries, Account::Receivables);
        let credits = items(&entries, Account::Prepaid);
        for (_, account) in history.accounts() {
            for charge in account.charges() {
                let booked = receivables.get(&Item::Charge(charge.id));
                prop_assert_eq!(booked, Some(&charge.open.minor));
            }
            for credit in account.credits() {
                let booked = credits.get(&Item::Credit(credit.id));
                prop_assert_eq!(booked.copied().unwrap_or(0), -credit.free.minor);
            }
        }
    }

    #[test]
    fn the_cash_view_knows_neither_receivables_nor_payables(history in history()) {
        let cash = balances(&post(&history), Basis::Cash);
        for account in [Account::Receivables, Account::Payables] {
            prop_assert!(!cash.contains_key(&account.code()));
        }
    }

    #[test]
    fn deposits_held_are_in_the_deposit_account_and_undeposited_funds_never_fall_below_zero(history in history()) {
        let mut undeposited = 0;
        let entries = post(&history);
        for line in entries.iter().flat_map(|entry| &entry.lines) {
            if line.account == Account::UndepositedFunds {
                undeposited += line.signed();
            }
        }
        prop_assert!(undeposited >= 0);
        let cash = balances(&entries, Basis::Cash);
        let held = cash.get(&Account::DepositsHeld.code()).copied().unwrap_or(0);
        prop_assert_eq!(cash.get(&Account::DepositCash.code()).copied().unwrap_or(0), -held);
    }
}
