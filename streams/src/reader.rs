//! From recorded events to what they say.

use std::sync::Arc;

use domain::registry::{AnyEvent, DecodeError, Decoder};
use schemas::{Cursor, Recorded};
use sqlx::PgPool;
use store::personal::{Keys, PersonalData, PersonalError, persons_in};

use crate::{Entry, Limit, SourceError, log};

/// Opens the personal data in events, as far as the keys still exist, and decodes them.
#[derive(Clone)]
pub struct Reader {
    stream: PgPool,
    personal: PersonalData,
    decoder: Arc<Decoder>,
}

/// Why what an event says can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It isn't in the form that this program knows.
    #[error(transparent)]
    Form(#[from] DecodeError),
    /// The personal data in it can't be opened with the key that is there.
    #[error(transparent)]
    Personal(#[from] PersonalError),
}

impl Reader {
    /// Reads keys with the stream role's connections.
    #[must_use]
    pub fn new(stream: PgPool, personal: PersonalData) -> Self {
        Self {
            stream,
            personal,
            decoder: Arc::default(),
        }
    }

    /// What these events say, in the same order.
    ///
    /// # Errors
    /// When the keys can't be read. An event that can't be read is an [`Entry`] that says so.
    pub async fn read(&self, events: Vec<Recorded>) -> Result<Vec<Entry>, SourceError> {
        let keys = self.keys_for(&events).await?;
        Ok(events
            .into_iter()
            .map(|recorded| {
                let event = self.event(&recorded, &keys).map_err(Arc::new);
                Entry::new(recorded, event)
            })
            .collect())
    }

    /// What follows a cursor in the log.
    pub(crate) async fn tail(&self, after: Cursor, limit: Limit) -> Result<Vec<Entry>, SourceError> {
        match log::tail(&self.stream, &[after], limit).await?.pop() {
            Some(batch) => self.read(batch.events).await,
            None => Ok(Vec::new()),
        }
    }

    async fn keys_for(&self, events: &[Recorded]) -> Result<Keys, SourceError> {
        let mut subjects = Vec::new();
        for event in events {
            // What isn't in a known form is found out when it is opened.
            let persons = persons_in(event.payload.get()).unwrap_or_default();
            subjects.extend(persons.into_iter().map(|person| (event.tenant_id, person)));
        }
        if subjects.is_empty() {
            return Ok(Keys::default());
        }
        let mut connection = self.stream.acquire().await?;
        self.personal
            .load_keys(&mut connection, subjects)
            .await
            .map_err(|error| SourceError::Unavailable(Box::new(error)))
    }

    fn event(&self, recorded: &Recorded, keys: &Keys) -> Result<AnyEvent, Unreadable> {
        let payload = keys.open(recorded.tenant_id, recorded.payload.get())?;
        Ok(self.decoder.decode(
            &recorded.aggregate_type,
            &recorded.event_type,
            recorded.event_version,
            &payload,
        )?)
    }
}
