//! The one file that maps errors to statuses.

use axum::http::StatusCode;
use commands::execute::ExecuteError;
use domain::{Nature, Refusal, Refuse as _};

use super::problem::Problem;

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Refused(refusal) => refused(&refusal),
            ExecuteError::Conflict => {
                Self::new(StatusCode::CONFLICT, "concurrent-change", error.to_string()).retry_after(1)
            }
            ExecuteError::PreconditionFailed { actual, .. } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "precondition-failed",
                format!("It has changed meanwhile: its ETag is \"{actual}\" now."),
            )
            .field("If-Match", format!("is not \"{actual}\"")),
            ExecuteError::CommandIdReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "This Idempotency-Key was used for another command, or for this one with another body.",
            )
            .field("Idempotency-Key", "was used with another body"),
            ExecuteError::TooLarge { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "event-too-large", error.to_string())
                    .field("body", "says more than an event can hold")
            }
            ExecuteError::PersonErased { .. } => Self::new(StatusCode::CONFLICT, "person-erased", error.to_string()),
            ExecuteError::Unavailable { retry_after, source } => {
                tracing::warn!(error = %source, "the log is not available");
                let seconds = u16::try_from(retry_after.as_secs().max(1)).unwrap_or(u16::MAX);
                Self::unavailable(
                    "log-unavailable",
                    "The database does not answer. The command may have been carried out: repeat it with the same \
                     Idempotency-Key.",
                )
                .retry_after(seconds)
            }
            ExecuteError::Internal(error) => Self::internal(with_causes(&error)),
        }
    }
}

/// A rule said no: its nature gives the status, its name the type.
fn refused(refusal: &Refusal) -> Problem {
    let status = match refusal.nature() {
        Nature::Absent => StatusCode::NOT_FOUND,
        Nature::State => StatusCode::CONFLICT,
        Nature::Rule => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let words = refusal.to_string();
    let problem = Problem::new(status, refusal.rule(), words.clone());
    match field_of(&words) {
        Some(field) => problem.field(field, words),
        None => problem,
    }
}

/// Refusals of values begin with the field's name: `` `name` must not be empty ``. The domain's names are in snake case.
fn field_of(words: &str) -> Option<String> {
    let (field, _) = words.strip_prefix('`')?.split_once('`')?;
    let mut parts = field.split('_');
    let first = parts.next()?.to_owned();
    Some(parts.fold(first, |name, part| {
        let (initial, rest) = part.split_at(part.len().min(1));
        name + &initial.to_uppercase() + rest
    }))
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if store::is_unavailable(&error) {
            tracing::warn!(%error, "the database is not available");
            return Self::unavailable("database-unavailable", "The database does not answer. Try again.");
        }
        Self::internal(error)
    }
}

/// An error and what caused it, for the log.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use domain::input::InputRefusal;

    use super::*;

    fn told(error: impl Into<Problem>) -> (u16, serde_json::Value) {
        let problem = error.into();
        (problem.status().as_u16(), serde_json::to_value(problem).unwrap())
    }

    #[test]
    fn a_refused_value_names_its_field() {
        let refusal = Refusal::from(InputRefusal::TextMissing { field: "name" });
        let (status, problem) = told(ExecuteError::Refused(refusal));
        assert_eq!(status, 422);
        assert_eq!(problem["type"], "urn:propertyos:problem:text-missing");
        assert_eq!(problem["errors"][0]["field"], "name");
    }

    #[test]
    fn each_nature_of_refusal_has_its_status() {
        let absent = Refusal::from(domain::unit::UnitRefusal::Absent);
        let state = Refusal::from(domain::unit::UnitRefusal::Ready);
        assert_eq!(told(ExecuteError::Refused(absent)).0, 404);
        assert_eq!(told(ExecuteError::Refused(state)).0, 409);
    }

    #[test]
    fn a_lost_race_may_be_tried_again() {
        let response = axum::response::IntoResponse::into_response(Problem::from(ExecuteError::Conflict));
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()["retry-after"], "1");
    }

    #[test]
    fn a_stale_condition_says_the_present_version() {
        let (status, problem) = told(ExecuteError::PreconditionFailed { expected: 3, actual: 5 });
        assert_eq!(status, 412);
        assert_eq!(problem["detail"], "It has changed meanwhile: its ETag is \"5\" now.");
    }

    #[test]
    fn a_database_that_is_away_is_our_trouble_for_a_moment_only() {
        assert_eq!(told(sqlx::Error::PoolTimedOut).0, 503);
        assert_eq!(told(sqlx::Error::RowNotFound).0, 500);
    }
}
