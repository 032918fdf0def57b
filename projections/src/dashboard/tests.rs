use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use domain::{
    ids::{
        ChargeId, CreditId, LeaseId, OrganizationId, PropertyId, RequestId, ResidentId, UnitId, VendorId, WorkOrderId,
    },
    lease::{ChargeKind, CreditTarget, LeaseEvent, Terms},
    maintenance_request::{Deadlines, MaintenanceRequestEvent, Priority},
    money::{Currency, Money},
    registry::AnyEvent,
    span::Span,
    unit::{UnitDetails, UnitEvent},
    work_order::WorkOrderEvent,
};
use proptest::prelude::*;
use schemas::{Metadata, Shard};
use sqlx::PgConnection;
use store::testing::TestDatabase;
use streams::{ApplyError, Fact, Projection};
use uuid::Uuid;

use super::{
    Dashboard,
    queries::{Answer, Month, Portfolio, Question, dashboard},
};

const MAPLE: Uuid = Uuid::from_u128(1);
const COURT: PropertyId = PropertyId(Uuid::from_u128(10));
const OAK: PropertyId = PropertyId(Uuid::from_u128(11));
const ADA: ResidentId = ResidentId(Uuid::from_u128(20));

fn on(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

/// What happened to a thing on a day, at noon.
fn fact(position: i64, id: Uuid, day: &str, event: AnyEvent) -> Arc<Fact> {
    let noon = on(day).and_hms_opt(12, 0, 0).unwrap().and_utc();
    Arc::new(Fact {
        epoch: 1,
        shard: Shard::new(3).unwrap(),
        position,
        tenant_id: OrganizationId(MAPLE),
        aggregate_type: String::new(),
        aggregate_id: id,
        sequence: position,
        event_type: event.name().to_owned(),
        metadata: Metadata {
            actor: MAPLE,
            correlation_id: MAPLE,
            causation_id: None,
            occurred_at: noon,
            effective_date: on(day),
            traceparent: None,
        },
        event_id: Uuid::from_u128(u128::try_from(position).unwrap()),
        command_id: MAPLE,
        command_index: 0,
        recorded_at: noon,
        event,
    })
}

fn unit(number: u128) -> UnitId {
    UnitId(Uuid::from_u128(100 + number))
}

fn lease(number: u128) -> LeaseId {
    LeaseId(Uuid::from_u128(200 + number))
}

fn charge(number: u128) -> ChargeId {
    ChargeId(Uuid::from_u128(300 + number))
}

fn unit_created(number: u128, property: PropertyId, rent: i64) -> (Uuid, AnyEvent) {
    let details = UnitDetails {
        number: number.to_string(),
        bedrooms: 1,
        half_baths: 2,
        square_feet: None,
        market_rent: usd(rent),
    };
    (unit(number).0, AnyEvent::Unit(UnitEvent::Created { property, details }))
}

fn lease_created(number: u128, property: PropertyId, rent: i64) -> (Uuid, AnyEvent) {
    let terms = Terms {
        residents: vec![ADA],
        term: Span::open(on("2026-01-01")),
        rent: usd(rent),
        rent_tax: None,
        due_day: 1,
    };
    let created = LeaseEvent::Created {
        property,
        unit: unit(number),
        terms,
    };
    (lease(number).0, AnyEvent::Lease(created))
}

fn of_lease(number: u128, event: LeaseEvent) -> (Uuid, AnyEvent) {
    (lease(number).0, AnyEvent::Lease(event))
}

fn posted(number: u128, kind: ChargeKind, amount: i64, due_on: &str) -> LeaseEvent {
    LeaseEvent::ChargePosted {
        charge: charge(number),
        kind,
        description: String::new(),
        amount: usd(amount),
        tax: None,
        due_on: on(due_on),
        period: None,
        recurring: None,
    }
}

fn applied(number: u128, kind: ChargeKind, amount: i64) -> LeaseEvent {
    LeaseEvent::CreditApplied {
        credit: CreditId(Uuid::from_u128(400)),
        target: CreditTarget::Charge {
            charge: charge(number),
            kind,
        },
        amount: usd(amount),
        tax: None,
        on: on("2026-03-03"),
    }
}

/// Two properties with three units. Lease 1 pays, lease 2 doesn't.
fn history() -> Vec<Arc<Fact>> {
    let activated = |day: &str| LeaseEvent::Activated {
        on: on(day),
        charged_from: on(day),
    };
    let rent = ChargeKind::Rent;
    let events = [
        ("2026-01-01", unit_created(1, COURT, 100_000)),
        ("2026-01-01", unit_created(2, COURT, 120_000)),
        ("2026-01-01", unit_created(3, OAK, 90_000)),
        ("2026-01-01", lease_created(1, COURT, 95_000)),
        ("2026-01-01", lease_created(3, OAK, 88_000)),
        ("2026-01-01", of_lease(1, activated("2026-01-01"))),
        ("2026-01-10", of_lease(3, activated("2026-01-10"))),
        ("2026-02-01", of_lease(1, posted(1, rent, 95_000, "2026-02-01"))),
        ("2026-02-01", of_lease(3, posted(2, rent, 88_000, "2026-02-01"))),
        ("2026-02-03", of_lease(1, applied(1, rent, 95_000))),
        ("2026-03-01", of_lease(1, posted(3, rent, 95_000, "2026-03-01"))),
        ("2026-03-01", of_lease(3, posted(4, rent, 88_000, "2026-03-01"))),
        (
            "2026-03-01",
            of_lease(1, posted(5, ChargeKind::Parking, 5_000, "2026-03-01")),
        ),
        ("2026-03-02", of_lease(1, applied(3, rent, 60_000))),
        (
            "2026-03-02",
            of_lease(
                1,
                LeaseEvent::ChargeWaived {
                    charge: charge(5),
                    kind: ChargeKind::Parking,
                    amount: usd(5_000),
                    tax: None,
                    reason: String::new(),
                    on: on("2026-03-02"),
                },
            ),
        ),
        (
            "2026-03-03",
            (
                unit(2).0,
                AnyEvent::Unit(UnitEvent::TakenOffline { reason: String::new() }),
            ),
        ),
        (
            "2026-03-04",
            of_lease(
                1,
                LeaseEvent::RentChanged {
                    rent: usd(99_000),
                    rent_tax: None,
                    from: on("2026-05-01"),
                },
            ),
        ),
        ("2026-04-15", of_lease(3, LeaseEvent::Ended { on: on("2026-04-15") })),
    ];
    numbered(events)
}

fn numbered(events: impl IntoIterator<Item = (&'static str, (Uuid, AnyEvent))>) -> Vec<Arc<Fact>> {
    let facts = events.into_iter().zip(1..);
    facts
        .map(|((day, (id, event)), position)| fact(position, id, day, event))
        .collect()
}

struct Desk {
    connection: PgConnection,
    _database: TestDatabase,
}

impl Desk {
    async fn new() -> Self {
        let database = TestDatabase::new(&[]).await;
        let mut connection = database.superuser().await;
        let tables = format!("CREATE SCHEMA dashboard_v2; {}", Dashboard.tables());
        sqlx::raw_sql(&tables).execute(&mut connection).await.unwrap();
        Self {
            connection,
            _database: database,
        }
    }

    async fn with(facts: &[Arc<Fact>]) -> Self {
        let mut desk = Self::new().await;
        desk.apply(facts).await.unwrap();
        desk
    }

    async fn apply(&mut self, facts: &[Arc<Fact>]) -> Result<(), ApplyError> {
        Dashboard.apply(&mut self.connection, facts).await
    }

    async fn on(&mut self, today: &str, property: Option<PropertyId>) -> Answer {
        let today = on(today);
        let now = today.and_hms_opt(12, 0, 0).unwrap().and_utc();
        let question = Question {
            organization: MAPLE,
            property: property.map(|property| property.0),
            today,
            now,
            from: on("2026-01-01"),
            months: 12,
            measured_from: now - TimeDelta::days(365),
        };
        dashboard(&mut self.connection, &question).await.unwrap()
    }

    async fn dump(&mut self) -> Vec<String> {
        let mut rows = Vec::new();
        for table in [
            "units",
            "leases",
            "charges",
            "items",
            "jobs",
            "movements",
            "movements_by_month",
            "dues",
        ] {
            let of_table: Vec<String> = sqlx::query_scalar(&format!(
                "SELECT '{table} ' || t::text FROM dashboard_v2.{table} t ORDER BY 1"
            ))
            .fetch_all(&mut self.connection)
            .await
            .unwrap();
            rows.extend(of_table);
        }
        rows
    }
}

#[tokio::test]
async fn occupancy_and_rents_are_those_of_the_date() {
    let mut desk = Desk::with(&history()).await;
    let portfolio = |units, rentable, occupied, market_rent, contract_rent| Portfolio {
        units,
        rentable,
        occupied,
        market_rent,
        contract_rent,
    };
    for (today, expected) in [
        ("2025-12-31", portfolio(0, 0, 0, 0, 0)),
        ("2026-01-09", portfolio(3, 3, 1, 310_000, 95_000)),
        ("2026-01-10", portfolio(3, 3, 2, 310_000, 183_000)),
        ("2026-03-02", portfolio(3, 3, 2, 310_000, 183_000)),
        ("2026-03-03", portfolio(3, 2, 2, 190_000, 183_000)),
        ("2026-04-14", portfolio(3, 2, 2, 190_000, 183_000)),
        ("2026-04-15", portfolio(3, 2, 1, 190_000, 95_000)),
        ("2026-05-01", portfolio(3, 2, 1, 190_000, 99_000)),
    ] {
        assert_eq!(desk.on(today, None).await.portfolio, expected, "{today}");
    }
    assert_eq!(
        desk.on("2026-03-03", Some(COURT)).await.portfolio,
        portfolio(2, 1, 1, 100_000, 95_000)
    );
}

#[tokio::test]
async fn a_month_says_what_was_charged_collected_and_is_late() {
    let mut desk = Desk::with(&history()).await;
    let month = |month, charged, collected, rent_collected, delinquent| Month {
        month: on(month),
        charged,
        collected,
        rent_collected,
        delinquent,
    };
    assert_eq!(
        desk.on("2026-03-01", None).await.months,
        [
            month("2026-02-01", 183_000, 95_000, 95_000, 88_000),
            month("2026-03-01", 183_000, 60_000, 60_000, 0),
        ],
        "what is due today isn't late yet"
    );
    let answer = desk.on("2026-03-02", None).await;
    assert_eq!(answer.months[1], month("2026-03-01", 183_000, 60_000, 60_000, 123_000));
    assert_eq!((answer.late_leases, answer.past_due), (2, 211_000));
    assert_eq!(
        answer
            .late
            .iter()
            .map(|late| (late.lease_id, late.amount, late.oldest))
            .collect::<Vec<_>>(),
        [
            (lease(3).0, 176_000, on("2026-02-01")),
            (lease(1).0, 35_000, on("2026-03-01"))
        ]
    );
    assert_eq!(answer.late[0].residents, [ADA.0]);
    let oak = desk.on("2026-03-02", Some(OAK)).await;
    assert_eq!((oak.late_leases, oak.past_due, oak.months.len()), (1, 176_000, 2));
}

fn submitted(priority: Priority, deadlines: Deadlines) -> AnyEvent {
    AnyEvent::MaintenanceRequest(MaintenanceRequestEvent::Submitted {
        property: COURT,
        unit: Some(unit(1)),
        resident: Some(ADA),
        category: "plumbing".into(),
        priority,
        summary: "leak".into(),
        description: String::new(),
        permission_to_enter: true,
        reported_at: on("2026-06-01").and_hms_opt(12, 0, 0).unwrap().and_utc(),
        deadlines,
    })
}

/// Respond by the noon of one day, resolve by that of another.
fn by(respond: &str, resolve: &str) -> Deadlines {
    let noon = |day| on(day).and_hms_opt(12, 0, 0).unwrap().and_utc();
    Deadlines {
        respond_by: noon(respond),
        resolve_by: noon(resolve),
    }
}

/// Request 1 becomes work order 1 and is done late; request 2 is answered by nobody; work order 2 came of itself.
fn repairs() -> Vec<Arc<Fact>> {
    let request = |n: u128| RequestId(Uuid::from_u128(500 + n));
    let order = |n: u128| WorkOrderId(Uuid::from_u128(600 + n));
    let created = |request, priority| {
        AnyEvent::WorkOrder(WorkOrderEvent::Created {
            property: COURT,
            unit: None,
            request,
            category: "plumbing".into(),
            priority,
            summary: "leak".into(),
            description: String::new(),
            deadlines: by("2026-06-02", "2026-06-05"),
            breached: Vec::new(),
        })
    };
    let assigned = AnyEvent::WorkOrder(WorkOrderEvent::Assigned {
        vendor: VendorId(Uuid::from_u128(700)),
    });
    let converted = AnyEvent::MaintenanceRequest(MaintenanceRequestEvent::Converted { work_order: order(1) });
    let done = AnyEvent::WorkOrder(WorkOrderEvent::WorkDone { notes: String::new() });
    numbered([
        (
            "2026-06-01",
            (request(1).0, submitted(Priority::High, by("2026-06-02", "2026-06-05"))),
        ),
        (
            "2026-06-01",
            (request(2).0, submitted(Priority::Low, by("2026-06-03", "2026-06-20"))),
        ),
        ("2026-06-02", (request(1).0, converted)),
        ("2026-06-02", (order(1).0, created(Some(request(1)), Priority::High))),
        ("2026-06-02", (order(1).0, assigned.clone())),
        ("2026-06-02", (order(2).0, created(None, Priority::Urgent))),
        ("2026-06-04", (order(2).0, assigned)),
        ("2026-06-05", (order(2).0, done.clone())),
        ("2026-06-09", (order(1).0, done)),
    ])
}

#[tokio::test]
async fn a_deadline_that_passed_unanswered_is_a_miss() {
    let mut desk = Desk::with(&repairs()).await;
    let answer = desk.on("2026-06-10", None).await;
    // Responses: request 1 in time, request 2 never, work order 2 late. Resolutions: request 1 late, work order 2 in time.
    assert_eq!((answer.responses.due, answer.responses.met), (3, 1));
    assert_eq!((answer.resolutions.due, answer.resolutions.met), (2, 1));
    let day = 86_400.0;
    assert_eq!(answer.time_to_resolve.jobs, 2);
    assert_eq!(answer.time_to_resolve.median, Some(f64::midpoint(8.0 * day, 3.0 * day)));
    assert_eq!(
        answer
            .open_requests
            .iter()
            .map(|(priority, count)| (priority.as_str(), *count))
            .collect::<Vec<_>>(),
        [("high", 1), ("low", 1)]
    );
    assert_eq!(answer.open_work_orders.len(), 2);
}

#[tokio::test]
async fn work_that_is_reopened_is_measured_anew() {
    let mut desk = Desk::with(&repairs()).await;
    let order = Uuid::from_u128(602);
    let reopened = AnyEvent::WorkOrder(WorkOrderEvent::Reopened {
        reason: String::new(),
        deadlines: by("2026-06-08", "2026-06-09"),
    });
    let again = [
        fact(20, order, "2026-06-07", reopened),
        fact(
            21,
            order,
            "2026-06-09",
            AnyEvent::WorkOrder(WorkOrderEvent::Completed { vendor: None }),
        ),
    ];
    desk.apply(&again).await.unwrap();
    let answer = desk.on("2026-06-10", None).await;
    // The new episode is answered by its end, a day late, and resolved in time.
    assert_eq!((answer.responses.due, answer.responses.met), (4, 1));
    assert_eq!((answer.resolutions.due, answer.resolutions.met), (3, 2));
    assert_eq!(answer.time_to_resolve.jobs, 3);
    assert!(!answer.open_work_orders.contains_key("urgent"));
}

#[tokio::test]
async fn an_event_about_nothing_is_refused() {
    let mut desk = Desk::new().await;
    let refused = desk
        .apply(&[fact(1, unit(9).0, "2026-01-01", AnyEvent::Unit(UnitEvent::MadeReady))])
        .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        format!("unit {} was never created", unit(9))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn where_batches_end_makes_no_difference(ends in prop::collection::vec(1_usize..6, 30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut facts = history();
            facts.extend(repairs());
            let mut desk = Desk::new().await;
            let mut rest = facts.as_slice();
            for end in ends {
                let (batch, later) = rest.split_at(end.min(rest.len()));
                desk.apply(batch).await.unwrap();
                rest = later;
            }
            assert!(rest.is_empty());
            assert_eq!(desk.dump().await, Desk::with(&facts).await.dump().await);
        });
    }
}
