//! The OpenAPI document: what the endpoints say of themselves, completed with what holds for all of them.

use std::sync::Arc;

use axum::{Json, Router, http::StatusCode, response::Redirect, routing::get};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, ComponentsBuilder, Content, HttpMethod, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, Ref,
        RefOr, Required, Response, Schema, SchemaFormat, Type,
        header::HeaderBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

use crate::{
    app::App,
    http::{
        order::{CommandAnswer, RecordedEvent},
        problem::{FieldError, Problem},
    },
    routes,
};

const BEARER: &str = "bearer";

/// The parts of the API, in the order of the documentation.
const TAGS: &[(&str, &str)] = &[
    ("Properties", "Properties and their units."),
    (
        "Leases",
        "Leases from the draft to the settlement, and what is owed on them.",
    ),
    ("Residents", "Those who rent: `tenant` in public names."),
    ("Payments", "What residents pay, and what becomes of it."),
    ("Maintenance", "Requests, work orders and vendors."),
    ("Ledger", "The books, double entry, derived from the events."),
    ("Analytics", "How the portfolio does."),
    ("Search", "Everything, by its words."),
    ("Platform", "About the process itself."),
];

const DESCRIPTION: &str = "\
Commands (POST, PUT, DELETE) are decided by the business rules and recorded as events; reads come from read models that \
follow a moment later.

- **Retries**: send an `Idempotency-Key` (a UUID) with a command, and repeat it with the same key and body after a timeout: \
it is carried out once, and the first answer comes back.
- **Concurrent changes**: answers about one thing carry an `ETag`; sent back as `If-Match`, a command is carried out only if \
the thing has not changed meanwhile (else 412).
- **Reading what was just written**: the answer to a command carries a `PropertyOS-Position`; a read that sends it back \
waits until its read model has come that far (else 503 with `Retry-After`).
- **Problems** are `application/problem+json` (RFC 9457): `type` is stable, `errors` names the fields at fault.
- **Amounts** are whole minor units: `{\"minor\": 120000, \"currency\": \"USD\"}` is 1,200 dollars. **Last days** are \
inclusive.";

/// The document, whole.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = routes::documented();
    document.info = InfoBuilder::new()
        .title("PropertyOS")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    document.servers = None;
    document.tags = Some(
        TAGS.iter()
            .map(|(name, words)| TagBuilder::new().name(*name).description(Some(*words)).build())
            .collect(),
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let mut components = document.components.take().unwrap_or_default();
    open_parts(&mut components);
    document.components = Some(
        ComponentsBuilder::from(components)
            .schema(Problem::name(), Problem::schema())
            .schema(FieldError::name(), FieldError::schema())
            .schema(CommandAnswer::name(), CommandAnswer::schema())
            .schema(RecordedEvent::name(), RecordedEvent::schema())
            .security_scheme(BEARER, SecurityScheme::Http(bearer))
            .build(),
    );
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations_of(item) {
            complete(&method, path, operation);
        }
    }
    document
}

/// Lets a schema have more properties that is a part of another's `allOf`: on its own it has no others, there it must.
fn open_parts(components: &mut Components) {
    let parts: Vec<_> = components.schemas.values().flat_map(parts_of).collect();
    for part in parts {
        if let Some(RefOr::T(Schema::Object(part))) = components.schemas.get_mut(&part) {
            part.additional_properties = None;
        }
    }
}

/// The names of the schemas that this one consists of.
fn parts_of(schema: &RefOr<Schema>) -> Vec<String> {
    let RefOr::T(Schema::AllOf(all)) = schema else {
        return vec![];
    };
    let names = all.items.iter().flat_map(|item| match item {
        RefOr::Ref(part) => vec![part.ref_location.rsplit('/').next().unwrap_or_default().to_owned()],
        part @ RefOr::T(_) => parts_of(part),
    });
    names.collect()
}

/// Every operation of a document: method, path, operation.
pub fn operations(document: &OpenApi) -> impl Iterator<Item = (String, &str, Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        let mut item = item.clone();
        operations_of(&mut item)
            .map(|(method, operation)| (method_name(&method).to_owned(), path.as_str(), operation.clone()))
            .collect::<Vec<_>>()
    })
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

const fn method_name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        _ => "",
    }
}

/// Adds to an operation what its kind brings: who may, which headers it takes, and which problems it can answer with.
fn complete(method: &HttpMethod, path: &str, operation: &mut Operation) {
    add(
        operation,
        StatusCode::INTERNAL_SERVER_ERROR,
        "The fault is ours; nothing was written.",
    );
    add(
        operation,
        StatusCode::SERVICE_UNAVAILABLE,
        "Not now; `Retry-After` says when to try again.",
    );
    let Some(roles) = roles_of(operation) else { return };
    operation.security = Some(vec![SecurityRequirement::new(BEARER, roles)]);
    add(
        operation,
        StatusCode::UNAUTHORIZED,
        "No token, or none that is valid here.",
    );
    add(
        operation,
        StatusCode::BAD_REQUEST,
        "The request can't be read; `errors` says which part.",
    );
    if let Some(name) = path.split('{').nth(1).and_then(|rest| rest.split('}').next()) {
        let schema = if name == "id" { uuid() } else { text() };
        operation
            .parameters
            .get_or_insert_default()
            .insert(0, parameter(name, ParameterIn::Path, "Which.", schema));
        add(operation, StatusCode::NOT_FOUND, ABSENT);
    }
    if *method == HttpMethod::Get {
        complete_question(operation);
    } else {
        complete_command(operation);
    }
}

/// Adds to a question what it can be asked with, and the problems that come of it.
fn complete_question(operation: &mut Operation) {
    take(operation, "PropertyOS-Position", POSITION_WORDS, text());
    add(
        operation,
        StatusCode::UNPROCESSABLE_ENTITY,
        "A position or a cursor is not from here.",
    );
    if operation.parameters.iter().flatten().any(names_a_thing) {
        add(operation, StatusCode::NOT_FOUND, ABSENT);
    }
}

/// Whether a parameter refers to the schema of an id.
fn names_a_thing(parameter: &RefOr<Parameter>) -> bool {
    let RefOr::T(parameter) = parameter else { return false };
    matches!(&parameter.schema, Some(RefOr::Ref(id)) if id.ref_location.ends_with("Id"))
}

/// Adds to a command what makes it safe to give, and the problems that come of it.
fn complete_command(operation: &mut Operation) {
    take(
        operation,
        "Idempotency-Key",
        "Makes a retry recognisable. Minted here if absent.",
        uuid(),
    );
    take(
        operation,
        "If-Match",
        "Carry the command out only at this `ETag`.",
        text().pattern(Some(r#"^("[0-9]{1,18}"|[0-9]{1,18}|\*)$"#)),
    );
    add(
        operation,
        StatusCode::CONFLICT,
        "The present state forbids it, or others changed it at the same time.",
    );
    add(
        operation,
        StatusCode::PRECONDITION_FAILED,
        "`If-Match` names another version than there is.",
    );
    add(
        operation,
        StatusCode::UNPROCESSABLE_ENTITY,
        "A rule forbids it, or a value makes no sense; `type` says which.",
    );
    if operation.request_body.is_some() {
        add(
            operation,
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is larger than what is read here.",
        );
        add(
            operation,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body is not said to be JSON.",
        );
        // What a command refers to in its body may be missing as well.
        add(operation, StatusCode::NOT_FOUND, ABSENT);
    }
}

const ABSENT: &str = "There is no such thing, or not for this caller.";

const POSITION_WORDS: &str = "From the answer to a command: answer only once the read model has come that far.";

/// Who may use it, as [`Only`](crate::auth::permit::Only) documents it; `None` where no token is needed.
fn roles_of(operation: &mut Operation) -> Option<Vec<String>> {
    let RefOr::T(forbidden) = operation.responses.responses.get_mut("403")? else {
        return None;
    };
    forbidden.content.insert(PROBLEM_JSON.to_owned(), problem_content());
    let roles = forbidden.extensions.as_ref()?.get("x-roles")?;
    serde_json::from_value(roles.clone()).ok()
}

const PROBLEM_JSON: &str = "application/problem+json";

fn problem_content() -> RefOr<Content> {
    RefOr::T(Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(
        Problem::name(),
    )))))
}

/// Adds a problem, unless the endpoint says itself what that status means there.
fn add(operation: &mut Operation, status: StatusCode, words: &str) {
    operation
        .responses
        .responses
        .entry(status.as_u16().to_string())
        .or_insert_with(|| {
            let mut response = Response::new(words);
            response.content.insert(PROBLEM_JSON.to_owned(), problem_content());
            if status == StatusCode::SERVICE_UNAVAILABLE {
                let header = HeaderBuilder::new()
                    .description(Some("Seconds after which to try again."))
                    .build();
                response.headers.insert("Retry-After".to_owned(), RefOr::T(header));
            }
            RefOr::T(response)
        });
}

/// Documents a header that an operation takes.
fn take(operation: &mut Operation, name: &str, words: &str, schema: ObjectBuilder) {
    operation
        .parameters
        .get_or_insert_default()
        .push(parameter(name, ParameterIn::Header, words, schema));
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

fn parameter(name: &str, place: ParameterIn, words: &str, schema: ObjectBuilder) -> RefOr<Parameter> {
    let required = if place == ParameterIn::Path {
        Required::True
    } else {
        Required::False
    };
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(words))
        .schema(Some(schema))
        .build();
    RefOr::T(parameter)
}

/// The document at `/openapi.json` and its pages at `/docs`, both from the binary.
pub fn pages() -> Router<Arc<App>> {
    let document = Arc::new(document());
    let config = utoipa_swagger_ui::Config::from("/openapi.json")
        .persist_authorization(true)
        .validator_url("none");
    Router::from(utoipa_swagger_ui::SwaggerUi::new("/docs").config(config))
        .route(
            "/openapi.json",
            get(move || async move { Json(document.as_ref().clone()) }),
        )
        .route("/", get(|| async { Redirect::temporary("/docs/") }))
}
