//! From changes to entries: what a change takes back is looked up among what earlier entries say.

use std::{borrow::Cow, collections::HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    Account, Accounts, Change, Deed, Dimensions, EntryId, JournalEntry, Known, Line, Movement, Source, known, movements,
};
use crate::{
    ids::{BankAccountId, CreditId, LeaseId},
    money::MoneyError,
};

/// Why an event can't be posted. The log contradicts itself; the domain never decides so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostingError {
    /// Its amounts can't be reckoned with.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// An amount below zero: a tax above its charge, for instance.
    #[error("an amount is below zero")]
    Negative,
    /// No lease of this id was drafted.
    #[error("lease {0} is not known")]
    UnknownLease(LeaseId),
    /// More is taken back than was ever done.
    #[error("credit {0} did not do what is taken back")]
    NothingToTakeBack(CreditId),
    /// One event makes more entries than are counted.
    #[error("an event makes too many entries")]
    TooManyEntries,
}

/// What is known of the books of one organization, as far as posting the next events needs it.
#[derive(Debug, Clone, Default)]
pub struct Books {
    accounts: Option<Accounts>,
    leases: HashMap<LeaseId, Dimensions>,
    /// Oldest first.
    standing: HashMap<CreditId, Vec<(EntryId, Deed)>>,
}

impl Books {
    /// Tells what later entries carry.
    pub fn know(&mut self, known: Known) {
        match known {
            Known::Lease(dimensions) => {
                self.leases.insert(dimensions.lease, dimensions);
            }
            Known::Accounts(accounts) => self.accounts = Some(accounts),
        }
    }

    /// Tells of an earlier entry that can be taken back. Earlier ones come first.
    pub fn stand(&mut self, entry: EntryId, deed: Deed) {
        self.standing.entry(deed.credit).or_default().push((entry, deed));
    }

    /// The entries that an event makes, in order.
    ///
    /// # Errors
    /// Refuses an event that contradicts the ones before it.
    pub fn post(&mut self, source: &Source<'_>) -> Result<Vec<JournalEntry>, PostingError> {
        if let Some(known) = known(source) {
            self.know(known);
        }
        self.enter(source.event_id, movements(source)?)
    }

    /// The entries that the movements of an event make, in order.
    ///
    /// # Errors
    /// Refuses movements that contradict what is known.
    pub fn enter(&mut self, event: Uuid, movements: Vec<Movement>) -> Result<Vec<JournalEntry>, PostingError> {
        let mut entries = Vec::with_capacity(movements.len());
        for movement in movements {
            let dimensions = self
                .leases
                .get(&movement.lease)
                .copied()
                .ok_or(PostingError::UnknownLease(movement.lease))?;
            let mut page = Page {
                event,
                dimensions,
                accounts: self.accounts,
                on: movement.on,
                memo: movement.memo,
                entries: &mut entries,
            };
            match movement.change {
                Change::Entry(lines) => {
                    page.write(lines, None, None)?;
                }
                Change::Done(deed) => self.done(&mut page, deed)?,
                Change::TakenBack(deed) => self.take_back(&mut page, &deed)?,
            }
        }
        Ok(entries)
    }

    fn done(&mut self, page: &mut Page<'_>, deed: Deed) -> Result<(), PostingError> {
        if let Some(entry) = page.write(deed.lines()?, None, Some(deed))? {
            self.stand(entry, deed);
        }
        Ok(())
    }

    /// Takes back whole entries, and does again what they were more than is wanted.
    fn take_back(&mut self, page: &mut Page<'_>, wanted: &Deed) -> Result<(), PostingError> {
        if wanted.amount.minor < 0 {
            return Err(PostingError::Negative);
        }
        let mut excess = wanted.negative()?;
        while !can_be_done(&excess) {
            let (entry, deed) = self
                .next_back(wanted)
                .ok_or(PostingError::NothingToTakeBack(wanted.credit))?;
            page.reverse(entry, &deed)?;
            page.move_cash(&deed, wanted)?;
            excess = excess.plus(&deed)?;
        }
        if excess.amount.is_positive() {
            self.done(page, excess)?;
        }
        Ok(())
    }

    /// What is taken back first: what is of just the amount, or else the latest.
    fn next_back(&mut self, wanted: &Deed) -> Option<(EntryId, Deed)> {
        let standing = self.standing.get_mut(&wanted.credit)?;
        let exactly = |deed: &Deed| deed.amount == wanted.amount && deed.tax() == wanted.tax();
        let next = standing
            .iter()
            .rposition(|(_, deed)| deed.is_of_the_kind_of(wanted) && exactly(deed))
            .or_else(|| standing.iter().rposition(|(_, deed)| deed.is_of_the_kind_of(wanted)))?;
        Some(standing.remove(next))
    }
}

/// True if amount and tax are such that an entry can be made of them. The tax shares of several entries that are taken back
/// together may be rounded otherwise than each alone, so that one entry more has to be.
fn can_be_done(deed: &Deed) -> bool {
    (0..=deed.amount.minor).contains(&deed.tax().minor)
}

/// Where the entries of one movement are written.
struct Page<'a> {
    event: Uuid,
    dimensions: Dimensions,
    accounts: Option<Accounts>,
    on: NaiveDate,
    memo: Cow<'static, str>,
    entries: &'a mut Vec<JournalEntry>,
}

impl Page<'_> {
    /// What left one kind of cash for a deposit may come back into the other: the payment was banked meanwhile.
    fn move_cash(&mut self, from: &Deed, to: &Deed) -> Result<(), PostingError> {
        if let (Some(out_of), Some(into)) = (from.cash(), to.cash())
            && out_of != into
        {
            let amount = from.amount;
            self.write(
                vec![Line::debit(into, amount), Line::credit(out_of, amount)],
                None,
                None,
            )?;
        }
        Ok(())
    }

    fn reverse(&mut self, entry: EntryId, deed: &Deed) -> Result<(), PostingError> {
        let lines = deed.lines()?.into_iter().map(Line::inverse).collect();
        self.write(lines, Some(entry), None)?;
        Ok(())
    }

    fn usual_account(&self, account: Account) -> Option<BankAccountId> {
        let accounts = self.accounts?;
        if account == Account::OperatingCash {
            Some(accounts.operating)
        } else {
            (account == Account::DepositCash).then_some(accounts.deposit)
        }
    }

    /// Lines of nothing are left out, and an entry without lines is.
    fn write(
        &mut self,
        mut lines: Vec<Line>,
        reverses: Option<EntryId>,
        stands: Option<Deed>,
    ) -> Result<Option<EntryId>, PostingError> {
        lines.retain(|line| !line.amount.is_zero());
        if lines.iter().any(|line| !line.amount.is_positive()) {
            return Err(PostingError::Negative);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        for line in &mut lines {
            line.bank_account = line.bank_account.or_else(|| self.usual_account(line.account));
        }
        let id = EntryId {
            event: self.event,
            index: i16::try_from(self.entries.len()).map_err(|_| PostingError::TooManyEntries)?,
        };
        self.entries.push(JournalEntry {
            id,
            effective_on: self.on,
            memo: self.memo.clone(),
            dimensions: self.dimensions,
            lines,
            reverses,
            stands,
        });
        Ok(Some(id))
    }
}
