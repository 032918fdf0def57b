use domain::{
    decisions::resolve_request, ids::RequestId, maintenance_request::MaintenanceRequest, work_order::WorkOrder,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Says that what a request asked for is right again; its work order, if it has one, is settled with it.
#[derive(Debug, Clone, Serialize)]
pub struct ResolveRequest {
    /// Which request.
    pub request: RequestId,
    /// What was done.
    pub resolution: String,
}

impl Command for ResolveRequest {
    const NAME: &'static str = "resolve_request";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let request = work.load::<MaintenanceRequest>(self.request).await?;
        let work_order = match request.state.work_order() {
            Some(id) => Some((id, work.load::<WorkOrder>(id).await?.state)),
            None => None,
        };
        let (resolved, settled) = resolve_request(
            &request.state,
            work_order.as_ref().map(|(_, state)| &**state),
            &self.resolution,
            work.context(),
        )?;
        work.record::<MaintenanceRequest>(self.request, resolved);
        if let Some((id, _)) = work_order {
            work.record::<WorkOrder>(id, settled);
        }
        Ok(())
    }
}
