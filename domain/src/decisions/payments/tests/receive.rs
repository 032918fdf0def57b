use chrono::Days;
use uuid::Uuid;

use super::*;
use crate::{
    claim::ClaimEvent,
    deposit::{DepositEvent, DepositRefusal, DepositSource},
    ids::*,
    lease::{AccountRefusal, ChargeKind, CreditSource, CreditTarget, LateFeePart, Lease, LeaseEvent, LeaseRefusal},
    payment::{Intent, Method, PaymentEvent, PaymentRefusal, PaymentStatus},
};

fn credited(payment: PaymentId, amount: i64, day: u32) -> LeaseEvent {
    LeaseEvent::Credited {
        credit: payment.into(),
        source: CreditSource::Payment,
        amount: usd(amount),
        received_on: june(day),
    }
}

fn completed(amount: i64, day: u32) -> PaymentEvent {
    PaymentEvent::Completed {
        lease: LEASE,
        amount: usd(amount),
        received_on: june(day),
        reference: None,
    }
}

fn claimed(payment: PaymentId) -> ClaimEvent {
    ClaimEvent::Made {
        scope: "payment_reference".into(),
        holder: payment.0,
    }
}

#[test]
fn a_receipt_pays_what_is_designated_then_by_priority_and_the_rest_is_credit() {
    let mut desk = Desk::new();
    let other = desk.charge(ChargeKind::Other, 5_000, 1);
    let rent = desk.charge(ChargeKind::Rent, 100_000, 1);
    let damage = desk.charge(ChargeKind::Damage, 20_000, 1);
    let deposit = desk.bill(50_000);
    let intent = Intent {
        designations: vec![for_charge(damage, 8_000), for_deposit(deposit, 60_000)],
        ..cheque(200_000, "1001")
    };
    let (id, facts) = desk.receive(3, intent.clone()).unwrap();
    assert_eq!(
        facts.payment,
        [
            PaymentEvent::Initiated {
                lease: LEASE,
                payer: Some(ADA),
                amount: usd(200_000),
                method: Method::Cheque,
                reference: Some("1001".into()),
                designations: intent.designations,
            },
            completed(200_000, 3),
        ]
    );
    assert_eq!(
        facts.lease,
        [
            credited(id, 200_000, 3),
            applied(id, to(damage, ChargeKind::Damage), 8_000, 3),
            applied(id, CreditTarget::Deposit { deposit }, 50_000, 3),
            applied(id, to(rent, ChargeKind::Rent), 100_000, 3),
            applied(id, to(other, ChargeKind::Other), 5_000, 3),
            applied(id, to(damage, ChargeKind::Damage), 12_000, 3),
        ]
    );
    let received = DepositEvent::Received {
        lease: LEASE,
        amount: usd(50_000),
        source: DepositSource::Credit {
            credit: id.into(),
            banked: false,
        },
        on: june(3),
        bank_account: None,
    };
    assert_eq!(facts.deposits, [(deposit, received)]);
    assert_eq!(facts.claim, [claimed(id)]);
    assert_eq!((desk.free(id), desk.lease.account().balance()), (25_000, -25_000));
}

#[test]
fn of_several_deposits_each_gets_what_is_designated_for_it() {
    let mut desk = Desk::new();
    let (keys, pets) = (desk.bill(50_000), desk.bill(20_000));
    let for_both = Intent {
        designations: vec![
            for_deposit(pets, 20_000),
            for_deposit(keys, 40_000),
            for_deposit(pets, 1),
        ],
        ..cash(70_000)
    };
    let (id, facts) = desk.receive(2, for_both).unwrap();
    let paid: Vec<_> = facts
        .deposits
        .iter()
        .map(|(deposit, fact)| match fact {
            DepositEvent::Received { amount, .. } => (*deposit, amount.minor),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(paid, [(pets, 20_000), (keys, 40_000)]);
    assert_eq!(desk.free(id), 10_000);
}

#[test]
fn a_deposit_is_never_paid_but_by_designation_nor_beyond_what_is_due() {
    let mut desk = Desk::new();
    let deposit = desk.bill(50_000);
    let id = desk.take_cash(1, 10_000);
    assert_eq!(desk.free(id), 10_000);
    let twice = Intent {
        designations: vec![for_deposit(deposit, 30_000), for_deposit(deposit, 30_000)],
        ..cash(60_000)
    };
    let (id, facts) = desk.receive(2, twice).unwrap();
    let paid: Vec<_> = facts
        .deposits
        .iter()
        .map(|(_, fact)| match fact {
            DepositEvent::Received { amount, .. } => amount.minor,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(paid, [30_000, 20_000]);
    assert_eq!(desk.free(id), 10_000);
    let again = Intent {
        designations: vec![for_deposit(deposit, 1)],
        ..cash(1)
    };
    assert_eq!(desk.receive(2, again).unwrap().1.deposits, []);
}

#[test]
fn a_receipt_uses_what_older_ones_left() {
    let mut desk = Desk::new();
    let rent = desk.charge(ChargeKind::Rent, 100_000, 1);
    let older = desk.take_cash(2, 120_000);
    let again = desk.unapply(3, older.into(), to(rent, ChargeKind::Rent), 100_000);
    assert!(again.is_ok());
    let (_, facts) = desk.receive(4, cash(50_000)).unwrap();
    assert_eq!(
        facts.lease[1..],
        [applied(older, to(rent, ChargeKind::Rent), 100_000, 3)]
    );
}

#[test]
fn the_same_reference_of_the_same_payer_and_method_counts_once() {
    let mut desk = Desk::new();
    let (first, _) = desk.receive(1, cheque(10_000, "1001")).unwrap();
    let again = desk.receive(2, cheque(20_000, " 1001 ")).unwrap_err();
    let reference = "1001".to_owned();
    let counted = PaymentRefusal::ReferenceCounted {
        reference,
        payment: first,
    };
    assert_eq!(again, counted.into());
    let other_method = Intent {
        method: Method::Ach,
        ..cheque(20_000, "1001")
    };
    assert!(desk.receive(2, other_method).is_ok());
    let nobody_of_the_lease = Intent {
        payer: None,
        ..cheque(20_000, "1001")
    };
    assert!(desk.receive(2, nobody_of_the_lease).is_ok());
    assert!(desk.receive(2, cheque(20_000, "1002")).is_ok());
}

#[test]
fn only_cash_comes_without_a_reference() {
    let mut desk = Desk::new();
    for method in [Method::Cheque, Method::Ach, Method::Card] {
        let unmarked = Intent { method, ..cash(1) };
        let refusal = PaymentRefusal::ReferenceMissing { method };
        assert_eq!(desk.receive(1, unmarked).unwrap_err(), refusal.into());
    }
    assert_eq!(desk.receive(1, cash(1)).unwrap().1.claim, []);
    assert_eq!(desk.receive(1, cash(1)).unwrap().1.claim, []);
}

#[test]
fn a_receipt_dated_within_grace_but_recorded_later_waives_the_late_fee() {
    let mut desk = Desk::new();
    let rent = desk.charge(ChargeKind::Rent, 100_000, 1);
    let fee = ChargeId(Uuid::from_u128(77));
    desk.on_lease(&[LeaseEvent::LateFeeAssessed {
        charge: fee,
        period: june(1),
        part: LateFeePart::Flat,
        day: june(6),
        amount: usd(5_000),
    }]);
    let parking = desk.charge(ChargeKind::Parking, 4_000, 6);
    let paid_fee = Intent {
        designations: vec![for_charge(fee, 5_000)],
        ..cash(5_000)
    };
    let (other, _) = desk.receive(7, paid_fee).unwrap();
    let (id, facts) = desk.receive(5, cheque(100_000, "1001")).unwrap();
    assert_eq!(
        facts.lease,
        [
            credited(id, 100_000, 5),
            applied(id, to(rent, ChargeKind::Rent), 100_000, 5),
            unapplied(other, to(fee, ChargeKind::LateFee), 5_000, 7),
            LeaseEvent::ChargeWaived {
                charge: fee,
                kind: ChargeKind::LateFee,
                amount: usd(5_000),
                tax: None,
                reason: "paid in time, recorded later".into(),
                on: june(7),
            },
            applied(other, to(parking, ChargeKind::Parking), 4_000, 7),
        ]
    );
    assert_eq!(desk.open(fee), 0);
}

#[test]
fn an_intent_counts_for_nothing_until_it_is_completed() {
    let mut desk = Desk::new();
    let rent = desk.charge(ChargeKind::Rent, 100_000, 1);
    let unmarked = Intent {
        method: Method::Ach,
        designations: vec![for_charge(rent, 60_000)],
        ..cash(60_000)
    };
    let id = desk.initiate(1, unmarked).unwrap();
    assert_eq!(desk.open(rent), 100_000);
    let facts = desk.complete(3, id, Some("trace 7")).unwrap();
    assert_eq!(
        facts.payment,
        [PaymentEvent::Completed {
            lease: LEASE,
            amount: usd(60_000),
            received_on: june(3),
            reference: Some("trace 7".into()),
        }]
    );
    assert_eq!(facts.claim, [claimed(id)]);
    assert_eq!(
        facts.lease,
        [
            credited(id, 60_000, 3),
            applied(id, to(rent, ChargeKind::Rent), 60_000, 3)
        ]
    );
    let twin = desk
        .initiate(
            1,
            Intent {
                method: Method::Ach,
                reference: Some("trace 7".into()),
                ..cash(60_000)
            },
        )
        .unwrap();
    let reference = "trace 7".to_owned();
    assert_eq!(
        desk.complete(3, twin, None),
        Err(PaymentRefusal::ReferenceCounted { reference, payment: id }.into())
    );
    assert_eq!(desk.payments[&twin].status(), Some(PaymentStatus::Initiated));
}

#[test]
fn money_is_meant_only_for_what_is_the_leases_own() {
    let refused = |desk: &Desk, intent: Intent| {
        let mut desk = desk.clone();
        let refusal = desk.initiate(1, intent.clone()).unwrap_err();
        assert_eq!(desk.receive(1, intent).unwrap_err(), refusal);
        refusal
    };
    let mut desk = Desk::new();
    let payer = ResidentId(Uuid::from_u128(99));
    let lease = LEASE;
    let stranger = Intent {
        payer: Some(payer),
        ..cash(1)
    };
    assert_eq!(
        refused(&desk, stranger),
        PaymentRefusal::PayerNotOnLease { payer, lease }.into()
    );
    let charge = ChargeId(Uuid::from_u128(99));
    let unknown_charge = Intent {
        designations: vec![for_charge(charge, 1)],
        ..cash(1)
    };
    assert_eq!(
        refused(&desk, unknown_charge),
        AccountRefusal::ChargeAbsent { charge }.into()
    );
    let unknown_deposit = Intent {
        designations: vec![for_deposit(DepositId(Uuid::from_u128(99)), 1)],
        ..cash(1)
    };
    assert_eq!(refused(&desk, unknown_deposit), DepositRefusal::Absent.into());

    let deposit = desk.bill(100);
    let another = LeaseId(Uuid::from_u128(98));
    let elsewhere = Intent {
        lease: another,
        designations: vec![for_deposit(deposit, 1)],
        ..cash(1)
    };
    assert_eq!(
        refused(&desk, elsewhere),
        DepositRefusal::OfAnotherLease { lease }.into()
    );

    desk.lease = Lease::default();
    assert_eq!(refused(&desk, cash(1)), LeaseRefusal::Absent.into());
}

#[test]
fn money_that_was_on_its_way_is_taken_also_when_the_lease_is_over() {
    let mut desk = Desk::new();
    let id = desk.initiate(1, cash(100)).unwrap();
    desk.on_lease(&[LeaseEvent::Ended { on: june(10) }, LeaseEvent::Settled]);
    assert!(desk.receive(12, cash(100)).is_err());
    assert_eq!(desk.complete(12, id, None).unwrap().lease, [credited(id, 100, 12)]);
}

#[test]
fn a_receipt_of_tomorrow_is_refused() {
    let mut desk = Desk::new();
    let mut context = desk.context(june(4));
    context.effective_on = context.effective_on.checked_add_days(Days::new(1)).unwrap();
    let payment = (PaymentId(context.id(0)), &Payment::default());
    let streams = PaymentStreams {
        payment,
        lease: &desk.lease,
        deposits: &[],
        claim: &Claim::default(),
    };
    let (on, today) = (june(5), june(4));
    assert_eq!(
        receive_payment(streams, cash(1), &context),
        Err(PaymentRefusal::DatedAhead { on, today }.into())
    );
}
