//! Laws and worked cases of leases.
