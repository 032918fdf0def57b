use crate::{
    Refusal,
    bank_account::{BankAccount, BankAccountCommand, BankAccountEvent, BankPurpose},
    context::Context,
    ids::BankAccountId,
    organization::{Organization, OrganizationCommand, OrganizationEvent},
    settings::Settings,
};

/// The facts of an organization's founding: its own, its operating account's, its deposit account's.
pub type Founding = (Vec<OrganizationEvent>, Vec<BankAccountEvent>, Vec<BankAccountEvent>);

/// The ids of the accounts that an organization begins with: operating, then deposits.
#[must_use]
pub fn founding_accounts(context: &Context) -> (BankAccountId, BankAccountId) {
    (BankAccountId(context.id(1)), BankAccountId(context.id(2)))
}

/// An organization begins to keep its business here, with one operating and one deposit account. Writes all three streams.
///
/// # Errors
/// Refuses an organization that exists, and policies that can't be carried out.
pub fn found_organization(
    organization: &Organization,
    (operating, deposits): (&BankAccount, &BankAccount),
    name: String,
    settings: Settings,
    context: &Context,
) -> Result<Founding, Refusal> {
    let (operating_account, deposit_account) = founding_accounts(context);
    let create = OrganizationCommand::Create {
        name,
        settings: Box::new(settings),
        operating_account,
        deposit_account,
    };
    let open = |account: &BankAccount, name: &str, purpose| {
        let name = name.to_owned();
        account.decide(BankAccountCommand::Open { name, purpose }, context)
    };
    Ok((
        organization.decide(create, context)?,
        open(operating, "Operating trust", BankPurpose::Operating)?,
        open(deposits, "Deposit trust", BankPurpose::DepositTrust)?,
    ))
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::New_York;

    use super::*;
    use crate::{money::Currency, organization::OrganizationRefusal};

    #[test]
    fn it_begins_with_an_account_for_each_purpose() {
        let context = Context::sample();
        let settings = Settings::usual(Currency::USD, New_York);
        let fresh = (&BankAccount::default(), &BankAccount::default());
        let (organization, operating, deposits) = found_organization(
            &Organization::default(),
            fresh,
            "Elm Homes".into(),
            settings.clone(),
            &context,
        )
        .unwrap();
        let opened = |name: &str, purpose| {
            vec![BankAccountEvent::Opened {
                name: name.into(),
                purpose,
                on: context.effective_on,
            }]
        };
        assert_eq!(operating, opened("Operating trust", BankPurpose::Operating));
        assert_eq!(deposits, opened("Deposit trust", BankPurpose::DepositTrust));
        let (operating_account, deposit_account) = founding_accounts(&context);
        assert_ne!(operating_account, deposit_account);
        assert_eq!(
            organization,
            vec![OrganizationEvent::Created {
                name: "Elm Homes".into(),
                settings,
                operating_account,
                deposit_account
            }]
        );
    }

    #[test]
    fn it_is_founded_once() {
        let context = Context::sample();
        let settings = Settings::usual(Currency::USD, New_York);
        let fresh = (&BankAccount::default(), &BankAccount::default());
        let mut organization = Organization::default();
        let found = |organization: &Organization| {
            found_organization(organization, fresh, "Elm Homes".into(), settings.clone(), &context)
        };
        let (events, ..) = found(&organization).unwrap();
        for event in events {
            cqrs_es::Aggregate::apply(&mut organization, event);
        }
        assert_eq!(found(&organization), Err(OrganizationRefusal::Exists.into()));
    }
}
