use super::*;
use crate::{
    claim::ClaimEvent,
    deposit::{DepositEvent, DepositStatus},
    ids::*,
    lease::{ChargeKind, CreditTarget, LeaseEvent, Withdrawal},
    payment::{Intent, PaymentCommand, PaymentEvent, PaymentRefusal, PaymentStatus},
};

fn withdrawn(payment: PaymentId, amount: i64, why: Withdrawal, day: u32) -> LeaseEvent {
    LeaseEvent::CreditWithdrawn {
        credit: payment.into(),
        amount: usd(amount),
        why,
        on: june(day),
    }
}

fn reversed(payment: PaymentId, amount: i64, banked: bool) -> DepositEvent {
    DepositEvent::ReceiptReversed {
        lease: LEASE,
        amount: usd(amount),
        credit: payment.into(),
        banked,
    }
}

/// The charge that a return posts.
fn nsf_fee(facts: &[LeaseEvent], day: u32) -> ChargeId {
    let posted = facts.iter().find_map(|fact| match fact {
        LeaseEvent::ChargePosted {
            charge,
            kind: ChargeKind::NsfFee,
            amount,
            tax: None,
            due_on,
            ..
        } if *due_on == june(day) && *amount == usd(3_500) => Some(*charge),
        _ => None,
    });
    posted.unwrap()
}

#[test]
fn a_mistake_takes_everything_back_and_its_reference_can_be_counted() {
    let mut desk = Desk::new();
    let rent = desk.charge(ChargeKind::Rent, 100_000, 1);
    let deposit = desk.bill(30_000);
    let wrong = Intent {
        designations: vec![for_deposit(deposit, 30_000)],
        ..cheque(110_000, "1001")
    };
    let (id, _) = desk.receive(2, wrong).unwrap();
    let later = desk.charge(ChargeKind::Parking, 5_000, 3);
    let facts = desk.void(4, id).unwrap();
    assert_eq!(
        facts.payment,
        [PaymentEvent::Voided {
            lease: LEASE,
            amount: usd(110_000),
            completed: true,
            reason: "typo".into(),
        }]
    );
    assert_eq!(
        facts.lease,
        [
            unapplied(id, CreditTarget::Deposit { deposit }, 30_000, 4),
            unapplied(id, to(rent, ChargeKind::Rent), 80_000, 4),
            withdrawn(id, 110_000, Withdrawal::Voided, 4),
        ]
    );
    assert_eq!(facts.deposits, [(deposit, reversed(id, 30_000, false))]);
    assert_eq!(facts.claim, [ClaimEvent::Released { holder: id.0 }]);
    assert_eq!((desk.open(rent), desk.open(later), desk.free(id)), (100_000, 5_000, 0));
    assert_eq!(desk.deposits[&deposit].status(), Some(DepositStatus::Due));
    assert!(desk.receive(5, cheque(111_000, "1001")).is_ok());
}

#[test]
fn an_intent_that_was_a_mistake_touches_nothing_else() {
    let mut desk = Desk::new();
    let (counted, _) = desk.receive(1, cheque(100, "1001")).unwrap();
    let id = desk.initiate(1, cheque(100, "1001")).unwrap();
    let facts = desk.void(2, id).unwrap();
    assert_eq!((facts.lease, facts.deposits, facts.claim), (vec![], vec![], vec![]));
    assert_eq!(desk.payments[&id].status(), Some(PaymentStatus::Voided));
    let again = desk.receive(3, cheque(100, "1001")).unwrap_err();
    let reference = "1001".to_owned();
    let payment = counted;
    assert_eq!(again, PaymentRefusal::ReferenceCounted { reference, payment }.into());
}

#[test]
fn what_is_in_the_bank_is_no_mistake_any_more() {
    let mut desk = Desk::new();
    let id = desk.take_cash(1, 100);
    desk.bank(1, id, 0).unwrap();
    let (status, asked) = (PaymentStatus::Deposited, "voided");
    assert_eq!(
        desk.void(2, id),
        Err(PaymentRefusal::Forbidden { status, asked }.into())
    );
}

#[test]
fn a_return_reopens_every_charge_it_paid_also_later_ones_and_other_credit_pays_them() {
    let mut desk = Desk::new();
    let june_rent = desk.charge(ChargeKind::Rent, 100_000, 1);
    let (id, _) = desk.receive(2, cheque(120_000, "1001")).unwrap();
    let parking = desk.charge(ChargeKind::Parking, 5_000, 5);
    let other = desk.take_cash(6, 110_000);
    assert_eq!((desk.open(parking), desk.free(id)), (0, 15_000));
    let facts = desk.bounce(9, id).unwrap();
    assert_eq!(
        facts.payment,
        [PaymentEvent::Returned {
            lease: LEASE,
            amount: usd(120_000),
            bank_account: None,
            bank_fee: usd(1_200),
            reason: "R01".into(),
        }]
    );
    let fee = nsf_fee(&facts.lease, 9);
    assert_eq!(
        [&facts.lease[..3], &facts.lease[4..]].concat(),
        [
            unapplied(id, to(june_rent, ChargeKind::Rent), 100_000, 9),
            unapplied(id, to(parking, ChargeKind::Parking), 5_000, 9),
            withdrawn(id, 120_000, Withdrawal::Returned, 9),
            applied(other, to(june_rent, ChargeKind::Rent), 100_000, 9),
            applied(other, to(parking, ChargeKind::Parking), 5_000, 9),
            applied(other, to(fee, ChargeKind::NsfFee), 3_500, 9),
        ]
    );
    assert_eq!(facts.claim, [], "the same cheque doesn't count again");
    assert!(desk.receive(10, cheque(120_000, "1001")).is_err());
    assert_eq!(desk.lease.account().balance(), 105_000 + 3_500 - 110_000);
}

#[test]
fn without_a_policy_no_fee_is_charged_for_a_return() {
    let mut desk = Desk::new();
    desk.settings.nsf_fee = usd(0);
    let id = desk.take_cash(1, 100);
    let facts = desk.bounce(2, id).unwrap();
    assert_eq!(facts.lease, [withdrawn(id, 100, Withdrawal::Returned, 2)]);
}

#[test]
fn what_had_been_refunded_leaves_the_credit_negative() {
    let mut desk = Desk::new();
    let id = desk.take_cash(1, 10_000);
    desk.bank(1, id, 0).unwrap();
    desk.refund(2, id, 4_000).unwrap();
    let facts = desk.bounce(3, id).unwrap();
    let PaymentEvent::Returned {
        amount, bank_account, ..
    } = &facts.payment[0]
    else {
        panic!("{facts:?}")
    };
    assert_eq!((*amount, *bank_account), (usd(10_000), Some(BANK)));
    assert_eq!(desk.free(id), -4_000);
    assert_eq!(desk.lease.account().balance(), 4_000 + 3_500);
}

#[test]
fn a_return_takes_deposits_back_into_the_account_the_money_leaves() {
    for banked in [false, true] {
        let mut desk = Desk::new();
        let deposit = desk.bill(30_000);
        let secured = Intent {
            designations: vec![for_deposit(deposit, 10_000)],
            ..cash(20_000)
        };
        let (id, _) = desk.receive(1, secured).unwrap();
        if banked {
            desk.bank(2, id, 0).unwrap();
            desk.apply(2, id.into(), &[for_deposit(deposit, 5_000)]).unwrap();
        }
        let facts = desk.bounce(3, id).unwrap();
        let amount = if banked { 15_000 } else { 10_000 };
        assert_eq!(facts.deposits, [(deposit, reversed(id, amount, banked))]);
    }
}

#[test]
fn a_lost_dispute_takes_back_what_was_not_refunded_and_charges_nobody() {
    let mut desk = Desk::new();
    let parking = desk.charge(ChargeKind::Parking, 5_000, 1);
    let id = desk.take_cash(1, 20_000);
    desk.bank(1, id, 0).unwrap();
    desk.refund(2, id, 4_000).unwrap();
    let reason = "not mine".to_owned();
    desk.step(3, id, PaymentCommand::Dispute { reason }).unwrap();
    assert_eq!(desk.open(parking), 0, "a dispute alone reopens nothing");
    let mut won = desk.clone();
    won.step(4, id, PaymentCommand::Win).unwrap();
    assert_eq!((won.open(parking), won.free(id)), (0, 11_000));
    let facts = desk.lose(4, id).unwrap();
    assert_eq!(
        facts.payment,
        [PaymentEvent::DisputeLost {
            lease: LEASE,
            amount: usd(16_000),
            bank_account: Some(BANK),
            bank_fee: usd(1_500),
        }]
    );
    assert_eq!(
        facts.lease,
        [
            unapplied(id, to(parking, ChargeKind::Parking), 5_000, 4),
            withdrawn(id, 16_000, Withdrawal::DisputeLost, 4),
        ]
    );
    assert_eq!((desk.free(id), facts.claim), (0, vec![]));
}
