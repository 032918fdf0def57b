//! Who calls and what they may do.
//!
//! A bearer token names one person, one organization and that person's roles. It is signed with a key that the server
//! keeps ([`keys`]), verified once and remembered until it expires ([`token`]). Each endpoint asks for a
//! [`Permit`](permit::Permit); without one no handler runs.

pub mod keys;
pub mod permit;
pub mod roles;
pub mod token;
