//! What a failed statement says about its cause.

use std::borrow::Cow;

/// The classes of SQLSTATE that say that a value was at fault: cardinality (21), data exceptions (22), integrity constraints
/// (23), with-check (44), program limits such as the size of an index's row (54), and what our own SQL raises (P0).
const OF_DATA: [&str; 6] = ["21", "22", "23", "44", "54", "P0"];

/// The classes that say that the statement was at fault: features (0A), names, grants and syntax (2B, 3D, 3F, 42).
const OF_STATEMENTS: [&str; 5] = ["0A", "2B", "3D", "3F", "42"];

/// Whether a value is at fault: the same statement with the same values fails again.
pub(crate) fn is_of_data(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(_) => class_is_in(error, &OF_DATA),
        sqlx::Error::RowNotFound
        | sqlx::Error::Encode(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. } => true,
        _ => false,
    }
}

/// Whether it may pass: the connection or the server is at fault.
pub(crate) fn may_pass(error: &sqlx::Error) -> bool {
    !is_of_data(error) && !class_is_in(error, &OF_STATEMENTS)
}

fn class_is_in(error: &sqlx::Error, classes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_ref()
        .map(Cow::as_ref)
        .is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
}
