//! An aggregate as it was.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Root, registry::Decoder};

use crate::log::{ReadError, Snapshot, StreamId};

/// The state that what occurred before an instant led to.
pub(super) async fn before<A: Root>(
    snapshot: &mut Snapshot<'_>,
    decoder: &Decoder,
    stream: StreamId,
    instant: DateTime<Utc>,
) -> Result<Arc<A>, ReadError> {
    let mut state = A::default();
    for event in snapshot.stream(stream).await? {
        if event.metadata.occurred_at < instant {
            state.apply(decoder.decode_as(&event.event_type, event.event_version, event.payload.get())?);
        }
    }
    Ok(Arc::new(state))
}
