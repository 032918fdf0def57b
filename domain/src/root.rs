//! What `commands` needs to know of an aggregate besides what cqrs-es asks.

use cqrs_es::Aggregate;
use uuid::Uuid;

use crate::{context::Context, event::EventSet};

/// The root of an aggregate: it has an id of its own type and is decided with a [`Context`].
///
/// Its default is the state before its first event.
pub trait Root: Aggregate<Services = Context, Event: EventSet> + Clone + 'static {
    /// Names one.
    type Id: Copy + Into<Uuid> + From<Uuid> + Send + Sync + std::fmt::Display;

    /// True once its usual course is over: time brings it nothing more, and few commands are about it. What keeps many states
    /// in memory lets go of these first.
    #[must_use]
    fn is_at_rest(&self) -> bool {
        false
    }

    /// The state that some facts lead to from this one.
    #[must_use]
    fn after(&self, events: &[Self::Event]) -> Self {
        let mut state = self.clone();
        for event in events {
            state.apply(event.clone());
        }
        state
    }
}

/// Makes a state the root of an aggregate. It has `decide(&self, command, &Context) -> Result<Vec<Event>, Refusal>`, the
/// rulebook, and `evolve(&mut self, event)`, which can't fail. One that comes to rest names the question that says so.
macro_rules! aggregate {
    ($state:ident of $id:ident, $command:ident gives $event:ident $(, at rest once $question:ident)?) => {
        impl $crate::Root for $state {
            type Id = $id;

            $(
                fn is_at_rest(&self) -> bool {
                    self.$question()
                }
            )?
        }

        impl cqrs_es::Aggregate for $state {
            const TYPE: &'static str = <$event as $crate::EventSet>::AGGREGATE;
            type Command = $command;
            type Event = $event;
            type Error = $crate::Refusal;
            type Services = $crate::context::Context;

            async fn handle(
                &mut self,
                command: $command,
                context: &$crate::context::Context,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), $crate::Refusal> {
                for event in self.decide(command, context)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: $event) {
                self.evolve(event);
            }
        }
    };
}
