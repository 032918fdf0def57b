//! Maintenance: requests, work orders, vendors.

pub mod requests;
pub mod vendors;
pub mod work_orders;

use domain::ids::VendorId;
use serde::Deserialize;
use utoipa::ToSchema;

/// Which vendor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VendorChoice {
    /// Its id.
    pub vendor: VendorId,
}
