//! Which organizations keep their business here.

use chrono_tz::Tz;
use commands::{
    execute::{Commands, ExecuteError, Invocation},
    handlers::FoundOrganization,
};
use domain::{
    ids::{OrganizationId, UserId},
    money::Currency,
    settings::Settings,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::clock;

/// Who founds organizations: the installation itself.
pub const INSTALLATION: UserId = UserId(Uuid::from_u128(0x7072_6f70_6572_7479_6f73_0000_0000_0001));

/// An organization that keeps its business here.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Organization {
    /// Its id: `tenant_id` in public names.
    pub id: Uuid,
    /// The name that it began with.
    pub name: String,
}

/// All of them, the first one first. As the stream role, which alone sees more than one.
///
/// # Errors
/// A database that can't be asked.
pub async fn all(stream: &PgPool) -> Result<Vec<Organization>, sqlx::Error> {
    // From one organization to the next by the index: the log is much longer than the list of organizations.
    sqlx::query_as(
        "WITH RECURSIVE found (shard, tenant_id) AS (
           SELECT s.shard::smallint,
                  (SELECT e.tenant_id FROM events e WHERE e.shard = s.shard ORDER BY e.tenant_id LIMIT 1)
             FROM generate_series(0, 15) AS s(shard)
           UNION ALL
           SELECT f.shard, (SELECT e.tenant_id FROM events e WHERE e.shard = f.shard AND e.tenant_id > f.tenant_id
                             ORDER BY e.tenant_id LIMIT 1)
             FROM found f WHERE f.tenant_id IS NOT NULL)
         SELECT e.tenant_id AS id, e.payload ->> 'name' AS name
           FROM found f JOIN events e
             ON e.shard = f.shard AND e.tenant_id = f.tenant_id AND e.aggregate_type = 'organization'
            AND e.aggregate_id = f.tenant_id AND e.sequence = 1
          ORDER BY e.recorded_at, e.tenant_id",
    )
    .fetch_all(stream)
    .await
}

/// A new organization under the policies that most begin with.
///
/// # Errors
/// As any command: a name that can't be recorded is refused.
pub async fn found(
    commands: &Commands,
    name: &str,
    currency: Currency,
    time_zone: Tz,
) -> Result<OrganizationId, ExecuteError> {
    let command_id = clock::new_command_id();
    let organization = OrganizationId(command_id.derive(0));
    let invocation = Invocation {
        command_id_is_fresh: true,
        ..Invocation::new(organization, INSTALLATION, command_id, clock::now())
    };
    let found = FoundOrganization {
        name: name.to_owned(),
        settings: Settings::usual(currency, time_zone),
    };
    commands.execute(&invocation, &found).await?;
    Ok(organization)
}
