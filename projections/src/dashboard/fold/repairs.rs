//! What requests and work orders change.

use chrono::{DateTime, Utc};
use domain::{
    maintenance_request::{Deadlines, MaintenanceRequestEvent, Priority},
    work_order::WorkOrderEvent,
};
use uuid::Uuid;

use super::{
    super::state::{Item, Job, Key, State},
    Happening, Unknown,
};

pub(super) fn request(
    state: &mut State,
    happening: &Happening<'_>,
    event: &MaintenanceRequestEvent,
) -> Result<(), Unknown> {
    let key = happening.key();
    match event {
        MaintenanceRequestEvent::Submitted {
            property,
            priority,
            reported_at,
            deadlines,
            ..
        } => {
            let item = Item {
                property: property.0,
                work_order: false,
                job: key.1,
                priority: *priority,
                open: true,
            };
            begins(state, happening, item, (*reported_at, *deadlines));
        }
        MaintenanceRequestEvent::Triaged {
            priority, deadlines, ..
        } => {
            change_item(state, key, |item| item.priority = *priority)?;
            change_job(state, key, |job| {
                job.priority = *priority;
                job.deadlines = *deadlines;
            })?;
        }
        MaintenanceRequestEvent::Declined { .. } => {
            change_item(state, key, |item| item.open = false)?;
            change_job(state, key, |job| job.dropped = true)?;
        }
        MaintenanceRequestEvent::Resolved { .. } => {
            change_item(state, key, |item| item.open = false)?;
            resolved(state, key, happening.occurred_at)?;
        }
        MaintenanceRequestEvent::Reopened {
            reported_at, deadlines, ..
        } => {
            change_item(state, key, |item| item.open = true)?;
            reopened(state, key, *reported_at, *deadlines)?;
        }
        MaintenanceRequestEvent::Converted { .. } | MaintenanceRequestEvent::SlaBreached { .. } => {}
    }
    Ok(())
}

pub(super) fn work_order(state: &mut State, happening: &Happening<'_>, event: &WorkOrderEvent) -> Result<(), Unknown> {
    let key = happening.key();
    if let WorkOrderEvent::Created {
        property,
        request,
        priority,
        deadlines,
        ..
    } = event
    {
        let item = Item {
            property: property.0,
            work_order: true,
            job: request.map_or(key.1, |request| request.0),
            priority: *priority,
            open: true,
        };
        if request.is_some() {
            opens(state, key, item);
        } else {
            begins(state, happening, item, (happening.occurred_at, *deadlines));
        }
        return Ok(());
    }
    let job = (key.0, known_item(state, key)?.job);
    match event {
        WorkOrderEvent::Assigned { .. } => {
            change_job(state, job, |job| {
                job.responded_at.get_or_insert(happening.occurred_at);
            })?;
        }
        WorkOrderEvent::Resumed { deadlines } => change_job(state, job, |job| job.deadlines = *deadlines)?,
        WorkOrderEvent::WorkDone { .. } => resolved(state, job, happening.occurred_at)?,
        WorkOrderEvent::Completed { .. } => {
            change_item(state, key, |item| item.open = false)?;
            resolved(state, job, happening.occurred_at)?;
        }
        WorkOrderEvent::Cancelled { .. } => {
            change_item(state, key, |item| item.open = false)?;
            // A request outlives its work order: its clocks go on.
            if job == key {
                change_job(state, job, |job| job.dropped = true)?;
            }
        }
        WorkOrderEvent::Reopened { deadlines, .. } => {
            change_item(state, key, |item| item.open = true)?;
            reopened(state, job, happening.occurred_at, *deadlines)?;
        }
        WorkOrderEvent::Created { .. }
        | WorkOrderEvent::EstimateRequested { .. }
        | WorkOrderEvent::Estimated { .. }
        | WorkOrderEvent::Scheduled { .. }
        | WorkOrderEvent::Paused { .. }
        | WorkOrderEvent::Billed { .. }
        | WorkOrderEvent::SlaBreached { .. } => {}
    }
    Ok(())
}

fn begins(
    state: &mut State,
    happening: &Happening<'_>,
    item: Item,
    (reported_at, deadlines): (DateTime<Utc>, Deadlines),
) {
    let key = happening.key();
    let job = episode(1, item.property, item.priority, reported_at, deadlines);
    state.measures(key.0, None, &job);
    state.jobs.insert(key, job);
    opens(state, key, item);
}

fn opens(state: &mut State, key: Key, item: Item) {
    state.counts(key.0, &item, 1);
    state.items.insert(key, item);
}

const fn episode(
    number: i32,
    property: Uuid,
    priority: Priority,
    opened_at: DateTime<Utc>,
    deadlines: Deadlines,
) -> Job {
    Job {
        episode: number,
        property,
        priority,
        opened_at,
        deadlines,
        responded_at: None,
        resolved_at: None,
        dropped: false,
    }
}

/// The end of the work; one that was never assigned is answered by it too.
fn resolved(state: &mut State, job: Key, at: DateTime<Utc>) -> Result<(), Unknown> {
    change_job(state, job, |job| {
        job.responded_at.get_or_insert(at);
        job.resolved_at.get_or_insert(at);
    })
}

/// A job whose work had ended begins a new episode; one whose work goes on doesn't.
fn reopened(state: &mut State, key: Key, at: DateTime<Utc>, deadlines: Deadlines) -> Result<(), Unknown> {
    let job = known_job(state, key)?;
    if job.resolved_at.is_none() && !job.dropped {
        return Ok(());
    }
    let next = episode(job.episode + 1, job.property, job.priority, at, deadlines);
    let ended = std::mem::replace(job, next);
    state.ended.push((key, ended));
    state.measures(key.0, None, &next);
    Ok(())
}

/// Changes a request or work order, and the counts of open ones with it.
fn change_item(state: &mut State, key: Key, change: impl FnOnce(&mut Item)) -> Result<(), Unknown> {
    let item = known_item(state, key)?;
    let before = *item;
    change(item);
    let after = *item;
    state.counts(key.0, &before, -1);
    state.counts(key.0, &after, 1);
    Ok(())
}

/// Changes a job, and the sums of deadlines and ends of work with it.
fn change_job(state: &mut State, key: Key, change: impl FnOnce(&mut Job)) -> Result<(), Unknown> {
    let job = known_job(state, key)?;
    let before = *job;
    change(job);
    let after = *job;
    state.measures(key.0, Some(&before), &after);
    Ok(())
}

fn known_item(state: &mut State, key: Key) -> Result<&mut Item, Unknown> {
    state.items.get_mut(&key).ok_or(Unknown {
        what: "request or work order",
        id: key.1,
    })
}

fn known_job(state: &mut State, key: Key) -> Result<&mut Job, Unknown> {
    state.jobs.get_mut(&key).ok_or(Unknown { what: "job", id: key.1 })
}
