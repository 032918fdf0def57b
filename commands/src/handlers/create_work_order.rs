use domain::{
    decisions::create_work_order,
    ids::WorkOrderId,
    property::Property,
    unit::Unit,
    work_order::{Work as Repair, WorkOrder},
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Begins a repair that no request asks for.
#[derive(Debug, Clone, Serialize)]
pub struct CreateWorkOrder {
    /// The id that the work order gets.
    pub work_order: WorkOrderId,
    /// What is to be done, and where.
    pub work: Repair,
}

impl Command for CreateWorkOrder {
    const NAME: &'static str = "create_work_order";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let work_order = work.begin::<WorkOrder>(self.work_order).await?;
        let property = work.load::<Property>(self.work.property).await?;
        let unit = match self.work.unit {
            Some(unit) => Some(work.load::<Unit>(unit).await?.state),
            None => None,
        };
        let created = create_work_order(
            &work_order.state,
            (&property.state, unit.as_deref()),
            self.work.clone(),
            work.context(),
        )?;
        work.record::<WorkOrder>(self.work_order, created);
        Ok(())
    }
}
