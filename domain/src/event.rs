//! Declares an aggregate's events with the names and versions under which they are stored.

/// What the registry knows of an aggregate's events.
pub trait EventSet: cqrs_es::DomainEvent + schemars::JsonSchema {
    /// The stored name of the aggregate they belong to.
    const AGGREGATE: &'static str;
    /// Stored name and current version of every event, for schemas and their tests.
    const KINDS: &'static [(&'static str, u32)];

    /// The name under which the event is stored.
    fn name(&self) -> &'static str;
    /// The version under which the event is stored.
    fn version(&self) -> u32;
}

/// An event enum whose stored names and versions stand beside its variants, once.
///
/// Stored for ever and read by other processes: add events or optional fields, never rename or remove. A changed payload
/// gets a new version and an upcaster.
macro_rules! events {
    (
        $(#[$doc:meta])*
        pub enum $enum:ident of $aggregate:literal {
            $(
                $(#[$variant_doc:meta])*
                $name:literal v $version:literal => $variant:ident $({ $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })?
            ),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(tag = "type")]
        pub enum $enum {
            $(
                $(#[$variant_doc])*
                #[serde(rename = $name)]
                $variant $({ $($(#[$field_doc])* $field: $type),* })?
            ),*
        }

        impl $crate::event::EventSet for $enum {
            const AGGREGATE: &'static str = $aggregate;
            const KINDS: &'static [(&'static str, u32)] = &[$(($name, $version)),*];

            fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name),* }
            }

            fn version(&self) -> u32 {
                match self { $(Self::$variant { .. } => $version),* }
            }
        }

        impl cqrs_es::DomainEvent for $enum {
            fn event_type(&self) -> String {
                $crate::event::EventSet::name(self).to_owned()
            }

            fn event_version(&self) -> String {
                $crate::event::EventSet::version(self).to_string()
            }
        }
    };
}
