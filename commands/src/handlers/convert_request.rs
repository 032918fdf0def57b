use domain::{
    decisions::convert_request,
    ids::{RequestId, VendorId, WorkOrderId},
    maintenance_request::MaintenanceRequest,
    vendor::Vendor,
    work_order::WorkOrder,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Makes a work order of a request, and a vendor answerable for it.
#[derive(Debug, Clone, Serialize)]
pub struct ConvertRequest {
    /// Which request.
    pub request: RequestId,
    /// The id that the work order gets.
    pub work_order: WorkOrderId,
    /// Who is answerable.
    pub vendor: VendorId,
}

impl Command for ConvertRequest {
    const NAME: &'static str = "convert_request";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let request = work.load::<MaintenanceRequest>(self.request).await?;
        let work_order = work.begin::<WorkOrder>(self.work_order).await?;
        let vendor = work.load::<Vendor>(self.vendor).await?;
        let (converted, begun) = convert_request(
            (self.request, &request.state),
            (self.work_order, &work_order.state),
            (self.vendor, &vendor.state),
            work.context(),
        )?;
        work.record::<MaintenanceRequest>(self.request, converted);
        work.record::<WorkOrder>(self.work_order, begun);
        Ok(())
    }
}
