//! Maintenance requests and work orders.

use domain::{maintenance_request::MaintenanceRequestEvent, work_order::WorkOrderEvent};

use super::{
    super::{
        document::{Request, WorkOrder},
        state::Unknown,
    },
    Happening,
};

pub(super) fn request(happening: &mut Happening<'_>, event: &MaintenanceRequestEvent) -> Result<(), Unknown> {
    if let MaintenanceRequestEvent::Submitted {
        property,
        unit,
        resident,
        category,
        priority,
        summary,
        description,
        permission_to_enter,
        reported_at,
        deadlines,
    } = event
    {
        happening.begins(Request {
            property: *property,
            unit: *unit,
            resident: *resident,
            status: "submitted".to_owned(),
            category: category.clone(),
            priority: *priority,
            summary: summary.clone(),
            description: description.clone(),
            permission_to_enter: *permission_to_enter,
            reported_at: *reported_at,
            deadlines: *deadlines,
            breached: Vec::new(),
            work_order: None,
            outcome: None,
        });
        return Ok(());
    }
    let request = happening.own::<Request>()?;
    let status = match event {
        MaintenanceRequestEvent::Submitted { .. } => "submitted",
        MaintenanceRequestEvent::Triaged {
            category,
            priority,
            deadlines,
        } => {
            request.category.clone_from(category);
            request.priority = *priority;
            request.deadlines = *deadlines;
            "triaged"
        }
        MaintenanceRequestEvent::Converted { work_order } => {
            request.work_order = Some(*work_order);
            "converted"
        }
        MaintenanceRequestEvent::Declined { reason } => {
            request.outcome = Some(reason.clone());
            "declined"
        }
        MaintenanceRequestEvent::Resolved { resolution } => {
            request.outcome = Some(resolution.clone());
            "resolved"
        }
        MaintenanceRequestEvent::Reopened {
            deadlines, work_order, ..
        } => {
            request.deadlines = *deadlines;
            request.work_order = *work_order;
            request.outcome = None;
            request.breached.clear();
            "reopened"
        }
        MaintenanceRequestEvent::SlaBreached { clock, .. } => {
            request.breached.push(*clock);
            return Ok(());
        }
    };
    status.clone_into(&mut request.status);
    Ok(())
}

pub(super) fn work_order(happening: &mut Happening<'_>, event: &WorkOrderEvent) -> Result<(), Unknown> {
    if let WorkOrderEvent::Created {
        property,
        unit,
        request,
        category,
        priority,
        summary,
        description,
        deadlines,
        breached,
    } = event
    {
        let created_at = happening.fact.metadata.occurred_at;
        happening.begins(WorkOrder {
            property: *property,
            unit: *unit,
            request: *request,
            status: "new".to_owned(),
            category: category.clone(),
            priority: *priority,
            summary: summary.clone(),
            description: description.clone(),
            vendor: None,
            visit_on: None,
            estimate: None,
            created_at,
            deadlines: *deadlines,
            breached: breached.clone(),
            notes: None,
            paused_from: None,
        });
        return Ok(());
    }
    progress(happening.own()?, event);
    Ok(())
}

fn progress(work_order: &mut WorkOrder, event: &WorkOrderEvent) {
    let status = match event {
        WorkOrderEvent::Created { .. } => "new",
        WorkOrderEvent::EstimateRequested { .. } => {
            work_order.estimate = None;
            "estimate_requested"
        }
        WorkOrderEvent::Estimated { amount, .. } => {
            work_order.estimate = Some(*amount);
            "estimated"
        }
        WorkOrderEvent::Assigned { vendor } => {
            work_order.vendor = Some(*vendor);
            work_order.visit_on = None;
            "assigned"
        }
        WorkOrderEvent::Scheduled { on } => {
            work_order.visit_on = Some(*on);
            "scheduled"
        }
        WorkOrderEvent::Paused { reason, .. } => {
            work_order.notes = Some(reason.clone());
            work_order.paused_from = Some(work_order.status.clone());
            "waiting"
        }
        WorkOrderEvent::Resumed { deadlines } => {
            work_order.deadlines = *deadlines;
            let before = work_order.paused_from.take();
            work_order.status = before.unwrap_or_else(|| "assigned".to_owned());
            return;
        }
        WorkOrderEvent::WorkDone { notes } => {
            work_order.notes = Some(notes.clone());
            work_order.paused_from = None;
            "work_done"
        }
        WorkOrderEvent::Billed { .. } if work_order.status == "completed" => return,
        WorkOrderEvent::Billed { .. } => "ready_to_bill",
        WorkOrderEvent::Completed { .. } => "completed",
        WorkOrderEvent::Cancelled { reason } => {
            work_order.notes = Some(reason.clone());
            work_order.paused_from = None;
            "cancelled"
        }
        WorkOrderEvent::Reopened { reason, deadlines } => {
            work_order.notes = Some(reason.clone());
            work_order.deadlines = *deadlines;
            work_order.breached.clear();
            work_order.estimate = None;
            work_order.vendor = None;
            work_order.visit_on = None;
            "new"
        }
        WorkOrderEvent::SlaBreached { clock, .. } => {
            work_order.breached.push(*clock);
            return;
        }
    };
    status.clone_into(&mut work_order.status);
}
