//! Every path on one page: method by method, which file answers it.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::MethodRouter};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi as _;

use crate::{app::App, endpoints::platform, http::around, openapi};

macro_rules! routes {
    ($($path:literal $($method:ident $first:ident $(:: $rest:ident)*),+;)*) => {
        /// Every method and path that is answered here.
        pub const ROUTES: &[(&str, &str)] = &[$($((stringify!($method), $path)),+),*];

        fn endpoints() -> Router<Arc<App>> {
            Router::new()$(.route($path, MethodRouter::new()$(.$method($first $(:: $rest)*))+))*
        }

        /// What the endpoints say of themselves; [`openapi::document`] completes it.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($first $(:: $rest)*),+),*))]
        struct Documented;
    };
}

routes! {
    "/health/live" get platform::live::handle;
    "/metrics" get platform::metrics::handle;
    "/.well-known/jwks.json" get platform::keys::handle;
}

/// What the endpoints say of themselves.
#[must_use]
pub fn documented() -> utoipa::openapi::OpenApi {
    Documented::openapi()
}

/// The whole API, its documentation included.
pub fn router(app: Arc<App>) -> Router {
    let body_limit = app.body_limit;
    endpoints()
        .merge(openapi::pages())
        .fallback(around::no_such_path)
        .method_not_allowed_fallback(around::no_such_method)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), around::limit_time))
        .layer(CatchPanicLayer::custom(around::panicked))
        .layer(middleware::from_fn(around::secure))
        .layer(middleware::from_fn_with_state(app.clone(), around::correlate))
        .layer(DefaultBodyLimit::max(body_limit))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_documented_and_every_documented_route_is_there() {
        let documented: std::collections::BTreeSet<_> = openapi::operations(&openapi::document())
            .map(|(method, path, _)| (method, path.to_owned()))
            .collect();
        let routed: std::collections::BTreeSet<_> = ROUTES
            .iter()
            .map(|(method, path)| (method.to_uppercase(), (*path).to_owned()))
            .collect();
        assert_eq!(documented, routed);
        assert_eq!(ROUTES.len(), routed.len(), "a route stands twice");
    }
}
