//! What a list and a detail page show of each thing.

macro_rules! document {
    ($name:ident as $kind:literal $(, newest first $newest:literal)?; |$this:ident| sort $sort:expr; facets [$($facet:expr),* $(,)?] $(, each $more:expr)?) => {
        impl Document for $name {
            const KIND: &'static str = $kind;
            $(const NEWEST_FIRST: bool = $newest;)?

            fn sort(&self) -> String {
                let $this = self;
                $sort
            }

            fn facets(&self) -> Vec<String> {
                let $this = self;
                let mut facets = Vec::new();
                $(facets.extend($facet);)*
                $(facets.extend($more);)?
                facets
            }

            fn of(any: &mut AnyDocument) -> Option<&mut Self> {
                match any {
                    AnyDocument::$name(document) => Some(document),
                    _ => None,
                }
            }

            fn into_any(self) -> AnyDocument {
                AnyDocument::$name(Box::new(self))
            }
        }
    };
}

mod leases;
mod money;
mod people;
mod places;
mod repairs;

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};

pub use leases::*;
pub use money::*;
pub use people::*;
pub use places::*;
pub use repairs::*;

/// The present state of one kind of thing.
pub trait Document: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// The name of the kind, as the database keeps it.
    const KIND: &'static str;
    /// Whether lists of it show the newest first.
    const NEWEST_FIRST: bool = false;

    /// Where it stands in lists of its kind.
    fn sort(&self) -> String;
    /// What lists of its kind are filtered by.
    fn facets(&self) -> Vec<String>;
    /// This document in an entry, if the entry is of this kind.
    fn of(any: &mut AnyDocument) -> Option<&mut Self>;
    /// As the document of an entry.
    fn into_any(self) -> AnyDocument;
}

macro_rules! documents {
    ($($name:ident as $kind:literal),* $(,)?) => {
        /// A document of any kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum AnyDocument {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name(Box<$name>)
            ),*
        }

        impl AnyDocument {
            pub(super) fn read(kind: &str, json: &str) -> Result<Option<Self>, serde_json::Error> {
                match kind {
                    $($kind => Ok(Some(Self::$name(serde_json::from_str(json)?))),)*
                    _ => Ok(None),
                }
            }

            pub(super) fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind),* }
            }

            pub(super) fn sort(&self) -> String {
                match self { $(Self::$name(document) => document.sort()),* }
            }

            /// What it is listed by, with all of its kind and with those that share a facet.
            pub(super) fn facets(&self) -> BTreeSet<String> {
                let own = match self { $(Self::$name(document) => document.facets()),* };
                own.into_iter().chain([WHOLE.to_owned()]).collect()
            }

            pub(super) fn json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$name(document) => serde_json::to_string(document)),* }
            }
        }
    };
}

documents! {
    Organization as "organization",
    Property as "property",
    Unit as "unit",
    Resident as "resident",
    Vendor as "vendor",
    Lease as "lease",
    Charge as "charge",
    Credit as "credit",
    Payment as "payment",
    Deposit as "deposit",
    Request as "request",
    WorkOrder as "work_order",
    BankAccount as "bank_account",
}

/// The facet of everything of a kind: the whole list.
pub(super) const WHOLE: &str = "all";

/// A facet that a thing always has.
fn facet(name: &str, value: impl std::fmt::Display) -> [String; 1] {
    [format!("{name}:{value}")]
}

/// A facet that a thing may lack.
fn maybe(name: &str, value: Option<impl std::fmt::Display>) -> Option<String> {
    value.map(|value| format!("{name}:{value}"))
}
