use domain::{
    decisions::submit_request,
    ids::RequestId,
    maintenance_request::{MaintenanceRequest, Report},
    property::Property,
    resident::Resident,
    unit::Unit,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Reports that something is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct SubmitRequest {
    /// The id that the request gets.
    pub request: RequestId,
    /// What is wrong, and where.
    pub report: Report,
}

impl Command for SubmitRequest {
    const NAME: &'static str = "submit_request";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let request = work.begin::<MaintenanceRequest>(self.request).await?;
        let property = work.load::<Property>(self.report.property).await?;
        let unit = match self.report.unit {
            Some(unit) => Some(work.load::<Unit>(unit).await?.state),
            None => None,
        };
        let resident = match self.report.resident {
            Some(resident) => Some(work.load::<Resident>(resident).await?.state),
            None => None,
        };
        let submitted = submit_request(
            &request.state,
            (&property.state, unit.as_deref(), resident.as_deref()),
            self.report.clone(),
            work.context(),
        )?;
        work.record::<MaintenanceRequest>(self.request, submitted);
        Ok(())
    }
}
