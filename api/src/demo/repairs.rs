//! What breaks, and how it is mended.

use chrono::{NaiveDateTime, TimeDelta};
use commands::{
    execute::{CarryOut, ExecuteError},
    handlers::{ConvertRequest, OnStream, ResolveRequest, SubmitRequest},
};
use domain::{
    ids::{RequestId, VendorId, WorkOrderId},
    maintenance_request::Report,
    work_order::{WorkOrder, WorkOrderCommand},
};

use super::home::{Home, Scene};

/// A repair and what happens to it next.
#[derive(Debug, Clone)]
pub(super) struct Repair {
    key: String,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Report,
    Assign,
    Schedule,
    Finish,
    Complete,
    Resolve,
}

impl Repair {
    /// Something broke.
    pub fn reported(key: String) -> Self {
        Self {
            key,
            step: Step::Report,
        }
    }

    fn then(&self, step: Step) -> Scene {
        Scene::Repair(Self {
            key: self.key.clone(),
            step,
        })
    }
}

impl<C: CarryOut> Home<'_, C> {
    pub(super) async fn repair(&mut self, at: NaiveDateTime, repair: Repair) -> Result<(), ExecuteError> {
        let key = repair.key.as_str();
        let request = RequestId(self.office.id(&format!("report {key}")).derive(0));
        let work_order = WorkOrderId(self.office.id(&format!("convert {key}")).derive(0));
        let order = |command| OnStream::<WorkOrder>::of(work_order, command);
        let mut dice = self.office.dice(&format!("repair {key}"));
        let (trouble, priority) = (dice.trouble(), dice.priority());
        let to_assign = minutes(dice.minutes_to_assign(priority));
        let to_repair = minutes(dice.minutes_to_repair(priority));
        let by_the_office = dice.percent(30);
        match repair.step {
            Step::Report => {
                let report = Report {
                    property: self.property,
                    unit: Some(self.unit),
                    resident: self
                        .tenancy
                        .as_ref()
                        .and_then(|tenancy| tenancy.residents.first().copied()),
                    category: trouble.category.to_owned(),
                    priority,
                    summary: trouble.summary.to_owned(),
                    description: trouble.description.to_owned(),
                    permission_to_enter: dice.percent(70),
                };
                self.office
                    .give(&format!("report {key}"), at, &SubmitRequest { request, report })
                    .await?;
                let next = if by_the_office { Step::Resolve } else { Step::Assign };
                self.note(at + to_assign, repair.then(next));
            }
            Step::Assign => {
                let vendor = self.vendor_for(trouble.category);
                let convert = ConvertRequest {
                    request,
                    work_order,
                    vendor,
                };
                self.office.give(&format!("convert {key}"), at, &convert).await?;
                self.note(at + to_repair / 2, repair.then(Step::Schedule));
            }
            Step::Schedule => {
                let on = (at + to_repair / 2).date();
                self.office
                    .give(
                        &format!("schedule {key}"),
                        at,
                        &order(WorkOrderCommand::Schedule { on }),
                    )
                    .await?;
                self.note(at + to_repair / 2, repair.then(Step::Finish));
            }
            Step::Finish => {
                let notes = format!("{}: done.", trouble.summary);
                self.office
                    .give(
                        &format!("finish {key}"),
                        at,
                        &order(WorkOrderCommand::FinishWork { notes }),
                    )
                    .await?;
                self.note(at + TimeDelta::days(1), repair.then(Step::Complete));
            }
            Step::Complete => {
                self.office
                    .give(&format!("complete {key}"), at, &order(WorkOrderCommand::Complete))
                    .await?;
                self.note(at + TimeDelta::minutes(5), repair.then(Step::Resolve));
            }
            Step::Resolve => {
                let resolution = "Mended and checked with the resident.".to_owned();
                self.office
                    .give(&format!("resolve {key}"), at, &ResolveRequest { request, resolution })
                    .await?;
            }
        }
        Ok(())
    }

    fn vendor_for(&self, category: &str) -> VendorId {
        let index = match category {
            "plumbing" => 0,
            "hvac" => 1,
            "electrical" | "appliance" => 2,
            "pests" => 4,
            _ => 3,
        };
        self.office.vendors[index]
    }
}

fn minutes(count: u32) -> TimeDelta {
    TimeDelta::minutes(i64::from(count))
}
