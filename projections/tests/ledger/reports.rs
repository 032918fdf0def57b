//! The reports on a worked month that commands made.

use std::collections::BTreeMap;

use commands::handlers::{EndLease, ReturnPayment, erase_resident};
use domain::{
    ids::{LeaseId, PropertyId},
    money::Money,
    postings::{
        Account, Basis,
        testing::{day, usd},
    },
};
use projections::ledger::reports::{
    AccountQuestion, Ages, GeneralLedger, Occupancy, RentRollUnit, ReportError, Scope, aged_receivables,
    general_ledger, lease_statement, rent_roll, trial_balance,
};
use uuid::Uuid;

use crate::{
    office::Office,
    story::{June, june},
    support::organization,
};

#[tokio::test]
async fn the_trial_balance_of_june_is_what_an_accountant_reckons() {
    let June { office, property, .. } = june().await;
    let held = [(1010, 100_000), (2100, -100_000)];
    let collected = [(1000, 170_000), (2200, -14_600), (2400, -400), (4200, -5_000)];
    let cash = BTreeMap::from_iter(held.into_iter().chain(collected).chain([(4000, -150_000)]));
    let owed = [(1200, 145_000), (3800, -20_000), (4000, -270_000), (4100, -5_000)];
    let accrual = BTreeMap::from_iter(held.into_iter().chain(collected).chain(owed));
    let end = Scope::as_of(day(6, 30));
    assert_eq!(office.balances(Basis::Accrual, end).await, accrual);
    assert_eq!(office.balances(Basis::Cash, end).await, cash);

    let of = |property| Scope {
        property: Some(property),
        ..end
    };
    assert_eq!(office.balances(Basis::Accrual, of(property)).await, accrual);
    let elsewhere = of(PropertyId(Uuid::nil()));
    assert_eq!(office.balances(Basis::Accrual, elsewhere).await, BTreeMap::new());

    let taken_over = held.into_iter().chain([(1200, 20_000), (3800, -20_000)]);
    let before = Scope::as_of(day(5, 31));
    assert_eq!(
        office.balances(Basis::Accrual, before).await,
        BTreeMap::from_iter(taken_over)
    );
}

#[tokio::test]
async fn a_report_says_what_it_is_about_and_up_to_where_it_knows() {
    let June { office, property, .. } = june().await;
    let scope = Scope {
        basis: Basis::Cash,
        as_of: day(6, 30),
        property: Some(property),
    };
    let app = &office.world.pools.app;
    let heading = trial_balance(app, office.organization, scope).await.unwrap().heading;
    assert_eq!(
        (heading.basis, heading.as_of, heading.from),
        (Basis::Cash, day(6, 30), None)
    );
    assert_eq!((heading.property, heading.currency.code()), (Some(property), "USD"));
    assert_eq!(heading.incomplete_since, None);
    let shard = schemas::shard_of(office.organization).as_i16();
    assert_eq!((heading.known_to.epoch, heading.known_to.shard), (1, shard));
    let [(last,)]: [(i64,); 1] = office
        .world
        .ask("SELECT max(position) FROM events")
        .await
        .try_into()
        .unwrap();
    assert_eq!(heading.known_to.position, last);

    // The cash view knows no receivables: these reports say that they are of the other.
    let aged = aged_receivables(app, office.organization, scope).await.unwrap();
    let roll = rent_roll(app, office.organization, scope).await.unwrap();
    assert_eq!([aged.heading.basis, roll.heading.basis], [Basis::Accrual; 2]);
}

#[tokio::test]
async fn an_organization_sees_nothing_of_another() {
    let June { office, ada, .. } = june().await;
    let (app, other) = (&office.world.pools.app, organization(2));
    let scope = Scope::as_of(day(6, 30));
    assert!(matches!(
        trial_balance(app, other, scope).await,
        Err(ReportError::NoBooks)
    ));
    let statement = lease_statement(app, other, ada, None, day(6, 30)).await;
    assert!(matches!(statement, Err(ReportError::NoBooks)));
}

async fn ages(office: &Office, lease: LeaseId, month: u32, on: u64) -> Option<Ages> {
    let scope = Scope::as_of(day(month, on));
    let aged = aged_receivables(&office.world.pools.app, office.organization, scope)
        .await
        .unwrap();
    let debtors = &mut aged.leases.into_iter();
    debtors.find(|debtor| debtor.lease == lease).map(|debtor| debtor.ages)
}

fn buckets(ages: Option<Ages>) -> [i64; 6] {
    let ages = ages.unwrap();
    [
        ages.not_yet_due,
        ages.days_0_to_30,
        ages.days_31_to_60,
        ages.days_61_to_90,
        ages.over_90_days,
        ages.credit,
    ]
    .map(|amount| amount.minor)
}

#[tokio::test]
async fn receivables_age_by_the_days_since_they_were_due() {
    let June { office, ada, bob, .. } = june().await;
    // Owed since 15 April; rent due 1 June; the fee due on the 6th.
    assert_eq!(buckets(ages(&office, bob, 5, 31).await), [0, 0, 20_000, 0, 0, 0]);
    assert_eq!(buckets(ages(&office, bob, 6, 30).await), [0, 125_000, 0, 20_000, 0, 0]);
    assert_eq!(buckets(ages(&office, bob, 7, 1).await), [0, 125_000, 0, 20_000, 0, 0]);
    assert_eq!(
        buckets(ages(&office, bob, 7, 2).await),
        [0, 5_000, 120_000, 20_000, 0, 0]
    );
    assert_eq!(buckets(ages(&office, bob, 7, 14).await), [0, 0, 125_000, 20_000, 0, 0]);
    assert_eq!(buckets(ages(&office, bob, 7, 15).await), [0, 0, 125_000, 0, 20_000, 0]);
    assert_eq!(buckets(ages(&office, ada, 6, 30).await), [0, 0, 0, 0, 0, 14_600]);
    assert_eq!(buckets(ages(&office, ada, 6, 1).await), [0, 155_400, 0, 0, 0, 0]);
    assert_eq!(ages(&office, ada, 5, 31).await, None);
}

#[tokio::test]
async fn a_balance_taken_over_before_it_is_due_is_not_yet_due() {
    let office = Office::open().await;
    let property = office.property("Elm Court").await;
    let unit = office.unit(property, "101").await;
    let ada = office.resident("Ada", "Lovelace").await;
    let lease = office.take_over(unit, ada, 7_500, day(6, 15)).await;
    office.world.project().await;
    assert_eq!(buckets(ages(&office, lease, 6, 14).await), [7_500, 0, 0, 0, 0, 0]);
    assert_eq!(buckets(ages(&office, lease, 6, 15).await), [0, 7_500, 0, 0, 0, 0]);
}

async fn roll(office: &Office, month: u32, on: u64) -> Vec<RentRollUnit> {
    let scope = Scope::as_of(day(month, on));
    let app = &office.world.pools.app;
    rent_roll(app, office.organization, scope).await.unwrap().units
}

fn occupancies(units: &[RentRollUnit]) -> Vec<(&str, Occupancy)> {
    units
        .iter()
        .map(|unit| (unit.unit_number.as_str(), unit.occupancy))
        .collect()
}

#[tokio::test]
async fn the_rent_roll_shows_every_unit_rented_or_not() {
    use Occupancy::{Current, NoticeUnrented, Offline, VacantRented, VacantUnrented};
    let June { office, ada, bob, .. } = june().await;
    let units = roll(&office, 6, 30).await;
    let june = [
        ("101", Current),
        ("102", NoticeUnrented),
        ("103", VacantRented),
        ("104", Offline),
        ("105", VacantUnrented),
    ];
    assert_eq!(occupancies(&units), june);

    let adas = units[0].tenancy.as_ref().unwrap();
    assert_eq!(
        (adas.lease, adas.residents[0].name.as_deref()),
        (ada, Some("Ada Lovelace"))
    );
    assert_eq!((adas.lease_from, adas.lease_to), (day(6, 1), Some(day(12, 31))));
    assert_eq!((adas.moved_in_on, adas.moves_out_on), (Some(day(6, 1)), None));
    let amounts = |amounts: [Money; 4]| amounts.map(|amount| amount.minor);
    assert_eq!(
        amounts([adas.rent, adas.recurring, adas.deposits_held, adas.balance]),
        [150_000, 5_400, 0, -14_600]
    );

    let bobs = units[1].tenancy.as_ref().unwrap();
    assert_eq!((bobs.lease, bobs.lease_to), (bob, None));
    assert_eq!(
        (bobs.moved_in_on, bobs.moves_out_on),
        (Some(day(1, 1)), Some(day(7, 31)))
    );
    assert_eq!(
        amounts([bobs.rent, bobs.recurring, bobs.deposits_held, bobs.balance]),
        [120_000, 0, 100_000, 145_000]
    );
    assert_eq!(
        (units[0].bedrooms, units[0].half_baths, units[0].square_feet),
        (2, 3, Some(840))
    );
}

#[tokio::test]
async fn the_rent_roll_of_another_day_is_of_that_day() {
    let June { office, .. } = june().await;
    let on = |month, day| roll(&office, month, day);
    assert_eq!(on(5, 31).await[0].occupancy, Occupancy::VacantRented);
    assert_eq!(on(6, 19).await[1].occupancy, Occupancy::Current);
    assert_eq!(on(6, 20).await[1].occupancy, Occupancy::NoticeUnrented);
    assert_eq!(on(7, 31).await[1].occupancy, Occupancy::NoticeUnrented);
    assert_eq!(on(8, 1).await[1].occupancy, Occupancy::VacantUnrented);
    assert_eq!(on(8, 1).await[2].occupancy, Occupancy::Current);
    assert_eq!(on(5, 9).await[3].occupancy, Occupancy::VacantUnrented);
    assert_eq!(on(5, 10).await[3].occupancy, Occupancy::Offline);
    assert_eq!(on(6, 1).await[0].tenancy.as_ref().unwrap().balance, usd(155_400));
}

#[tokio::test]
async fn the_rent_roll_sums_its_units() {
    let June { office, .. } = june().await;
    let app = &office.world.pools.app;
    let scope = Scope::as_of(day(6, 30));
    let totals = rent_roll(app, office.organization, scope).await.unwrap().totals;
    assert_eq!((totals.units, totals.occupied), (5, 2));
    assert_eq!(totals.market_rent, usd(800_000));
    assert_eq!((totals.rent, totals.recurring), (usd(270_000), usd(5_400)));
    assert_eq!((totals.deposits_held, totals.balance), (usd(100_000), usd(130_400)));
}

#[tokio::test]
async fn the_statement_of_a_lease_runs_from_charge_to_payment() {
    let June {
        office,
        ada,
        adas_payment,
        ..
    } = june().await;
    let give_back = ReturnPayment {
        payment: adas_payment,
        bank_fee: usd(1_200),
        reason: "R01".into(),
    };
    office.give(day(7, 3), &give_back).await;
    office.world.project().await;
    let app = &office.world.pools.app;
    let statement = lease_statement(app, office.organization, ada, None, day(7, 31)).await;
    let statement = statement.unwrap().unwrap();
    let lines: Vec<_> = (statement.lines.iter())
        .map(|line| {
            let [charge, payment] = [line.charge, line.payment].map(|amount| amount.map_or(0, |amount| amount.minor));
            (line.effective_on, charge, payment, line.balance.minor)
        })
        .collect();
    let mut last = lines[3..].to_vec();
    last.sort_unstable();
    assert_eq!(
        lines[..3],
        [
            (day(6, 1), 150_000, 0, 150_000),
            (day(6, 1), 5_400, 0, 155_400),
            (day(6, 2), 0, 170_000, -14_600),
        ]
    );
    assert_eq!(last.len(), 2);
    assert_eq!(last[0].1 + last[1].1, 170_000 + 3_500);
    assert_eq!((statement.opening, statement.closing), (usd(0), usd(158_900)));
    let payment = &statement.lines[2];
    assert_eq!(
        (payment.method.as_deref(), payment.reference.as_deref()),
        (Some("cheque"), Some("no. 170000"))
    );
    assert_eq!(payment.event_type, "payment.completed");
    assert_eq!(statement.residents[0].name.as_deref(), Some("Ada Lovelace"));

    let july = lease_statement(app, office.organization, ada, Some(day(7, 1)), day(7, 31)).await;
    let july = july.unwrap().unwrap();
    assert_eq!(
        (july.opening, july.closing, july.lines.len()),
        (usd(-14_600), usd(158_900), 2)
    );
    assert_eq!(july.heading.from, Some(day(7, 1)));
    let nobodys = LeaseId(Uuid::nil());
    let nothing = lease_statement(app, office.organization, nobodys, None, day(7, 31)).await;
    assert_eq!(nothing.unwrap(), None);
}

#[tokio::test]
async fn the_statement_shows_the_deposit_that_is_held() {
    let June { office, bob, .. } = june().await;
    let statement = lease_statement(&office.world.pools.app, office.organization, bob, None, day(6, 30)).await;
    let statement = statement.unwrap().unwrap();
    assert_eq!(
        (statement.deposits_held, statement.closing),
        (usd(100_000), usd(145_000))
    );
}

async fn ledger_of(office: &Office, question: AccountQuestion) -> GeneralLedger {
    general_ledger(&office.world.pools.app, office.organization, question)
        .await
        .unwrap()
}

const fn receivables_in_june() -> AccountQuestion {
    AccountQuestion {
        account: Account::Receivables,
        from: chrono::NaiveDate::MIN,
        to: chrono::NaiveDate::MIN,
        basis: Basis::Accrual,
        property: None,
        after: None,
        limit: 100,
    }
}

#[tokio::test]
async fn the_opening_of_an_account_and_its_movements_make_its_closing_page_by_page() {
    let June { office, bob, .. } = june().await;
    let question = AccountQuestion {
        from: day(6, 1),
        to: day(6, 30),
        ..receivables_in_june()
    };
    let whole = ledger_of(&office, question).await;
    assert_eq!(
        (whole.opening, whole.closing, whole.next),
        (usd(20_000), usd(145_000), None)
    );
    let amounts: Vec<_> = (whole.movements.iter())
        .map(|row| row.debit.map_or(0, |debit| debit.minor) - row.credit.map_or(0, |credit| credit.minor))
        .collect();
    let mut sorted = amounts.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [-150_000, -5_400, 5_000, 5_400, 120_000, 150_000]);
    assert_eq!(whole.movements.last().unwrap().balance, whole.closing);
    assert!(
        whole
            .movements
            .is_sorted_by_key(|row| (row.place.effective_on, row.place.number))
    );

    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = ledger_of(
            &office,
            AccountQuestion {
                after,
                limit: 4,
                ..question
            },
        )
        .await;
        assert_eq!((page.opening, page.closing), (whole.opening, whole.closing));
        let before = paged
            .last()
            .map_or(whole.opening, |row: &projections::ledger::reports::Movement| {
                row.balance
            });
        assert_eq!(page.brought_forward, before);
        paged.extend(page.movements);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, whole.movements);

    let fee = whole
        .movements
        .iter()
        .find(|row| row.event_type == "lease.late_fee_assessed")
        .unwrap();
    assert_eq!((fee.place.effective_on, fee.lease), (day(6, 6), bob));
    assert_eq!(
        (fee.property_name.as_deref(), fee.unit_number.as_deref()),
        (Some("Elm Court"), Some("102"))
    );
    let event: Vec<(Uuid, String)> = office
        .world
        .ask(&format!(
            "SELECT event_id, event_type FROM events WHERE shard = {} AND position = {}",
            fee.recorded_at.shard, fee.recorded_at.position
        ))
        .await;
    assert_eq!(event, [(fee.event_id, fee.event_type.clone())]);
}

#[tokio::test]
async fn the_general_ledger_of_cash_names_its_bank_account_and_of_the_cash_view_no_receivables() {
    let June { office, .. } = june().await;
    let question = AccountQuestion {
        account: Account::OperatingCash,
        from: day(6, 1),
        to: day(6, 30),
        basis: Basis::Cash,
        ..receivables_in_june()
    };
    let cash = ledger_of(&office, question).await;
    let operating = office.operating_account().await;
    assert_eq!(cash.movements[0].bank_account, Some(operating));
    assert_eq!((cash.movements.len(), cash.closing), (1, usd(170_000)));
    let receivables = AccountQuestion {
        account: Account::Receivables,
        ..question
    };
    let receivables = ledger_of(&office, receivables).await;
    assert_eq!((receivables.movements, receivables.closing), (vec![], usd(0)));
}

#[tokio::test]
async fn a_name_that_was_erased_is_forgotten_and_the_replay_agrees() {
    let June {
        office,
        bob,
        bob_himself,
        ..
    } = june().await;
    let world = &office.world;
    let (lease, on) = (bob, day(8, 1));
    office.give(on, &EndLease { lease, on }).await;
    let invocation = office.invocation(day(8, 2));
    let erased = (bob_himself, "on request".to_owned());
    erase_resident(&office.commands, &world.pools.stream, &invocation, erased)
        .await
        .unwrap();
    world.project().await;
    let units = roll(&office, 6, 30).await;
    let bobs = units[1].tenancy.as_ref().unwrap();
    assert_eq!(
        (bobs.residents[0].id, bobs.residents[0].name.as_deref()),
        (bob_himself, None)
    );
    let kept = world.dump().await;
    assert!(kept.contains("Ada Lovelace") && !kept.contains("Doe"));
    world.rebuild(1_000).await;
    assert_eq!(world.dump().await, kept);
}
