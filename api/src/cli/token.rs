//! `propertyos token`

use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use domain::ids::{OrganizationId, ResidentId, UserId};

use super::{beside, organization};
use crate::{
    auth::{
        roles::Role,
        token::{Caller, Tokens, user_of_role},
    },
    clock,
    config::Config,
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// As what the bearer may act.
    #[arg(long)]
    role: Role,
    /// For which organization; the only one if it is not named.
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
    /// Which resident the bearer is; needed for the role `tenant`.
    #[arg(long, value_name = "ID", required_if_eq("role", "tenant"))]
    resident: Option<ResidentId>,
    /// Who the bearer is, in the record of what they do; one user for each role if it is not named.
    #[arg(long, value_name = "ID")]
    user: Option<UserId>,
    /// How long it is good for.
    #[arg(long, default_value = "12h", value_parser = humantime::parse_duration, value_name = "TIME")]
    ttl: Duration,
}

pub async fn run(arguments: Arguments, settings: Config) -> anyhow::Result<()> {
    let lifetime = TimeDelta::from_std(arguments.ttl)?;
    let token = beside(&settings, "token", async |installation, connected| {
        let organization = organization(&connected.pools.stream, arguments.organization).await?;
        let now = clock::now();
        let tokens = Tokens::open(installation.signing_keys(), now)?;
        let caller = caller(&arguments, organization);
        Ok(tokens.mint(&caller, now, lifetime)?)
    })
    .await?;
    println!("{token}");
    Ok(())
}

fn caller(arguments: &Arguments, organization: OrganizationId) -> Caller {
    let of_resident = arguments.resident.map(|resident| UserId(resident.0));
    let user = arguments
        .user
        .or(of_resident)
        .unwrap_or_else(|| user_of_role(organization, arguments.role));
    Caller {
        user,
        organization,
        roles: vec![arguments.role],
        resident: arguments.resident,
    }
}
