//! The reports as comma-separated values.

use domain::postings::testing::day;
use projections::ledger::reports::{
    AccountQuestion, Scope, Table, aged_receivables, csv, general_ledger, lease_statement, rent_roll, trial_balance,
};

use crate::{
    office::Office,
    story::{June, june},
};

/// A report's lines, without what each says of the report.
fn lines<T: Table>(report: &T) -> Vec<String> {
    let text = String::from_utf8(csv(report)).unwrap();
    assert!(text.ends_with("\r\n"));
    let position = report.heading().known_to.position;
    let line = |line: &str| {
        let (cells, of_the_report) = line.split_at(line.find(",USD,").unwrap_or(line.len()));
        let known_to = format!("@{position}");
        assert!(of_the_report.is_empty() || of_the_report.contains("2026-06-30") && !known_to.is_empty());
        cells.to_owned()
    };
    text.lines().map(line).collect()
}

#[tokio::test]
async fn every_report_is_also_a_table() {
    let June { office, ada, .. } = june().await;
    let (app, organization) = (&office.world.pools.app, office.organization);
    let scope = Scope::as_of(day(6, 30));

    let balance = trial_balance(app, organization, scope).await.unwrap();
    let text = String::from_utf8(csv(&balance)).unwrap();
    let known_to = balance.heading.known_to;
    let expected = format!(
        "Account,Name,Debit,Credit,Currency,Basis,From,As of,Known to,Incomplete since\r\n\
         1000,Operating trust cash,1700.00,0.00,USD,accrual,,2026-06-30,{}/{}@1,\r\n",
        known_to.shard, known_to.position
    );
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!(lines(&balance).len(), balance.accounts.len() + 1);

    let roll = rent_roll(app, organization, scope).await.unwrap();
    let roll = lines(&roll);
    assert_eq!(
        roll[1],
        "Elm Court,101,Ada Lovelace,Current,2/1.5,840,1600.00,1500.00,54.00,0.00,2026-06-01,2026-12-31,2026-06-01,,-146.00"
    );
    assert_eq!(roll[4], "Elm Court,104,,Down,2/1.5,840,1600.00,,,,,,,,");

    let aged = aged_receivables(app, organization, scope).await.unwrap();
    let rows = lines(&aged);
    let lease = aged.leases[1].lease;
    assert_eq!(
        rows[2],
        format!("Elm Court,102,Bob Doe,{lease},0.00,1250.00,0.00,200.00,0.00,1450.00,0.00")
    );

    let statement = lease_statement(app, organization, ada, None, day(6, 30)).await;
    let statement = statement.unwrap().unwrap();
    let number = statement.lines[2].number;
    let event = statement.lines[2].event_id;
    assert_eq!(
        lines(&statement)[3],
        format!(
            "Elm Court,101,Ada Lovelace,2026-06-02,Payment received,cheque,no. 170000,,1700.00,-146.00,{number},\
             payment.completed,{event}"
        )
    );

    let question = AccountQuestion {
        account: domain::postings::Account::OperatingCash,
        from: day(6, 1),
        to: day(6, 30),
        basis: domain::postings::Basis::Cash,
        property: None,
        after: None,
        limit: 10,
    };
    let ledger = general_ledger(app, organization, question).await.unwrap();
    let row = &ledger.movements[0];
    assert_eq!(
        lines(&ledger)[1],
        format!(
            "2026-06-04,{},0,Elm Court,101,{ada},Payment banked,1700.00,,1700.00,,payment.deposited,{}",
            row.place.number, row.event_id
        )
    );
}

#[tokio::test]
async fn a_name_with_commas_is_quoted_and_one_that_is_a_formula_is_only_a_name() {
    let office = Office::open().await;
    let property = office.property("Elm Court, \"East\"").await;
    let unit = office.unit(property, "101").await;
    let mallory = office.resident("=HYPERLINK(1)", "Mallory").await;
    let lease = office.lease(unit, vec![mallory], day(6, 1), 150_000).await;
    office.move_in(lease, day(6, 1)).await;
    office.world.project().await;
    let scope = Scope::as_of(day(6, 30));
    let roll = rent_roll(&office.world.pools.app, office.organization, scope)
        .await
        .unwrap();
    let expected = r#""Elm Court, ""East""",101,'=HYPERLINK(1) Mallory,Current"#;
    assert!(lines(&roll)[1].starts_with(expected), "{:?}", lines(&roll));
}
