//! `GET /api/payments/{id}`

use domain::ids::PaymentId;
use projections::directory::{Lease, Payment, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a payment
///
/// Residents see those for their leases.
#[utoipa::path(
    get, path = "/api/payments/{id}", operation_id = "getPayment", tag = "Payments",
    responses(
        (status = 200, body = Entry<Payment>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAllOrOwn>,
    ),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    Path(id): Path<PaymentId>,
) -> Result<Answer<Entry<Payment>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Payment>(id).await?;
    let lease = directory.get::<Lease>(entry.document.lease).await?;
    inquiry.permit.only_own_of(&lease.document.terms.residents)?;
    Ok(directory.show(entry))
}
