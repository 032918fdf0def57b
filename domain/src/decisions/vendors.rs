use crate::{
    Refusal,
    context::Context,
    ids::VendorId,
    vendor::Vendor,
    work_order::{WorkOrder, WorkOrderCommand, WorkOrderEvent},
};

/// Makes a vendor answerable for a work order. Writes the work order's stream and guards the vendor's: it may not be
/// blocked between the decision and the append.
///
/// # Errors
/// Refuses a vendor that is unknown or blocked, and what the work order refuses.
pub fn assign_vendor(
    work_order: &WorkOrder,
    (vendor_id, vendor): (VendorId, &Vendor),
    context: &Context,
) -> Result<Vec<WorkOrderEvent>, Refusal> {
    vendor.must_be_active()?;
    work_order.decide(WorkOrderCommand::Assign { vendor: vendor_id }, context)
}

/// Asks a vendor what a repair would cost. Writes the work order's stream and guards the vendor's.
///
/// # Errors
/// Refuses a vendor that is unknown or blocked, and what the work order refuses.
pub fn request_estimate(
    work_order: &WorkOrder,
    (vendor_id, vendor): (VendorId, &Vendor),
    context: &Context,
) -> Result<Vec<WorkOrderEvent>, Refusal> {
    vendor.must_be_active()?;
    work_order.decide(WorkOrderCommand::RequestEstimate { vendor: vendor_id }, context)
}

#[cfg(test)]
mod tests;
