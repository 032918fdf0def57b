//! Tells readers, in this process and others, that there may be something new: a hint, sent outside the append.

use std::{sync::Arc, time::Duration};

use schemas::WAKE_CHANNEL;
use sqlx::PgPool;
use tokio::{sync::watch, time::sleep};

/// At most one hint goes out in this time, however much is appended.
const REST: Duration = Duration::from_millis(5);

/// Wakes the readers.
#[derive(Clone)]
pub(super) struct Wake(Arc<watch::Sender<()>>);

impl Wake {
    /// Sends hints for as long as any clone of this lives.
    pub(super) fn new(pool: PgPool) -> Self {
        let (wake, mut woken) = watch::channel(());
        tokio::spawn(async move {
            while woken.changed().await.is_ok() {
                // A hint needn't last, so it doesn't wait for the disk.
                let notify = sqlx::query("SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '')")
                    .bind(WAKE_CHANNEL)
                    .execute(&pool);
                if let Err(error) = notify.await {
                    tracing::debug!(%error, "no hint sent; readers poll");
                }
                sleep(REST).await;
            }
        });
        Self(Arc::new(wake))
    }

    pub(super) fn readers(&self) {
        self.0.send_replace(());
    }
}
