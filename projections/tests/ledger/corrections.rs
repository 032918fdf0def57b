//! What happens to money that comes back, through commands, to the cent on every account.

use std::collections::BTreeMap;

use commands::handlers::{BillDeposit, RefundPayment, ReturnPayment, VoidPayment};
use domain::{
    deposit::{DepositPurpose, NewDeposit},
    ids::{DepositId, LeaseId},
    payment::Designation,
    postings::{
        Basis,
        testing::{day, usd},
    },
};
use projections::ledger::reports::Scope;
use uuid::Uuid;

use crate::office::Office;

const DEPOSIT: DepositId = DepositId(Uuid::from_u128(44));

/// A lease with rent due and a deposit billed.
async fn moved_in() -> (Office, LeaseId) {
    let office = Office::open().await;
    let property = office.property("Elm Court").await;
    let unit = office.unit(property, "101").await;
    let ada = office.resident("Ada", "Lovelace").await;
    let lease = office.lease(unit, vec![ada], day(6, 1), 150_000).await;
    office.move_in(lease, day(6, 1)).await;
    let new = NewDeposit {
        lease,
        purpose: DepositPurpose::Security,
        limited: false,
        amount: usd(100_000),
        due_on: day(6, 1),
    };
    office.give(day(6, 1), &BillDeposit { deposit: DEPOSIT, new }).await;
    (office, lease)
}

impl Office {
    async fn cash_on(&self, month: u32, on: u64) -> BTreeMap<i16, i64> {
        self.world.project().await;
        self.balances(Basis::Cash, Scope::as_of(day(month, on))).await
    }

    async fn accrual_on(&self, month: u32, on: u64) -> BTreeMap<i16, i64> {
        self.world.project().await;
        self.balances(Basis::Accrual, Scope::as_of(day(month, on))).await
    }
}

fn for_the_deposit() -> Vec<Designation> {
    vec![Designation::Deposit {
        deposit: DEPOSIT,
        amount: usd(100_000),
    }]
}

#[tokio::test]
async fn a_deposit_out_of_a_payment_is_held_apart_before_and_after_it_is_banked_and_gone_when_it_comes_back() {
    let (office, lease) = moved_in().await;
    let payment = office.receive(day(6, 2), lease, 250_000, for_the_deposit()).await;
    let paid = [(1010, 100_000), (2100, -100_000), (4000, -150_000)];
    let received = BTreeMap::from_iter(paid.into_iter().chain([(1050, 150_000)]));
    assert_eq!(office.cash_on(6, 2).await, received);

    office.bank(day(6, 4), payment, 500).await;
    let banked = BTreeMap::from_iter(paid.into_iter().chain([(1000, 149_500), (5200, 500)]));
    assert_eq!(office.cash_on(6, 4).await, banked);

    let give_back = ReturnPayment {
        payment,
        bank_fee: usd(1_200),
        reason: "R01".into(),
    };
    office.give(day(6, 9), &give_back).await;
    assert_eq!(
        office.cash_on(6, 9).await,
        BTreeMap::from([(1000, -1_700), (5200, 1_700)])
    );
    let owed = [(1200, 153_500), (4000, -150_000), (4110, -3_500)];
    let owed = BTreeMap::from_iter(owed.into_iter().chain([(1000, -1_700), (5200, 1_700)]));
    assert_eq!(office.accrual_on(6, 9).await, owed);
}

#[tokio::test]
async fn a_voided_payment_was_never_there() {
    let (office, lease) = moved_in().await;
    let payment = office.receive(day(6, 2), lease, 250_000, for_the_deposit()).await;
    let reason = "keyed in twice".to_owned();
    office.give(day(6, 3), &VoidPayment { payment, reason }).await;
    assert_eq!(office.cash_on(6, 3).await, BTreeMap::new());
    assert_eq!(
        office.accrual_on(6, 3).await,
        BTreeMap::from([(1200, 150_000), (4000, -150_000)])
    );
    let reversed: Vec<(String, i64)> = office
        .world
        .ask(
            "SELECT o.event_type, count(*) FROM ledger_v2.entries c
               JOIN ledger_v2.entries o ON o.tenant_id = c.tenant_id AND o.number = c.reverses
              GROUP BY 1 ORDER BY 1",
        )
        .await;
    let once = |event: &str| (event.to_owned(), 1);
    let events = ["deposit.received", "lease.credit_applied", "payment.completed"];
    assert_eq!(reversed, events.map(once));
}

#[tokio::test]
async fn a_payment_that_comes_back_after_a_refund_leaves_a_shortage() {
    let (office, lease) = moved_in().await;
    let payment = office.receive(day(6, 2), lease, 200_000, vec![]).await;
    office.bank(day(6, 4), payment, 0).await;
    let refund = RefundPayment {
        payment,
        amount: usd(50_000),
        reason: "paid too much".into(),
    };
    office.give(day(6, 20), &refund).await;
    let give_back = ReturnPayment {
        payment,
        bank_fee: usd(0),
        reason: "R01".into(),
    };
    office.give(day(6, 25), &give_back).await;
    assert_eq!(
        office.cash_on(6, 25).await,
        BTreeMap::from([(1000, -50_000), (2200, 50_000)])
    );
}
