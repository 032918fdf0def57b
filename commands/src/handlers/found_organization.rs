use domain::{
    bank_account::BankAccount,
    decisions::{found_organization, founding_accounts},
    organization::Organization,
    settings::Settings,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Begins to keep an organization's business here; its id is that of the invocation.
#[derive(Debug, Clone, Serialize)]
pub struct FoundOrganization {
    /// The name it goes by.
    pub name: String,
    /// Its policies.
    pub settings: Settings,
}

impl Command for FoundOrganization {
    const NAME: &'static str = "found_organization";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let context = work.context().clone();
        let (operating_id, deposits_id) = founding_accounts(&context);
        let organization = work.load::<Organization>(context.organization).await?;
        let operating = work.begin::<BankAccount>(operating_id).await?;
        let deposits = work.begin::<BankAccount>(deposits_id).await?;
        let (founded, operating_opened, deposits_opened) = found_organization(
            &organization.state,
            (&operating.state, &deposits.state),
            self.name.clone(),
            self.settings.clone(),
            &context,
        )?;
        work.record::<Organization>(context.organization, founded);
        work.record::<BankAccount>(operating_id, operating_opened);
        work.record::<BankAccount>(deposits_id, deposits_opened);
        Ok(())
    }

    fn is_about_the_organization(&self) -> bool {
        true
    }
}
