use super::*;
use crate::{
    Refusal, Root,
    bank_account::{BankAccount, BankAccountEvent, BankAccountRefusal},
    lease::{AccountRefusal, ChargeKind, CreditTarget, LeaseEvent, Withdrawal},
    payment::{Intent, PaymentCommand, PaymentEvent, PaymentRefusal, PaymentStatus},
};

fn deposited(amount: i64, fee: i64, day: u32) -> PaymentEvent {
    PaymentEvent::Deposited {
        lease: LEASE,
        amount: usd(amount),
        fee: usd(fee),
        bank_account: BANK,
        on: june(day),
    }
}

#[test]
fn a_payment_is_banked_net_of_the_fee_and_of_what_deposits_took() {
    let mut desk = Desk::new();
    let deposit = desk.bill(30_000);
    let (plain, _) = desk.receive(1, cheque(50_000, "1")).unwrap();
    assert_eq!(desk.bank(2, plain, 150), Ok(vec![deposited(50_000, 150, 2)]));
    let part = Intent {
        designations: vec![for_deposit(deposit, 20_000)],
        ..cheque(50_000, "2")
    };
    let (id, _) = desk.receive(1, part).unwrap();
    assert_eq!(desk.bank(2, id, 150), Ok(vec![deposited(30_000, 150, 2)]));
    let whole = Intent {
        designations: vec![for_deposit(deposit, 10_000)],
        ..cheque(10_000, "3")
    };
    let (id, _) = desk.receive(1, whole).unwrap();
    assert_eq!(desk.bank(2, id, 150), Ok(vec![deposited(0, 150, 2)]));
}

#[test]
fn a_payment_goes_into_an_open_operating_account() {
    let mut desk = Desk::new();
    let id = desk.take_cash(1, 100);
    let mut closed = desk.clone();
    let event = BankAccountEvent::Closed { on: june(2) };
    closed.bank = closed.bank.after(&[event]);
    assert_eq!(
        closed.bank(2, id, 0),
        Err(BankAccountRefusal::Closed { on: june(2) }.into())
    );
    assert!(closed.bank(1, id, 0).is_ok(), "what was banked before is recorded");
    let mut wrong = desk.clone();
    wrong.bank = wrong.trust.clone();
    assert_eq!(wrong.bank(2, id, 0), Err(BankAccountRefusal::ForDeposits.into()));
    let mut unknown = desk;
    unknown.bank = BankAccount::default();
    assert_eq!(unknown.bank(2, id, 0), Err(BankAccountRefusal::Absent.into()));
}

#[test]
fn a_refund_takes_free_credit_off_the_lease() {
    let mut desk = Desk::new();
    let rent = desk.charge(ChargeKind::Rent, 100_000, 1);
    let id = desk.take_cash(2, 130_000);
    desk.bank(2, id, 0).unwrap();
    let (credit, asked, free) = (id.into(), usd(30_001), usd(30_000));
    let not_free = AccountRefusal::NotFree { credit, asked, free };
    assert_eq!(desk.refund(3, id, 30_001), Err(not_free.into()));

    let facts = desk.refund(3, id, 30_000).unwrap();
    let refunded = |amount, whole| PaymentEvent::Refunded {
        lease: LEASE,
        amount: usd(amount),
        bank_account: BANK,
        whole,
        reason: "paid twice".into(),
    };
    let withdrawn = |amount, day| LeaseEvent::CreditWithdrawn {
        credit,
        amount: usd(amount),
        why: Withdrawal::Refunded,
        on: june(day),
    };
    assert_eq!(facts.payment, [refunded(30_000, false)]);
    assert_eq!(facts.lease, [withdrawn(30_000, 3)]);
    assert_eq!((facts.deposits, facts.claim), (vec![], vec![]));

    desk.unapply(5, credit, to(rent, ChargeKind::Rent), 100_000).unwrap();
    let (on, since) = (june(4), june(5));
    let too_early = PaymentRefusal::DatedTooEarly { on, since };
    assert_eq!(desk.refund(4, id, 100_000), Err(too_early.into()));
    let facts = desk.refund(5, id, 100_000).unwrap();
    assert_eq!(facts.payment, [refunded(100_000, true)]);
    assert_eq!(facts.lease, [withdrawn(100_000, 5)]);
    assert_eq!(desk.payments[&id].status(), Some(PaymentStatus::Refunded));
}

#[test]
fn nothing_is_refunded_that_is_not_in_an_open_bank_account() {
    let mut desk = Desk::new();
    let id = desk.take_cash(1, 100);
    let forbidden = PaymentRefusal::Forbidden {
        status: PaymentStatus::Completed,
        asked: "refunded",
    };
    assert_eq!(desk.refund(2, id, 1), Err(forbidden.into()));
    desk.bank(2, id, 0).unwrap();
    desk.bank = desk.bank.after(&[BankAccountEvent::Closed { on: june(3) }]);
    let closed = BankAccountRefusal::Closed { on: june(3) };
    assert_eq!(desk.refund(3, id, 1), Err(closed.into()));
}

#[test]
fn no_refund_takes_the_credit_of_the_lease_below_zero() {
    let mut desk = Desk::new();
    let bounced = desk.take_cash(1, 10_000);
    desk.bank(1, bounced, 0).unwrap();
    desk.refund(2, bounced, 8_000).unwrap();
    desk.settings.nsf_fee = usd(0);
    desk.bounce(3, bounced).unwrap();
    let good = desk.take_cash(4, 9_000);
    desk.bank(4, good, 0).unwrap();
    let (credit, asked, free) = (good.into(), usd(1_001), usd(1_000));
    let not_free = AccountRefusal::NotFree { credit, asked, free };
    assert_eq!(desk.refund(5, good, 1_001), Err(not_free.into()));
    assert!(desk.refund(5, good, 1_000).is_ok());
    assert_eq!(desk.lease.account().free(), 0);
}

#[test]
fn what_secures_a_deposit_is_refunded_only_once_it_is_free() {
    let mut desk = Desk::new();
    let deposit = desk.bill(10_000);
    let secured = Intent {
        designations: vec![for_deposit(deposit, 10_000)],
        ..cash(10_000)
    };
    let (id, _) = desk.receive(1, secured).unwrap();
    desk.bank(1, id, 0).unwrap();
    assert!(desk.refund(2, id, 1).is_err());
    desk.unapply(2, id.into(), CreditTarget::Deposit { deposit }, 10_000)
        .unwrap();
    assert!(desk.refund(2, id, 10_000).is_ok());
}

#[test]
fn a_disputed_payment_is_neither_banked_nor_refunded() {
    let mut desk = Desk::new();
    let id = desk.take_cash(1, 100);
    let reason = "not mine".to_owned();
    desk.step(1, id, PaymentCommand::Dispute { reason }).unwrap();
    let forbidden = |asked| -> Refusal {
        let status = PaymentStatus::Disputed;
        PaymentRefusal::Forbidden { status, asked }.into()
    };
    assert_eq!(desk.bank(2, id, 0), Err(forbidden("deposited")));
    assert_eq!(desk.refund(2, id, 1), Err(forbidden("refunded")));
}
