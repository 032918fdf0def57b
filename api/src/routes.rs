//! Every path on one page: method by method, which file answers it.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::MethodRouter};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi as _;

use crate::{
    app::App,
    endpoints::{
        analytics, leases, ledger,
        maintenance::{requests, vendors, work_orders},
        payments, platform, properties, residents, search, units,
    },
    http::around,
    openapi,
};

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
    "/health/ready" get platform::ready::handle;
    "/metrics" get platform::metrics::handle;
    "/.well-known/jwks.json" get platform::keys::handle;

    "/api/properties" get properties::list::handle, post properties::create::handle;
    "/api/properties/{id}" get properties::get::handle, put properties::update::handle, delete properties::offboard::handle;
    "/api/properties/{id}/units" get units::list::handle, post units::create::handle;
    "/api/units/{id}" get units::get::handle, put units::update::handle, delete units::take_offline::handle;
    "/api/units/{id}/ready" post units::make_ready::handle;
    "/api/units/{id}/listing" post units::list_for_rent::handle;
    "/api/units/{id}/leases" get leases::list_of_unit::handle, post leases::draft::handle;

    "/api/leases" get leases::list::handle;
    "/api/leases/{id}" get leases::get::handle, put leases::amend::handle, delete leases::void::handle;
    "/api/leases/{id}/sign" post leases::sign::handle;
    "/api/leases/{id}/activate" post leases::activate::handle;
    "/api/leases/{id}/rent" post leases::change_rent::handle;
    "/api/leases/{id}/renew" post leases::renew::handle;
    "/api/leases/{id}/notice" post leases::give_notice::handle;
    "/api/leases/{id}/end" post leases::end::handle;
    "/api/leases/{id}/recurring-charges" post leases::add_recurring_charge::handle;
    "/api/leases/{id}/recurring-charges/end" post leases::end_recurring_charge::handle;
    "/api/leases/{id}/charges" get leases::list_charges::handle, post leases::charge::handle;
    "/api/leases/{id}/waivers" post leases::waive::handle;
    "/api/leases/{id}/write-offs" post leases::write_off::handle;
    "/api/leases/{id}/concessions" post leases::concede::handle;

    "/api/leases/{id}/deposits" post leases::bill_deposit::handle;
    "/api/deposits/{id}" get leases::get_deposit::handle;
    "/api/deposits/{id}/receive" post leases::receive_deposit::handle;

    "/api/tenants" get residents::list::handle, post residents::create::handle;
    "/api/tenants/{id}" get residents::get::handle, put residents::update::handle;
    "/api/tenants/{id}/erase" post residents::erase::handle;
    "/api/tenants/{id}/lease" get residents::lease::handle;
    "/api/tenants/{id}/payments" get residents::list_payments::handle, post payments::initiate::handle;
    "/api/tenants/{id}/requests" get residents::list_requests::handle, post residents::submit_request::handle;

    "/api/payments/ledger" get payments::ledger::handle;
    "/api/payments/due" get payments::due::handle;
    "/api/payments/process" post payments::process::handle;
    "/api/payments/{id}" get payments::get::handle;
    "/api/payments/{id}/complete" post payments::complete::handle;
    "/api/payments/{id}/deposit" post payments::deposit::handle;
    "/api/payments/{id}/return" post payments::return_::handle;
    "/api/payments/{id}/fail" post payments::fail::handle;
    "/api/payments/{id}/void" post payments::void::handle;
    "/api/payments/{id}/refund" post payments::refund::handle;
    "/api/payments/{id}/dispute" post payments::dispute::handle;
    "/api/payments/{id}/dispute/won" post payments::win_dispute::handle;
    "/api/payments/{id}/dispute/lost" post payments::lose_dispute::handle;
    "/api/bank-accounts" get payments::list_bank_accounts::handle;

    "/api/ledger/trial-balance" get ledger::trial_balance::handle;
    "/api/ledger/accounts/{code}" get ledger::account::handle;
    "/api/ledger/rent-roll" get ledger::rent_roll::handle;
    "/api/ledger/aged-receivables" get ledger::aged_receivables::handle;
    "/api/ledger/leases/{id}/statement" get ledger::statement::handle;
    "/api/analytics/dashboard" get analytics::dashboard::handle;
    "/api/search" get search::find::handle;

    "/api/maintenance/requests" get requests::list::handle, post requests::submit::handle;
    "/api/maintenance/requests/{id}" get requests::get::handle, put requests::triage::handle;
    "/api/maintenance/requests/{id}/assign" post requests::assign::handle;
    "/api/maintenance/requests/{id}/resolve" post requests::resolve::handle;
    "/api/maintenance/requests/{id}/decline" post requests::decline::handle;
    "/api/maintenance/requests/{id}/reopen" post requests::reopen::handle;
    "/api/maintenance/vendors" get vendors::list::handle, post vendors::create::handle;
    "/api/maintenance/vendors/{id}" get vendors::get::handle, put vendors::update::handle;
    "/api/maintenance/vendors/{id}/block" post vendors::block::handle;
    "/api/maintenance/vendors/{id}/unblock" post vendors::unblock::handle;
    "/api/maintenance/work-orders" get work_orders::list::handle, post work_orders::create::handle;
    "/api/maintenance/work-orders/{id}" get work_orders::get::handle;
    "/api/maintenance/work-orders/{id}/request-estimate" post work_orders::request_estimate::handle;
    "/api/maintenance/work-orders/{id}/estimate" post work_orders::estimate::handle;
    "/api/maintenance/work-orders/{id}/assign" post work_orders::assign::handle;
    "/api/maintenance/work-orders/{id}/schedule" post work_orders::schedule::handle;
    "/api/maintenance/work-orders/{id}/pause" post work_orders::pause::handle;
    "/api/maintenance/work-orders/{id}/resume" post work_orders::resume::handle;
    "/api/maintenance/work-orders/{id}/done" post work_orders::finish::handle;
    "/api/maintenance/work-orders/{id}/complete" post work_orders::complete::handle;
    "/api/maintenance/work-orders/{id}/cancel" post work_orders::cancel::handle;
    "/api/maintenance/work-orders/{id}/reopen" post work_orders::reopen::handle;
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
