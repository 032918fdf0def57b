//! Plays the log again: read models made anew from the first event, held against those in use, and told as text to be compared.

mod search;

use std::sync::Arc;

use sqlx::PgPool;
use store::personal::PersonalData;
use streams::{
    Projection, Reader, Version,
    rebuild::{REBUILD_BATCH, RebuildError, Rebuilt},
    verify::{Verified, VerifyError},
};

pub use search::{VerifySearchError, dump_search, verify_search};

/// The read model of this name, in the version that this build writes.
///
/// # Errors
/// Names those that there are.
pub fn read_model(name: &str) -> Result<Arc<dyn Projection>, NoSuchReadModel> {
    projections::all()
        .into_iter()
        .find(|known| known.name() == name)
        .ok_or_else(|| NoSuchReadModel(name.to_owned()))
}

/// A name that no read model has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no read model `{0}`: they are dashboard, directory and ledger")]
pub struct NoSuchReadModel(String);

/// Makes a read model anew from the whole log, beside the one that answers queries, and puts it in its place. `told` hears how
/// many events were applied so far.
///
/// # Errors
/// The first event that can't be applied; a server or log that can't be read. The old read model stays as it was.
pub async fn rebuild(
    stream: &PgPool,
    personal: &PersonalData,
    read_model: &dyn Projection,
    told: impl FnMut(u64),
) -> Result<Rebuilt, RebuildError> {
    let reader = Reader::new(stream.clone(), personal.clone());
    streams::rebuild(stream, &reader, read_model, REBUILD_BATCH, told).await
}

/// Makes a read model again from the log up to where it stands, beside the one that answers queries, and compares the two row by
/// row. `told` hears how many events were applied so far.
///
/// # Errors
/// A read model that is incomplete; an event that can't be applied; a server or log that can't be read.
pub async fn verify(
    stream: &PgPool,
    personal: &PersonalData,
    read_model: &dyn Projection,
    told: impl FnMut(u64),
) -> Result<Verified, VerifyError> {
    let reader = Reader::new(stream.clone(), personal.clone());
    streams::verify(stream, &reader, read_model, told).await
}

/// Every column of every row of a read model, as text: equal texts, equal read models.
///
/// # Errors
/// A read model that isn't there; a server that can't be asked.
pub async fn dump(stream: &PgPool, read_model: &dyn Projection) -> Result<String, sqlx::Error> {
    streams::dump(stream, Version::of(read_model)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_model_is_found_by_its_name_and_others_are_named() {
        for known in projections::all() {
            assert_eq!(
                read_model(known.name()).map(|found| found.version()),
                Ok(known.version())
            );
        }
        let Err(refused) = read_model("boats") else {
            panic!("it was found")
        };
        assert_eq!(
            refused.to_string(),
            "there is no read model `boats`: they are dashboard, directory and ledger"
        );
    }
}
