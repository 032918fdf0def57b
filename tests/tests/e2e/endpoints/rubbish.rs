//! Whatever makes no sense is refused with the name of what is at fault, and nothing is written.

use reqwest::{
    StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    office::{Answer, Office, Teller},
    story::{Step, story},
};

/// The server's limit here, in bytes.
const BODY_LIMIT: usize = 32_768;

/// A request that makes no sense, and what the answer has to name.
struct Nonsense {
    body: Value,
    field: String,
}

#[tokio::test]
async fn what_makes_no_sense_in_a_body_is_refused_by_name_and_writes_nothing() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let document = office.document().await;
    let mut wrong = vec![];
    for step in story() {
        let heads = office.heads().await;
        if let Some(body) = &step.body {
            let sound = teller.known.fill_body(body);
            let mut attempts = spoiled(&sound, "");
            attempts.extend(without_what_is_required(&sound, &document, &step));
            for Nonsense { body, field } in attempts {
                let answer = send(&teller, &step, &body).await;
                let refused = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::BAD_REQUEST].contains(&answer.status);
                if !refused || !is_about(answer.field_at_fault(), &field) {
                    wrong.push(format!("`{field}` in {body}: {answer}"));
                }
            }
        }
        let is_as_before = office.heads().await == heads;
        assert!(is_as_before, "{step} wrote something:\n{}", wrong.join("\n"));
        teller.tell(&step).await;
    }
    assert!(wrong.is_empty(), "{} of:\n{}", wrong.len(), wrong.join("\n"));
    assert!(office.serving.stop().await.success());
}

async fn send(teller: &Teller<'_>, step: &Step, body: &Value) -> Answer {
    let request = teller.request(step, &teller.known).bearer_auth(&teller.token);
    Answer::to(request.json(body), step).await
}

/// Whether a problem with this field is one with that: the same, one that is part of it, or what it is part of.
fn is_about(named: &str, field: &str) -> bool {
    let begins = |whole: &str, part: &str| {
        whole
            .strip_prefix(part)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    // What another field decides the shape of is known by its item of the list only.
    let item = field.rfind(']').map_or(field, |end| &field[..=end]);
    !named.is_empty() && (begins(named, item) || begins(field, named))
}

/// A body in every way in which one of its values makes no sense.
fn spoiled(value: &Value, path: &str) -> Vec<Nonsense> {
    let mut attempts: Vec<_> = in_place_of(value)
        .into_iter()
        .map(|body| Nonsense {
            body,
            field: if path.is_empty() {
                "body".to_owned()
            } else {
                path.to_owned()
            },
        })
        .collect();
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                for Nonsense { body, field } in spoiled(inner, &path) {
                    let body = Value::Object(with(fields, name, body));
                    attempts.push(Nonsense { body, field });
                }
            }
            let field = if path.is_empty() {
                "rubbish".to_owned()
            } else {
                format!("{path}.rubbish")
            };
            let body = Value::Object(with(fields, "rubbish", json!(true)));
            attempts.push(Nonsense { body, field });
        }
        Value::Array(items) => {
            for (place, inner) in items.iter().enumerate() {
                for Nonsense { body, field } in spoiled(inner, &format!("{path}[{place}]")) {
                    let mut items = items.clone();
                    items[place] = body;
                    attempts.push(Nonsense {
                        body: Value::Array(items),
                        field,
                    });
                }
            }
        }
        _ => {}
    }
    attempts
}

fn with(fields: &Map<String, Value>, name: &str, value: Value) -> Map<String, Value> {
    let mut fields = fields.clone();
    fields.insert(name.to_owned(), value);
    fields
}

/// What can't stand where this value stands: other types, and what no business could mean.
fn in_place_of(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) if text.parse::<Uuid>().is_ok() => {
            vec![json!(7), json!("no-id"), json!("{00000000-0000-4000-8000-000000000000")]
        }
        Value::String(text) if is_a_day(text) => [
            "2026-02-30",
            "0001-01-01",
            "9999-12-31",
            "soon",
            "",
            "2026-01-01T00:00:00Z",
        ]
        .into_iter()
        .map(Value::from)
        .chain([json!(20_260_101), json!({})])
        .collect(),
        Value::String(_) => vec![
            json!(7),
            json!(["text"]),
            json!(""),
            json!(" "),
            json!("a\u{0}b"),
            json!("x".repeat(10_001)),
        ],
        Value::Number(_) => vec![
            json!("seven"),
            json!(-1),
            json!(1.5),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MAX),
        ],
        Value::Bool(_) => vec![json!("yes"), json!(1), json!([])],
        Value::Array(_) => vec![json!("none"), json!({}), json!(7)],
        Value::Object(_) => vec![json!("none"), json!([]), json!(7)],
        Value::Null => vec![],
    }
}

fn is_a_day(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(n, byte)| byte.is_ascii_digit() != matches!(n, 4 | 7))
}

/// A body without each field that the document requires.
fn without_what_is_required(body: &Value, document: &Value, step: &Step) -> Vec<Nonsense> {
    let (method, path) = step.operation();
    let operation = &document["paths"][path][method.to_lowercase()];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let schema = document
        .pointer(schema.as_str().unwrap().trim_start_matches('#'))
        .unwrap();
    let required = schema["required"].as_array().into_iter().flatten();
    required
        .map(|field| {
            let field = field.as_str().unwrap().to_owned();
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(&field);
            Nonsense { body, field }
        })
        .collect()
}

#[tokio::test]
async fn what_is_no_json_is_not_read() {
    let office = Office::with(&[("PROPERTYOS_BODY_LIMIT", &BODY_LIMIT.to_string())]).await;
    let mut teller = office.organization("Lakeside").await;
    for step in story() {
        let heads = office.heads().await;
        if step.body.is_some() {
            let send = async |kind: &'static str, text: String| {
                let request = teller.request(&step, &teller.known).bearer_auth(&teller.token);
                let kind = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
                Answer::to(request.headers(kind).body(text), &step).await
            };
            for broken in ["", "{", "{,}", "{\"", "\u{feff}{}"] {
                let answer = send("application/json", broken.to_owned()).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{broken}: {answer}");
                assert_eq!(answer.field_at_fault(), "body", "{broken}: {answer}");
            }
            let large = format!("{{\"rubbish\": \"{}\"}}", "x".repeat(BODY_LIMIT));
            let answer = send("application/json", large).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{answer}");
            assert_eq!(answer.field_at_fault(), "body", "{answer}");
            let answer = send("text/plain", "{}".to_owned()).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{answer}");
            assert_eq!(answer.field_at_fault(), "Content-Type", "{answer}");
        }
        assert_eq!(office.heads().await, heads, "{step} wrote something");
        teller.tell(&step).await;
    }
    assert!(office.serving.stop().await.success());
}
