use cqrs_es::Aggregate;

use crate::{
    Refusal,
    context::Context,
    ids::{PropertyId, RequestId, VendorId, WorkOrderId},
    maintenance_request::{MaintenanceRequest, MaintenanceRequestEvent, Report, RequestCommand, RequestStatus},
    property::Property,
    resident::Resident,
    unit::Unit,
    vendor::Vendor,
    work_order::{Work, WorkOrder, WorkOrderCommand, WorkOrderEvent},
};

/// Someone reports that something is wrong. Writes the request's stream and guards those of the property, and of the unit and
/// the resident if it names them.
///
/// # Errors
/// Refuses a property that is absent or left, a unit that is not part of it, and a resident that is absent or erased.
pub fn submit_request(
    request: &MaintenanceRequest,
    (property, unit, resident): (&Property, Option<&Unit>, Option<&Resident>),
    report: Report,
    context: &Context,
) -> Result<Vec<MaintenanceRequestEvent>, Refusal> {
    must_be_a_place((report.property, property), unit)?;
    if let Some(resident) = resident {
        resident.must_exist()?;
    }
    request.decide(RequestCommand::Submit(report), context)
}

/// A repair begins that no request asks for. Writes the work order's stream and guards those of the property and the unit.
///
/// # Errors
/// Refuses a property that is absent or left, and a unit that is not part of it.
pub fn create_work_order(
    work_order: &WorkOrder,
    (property, unit): (&Property, Option<&Unit>),
    work: Work,
    context: &Context,
) -> Result<Vec<WorkOrderEvent>, Refusal> {
    must_be_a_place((work.property, property), unit)?;
    work_order.decide(WorkOrderCommand::Create(work), context)
}

fn must_be_a_place((property_id, property): (PropertyId, &Property), unit: Option<&Unit>) -> Result<(), Refusal> {
    property.must_be_managed()?;
    if let Some(unit) = unit {
        unit.must_be_part_of(property_id)?;
    }
    Ok(())
}

/// What a decision about a request and its work order gives: the facts of each.
pub type RequestAndWork = (Vec<MaintenanceRequestEvent>, Vec<WorkOrderEvent>);

/// A request becomes a work order that a vendor answers for. Writes both streams and guards the vendor's. The clocks go over
/// to the work order, with what was recorded as late.
///
/// # Errors
/// Refuses a vendor that is unknown or blocked, and a request that is over or has a work order.
pub fn convert_request(
    (request_id, request): (RequestId, &MaintenanceRequest),
    (work_order_id, work_order): (WorkOrderId, &WorkOrder),
    (vendor_id, vendor): (VendorId, &Vendor),
    context: &Context,
) -> Result<RequestAndWork, Refusal> {
    vendor.must_be_active()?;
    let (converted, work, deadlines, breached) = request.convert(work_order_id)?;
    let created = work_order.create(work, Some(request_id), deadlines, breached)?;
    let mut begun = work_order.clone();
    begun.apply(created.clone());
    let mut events = vec![created];
    events.extend(begun.decide(WorkOrderCommand::Assign { vendor: vendor_id }, context)?);
    Ok((vec![converted], events))
}

/// What a request asked for is right again. Writes its stream and, if it became a work order, that one's: whatever was still
/// open of the repair is done and accepted.
///
/// # Errors
/// Refuses a request that is over.
pub fn resolve_request(
    request: &MaintenanceRequest,
    work_order: Option<&WorkOrder>,
    resolution: &str,
    context: &Context,
) -> Result<RequestAndWork, Refusal> {
    let resolve = RequestCommand::Resolve {
        resolution: resolution.to_owned(),
    };
    let resolved = request.decide(resolve, context)?;
    let settled = match work_order {
        Some(work_order) => work_order.settle(resolution, context)?,
        None => vec![],
    };
    Ok((resolved, settled))
}

/// A repair was not done after all. Writes the work order's stream and, if its request was resolved with it, the request's.
///
/// # Errors
/// Refuses a work order that is still open.
pub fn reopen_work_order(
    (work_order_id, work_order): (WorkOrderId, &WorkOrder),
    request: Option<&MaintenanceRequest>,
    reason: String,
    context: &Context,
) -> Result<RequestAndWork, Refusal> {
    let reopened = work_order.decide(WorkOrderCommand::Reopen { reason: reason.clone() }, context)?;
    let of_request = match request {
        Some(request)
            if request.status() == Some(RequestStatus::Resolved) && request.work_order() == Some(work_order_id) =>
        {
            vec![request.reopen(reason, Some(work_order_id), context)?]
        }
        _ => vec![],
    };
    Ok((of_request, reopened))
}

#[cfg(test)]
mod tests;
