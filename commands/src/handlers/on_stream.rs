//! A command on one aggregate.

use cqrs_es::event_sink::EventSink;
use domain::{EventSet, Refusal, Root, organization::OrganizationEvent};
use serde::{Serialize, Serializer, ser::SerializeTuple};

use crate::execute::{Command, Decline, Work};

/// A command that one aggregate decides alone.
#[derive(Debug, Clone)]
pub struct OnStream<A: Root> {
    id: A::Id,
    command: A::Command,
    begins: bool,
}

impl<A: Root> OnStream<A> {
    /// Asks an aggregate that there should be.
    pub const fn of(id: A::Id, command: A::Command) -> Self {
        Self {
            id,
            command,
            begins: false,
        }
    }

    /// Asks for a new aggregate, under an id that the command gives out.
    pub const fn begin(id: A::Id, command: A::Command) -> Self {
        Self {
            id,
            command,
            begins: true,
        }
    }
}

impl<A: Root<Command: Serialize>> Serialize for OnStream<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element::<uuid::Uuid>(&self.id.into())?;
        pair.serialize_element(&self.command)?;
        pair.end()
    }
}

impl<A> Command for OnStream<A>
where
    A: Root<Command: Serialize + Clone + Send + Sync, Error: Into<Refusal> + Send>,
{
    const NAME: &'static str = A::TYPE;

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let loaded = if self.begins {
            work.begin::<A>(self.id).await?
        } else {
            work.load::<A>(self.id).await?
        };
        let sink = EventSink::default();
        let mut state = A::clone(&loaded.state);
        state.handle(self.command.clone(), work.context(), &sink).await?;
        work.record::<A>(self.id, sink.collect().await);
        Ok(())
    }

    fn is_about_the_organization(&self) -> bool {
        A::TYPE == OrganizationEvent::AGGREGATE
    }
}
