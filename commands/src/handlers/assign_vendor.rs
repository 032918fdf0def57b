use domain::{
    decisions::assign_vendor,
    ids::{VendorId, WorkOrderId},
    vendor::Vendor,
    work_order::WorkOrder,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Makes a vendor answerable for a work order.
#[derive(Debug, Clone, Serialize)]
pub struct AssignVendor {
    /// For which.
    pub work_order: WorkOrderId,
    /// Who.
    pub vendor: VendorId,
}

impl Command for AssignVendor {
    const NAME: &'static str = "assign_vendor";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let work_order = work.load::<WorkOrder>(self.work_order).await?;
        let vendor = work.load::<Vendor>(self.vendor).await?;
        let assigned = assign_vendor(&work_order.state, (self.vendor, &vendor.state), work.context())?;
        work.record::<WorkOrder>(self.work_order, assigned);
        Ok(())
    }
}
