//! What takes back what: exact inverses that name their originals, each at most once.

use super::*;
use crate::{
    deposit::{DepositEvent, DepositSource},
    lease::{ChargeKind, CreditTarget, LeaseEvent},
    money::Money,
    payment::PaymentEvent,
    postings::{EntryId, movements},
};

const RENT: CreditTarget = CreditTarget::Charge {
    charge: CHARGE,
    kind: ChargeKind::Rent,
};

impl Desk {
    fn apply(&mut self, amount: i64, tax: i64) -> EntryId {
        let event = LeaseEvent::CreditApplied {
            credit: CREDIT,
            target: RENT,
            amount: usd(amount),
            tax: some(tax),
            on: day(6, 1),
        };
        self.post(LEASE, day(6, 1), event)[0].id
    }

    fn try_unapply(&mut self, amount: i64, tax: i64) -> Result<Vec<JournalEntry>, PostingError> {
        let event = LeaseEvent::CreditUnapplied {
            credit: CREDIT,
            target: RENT,
            amount: usd(amount),
            tax: some(tax),
            on: day(6, 9),
        };
        self.try_post(LEASE, day(6, 9), event)
    }

    fn unapply(&mut self, amount: i64, tax: i64) -> Vec<JournalEntry> {
        self.try_unapply(amount, tax).unwrap()
    }

    fn secure(&mut self, amount: i64, banked: bool) -> EntryId {
        let event = DepositEvent::Received {
            lease: LEASE,
            amount: usd(amount),
            source: DepositSource::Credit { credit: CREDIT, banked },
            on: day(6, 1),
            bank_account: None,
        };
        self.post(DEPOSIT, day(6, 1), event)[0].id
    }

    fn reverse_deposit(&mut self, amount: i64, banked: bool) -> Vec<JournalEntry> {
        let event = DepositEvent::ReceiptReversed {
            lease: LEASE,
            amount: usd(amount),
            credit: CREDIT,
            banked,
        };
        self.post(DEPOSIT, day(6, 9), event)
    }

    fn lines(&self, entry: EntryId) -> Vec<Line> {
        let found = self.entries.iter().find(|known| known.id == entry);
        found.unwrap().lines.clone()
    }
}

fn some(tax: i64) -> Option<Money> {
    (tax != 0).then_some(usd(tax))
}

fn reversed(entries: &[JournalEntry]) -> Vec<Option<EntryId>> {
    entries.iter().map(|entry| entry.reverses).collect()
}

#[test]
fn what_is_unapplied_is_the_exact_inverse_of_what_was_applied() {
    let mut desk = Desk::new();
    let applied = desk.apply(100, 8);
    let back = desk.unapply(100, 8);
    assert_eq!(reversed(&back), [Some(applied)]);
    assert_eq!(back[0].lines, inverse(&desk.lines(applied)));
    assert_eq!(back[0].effective_on, day(6, 9));
    assert_eq!(desk.balances(Basis::Accrual), BTreeMap::new());
    assert_eq!(desk.balances(Basis::Cash), BTreeMap::new());
}

#[test]
fn an_entry_is_taken_back_once() {
    let mut desk = Desk::new();
    desk.apply(100, 0);
    desk.unapply(100, 0);
    assert_eq!(desk.try_unapply(100, 0), Err(PostingError::NothingToTakeBack(CREDIT)));
}

#[test]
fn to_take_back_nothing_makes_no_entry() {
    let mut desk = Desk::new();
    let applied = desk.apply(100, 8);
    assert_eq!(desk.unapply(0, 0), []);
    assert_eq!(reversed(&desk.unapply(100, 8)), [Some(applied)]);
}

#[test]
fn only_what_is_taken_back_reads_what_was_done_with_its_credit() {
    let (amount, tax, on, target) = (usd(100), None, day(6, 1), RENT);
    let credit = CREDIT;
    for (event, read) in [
        (
            LeaseEvent::CreditApplied {
                credit,
                target,
                amount,
                tax,
                on,
            },
            None,
        ),
        (
            LeaseEvent::CreditUnapplied {
                credit,
                target,
                amount,
                tax,
                on,
            },
            Some(CREDIT),
        ),
    ] {
        let source = Source {
            event_id: Uuid::from_u128(1),
            aggregate_id: LEASE.into(),
            effective_on: on,
            event: &event.into(),
        };
        let reads: Vec<_> = movements(&source)
            .unwrap()
            .iter()
            .map(|movement| movement.change.reads())
            .collect();
        assert_eq!(reads, [read]);
    }
}

#[test]
fn of_several_entries_the_one_of_the_same_amount_is_taken_back() {
    let mut desk = Desk::new();
    let (first, second) = (desk.apply(100, 0), desk.apply(50, 0));
    assert_eq!(reversed(&desk.unapply(100, 0)), [Some(first)]);
    assert_eq!(reversed(&desk.unapply(50, 0)), [Some(second)]);
}

#[test]
fn of_several_entries_of_the_same_amount_the_one_of_the_same_tax_is_taken_back() {
    let mut desk = Desk::new();
    let (taxed, free) = (desk.apply(100, 8), desk.apply(100, 0));
    assert_eq!(reversed(&desk.unapply(100, 8)), [Some(taxed)]);
    assert_eq!(reversed(&desk.unapply(100, 0)), [Some(free)]);
}

#[test]
fn what_stays_applied_of_an_entry_that_is_taken_back_is_entered_anew() {
    let mut desk = Desk::new();
    let applied = desk.apply(100, 8);
    let back = desk.unapply(40, 3);
    assert_eq!(reversed(&back), [Some(applied), None]);
    assert_eq!(
        back[1].lines.iter().map(Line::signed).collect::<Vec<_>>(),
        [60, -60, -55, -5]
    );
    let rest = desk.unapply(60, 5);
    assert_eq!(reversed(&rest), [Some(back[1].id)]);
    assert_eq!(desk.balances(Basis::Cash), BTreeMap::new());
}

#[test]
fn more_than_one_entry_is_taken_back_where_one_is_not_enough() {
    let mut desk = Desk::new();
    let (first, second) = (desk.apply(100, 0), desk.apply(50, 0));
    let back = desk.unapply(120, 0);
    assert_eq!(reversed(&back), [Some(second), Some(first), None]);
    assert_eq!(desk.balances(Basis::Accrual), BTreeMap::from([(1200, -30), (2200, 30)]));
}

/// 16 of 30 with 1 of tax have 1 of it, by rounding; the two latest entries have none.
#[test]
fn a_tax_that_only_an_earlier_entry_has_is_taken_back_from_there() {
    let mut desk = Desk::new();
    let (first, second, third) = (desk.apply(10, 1), desk.apply(10, 0), desk.apply(10, 0));
    let back = desk.unapply(16, 1);
    assert_eq!(reversed(&back), [Some(third), Some(second), Some(first), None]);
    let cash = BTreeMap::from([(2200, 14), (4000, -14)]);
    assert_eq!(desk.balances(Basis::Cash), cash);
}

#[test]
fn a_voided_payment_takes_its_receipt_back() {
    let mut desk = Desk::new();
    let completed = PaymentEvent::Completed {
        lease: LEASE,
        amount: usd(100),
        received_on: day(6, 2),
        reference: None,
    };
    let voided = PaymentEvent::Voided {
        lease: LEASE,
        amount: usd(100),
        completed: true,
        reason: "typo".into(),
    };
    let receipt = desk.post(PAYMENT, day(6, 2), completed)[0].id;
    let back = desk.post(PAYMENT, day(6, 9), voided.clone());
    assert_eq!(reversed(&back), [Some(receipt)]);
    assert_eq!(back[0].lines, inverse(&desk.lines(receipt)));
    assert_eq!(back[0].effective_on, day(6, 9));
    assert_eq!(
        desk.try_post(PAYMENT, day(6, 10), voided),
        Err(PostingError::NothingToTakeBack(CREDIT))
    );
}

#[test]
fn a_deposit_receipt_is_taken_back_into_where_it_came_from() {
    for banked in [true, false] {
        let mut desk = Desk::new();
        let receipt = desk.secure(400, banked);
        let back = desk.reverse_deposit(400, banked);
        assert_eq!(reversed(&back), [Some(receipt)]);
        assert_eq!(back[0].lines, inverse(&desk.lines(receipt)));
        assert_eq!(back[0].effective_on, day(6, 9));
    }
}

#[test]
fn a_deposit_paid_before_its_payment_was_banked_comes_back_into_the_bank() {
    let mut desk = Desk::new();
    let receipt = desk.secure(400, false);
    let back = desk.reverse_deposit(400, true);
    assert_eq!(reversed(&back), [Some(receipt), None]);
    assert_eq!(on_paper(&back[1]), [(1000, View::Both, 400), (1050, View::Both, -400)]);
    assert_eq!(desk.balances(Basis::Cash), BTreeMap::from([(1000, 400), (1050, -400)]));
}

#[test]
fn a_part_of_a_deposit_that_comes_back_into_the_bank_leaves_the_rest_paid_from_there() {
    let mut desk = Desk::new();
    desk.secure(400, false);
    desk.reverse_deposit(150, true);
    let balances = BTreeMap::from([(1000, 150), (1010, 250), (1050, -400), (2100, -250), (2200, 250)]);
    assert_eq!(desk.balances(Basis::Cash), balances);
    let back = desk.reverse_deposit(250, true);
    assert_eq!(back.len(), 1);
    assert_eq!(
        desk.balances(Basis::Accrual),
        BTreeMap::from([(1000, 400), (1050, -400)])
    );
}

#[test]
fn deeds_for_different_ends_are_not_taken_for_each_other() {
    let mut desk = Desk::new();
    desk.secure(400, true);
    assert_eq!(desk.try_unapply(400, 0), Err(PostingError::NothingToTakeBack(CREDIT)));
    let other = LeaseEvent::CreditUnapplied {
        credit: CREDIT,
        target: CreditTarget::Charge {
            charge: ChargeId(uuid::Uuid::from_u128(99)),
            kind: ChargeKind::Rent,
        },
        amount: usd(400),
        tax: None,
        on: day(6, 9),
    };
    desk.apply(400, 0);
    assert_eq!(
        desk.try_post(LEASE, day(6, 9), other),
        Err(PostingError::NothingToTakeBack(CREDIT))
    );
}

#[test]
fn what_contradicts_the_log_is_refused() {
    let mut desk = Desk::new();
    let stranger = LeaseId(uuid::Uuid::from_u128(77));
    let event = |amount, tax| LeaseEvent::ChargePosted {
        charge: CHARGE,
        kind: ChargeKind::Rent,
        description: "June".into(),
        amount: usd(amount),
        tax: Some(tax),
        due_on: day(6, 1),
        period: None,
        recurring: None,
    };
    assert_eq!(
        desk.try_post(stranger, day(6, 1), event(10, usd(0))),
        Err(PostingError::UnknownLease(stranger))
    );
    assert_eq!(
        desk.try_post(LEASE, day(6, 1), event(10, usd(11))),
        Err(PostingError::Negative)
    );
    let yen = Money::new(1, "JPY".parse().unwrap());
    assert!(matches!(
        desk.try_post(LEASE, day(6, 1), event(10, yen)),
        Err(PostingError::Money(_))
    ));
    assert_eq!(desk.try_unapply(-5, 0), Err(PostingError::Negative));
    assert_eq!(desk.post(LEASE, day(6, 1), event(0, usd(0))), []);
}
