use domain::{
    decisions::request_estimate,
    ids::{VendorId, WorkOrderId},
    vendor::Vendor,
    work_order::WorkOrder,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Asks a vendor what a repair would cost.
#[derive(Debug, Clone, Serialize)]
pub struct RequestEstimate {
    /// Which repair.
    pub work_order: WorkOrderId,
    /// Whom.
    pub vendor: VendorId,
}

impl Command for RequestEstimate {
    const NAME: &'static str = "request_estimate";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let work_order = work.load::<WorkOrder>(self.work_order).await?;
        let vendor = work.load::<Vendor>(self.vendor).await?;
        let asked = request_estimate(&work_order.state, (self.vendor, &vendor.state), work.context())?;
        work.record::<WorkOrder>(self.work_order, asked);
        Ok(())
    }
}
