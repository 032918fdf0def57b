//! What commands are given to, by those who need not know how they are written.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Root, ids::OrganizationId};

use super::{Command, Commands, ExecuteError, Invocation, Loaded};
use crate::log::ReadError;

/// Aggregates of a type, each with its id.
pub type Aggregates<A> = Vec<(<A as Root>::Id, Arc<A>)>;

/// Carries commands out, and knows the aggregates as the commands before have left them.
pub trait CarryOut: Sync {
    /// How many commands are worth being given at once.
    const AT_ONCE: usize;

    /// Decides a command, and sees to it that what follows from it is written, once.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    fn carry_out<C: Command>(
        &self,
        invocation: &Invocation,
        command: &C,
    ) -> impl Future<Output = Result<(), ExecuteError>> + Send;

    /// An aggregate as it is now.
    ///
    /// # Errors
    /// See [`ReadError`].
    fn load<A: Root>(
        &self,
        organization: OrganizationId,
        id: A::Id,
    ) -> impl Future<Output = Result<Loaded<A>, ReadError>> + Send;

    /// An aggregate as it was before an instant: with what occurred until then.
    ///
    /// # Errors
    /// See [`ReadError`].
    fn load_before<A: Root>(
        &self,
        organization: OrganizationId,
        id: A::Id,
        instant: DateTime<Utc>,
    ) -> impl Future<Output = Result<Arc<A>, ReadError>> + Send;

    /// Every aggregate of a type that is not at rest, as it is now, by id.
    ///
    /// # Errors
    /// See [`ReadError`].
    fn load_awake<A: Root>(
        &self,
        organization: OrganizationId,
    ) -> impl Future<Output = Result<Aggregates<A>, ReadError>> + Send;

    /// The civil date on which an organization began to keep its business here; `None` if it didn't.
    ///
    /// # Errors
    /// See [`ReadError`].
    fn effective_date(
        &self,
        organization: OrganizationId,
    ) -> impl Future<Output = Result<Option<NaiveDate>, ReadError>> + Send;
}

impl CarryOut for Commands {
    /// So many that the log's writer finds some to take together.
    const AT_ONCE: usize = 32;

    async fn carry_out<C: Command>(&self, invocation: &Invocation, command: &C) -> Result<(), ExecuteError> {
        self.execute(invocation, command).await.map(drop)
    }

    async fn load<A: Root>(&self, organization: OrganizationId, id: A::Id) -> Result<Loaded<A>, ReadError> {
        self.load(organization, id).await
    }

    async fn load_before<A: Root>(
        &self,
        organization: OrganizationId,
        id: A::Id,
        instant: DateTime<Utc>,
    ) -> Result<Arc<A>, ReadError> {
        self.load_before(organization, id, instant).await
    }

    async fn load_awake<A: Root>(&self, organization: OrganizationId) -> Result<Aggregates<A>, ReadError> {
        let mut every = self.load_every::<A>(organization).await?;
        every.retain(|(_, state)| !state.is_at_rest());
        Ok(every)
    }

    async fn effective_date(&self, organization: OrganizationId) -> Result<Option<NaiveDate>, ReadError> {
        self.effective_date(organization).await
    }
}
