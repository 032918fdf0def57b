use domain::{
    ids::ResidentId,
    resident::{Resident, ResidentCommand},
};
use sqlx::PgPool;

use super::OnStream;
use crate::execute::{Commands, ExecuteError, Invocation, Receipt};

/// Erases a resident's personal data for ever: records that, so that every read model forgets it, and then deletes the key
/// without which what the log holds can't be read. `stream` is a pool of the role that may delete keys.
///
/// # Errors
/// See [`ExecuteError`]. If it fails between the two steps it is unavailable: the same command again finishes it.
pub async fn erase_resident(
    commands: &Commands,
    stream: &PgPool,
    invocation: &Invocation,
    (resident, reason): (ResidentId, String),
) -> Result<Receipt, ExecuteError> {
    let erase = OnStream::<Resident>::of(resident, ResidentCommand::Erase { reason });
    let receipt = commands.execute(invocation, &erase).await?;
    commands
        .erase_key(stream, (invocation.organization, resident.into()))
        .await?;
    Ok(receipt)
}
