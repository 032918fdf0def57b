//! Takes over a portfolio from another system's export.

mod cells;
pub mod rent_roll;
pub mod take_over;

use chrono::NaiveDate;

use rent_roll::{Fault, Row, UnreadableFile};
use take_over::{Stopped, Summary, TakeOver, faults_as_of};

/// What came of a file.
#[derive(Debug)]
pub struct Outcome {
    /// What was taken over; nothing if there were faults and they were not to be skipped.
    pub summary: Option<Summary>,
    /// What is wrong with the file, in its order.
    pub faults: Vec<Fault>,
}

/// Why a file was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableFile),
    /// A row was refused.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Takes a rent roll over. With faults nothing is written, unless bad rows are to be skipped.
///
/// # Errors
/// If the file can't be read as a rent roll, or a row is refused.
pub async fn rent_roll(file: &[u8], take_over: TakeOver<'_>, skip_bad_rows: bool) -> Result<Outcome, ImportError> {
    let roll = rent_roll::read(file, take_over.currency)?;
    let (rows, faults) = as_of(roll.rows, roll.faults, take_over.as_of);
    let summary = if faults.is_empty() || skip_bad_rows {
        Some(take_over.rows(&rows).await?)
    } else {
        None
    };
    Ok(Outcome { summary, faults })
}

fn as_of(rows: Vec<Row>, mut faults: Vec<Fault>, day: NaiveDate) -> (Vec<Row>, Vec<Fault>) {
    let unfit = faults_as_of(&rows, day);
    let fit = rows
        .into_iter()
        .filter(|row| unfit.iter().all(|fault| fault.line != row.line))
        .collect();
    faults.extend(unfit);
    faults.sort_by_key(|fault| fault.line);
    (fit, faults)
}
