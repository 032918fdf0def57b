use uuid::Uuid;

use super::*;
use crate::{
    Refusal, Root,
    bank_account::BankAccountRefusal,
    context::Context,
    deposit::{Deposit, DepositEvent, DepositRefusal, DepositSource},
    ids::*,
    input::InputRefusal,
    lease::{AccountRefusal, ChargeKind, CreditTarget, Lease, LeaseEvent, LeaseRefusal, OpeningCredit},
    payment::Intent,
};

#[test]
fn a_credit_pays_what_is_designated_or_else_what_comes_first() {
    let mut desk = Desk::new();
    let id = desk.take_cash(1, 10_000);
    let credit = id.into();
    let rent = desk.charge(ChargeKind::Rent, 8_000, 2);
    let parking = desk.charge(ChargeKind::Parking, 4_000, 2);
    desk.unapply(3, credit, to(rent, ChargeKind::Rent), 8_000).unwrap();
    let mut by_hand = desk.clone();
    let facts = by_hand.apply(4, credit, &[for_charge(parking, 1_000), for_charge(rent, 3_000)]);
    assert_eq!(
        facts.unwrap().0,
        [
            applied(id, to(parking, ChargeKind::Parking), 1_000, 3),
            applied(id, to(rent, ChargeKind::Rent), 3_000, 3),
        ]
    );
    let facts = desk.apply(4, credit, &[]).unwrap();
    assert_eq!(facts.0, [applied(id, to(rent, ChargeKind::Rent), 8_000, 3)]);
    assert_eq!(facts.1, []);
}

#[test]
fn a_credit_pays_a_deposit_out_of_where_its_money_is() {
    for banked in [false, true] {
        let mut desk = Desk::new();
        let deposit = desk.bill(30_000);
        let id = desk.take_cash(1, 10_000);
        let credit = id.into();
        if banked {
            desk.bank(2, id, 0).unwrap();
        }
        let (lease, deposits) = desk.apply(4, credit, &[for_deposit(deposit, 6_000)]).unwrap();
        let target = CreditTarget::Deposit { deposit };
        assert_eq!(lease, [applied(id, target, 6_000, 4)]);
        let received = DepositEvent::Received {
            lease: LEASE,
            amount: usd(6_000),
            source: DepositSource::Credit { credit, banked },
            on: june(4),
            bank_account: None,
        };
        assert_eq!(deposits, [(deposit, received)]);
        let (lease, deposits) = desk.unapply(5, credit, target, 2_000).unwrap();
        assert_eq!(lease, [unapplied(id, target, 2_000, 5)]);
        let reversed = DepositEvent::ReceiptReversed {
            lease: LEASE,
            amount: usd(2_000),
            credit,
            banked,
        };
        assert_eq!(deposits, [(deposit, reversed)]);
        assert_eq!(desk.deposits[&deposit].due(), Ok(usd(26_000)));
    }
}

#[test]
fn money_of_earlier_books_is_in_the_bank() {
    let mut desk = Desk::new();
    let deposit = desk.bill(30_000);
    let credit = CreditId(Uuid::from_u128(55));
    desk.on_lease(&[LeaseEvent::Opened {
        as_of: june(1),
        charge: None,
        credit: Some(OpeningCredit {
            credit,
            amount: usd(100),
        }),
    }]);
    let (_, deposits) = desk.apply(2, credit, &[for_deposit(deposit, 100)]).unwrap();
    let banked = true;
    assert!(matches!(
        deposits[0].1,
        DepositEvent::Received { source, .. } if source == DepositSource::Credit { credit, banked }
    ));
}

#[test]
fn a_credit_is_not_applied_to_nothing_nor_to_what_is_another_leases() {
    let mut desk = Desk::new();
    let id = desk.take_cash(1, 10_000);
    let credit = id.into();
    let nothing = || Refusal::from(AccountRefusal::NothingToPay { credit });
    assert_eq!(desk.apply(2, credit, &[]), Err(nothing()));
    let rent = desk.charge(ChargeKind::Rent, 10_000, 2);
    assert_eq!(desk.apply(2, credit, &[for_charge(rent, 1)]), Err(nothing()));

    let unknown = CreditId(Uuid::from_u128(99));
    let absent = || Refusal::from(AccountRefusal::CreditAbsent { credit: unknown });
    assert_eq!(desk.apply(2, unknown, &[]), Err(absent()));
    let target = to(rent, ChargeKind::Rent);
    assert_eq!(desk.unapply(2, unknown, target, 1), Err(absent()));
    let charge = ChargeId(Uuid::from_u128(99));
    let no_charge = AccountRefusal::ChargeAbsent { charge };
    assert_eq!(desk.apply(2, credit, &[for_charge(charge, 1)]), Err(no_charge.into()));
    let none = Err(DepositRefusal::Absent.into());
    assert_eq!(desk.apply(2, credit, &[for_deposit(DepositId(charge.0), 1)]), none);

    let applied = usd(10_000);
    let asked = usd(10_001);
    let too_much = AccountRefusal::AppliedLess { credit, asked, applied };
    assert_eq!(desk.unapply(2, credit, target, 10_001), Err(too_much.into()));
    let not_positive = |field| {
        let amount = usd(0);
        Refusal::from(InputRefusal::NotPositive { field, amount })
    };
    assert_eq!(desk.unapply(2, credit, target, 0), Err(not_positive("amount")));
    let none = [for_charge(rent, 0)];
    assert_eq!(desk.apply(2, credit, &none), Err(not_positive("designations")));
    let (field, count, limit) = ("designations", 101, 100);
    let too_many = InputRefusal::TooMany { field, count, limit };
    assert_eq!(desk.apply(2, credit, &[for_charge(rent, 1); 101]), Err(too_many.into()));

    let elsewhere = DepositId(Uuid::from_u128(98));
    let mut other = new_deposit(100);
    other.lease = LeaseId(Uuid::from_u128(97));
    let billed = Deposit::default()
        .decide(crate::deposit::DepositCommand::Bill(other), &Context::sample())
        .unwrap();
    desk.deposits.insert(elsewhere, Deposit::default().after(&billed));
    let lease = other.lease;
    let of_another = DepositRefusal::OfAnotherLease { lease };
    assert_eq!(
        desk.apply(2, credit, &[for_deposit(elsewhere, 1)]),
        Err(of_another.into())
    );

    desk.lease = Lease::default();
    assert_eq!(desk.apply(2, credit, &[]), Err(LeaseRefusal::Absent.into()));
    assert_eq!(desk.unapply(2, credit, target, 1), Err(LeaseRefusal::Absent.into()));
}

#[test]
fn a_deposit_is_billed_with_its_lease_or_taken_over_held() {
    let desk = Desk::new();
    let context = Context::sample();
    let id = DepositId(Uuid::from_u128(50));
    let (none, new) = (Deposit::default(), new_deposit(30_000));
    let billed = DepositEvent::Billed {
        lease: LEASE,
        purpose: new.purpose,
        limited: false,
        amount: usd(30_000),
        due_on: june(1),
    };
    let added = vec![LeaseEvent::DepositAdded { deposit: id }];
    assert_eq!(
        bill_deposit(&desk.lease, (id, &none), new, &context),
        Ok((added.clone(), vec![billed.clone()]))
    );
    let held = DepositEvent::Received {
        lease: LEASE,
        amount: usd(30_000),
        source: DepositSource::Opening,
        on: context.effective_on,
        bank_account: None,
    };
    assert_eq!(
        take_over_deposit(&desk.lease, (id, &none), new, &context),
        Ok((added, vec![billed.clone(), held]))
    );
    let known = none.after(&[billed]);
    let exists = Err(DepositRefusal::Exists.into());
    assert_eq!(bill_deposit(&desk.lease, (id, &known), new, &context), exists);
    assert_eq!(take_over_deposit(&desk.lease, (id, &known), new, &context), exists);
    let no_lease = bill_deposit(&Lease::default(), (id, &none), new, &context);
    assert_eq!(no_lease, Err(LeaseRefusal::Absent.into()));
}

#[test]
fn a_deposit_is_paid_straight_into_a_deposit_account() {
    let mut desk = Desk::new();
    let id = desk.bill(30_000);
    let deposit = &desk.deposits[&id];
    let context = Context::on(june(5));
    let received = DepositEvent::Received {
        lease: LEASE,
        amount: usd(10_000),
        source: DepositSource::Direct,
        on: june(5),
        bank_account: Some(TRUST),
    };
    assert_eq!(
        receive_deposit(deposit, (TRUST, &desk.trust), usd(10_000), &context),
        Ok(vec![received])
    );
    assert_eq!(
        receive_deposit(deposit, (BANK, &desk.bank), usd(10_000), &context),
        Err(BankAccountRefusal::NotForDeposits.into())
    );
    let (asked, due) = (usd(30_001), usd(30_000));
    assert_eq!(
        receive_deposit(deposit, (TRUST, &desk.trust), usd(30_001), &context),
        Err(DepositRefusal::BeyondDue { asked, due }.into())
    );
}

#[test]
fn an_intent_may_designate_a_deposit_before_it_is_paid_otherwise() {
    let mut desk = Desk::new();
    let deposit = desk.bill(10_000);
    let meant = Intent {
        designations: vec![for_deposit(deposit, 10_000)],
        ..cash(10_000)
    };
    let id = desk.initiate(1, meant.clone()).unwrap();
    desk.receive(2, meant).unwrap();
    let facts = desk.complete(3, id, None).unwrap();
    assert_eq!(facts.deposits, []);
    assert_eq!(desk.free(id), 10_000);
}
