//! `GET /.well-known/jwks.json`

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{app::App, auth::keys::PublicKeys};

/// The keys that tokens can be verified with
///
/// A JWKS (RFC 7517) of Ed25519 keys. The first signs; the others were rotated out and still verify.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "signingKeys", tag = "Platform",
    responses((status = 200, body = PublicKeys)),
)]
pub async fn handle(State(app): State<Arc<App>>) -> Json<PublicKeys> {
    Json(app.tokens.public_keys())
}
