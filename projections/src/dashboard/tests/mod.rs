mod laws;
mod oracle;
mod portfolio;
mod repairs;
mod story;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::{
    ids::{ChargeId, CreditId, LeaseId, OrganizationId, PropertyId, ResidentId, UnitId},
    lease::{ChargeKind, CreditTarget, LeaseEvent, Terms},
    money::{Currency, Money},
    registry::AnyEvent,
    span::Span,
    unit::{UnitDetails, UnitEvent},
};
use schemas::{Metadata, Shard};
use sqlx::{Connection, PgConnection};
use store::testing::TestDatabase;
use streams::{ApplyError, Fact, Projection};
use uuid::Uuid;

use super::{
    Dashboard,
    queries::{Answer, Question, dashboard},
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

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

/// What happened to a thing on a day, at noon.
fn fact(position: i64, id: Uuid, day: &str, event: AnyEvent) -> Arc<Fact> {
    Arc::new(fact_at(position, id, noon(on(day)), event))
}

fn fact_at(position: i64, id: Uuid, at: DateTime<Utc>, event: AnyEvent) -> Fact {
    Fact {
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
            occurred_at: at,
            effective_date: at.date_naive(),
            traceparent: None,
        },
        event_id: Uuid::from_u128(u128::try_from(position).unwrap()),
        command_id: MAPLE,
        command_index: 0,
        recorded_at: at,
        event,
    }
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
        let tables = format!("CREATE SCHEMA dashboard_v4; {}", Dashboard.tables());
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
        let now = noon(today);
        let question = Question {
            organization: MAPLE,
            property: property.map(|property| property.0),
            today,
            now,
            from: on("2026-01-01"),
            months: 12,
            measured_from: now - TimeDelta::days(365),
        };
        self.answer(&question).await
    }

    async fn answer(&mut self, question: &Question) -> Answer {
        let mut tx = self.connection.begin().await.unwrap();
        dashboard(&mut tx, question).await.unwrap()
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
            "open_items",
            "repairs",
            "repairs_by_month",
            "durations",
            "durations_by_month",
        ] {
            let of_table: Vec<String> = sqlx::query_scalar(&format!(
                "SELECT '{table} ' || t::text FROM dashboard_v4.{table} t ORDER BY 1"
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
