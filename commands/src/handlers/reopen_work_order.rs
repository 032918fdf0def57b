use domain::{
    decisions::reopen_work_order, ids::WorkOrderId, maintenance_request::MaintenanceRequest, work_order::WorkOrder,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Says that a repair was not done after all; a request that was resolved with it is reopened.
#[derive(Debug, Clone, Serialize)]
pub struct ReopenWorkOrder {
    /// Which.
    pub work_order: WorkOrderId,
    /// Why.
    pub reason: String,
}

impl Command for ReopenWorkOrder {
    const NAME: &'static str = "reopen_work_order";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let work_order = work.load::<WorkOrder>(self.work_order).await?;
        let request = match work_order.state.request() {
            Some(id) => Some((id, work.load::<MaintenanceRequest>(id).await?.state)),
            None => None,
        };
        let (of_request, reopened) = reopen_work_order(
            (self.work_order, &work_order.state),
            request.as_ref().map(|(_, state)| &**state),
            self.reason.clone(),
            work.context(),
        )?;
        work.record::<WorkOrder>(self.work_order, reopened);
        if let Some((id, _)) = request {
            work.record::<MaintenanceRequest>(id, of_request);
        }
        Ok(())
    }
}
