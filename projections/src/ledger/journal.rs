//! The journal: numbers the entries that a batch of events makes, and keeps what they add up to.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use domain::{
    ids::{CreditId, LeaseId, OrganizationId},
    lease::LeaseEvent,
    organization::OrganizationEvent,
    postings::{
        self, Accounts, Basis, Books, Deed, Dimensions, EntryId, JournalEntry, Known, Line, Movement, PostingError,
        Source,
    },
    registry::AnyEvent,
};
use streams::{ApplyError, Fact};
use uuid::Uuid;

/// An event and what the posting table says of it.
pub(super) struct Posting<'a> {
    fact: &'a Fact,
    movements: Vec<Movement>,
}

impl<'a> Posting<'a> {
    /// What an event does to the books, before it is known what earlier entries say.
    pub fn of(fact: &'a Fact) -> Result<Self, ApplyError> {
        let movements = postings::movements(&source(fact)).map_err(ApplyError::data)?;
        Ok(Self { fact, movements })
    }
}

fn source(fact: &Fact) -> Source<'_> {
    Source {
        event_id: fact.event_id,
        aggregate_id: fact.aggregate_id,
        effective_on: fact.metadata.effective_date,
        event: &fact.event,
    }
}

/// What of the books a batch of events refers to.
#[derive(Default)]
pub(super) struct Wanted {
    pub leases: HashSet<(OrganizationId, LeaseId)>,
    pub credits: HashSet<(OrganizationId, CreditId)>,
}

impl Wanted {
    /// What these events refer to.
    pub fn by(postings: &[Posting<'_>]) -> Self {
        let mut wanted = Self::default();
        for posting in postings {
            let organization = posting.fact.tenant_id;
            for movement in &posting.movements {
                wanted.leases.insert((organization, movement.lease));
                wanted
                    .credits
                    .extend(movement.change.reads().map(|credit| (organization, credit)));
            }
        }
        wanted
    }
}

/// What is known of an organization's books.
pub(super) struct Organization {
    pub currency: String,
    pub accounts: Accounts,
    /// The number of the last entry.
    pub entries: i64,
}

/// The books of one organization while a batch is posted.
#[derive(Default)]
struct Desk {
    organization: Option<Organization>,
    changed: bool,
    books: Books,
    /// The numbers of the entries that can be taken back.
    standing: HashMap<EntryId, Stood>,
}

/// An entry that can be taken back.
struct Stood {
    credit: CreditId,
    number: i64,
    /// True if it was made before this batch.
    written: bool,
}

/// An entry with its number and the event it leads back to.
pub(super) struct Entered<'a> {
    pub number: i64,
    pub fact: &'a Fact,
    pub entry: JournalEntry,
    /// The number of the entry that it takes back.
    pub reverses: Option<i64>,
}

/// What a batch adds to an open item; the rest is of its first line.
pub(super) struct Item {
    pub account: i16,
    pub dimensions: Dimensions,
    pub description: String,
    pub due_on: NaiveDate,
    pub change: i64,
}

/// Organization, a property or the organization itself, account, day.
pub(super) type SumKey = (Uuid, Uuid, i16, NaiveDate);

/// What a batch writes.
#[derive(Default)]
pub(super) struct Journal<'a> {
    desks: BTreeMap<OrganizationId, Desk>,
    pub entries: Vec<Entered<'a>>,
    /// What the accrual and the cash view change by.
    pub sums: BTreeMap<SumKey, (i64, i64)>,
    pub items: BTreeMap<(Uuid, Uuid), Item>,
    /// By organization, credit and number.
    pub stands: BTreeMap<(Uuid, Uuid, i64), (EntryId, Deed)>,
    pub fallen: Vec<(Uuid, Uuid, i64)>,
}

impl<'a> Journal<'a> {
    /// Tells of an organization that has books.
    pub fn know_organization(&mut self, id: OrganizationId, organization: Organization) {
        let desk = self.desks.entry(id).or_default();
        desk.books.know(Known::Accounts(organization.accounts));
        desk.organization = Some(organization);
    }

    /// Tells what the entries of a lease carry.
    pub fn know_lease(&mut self, id: OrganizationId, dimensions: Dimensions) {
        self.desks.entry(id).or_default().books.know(Known::Lease(dimensions));
    }

    /// Tells of an earlier entry that can be taken back. Earlier ones come first.
    pub fn know_standing(&mut self, id: OrganizationId, number: i64, entry: EntryId, deed: Deed) {
        let desk = self.desks.entry(id).or_default();
        desk.books.stand(entry, deed);
        desk.standing.insert(
            entry,
            Stood {
                credit: deed.credit,
                number,
                written: true,
            },
        );
    }

    /// The organizations whose rows change.
    pub fn organizations(&self) -> impl Iterator<Item = (OrganizationId, &Organization)> {
        self.desks
            .iter()
            .filter(|(_, desk)| desk.changed)
            .filter_map(|(id, desk)| Some((*id, desk.organization.as_ref()?)))
    }

    /// Enters what an event does to the books.
    pub fn post(&mut self, posting: Posting<'a>) -> Result<(), ApplyError> {
        let Posting { fact, movements } = posting;
        if let AnyEvent::Organization(OrganizationEvent::Created { settings, .. }) = &fact.event {
            self.found(fact, settings.currency.code().to_owned());
        }
        let known = postings::known(&source(fact));
        if known.is_none() && movements.is_empty() {
            return Ok(());
        }
        let desk = self.desks.entry(fact.tenant_id).or_default();
        if let Some(known) = known {
            desk.books.know(known);
        }
        let entries = desk.books.enter(fact.event_id, movements).map_err(ApplyError::data)?;
        for entry in entries {
            self.number(fact, entry)?;
        }
        Ok(())
    }

    fn found(&mut self, fact: &Fact, currency: String) {
        if let Some(Known::Accounts(accounts)) = postings::known(&source(fact)) {
            let desk = self.desks.entry(fact.tenant_id).or_default();
            desk.changed = true;
            desk.organization = Some(Organization {
                currency,
                accounts,
                entries: 0,
            });
        }
    }

    fn number(&mut self, fact: &'a Fact, entry: JournalEntry) -> Result<(), ApplyError> {
        let desk = self.desks.entry(fact.tenant_id).or_default();
        let organization = desk
            .organization
            .as_mut()
            .ok_or_else(|| ApplyError::data("the organization is not known"))?;
        if let Some(line) = entry
            .lines
            .iter()
            .find(|line| line.amount.currency.code() != organization.currency)
        {
            let (given, kept) = (line.amount.currency, &organization.currency);
            return Err(ApplyError::data(format!(
                "an amount in {given} in books kept in {kept}"
            )));
        }
        desk.changed = true;
        organization.entries += 1;
        let number = organization.entries;
        let tenant = fact.tenant_id.0;
        let reverses = entry.reverses.map(|original| desk.fall(original)).transpose()?;
        if let Some(stood) = &reverses {
            let key = (tenant, stood.credit.0, stood.number);
            if stood.written {
                self.fallen.push(key);
            } else {
                self.stands.remove(&key);
            }
        }
        if let Some(deed) = entry.stands {
            let stood = Stood {
                credit: deed.credit,
                number,
                written: false,
            };
            desk.standing.insert(entry.id, stood);
            self.stands.insert((tenant, deed.credit.0, number), (entry.id, deed));
        }
        self.add_up(fact, &entry);
        self.entries.push(Entered {
            number,
            fact,
            entry,
            reverses: reverses.map(|stood| stood.number),
        });
        Ok(())
    }

    fn add_up(&mut self, fact: &Fact, entry: &JournalEntry) {
        let tenant = fact.tenant_id.0;
        for line in &entry.lines {
            for scope in [entry.dimensions.property.0, tenant] {
                let sum = self
                    .sums
                    .entry((tenant, scope, line.account.code(), entry.effective_on));
                let (accrual, cash) = sum.or_default();
                *accrual = accrual.saturating_add(counted(line, Basis::Accrual));
                *cash = cash.saturating_add(counted(line, Basis::Cash));
            }
            if let Some(item) = line.item {
                let item = self.items.entry((tenant, item.id())).or_insert_with(|| Item {
                    account: line.account.code(),
                    dimensions: entry.dimensions,
                    description: entry.memo.clone().into_owned(),
                    due_on: due_on(fact, item).unwrap_or(entry.effective_on),
                    change: 0,
                });
                item.change = item.change.saturating_add(line.signed());
            }
        }
    }
}

impl Desk {
    /// An entry that stood no longer does.
    fn fall(&mut self, original: EntryId) -> Result<Stood, ApplyError> {
        self.standing
            .remove(&original)
            .ok_or_else(|| ApplyError::data(PostingError::NothingToTakeBack(CreditId(original.event))))
    }
}

fn counted(line: &Line, basis: Basis) -> i64 {
    if line.view.is_in(basis) { line.signed() } else { 0 }
}

/// When an item is due, where that isn't the day from which it counts: a balance that was taken over keeps its own.
fn due_on(fact: &Fact, item: postings::Item) -> Option<NaiveDate> {
    match (&fact.event, item) {
        (AnyEvent::Lease(LeaseEvent::Opened { charge, .. }), postings::Item::Charge(_)) => {
            charge.as_ref().map(|charge| charge.due_on)
        }
        _ => None,
    }
}
