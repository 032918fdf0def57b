//! What can be asked of PropertyOS: one command for each decision that spans streams, and [`OnStream`] for all others.

mod assign_vendor;
mod convert_request;
mod create_unit;
mod create_work_order;
mod erase_resident;
mod found_organization;
mod leases;
mod make_unit_ready;
mod offboard_property;
mod on_stream;
mod payments;
mod reopen_work_order;
mod request_estimate;
mod resolve_request;
mod submit_request;
mod update_unit;

pub use assign_vendor::AssignVendor;
pub use convert_request::ConvertRequest;
pub use create_unit::CreateUnit;
pub use create_work_order::CreateWorkOrder;
pub use erase_resident::erase_resident;
pub use found_organization::FoundOrganization;
pub use leases::{
    ActivateLease, AmendLease, ConcludeTerm, DraftLease, EndLease, GiveNotice, RenewLease, RollOverLease, SettleLease,
    SignLease, TakeOverLease, VoidLease,
};
pub use make_unit_ready::MakeUnitReady;
pub use offboard_property::OffboardProperty;
pub use on_stream::OnStream;
pub use payments::*;
pub use reopen_work_order::ReopenWorkOrder;
pub use request_estimate::RequestEstimate;
pub use resolve_request::ResolveRequest;
pub use submit_request::SubmitRequest;
pub use update_unit::UpdateUnit;
