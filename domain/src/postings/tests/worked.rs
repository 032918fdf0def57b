//! Worked cases, with the balances an accountant would reckon by hand.

use uuid::Uuid;

use super::*;
use crate::{
    deposit::{DepositEvent, DepositSource},
    ids::BankAccountId,
    lease::{ChargeKind, CreditTarget, LeaseEvent, OpeningCharge},
    money::Currency,
    organization::OrganizationEvent,
    payment::PaymentEvent,
    postings::known,
    settings::Settings,
};

const PARKING: ChargeId = ChargeId(Uuid::from_u128(30));
const BANK: BankAccountId = BankAccountId(Uuid::from_u128(7));

impl Desk {
    fn charge(&mut self, charge: ChargeId, kind: ChargeKind, amount: i64, tax: i64) {
        let event = LeaseEvent::ChargePosted {
            charge,
            kind,
            description: String::new(),
            amount: usd(amount),
            tax: (tax > 0).then_some(usd(tax)),
            due_on: day(6, 1),
            period: None,
            recurring: None,
        };
        self.post(LEASE, day(6, 1), event);
    }

    fn receive(&mut self, amount: i64) {
        let event = PaymentEvent::Completed {
            lease: LEASE,
            amount: usd(amount),
            received_on: day(6, 2),
            reference: None,
        };
        self.post(PAYMENT, day(6, 2), event);
    }

    fn pay(&mut self, charge: ChargeId, kind: ChargeKind, amount: i64, tax: i64) {
        let event = LeaseEvent::CreditApplied {
            credit: CREDIT,
            target: CreditTarget::Charge { charge, kind },
            amount: usd(amount),
            tax: (tax > 0).then_some(usd(tax)),
            on: day(6, 2),
        };
        self.post(LEASE, day(6, 2), event);
    }

    fn unpay(&mut self, charge: ChargeId, kind: ChargeKind, amount: i64, tax: i64) {
        let event = LeaseEvent::CreditUnapplied {
            credit: CREDIT,
            target: CreditTarget::Charge { charge, kind },
            amount: usd(amount),
            tax: (tax > 0).then_some(usd(tax)),
            on: day(6, 9),
        };
        self.post(LEASE, day(6, 9), event);
    }

    fn bank(&mut self, amount: i64) {
        let event = PaymentEvent::Deposited {
            lease: LEASE,
            amount: usd(amount),
            fee: usd(0),
            bank_account: BANK,
            on: day(6, 4),
        };
        self.post(PAYMENT, day(6, 4), event);
    }

    fn returned(&mut self, amount: i64, bank_fee: i64) {
        let event = PaymentEvent::Returned {
            lease: LEASE,
            amount: usd(amount),
            bank_account: Some(BANK),
            bank_fee: usd(bank_fee),
            reason: "R01".into(),
        };
        self.post(PAYMENT, day(6, 9), event);
    }
}

/// Rent 1,500.00, parking 50.00 + tax 4.00; receipt 1,700.00 banked: 1,554.00 applied, 146.00 credit.
fn worked_month() -> Desk {
    let mut desk = Desk::new();
    desk.charge(CHARGE, ChargeKind::Rent, 150_000, 0);
    desk.charge(PARKING, ChargeKind::Parking, 5_400, 400);
    desk.receive(170_000);
    desk.pay(CHARGE, ChargeKind::Rent, 150_000, 0);
    desk.pay(PARKING, ChargeKind::Parking, 5_400, 400);
    desk.bank(170_000);
    desk
}

#[test]
fn the_worked_month_is_1554_of_income_and_tax_and_146_prepaid_in_both_views() {
    let balances = BTreeMap::from([
        (1000, 170_000),
        (2200, -14_600),
        (2400, -400),
        (4000, -150_000),
        (4200, -5_000),
    ]);
    let desk = worked_month();
    assert_eq!(desk.balances(Basis::Cash), balances);
    assert_eq!(desk.balances(Basis::Accrual), balances);
}

#[test]
fn before_anything_is_paid_the_cash_view_is_empty() {
    let mut desk = Desk::new();
    desk.charge(PARKING, ChargeKind::Parking, 5_400, 400);
    assert_eq!(desk.balances(Basis::Cash), BTreeMap::new());
    let owed = BTreeMap::from([(1200, 5_400), (2400, -400), (4200, -5_000)]);
    assert_eq!(desk.balances(Basis::Accrual), owed);
}

#[test]
fn when_the_worked_months_payment_comes_back_everything_is_owed_again() {
    let mut desk = worked_month();
    desk.unpay(CHARGE, ChargeKind::Rent, 150_000, 0);
    desk.unpay(PARKING, ChargeKind::Parking, 5_400, 400);
    desk.returned(170_000, 1_200);
    let fee = BTreeMap::from([(1000, -1_200), (5200, 1_200)]);
    assert_eq!(desk.balances(Basis::Cash), fee);
    let mut owed = BTreeMap::from([(1200, 155_400), (2400, -400), (4000, -150_000), (4200, -5_000)]);
    owed.extend(fee);
    assert_eq!(desk.balances(Basis::Accrual), owed);
}

#[test]
fn a_payment_returned_after_a_refund_leaves_a_shortage() {
    let mut desk = Desk::new();
    desk.receive(100_000);
    desk.bank(100_000);
    let refund = PaymentEvent::Refunded {
        lease: LEASE,
        amount: usd(30_000),
        bank_account: BANK,
        whole: false,
        reason: "overpaid".into(),
    };
    desk.post(PAYMENT, day(6, 8), refund);
    desk.returned(100_000, 0);
    let short = BTreeMap::from([(1000, -30_000), (2200, 30_000)]);
    assert_eq!(desk.balances(Basis::Cash), short);
}

#[test]
fn a_payment_that_paid_a_deposit_before_it_was_banked_and_came_back_leaves_nothing() {
    let mut desk = Desk::new();
    desk.receive(100_000);
    let received = DepositEvent::Received {
        lease: LEASE,
        amount: usd(40_000),
        source: DepositSource::Credit {
            credit: CREDIT,
            banked: false,
        },
        on: day(6, 2),
        bank_account: None,
    };
    desk.post(DEPOSIT, day(6, 2), received);
    desk.bank(60_000);
    let held = BTreeMap::from([(1000, 60_000), (1010, 40_000), (2100, -40_000), (2200, -60_000)]);
    assert_eq!(desk.balances(Basis::Cash), held);
    let reversed = DepositEvent::ReceiptReversed {
        lease: LEASE,
        amount: usd(40_000),
        credit: CREDIT,
        banked: true,
    };
    desk.post(DEPOSIT, day(6, 9), reversed);
    desk.returned(100_000, 0);
    assert_eq!(desk.balances(Basis::Cash), BTreeMap::new());
}

#[test]
fn an_opening_balance_is_rent_when_it_is_collected() {
    let mut desk = Desk::new();
    let opened = LeaseEvent::Opened {
        as_of: day(5, 31),
        charge: Some(OpeningCharge {
            charge: CHARGE,
            amount: usd(20_000),
            due_on: day(5, 1),
        }),
        credit: None,
    };
    desk.post(LEASE, day(5, 31), opened);
    desk.receive(20_000);
    desk.pay(CHARGE, ChargeKind::Opening, 20_000, 0);
    assert_eq!(
        desk.balances(Basis::Cash),
        BTreeMap::from([(1050, 20_000), (4000, -20_000)])
    );
    assert_eq!(
        desk.balances(Basis::Accrual),
        BTreeMap::from([(1050, 20_000), (3800, -20_000)])
    );
}

#[test]
fn a_lease_that_was_drafted_is_known_from_then_on() {
    let mut history = crate::postings::testing::History::begin(1, 1);
    history.take(crate::postings::testing::Step {
        what: 0,
        pick: 1,
        cents: 100,
    });
    let mut books = Books::default();
    let entries: Vec<_> = history
        .happened()
        .iter()
        .flat_map(|happened| books.post(&happened.source()).unwrap())
        .collect();
    let drafted = history
        .happened()
        .iter()
        .find_map(|happened| match known(&happened.source()) {
            Some(Known::Lease(dimensions)) => Some(dimensions),
            Some(Known::Accounts(_)) | None => None,
        });
    assert_eq!(entries[0].dimensions, drafted.unwrap());
}

#[test]
fn money_goes_through_the_usual_account_unless_another_is_named() {
    let mut desk = Desk::new();
    let [operating, deposit] = [8, 9].map(|n| BankAccountId(Uuid::from_u128(n)));
    let created = OrganizationEvent::Created {
        name: "Homes".into(),
        settings: Settings::usual(Currency::USD, chrono_tz::America::New_York),
        operating_account: operating,
        deposit_account: deposit,
    };
    assert_eq!(desk.post(Uuid::from_u128(10), day(6, 1), created), []);
    desk.receive(100_000);
    desk.bank(100_000);
    let received = DepositEvent::Received {
        lease: LEASE,
        amount: usd(40_000),
        source: DepositSource::Credit {
            credit: CREDIT,
            banked: true,
        },
        on: day(6, 2),
        bank_account: None,
    };
    desk.post(DEPOSIT, day(6, 5), received);
    let accounts = desk.entries.iter().flat_map(|entry| &entry.lines);
    let accounts: Vec<_> = accounts.map(|line| (line.account.code(), line.bank_account)).collect();
    let expected = [
        (1050, None),
        (2200, None),
        (1000, Some(BANK)),
        (1050, None),
        (2200, None),
        (2100, None),
        (1010, Some(deposit)),
        (1000, Some(operating)),
    ];
    assert_eq!(accounts, expected);
}
