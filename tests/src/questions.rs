//! What people ask all day: the dashboard, statements, the trial balance, lists and search.

use api::clock::today;
use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::span::month_after;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Serving;

/// How many things of a kind are asked about.
const SAMPLE: i64 = 500;
/// How deep into a list pages are asked for.
const PAGES: usize = 40;

/// Questions of one kind.
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// How many of [`Questions::in_turn`] are of this kind, beside the others'.
    pub share: usize,
    /// What is asked.
    pub paths: Vec<String>,
}

/// Who asks, and what.
pub struct Questions {
    http: Client,
    url: String,
    token: String,
    /// By kind.
    pub kinds: Vec<Kind>,
}

impl Questions {
    /// Those about an organization, of which something is there of each kind. `token` is a manager's or an admin's.
    pub async fn about(organization: Uuid, serving: &Serving, token: String, superuser: &mut PgConnection) -> Self {
        let mut questions = Self {
            http: serving.http().clone(),
            url: serving.at(""),
            token,
            kinds: Vec::new(),
        };
        let today = today(Tz::UTC);
        let month_end = month_after(today, 0).pred_opt().expect("a day before it");
        let mut ids = async |kind: &str| ids(organization, kind, superuser).await;
        let (properties, leases) = (ids("property").await, ids("lease").await);
        let residents = ids("resident").await;
        let whole = |path: &str| vec![path.to_owned()];
        let of_each = |before: &str, ids: &[Uuid], after: &str| {
            let path = |id: &Uuid| format!("{before}{id}{after}");
            ids.iter().map(path).collect::<Vec<_>>()
        };
        let trial_balances = |day: NaiveDate| {
            ["accrual", "cash"].map(|basis| format!("/api/ledger/trial-balance?asOf={day}&basis={basis}"))
        };
        let first_pages = [
            LISTS.map(str::to_owned).to_vec(),
            of_each("/api/properties/", &properties, "/units"),
            of_each("/api/leases?property=", &properties, "&status=active"),
            of_each("/api/leases/", &leases, "/charges"),
            of_each("/api/tenants/", &residents, "/payments"),
        ];
        let later_pages = questions.later_pages().await;
        let words = words(organization, superuser).await;
        let kind = |name, share, paths| Kind { name, share, paths };
        questions.kinds = vec![
            kind("the dashboard", 2, whole("/api/analytics/dashboard")),
            kind(
                "the dashboard of a property",
                2,
                of_each("/api/analytics/dashboard?property=", &properties, ""),
            ),
            kind(
                "a lease's statement",
                4,
                of_each("/api/ledger/leases/", &leases, "/statement"),
            ),
            kind("the trial balance of today", 2, trial_balances(today).to_vec()),
            kind(
                "the trial balance of a month's end",
                2,
                trial_balances(month_end).to_vec(),
            ),
            kind("first pages of lists", 4, first_pages.concat()),
            kind("later pages of lists", 4, later_pages),
            kind("search", 4, words),
        ];
        for kind in &questions.kinds {
            assert!(!kind.paths.is_empty(), "there is nothing to ask of {}", kind.name);
        }
        questions
    }

    /// Endless questions of all kinds, by their shares: numbers of kinds, with what is asked.
    pub fn in_turn(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut draw = StdRng::seed_from_u64(1);
        let shares: Vec<usize> = (0..self.kinds.len())
            .flat_map(|number| vec![number; self.kinds[number].share])
            .collect();
        std::iter::repeat_with(move || {
            let number = *shares.choose(&mut draw).expect("some kinds");
            let path = self.kinds[number].paths.choose(&mut draw).expect("some questions");
            (number, path.as_str())
        })
    }

    /// Asks, and waits for the whole answer, which may be a refusal.
    pub fn ask(&self, path: &str, correlation: Uuid) -> impl Future<Output = (StatusCode, Value)> + Send + use<> {
        let request = self
            .http
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .header("X-Correlation-Id", correlation.to_string());
        async move {
            let answer = request.send().await.expect("an answer");
            (answer.status(), answer.json().await.expect("JSON"))
        }
    }

    /// Asks what must be answered.
    pub async fn answer(&self, path: &str) -> Value {
        let (status, answer) = self.ask(path, Uuid::nil()).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// The pages that follow the first ones, as their `next` links lead to them.
    async fn later_pages(&self) -> Vec<String> {
        let mut pages = Vec::new();
        for list in LISTS {
            let mut page = Some(list.to_owned());
            for _ in 0..PAGES {
                let Some(path) = page else { break };
                page = self.answer(&path).await["next"].as_str().map(str::to_owned);
                pages.extend(page.clone());
            }
        }
        pages
    }
}

/// Those that are long.
const LISTS: [&str; 8] = [
    "/api/properties",
    "/api/leases",
    "/api/leases?status=active",
    "/api/tenants",
    "/api/payments/ledger",
    "/api/payments/due",
    "/api/maintenance/requests",
    "/api/maintenance/work-orders?status=completed",
];

async fn ids(organization: Uuid, kind: &str, superuser: &mut PgConnection) -> Vec<Uuid> {
    let ids = "SELECT id FROM directory_v2.entries WHERE tenant_id = $1 AND kind = $2 ORDER BY md5(id::text) LIMIT $3";
    sqlx::query_scalar(ids)
        .bind(organization)
        .bind(kind)
        .bind(SAMPLE)
        .fetch_all(superuser)
        .await
        .expect("a directory")
}

/// Searches for people as they are called, as someone begins to type it, and as someone mistypes it; and for a trouble.
async fn words(organization: Uuid, superuser: &mut PgConnection) -> Vec<String> {
    let names = "SELECT name FROM ledger_v2.residents
      WHERE tenant_id = $1 AND name ~ '^[A-Za-z ]+$' ORDER BY md5(id::text) LIMIT $2";
    let names: Vec<String> = sqlx::query_scalar(names)
        .bind(organization)
        .bind(SAMPLE)
        .fetch_all(superuser)
        .await
        .expect("residents");
    let mut draw = StdRng::seed_from_u64(2);
    let mut words: Vec<String> = names
        .iter()
        .map(|name| match draw.random_range(0..3) {
            0 => name.clone(),
            1 => name.chars().take(4).collect(),
            _ => name.split(' ').map(mistyped).collect::<Vec<_>>().join(" "),
        })
        .collect();
    words.extend(["sink leaks", "no heat", "plumbing"].map(str::to_owned));
    words
        .iter()
        .map(|words| format!("/api/search?q={}", words.replace(' ', "+")))
        .collect()
}

/// Without its second letter, if it is long enough to be known by the others.
fn mistyped(word: &str) -> String {
    let letters = word.chars().enumerate();
    let is_long = word.len() > 4;
    letters
        .filter(|(place, _)| !is_long || *place != 1)
        .map(|(_, letter)| letter)
        .collect()
}
