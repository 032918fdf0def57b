//! A June of five units, and what the books must say at its end.

use std::collections::BTreeMap;

use commands::handlers::{GiveNotice, OnStream};
use domain::{
    ids::{LeaseId, PaymentId, PropertyId, ResidentId},
    postings::{Basis, testing::day},
    unit::{Unit, UnitCommand},
};
use projections::ledger::reports::{Scope, TrialBalance, trial_balance};

use crate::office::Office;

pub struct June {
    pub office: Office,
    pub property: PropertyId,
    /// Rents 101 from June on, and paid 146.00 too much.
    pub ada: LeaseId,
    pub adas_payment: PaymentId,
    /// Was taken over in 102, owes and pays nothing, and gave notice on the 20th.
    pub bob: LeaseId,
    pub bob_himself: ResidentId,
}

/// Rent 1,500.00, parking 50.00 and 4.00 of tax; 1,700.00 received and banked. Next door 200.00 are owed since April, a deposit
/// of 1,000.00 is held, June's rent of 1,200.00 is not paid, and that costs 50.00. 103 is rented from August, 104 can't be
/// rented, 105 could.
pub async fn june() -> June {
    let office = Office::open().await;
    let property = office.property("Elm Court").await;
    let [u101, u102, u103, u104, _] = [
        office.unit(property, "101").await,
        office.unit(property, "102").await,
        office.unit(property, "103").await,
        office.unit(property, "104").await,
        office.unit(property, "105").await,
    ];
    let ada = office.resident("Ada", "Lovelace").await;
    let bob_himself = office.resident("Bob", "Doe").await;
    let eve = office.resident("Eve", "Roe").await;
    let adas_lease = office.lease(u101, vec![ada], day(6, 1), 150_000).await;
    office.parking(adas_lease).await;
    office.lease(u103, vec![eve], day(8, 1), 140_000).await;
    let offline = UnitCommand::TakeOffline {
        reason: "water damage".into(),
    };
    office.give(day(5, 10), &OnStream::<Unit>::of(u104, offline)).await;
    let bob = office.take_over(u102, bob_himself, 20_000, day(4, 15)).await;
    office.take_over_deposit(bob, 100_000).await;

    office.move_in(adas_lease, day(6, 1)).await;
    let adas_payment = office.receive(day(6, 2), adas_lease, 170_000, vec![]).await;
    office.bank(day(6, 4), adas_payment, 0).await;
    let notice = GiveNotice {
        lease: bob,
        given_on: day(6, 20),
        ends: day(8, 1),
    };
    office.give(day(6, 20), &notice).await;
    office.until_end_of(day(6, 30)).await;
    office.world.project().await;
    June {
        office,
        property,
        ada: adas_lease,
        adas_payment,
        bob,
        bob_himself,
    }
}

/// The accounts of a trial balance, debits above zero.
pub fn signed(report: &TrialBalance) -> BTreeMap<i16, i64> {
    let rows = report.accounts.iter();
    rows.map(|row| (row.account, row.debit.minor - row.credit.minor))
        .collect()
}

impl Office {
    pub async fn balances(&self, basis: Basis, scope: Scope) -> BTreeMap<i16, i64> {
        let scope = Scope { basis, ..scope };
        let report = trial_balance(&self.world.pools.app, self.organization, scope)
            .await
            .unwrap();
        assert_eq!(report.debit, report.credit);
        signed(&report)
    }
}
