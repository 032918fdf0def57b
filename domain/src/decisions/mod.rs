//! Decisions that read or write more than one stream.
//!
//! Each is a pure function over the aggregates it names. Every one of these streams, also one that is only read, is an
//! expectation of the append: what it was decided on still holds when it is written.

mod found_organization;
mod leases;
mod maintenance;
mod payments;
mod property_units;
mod vendors;

pub use found_organization::{Founding, found_organization, founding_accounts};
pub use leases::{
    Tenancy, TenancyFacts, activate_lease, amend_lease, conclude_term, draft_lease, end_lease, give_notice,
    renew_lease, roll_over_lease, settle_lease, sign_lease, take_over_lease, void_lease,
};
pub use maintenance::{
    RequestAndWork, convert_request, create_work_order, reopen_work_order, resolve_request, submit_request,
};
pub use payments::{
    CreditFacts, CreditStreams, LeaseAndDeposit, PaymentFacts, PaymentStreams, apply_credit, bill_deposit,
    complete_payment, deposit_payment, initiate_payment, lose_dispute, receive_deposit, receive_payment,
    refund_payment, return_payment, take_over_deposit, unapply_credit, void_payment,
};
pub use property_units::{Leaving, create_unit, make_unit_ready, offboard_property, update_unit};
pub use vendors::{assign_vendor, request_estimate};
