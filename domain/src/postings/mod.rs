//! The books: what each event means in double entry.
//!
//! An event becomes [`Movement`]s by the posting table alone ([`movements`]); [`Books`] turns them into [`JournalEntry`]s, for
//! which it needs to know what came before: the unit and property of the lease, the organization's usual bank accounts, and
//! which entries a correction takes back.
//!
//! Every entry balances in both views within its property. A correction is the exact inverse of an earlier entry and names
//! it; what a correction leaves standing is entered anew. What can be taken back: a payment's receipt, and what its credit
//! paid. All else that looks like a correction (a waiver, a write-off, a refund, a return by the bank) happened for itself
//! and has entries of its own.

mod books;
mod chart;
mod deed;
mod entry;
mod table;

pub use books::{Books, PostingError};
pub use chart::{Account, Class, UnknownAccount};
pub use deed::{Act, Deed};
pub use entry::{Basis, Dimensions, EntryId, Item, JournalEntry, Line, Side, View};
pub use table::{Accounts, Change, Known, Movement, Source, known, movements};

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;
