//! The rows of the posting table for payments and deposits, one by one.

use uuid::Uuid;

use super::{View::Both, *};
use crate::{
    deposit::{DepositEvent, DepositPurpose, DepositSource},
    ids::BankAccountId,
    payment::{Method, PaymentEvent},
    postings::Item,
};

const BANK: BankAccountId = BankAccountId(Uuid::from_u128(7));

fn on_payment(event: PaymentEvent) -> Vec<JournalEntry> {
    Desk::new().post(PAYMENT, day(6, 20), event)
}

fn on_deposit(event: DepositEvent) -> Vec<JournalEntry> {
    Desk::new().post(DEPOSIT, day(6, 20), event)
}

#[test]
fn a_payment_is_a_credit_in_both_views_from_its_receipt() {
    let entries = on_payment(PaymentEvent::Completed {
        lease: LEASE,
        amount: usd(170_000),
        received_on: day(6, 2),
        reference: None,
    });
    assert_eq!(
        only(&entries),
        (day(6, 2), vec![(1050, Both, 170_000), (2200, Both, -170_000)])
    );
    assert_eq!(entries[0].lines[1].item, Some(Item::Credit(CREDIT)));
}

fn deposited(amount: i64, fee: i64) -> PaymentEvent {
    PaymentEvent::Deposited {
        lease: LEASE,
        amount: usd(amount),
        fee: usd(fee),
        bank_account: BANK,
        on: day(6, 4),
    }
}

#[test]
fn a_deposit_in_the_bank_is_net_of_the_processors_fee() {
    let entries = on_payment(deposited(170_000, 5_000));
    let lines = vec![(1000, Both, 165_000), (5200, Both, 5_000), (1050, Both, -170_000)];
    assert_eq!(only(&entries), (day(6, 4), lines));
    assert_eq!(entries[0].lines[0].bank_account, Some(BANK));
    let without_fee = on_payment(deposited(100, 0));
    assert_eq!(only(&without_fee).1, [(1000, Both, 100), (1050, Both, -100)]);
}

#[test]
fn a_fee_above_what_deposits_left_is_paid_from_the_operating_account() {
    assert_eq!(
        only(&on_payment(deposited(0, 5_000))).1,
        [(1000, Both, -5_000), (5200, Both, 5_000)]
    );
}

#[test]
fn a_returned_payment_leaves_the_bank_and_the_bank_takes_its_fee() {
    let entries = on_payment(PaymentEvent::Returned {
        lease: LEASE,
        amount: usd(170_000),
        bank_account: Some(BANK),
        bank_fee: usd(1_200),
        reason: "R01".into(),
    });
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].effective_on, day(6, 20));
    assert_eq!(on_paper(&entries[0]), [(2200, Both, 170_000), (1000, Both, -170_000)]);
    assert_eq!(on_paper(&entries[1]), [(5200, Both, 1_200), (1000, Both, -1_200)]);
    assert_eq!(entries[1].lines[1].bank_account, Some(BANK));
    assert_eq!((entries[0].id.index, entries[1].id.index), (0, 1));
    assert_eq!(entries[0].memo, "Payment returned: R01");
}

#[test]
fn a_returned_payment_that_was_never_banked_leaves_undeposited_funds() {
    let entries = on_payment(PaymentEvent::Returned {
        lease: LEASE,
        amount: usd(170_000),
        bank_account: None,
        bank_fee: usd(0),
        reason: "R01".into(),
    });
    assert_eq!(only(&entries).1, [(2200, Both, 170_000), (1050, Both, -170_000)]);
}

#[test]
fn a_lost_dispute_leaves_the_bank_and_the_bank_takes_its_fee() {
    let entries = on_payment(PaymentEvent::DisputeLost {
        lease: LEASE,
        amount: usd(500),
        bank_account: Some(BANK),
        bank_fee: usd(1_500),
    });
    assert_eq!(entries[0].effective_on, day(6, 20));
    assert_eq!(on_paper(&entries[0]), [(2200, Both, 500), (1000, Both, -500)]);
    assert_eq!(on_paper(&entries[1]), [(5200, Both, 1_500), (1000, Both, -1_500)]);
}

#[test]
fn a_refund_leaves_the_bank() {
    let entries = on_payment(PaymentEvent::Refunded {
        lease: LEASE,
        amount: usd(500),
        bank_account: BANK,
        whole: false,
        reason: "overpaid".into(),
    });
    assert_eq!(
        only(&entries),
        (day(6, 20), vec![(2200, Both, 500), (1000, Both, -500)])
    );
    assert_eq!(entries[0].lines[1].bank_account, Some(BANK));
    assert_eq!(entries[0].memo, "Refund: overpaid");
}

fn received(source: DepositSource, bank_account: Option<BankAccountId>) -> Vec<JournalEntry> {
    on_deposit(DepositEvent::Received {
        lease: LEASE,
        amount: usd(100_000),
        source,
        on: day(6, 5),
        bank_account,
    })
}

#[test]
fn a_deposit_received_directly_or_taken_over_is_held() {
    for source in [DepositSource::Direct, DepositSource::Opening] {
        let entries = received(source, Some(BANK));
        let lines = vec![(1010, Both, 100_000), (2100, Both, -100_000)];
        assert_eq!(only(&entries), (day(6, 5), lines));
        assert_eq!(entries[0].lines[0].bank_account, Some(BANK));
        assert_eq!(entries[0].lines[1].item, Some(Item::Deposit(DEPOSIT)));
    }
}

#[test]
fn a_deposit_paid_from_a_credit_is_transferred_from_where_the_money_is() {
    for (banked, from) in [(true, 1000), (false, 1050)] {
        let credit = CREDIT;
        let lines = [
            (2200, Both, 100_000),
            (2100, Both, -100_000),
            (1010, Both, 100_000),
            (from, Both, -100_000),
        ];
        assert_eq!(
            only(&received(DepositSource::Credit { credit, banked }, None)),
            (day(6, 5), lines.to_vec())
        );
    }
}

#[test]
fn what_moves_no_money_is_not_posted() {
    let amount = usd(100);
    let billed = DepositEvent::Billed {
        lease: LEASE,
        purpose: DepositPurpose::Security,
        limited: false,
        amount,
        due_on: day(6, 1),
    };
    assert_eq!(on_deposit(billed), []);
    let initiated = PaymentEvent::Initiated {
        lease: LEASE,
        payer: None,
        amount,
        method: Method::Cash,
        reference: None,
        designations: Vec::new(),
    };
    assert_eq!(on_payment(initiated), []);
    let voided = PaymentEvent::Voided {
        lease: LEASE,
        amount,
        completed: false,
        reason: "typo".into(),
    };
    assert_eq!(on_payment(voided), []);
}
