//! From a recorded event to what it says.

use domain::registry::Decoder;
use schemas::Recorded;

use crate::{Entry, SourceError};

/// Opens the personal data in events and decodes them.
#[derive(Default)]
pub struct Reader {
    decoder: Decoder,
}

impl Reader {
    /// What these events say, in the same order.
    ///
    /// # Errors
    /// Only [`SourceError::Unavailable`], when keys can't be read; an event that can't be decoded is an [`Entry`] that says so.
    pub async fn read(&self, events: Vec<Recorded>) -> Result<Vec<Entry>, SourceError> {
        Ok(events.into_iter().map(|event| self.decode(event)).collect())
    }

    fn decode(&self, recorded: Recorded) -> Entry {
        let event = self.decoder.decode(
            &recorded.aggregate_type,
            &recorded.event_type,
            recorded.event_version,
            recorded.payload.get(),
        );
        Entry::new(recorded, event)
    }
}
