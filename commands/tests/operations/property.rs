//! Organizations, properties and their units.

use commands::{
    execute::ExecuteError,
    handlers::{MakeUnitReady, OffboardProperty, OnStream, UpdateUnit},
};
use domain::{
    bank_account::{BankAccount, BankPurpose},
    organization::{Organization, OrganizationCommand},
    property::Property,
    unit::{Unit, UnitCommand, UnitDetails, UnitStatus},
};

use crate::support::{Office, found, noon, rule, unit};

#[tokio::test]
async fn an_organization_begins_with_two_accounts_and_takes_commands_from_then_on() {
    let office = Office::unfounded().await;
    let early = office
        .attempt(&unit(domain::ids::PropertyId(uuid::Uuid::nil()), 1, "1"))
        .await;
    assert_eq!(rule(early), "organization-absent");
    let receipt = office.give(&found()).await;
    assert_eq!(
        Office::written(&receipt),
        ["organization.created", "bank_account.opened", "bank_account.opened"]
    );
    let organization = office.state::<Organization>(office.organization).await;
    for (account, purpose) in [
        (organization.operating_account(), BankPurpose::Operating),
        (organization.deposit_account(), BankPurpose::DepositTrust),
    ] {
        let account = office.state::<BankAccount>(account.unwrap()).await;
        assert_eq!(account.must_serve(purpose, noon().date_naive()), Ok(()));
    }
    assert_eq!(office.refused(&found()).await, "organization-exists");
}

#[tokio::test]
async fn a_suspended_organization_takes_no_commands_but_its_own() {
    let office = Office::new().await;
    let property = office.property(1).await;
    let own = |command| OnStream::<Organization>::of(office.organization, command);
    let suspend = OrganizationCommand::Suspend {
        reason: "unpaid".into(),
    };
    office.give(&own(suspend)).await;
    assert_eq!(office.refused(&unit(property, 2, "1")).await, "organization-suspended");
    office.give(&own(OrganizationCommand::Reinstate)).await;
    office.give(&unit(property, 2, "1")).await;
}

#[tokio::test]
async fn a_retry_is_answered_with_the_first_result() {
    let office = Office::new().await;
    let property = office.property(1).await;
    let invocation = office.invocation(0);
    let create = unit(property, 2, "1");
    let first = office.commands.execute(&invocation, &create).await.unwrap();
    let again = office.commands.execute(&invocation, &create).await.unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!(again.written, first.written);
    let other = office.commands.execute(&invocation, &unit(property, 2, "2")).await;
    assert!(matches!(other, Err(ExecuteError::CommandIdReused)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_units_that_want_one_number_one_gets_it() {
    let office = Office::new().await;
    let property = office.property(1).await;
    let wanting: Vec<_> = (10..30).map(|n| unit(property, n, "101")).collect();
    let results = futures::future::join_all(wanting.iter().map(|create| office.attempt(create))).await;
    let (created, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((created.len(), refused.len()), (1, 19));
    for refusal in refused {
        assert_eq!(rule(refusal), "property-unit-number-taken");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_unit_is_left_behind_by_a_property_that_leaves() {
    let office = Office::new().await;
    let (mut with_it, mut too_late) = (0, 0);
    for round in 0..60 {
        let property = office.property(1_000 + round).await;
        let create = unit(property, 5_000 + round, "101");
        let offboard = OffboardProperty {
            property,
            reason: "sold".into(),
        };
        let creating = async {
            for _ in 0..round % 4 {
                tokio::task::yield_now().await;
            }
            office.attempt(&create).await
        };
        let (created, left) = tokio::join!(creating, office.attempt(&offboard));
        left.unwrap();
        let status = office.state::<Unit>(create.unit).await.status();
        if created.is_ok() {
            assert_eq!(status, Some(UnitStatus::Offline));
            with_it += 1;
        } else {
            assert_eq!(rule(created), "property-offboarded");
            assert_eq!(status, None);
            too_late += 1;
        }
    }
    assert!(with_it > 0 && too_late > 0, "{with_it} created, {too_late} refused");
}

#[tokio::test]
async fn a_unit_changes_goes_offline_and_comes_back_while_its_property_is_managed() {
    let office = Office::new().await;
    let property = office.property(1).await;
    let unit = office.unit(property, 2).await;
    let details = UnitDetails {
        number: "7".into(),
        ..office.state::<Unit>(unit).await.details().unwrap().clone()
    };
    let receipt = office.give(&UpdateUnit { unit, details }).await;
    assert_eq!(Office::written(&receipt), ["unit.updated", "property.unit_numbered"]);
    let offline = || {
        let reason = "fire".into();
        OnStream::<Unit>::of(unit, UnitCommand::TakeOffline { reason })
    };
    office.give(&offline()).await;
    office.give(&MakeUnitReady { unit }).await;
    let offboard = OffboardProperty {
        property,
        reason: "sold".into(),
    };
    let receipt = office.give(&offboard).await;
    assert_eq!(Office::written(&receipt), ["property.offboarded", "unit.taken_offline"]);
    assert_eq!(office.refused(&MakeUnitReady { unit }).await, "property-offboarded");
    assert!(office.state::<Property>(property).await.must_be_managed().is_err());
}
