use chrono::NaiveDate;

use super::Status;
use crate::{
    ids::{DepositId, RecurringId},
    money::Money,
    span::Span,
};

refusals! {
    /// Why a lease refused.
    pub enum LeaseRefusal {
        Absent "lease-absent" => Absent: "there is no such lease",
        State "lease-exists" => Exists: "the lease exists already",
        State "lease-status" => Status { status: Status, needed: &'static str }: "the lease is {status}; it would have to be {needed}",
        State "lease-agreed" => Agreed { status: Status }:
            "the lease is {status} and no draft any more: change its rent, renew it or give notice instead",
        State "lease-unchanged" => Unchanged: "the draft has exactly these terms already",
        Rule "lease-without-residents" => NoResidents: "a lease has at least one resident",
        Rule "lease-without-days" => NoDays { term: Span }: "a lease can't run from {term}: that is no day at all",
        Rule "lease-date-in-future" => InFuture { field: &'static str, date: NaiveDate, today: NaiveDate }:
            "`{field}` is {date}, which is later than {today}",
        Rule "lease-date-too-early" => TooEarly { field: &'static str, date: NaiveDate, after: NaiveDate }:
            "`{field}` is {date}; it has to be later than {after}",
        Rule "lease-date-outside-term" => OutsideTerm { field: &'static str, date: NaiveDate, term: Span }:
            "`{field}` is {date}; the lease runs from {term}",
        Rule "lease-renewal-leaves-gap" => Gap { from: NaiveDate, ends: NaiveDate }:
            "the lease runs up to {ends}: a term from {from} would leave days without one",
        State "lease-days-charged" => DaysCharged { from: NaiveDate, through: NaiveDate }:
            "the rent is charged for all days before {through}: it can't be another from {from}",
        State "lease-rent-charged" => RentCharged { period: Span }: "the rent for days from {period} is charged already",
        State "lease-rent-unchanged" => RentUnchanged { rent: Money }: "the rent is {rent} already",
        Rule "recurring-kind-reserved" => RecurringKind:
            "only parking, pet, storage, utilities and other charges recur beside the rent",
        Absent "recurring-absent" => RecurringAbsent { recurring: RecurringId }: "the lease has no recurring charge {recurring}",
        State "recurring-ended" => RecurringEnded { recurring: RecurringId, on: NaiveDate }:
            "the recurring charge {recurring} ends on {on} already",
        State "lease-notice-given" => NoticeGiven { ends: NaiveDate }: "notice was given already: the lease ends on {ends}",
        State "lease-term-not-over" => TermNotOver { ends: NaiveDate }: "the term of the lease runs up to {ends}",
        State "lease-expiry-announced" => ExpiryAnnounced { ends: NaiveDate }: "that the lease ends on {ends} was announced already",
        State "lease-not-expiring" => NotExpiring { ends: NaiveDate, announced_from: NaiveDate }:
            "the lease ends on {ends}: that is announced from {announced_from} on",
        State "lease-has-successor" => Successor { ends: NaiveDate }:
            "another lease of the unit follows on {ends}: this one ends instead",
        State "lease-nothing-due" => NothingDue { through: NaiveDate }: "nothing falls due by {through} that is not posted already",
        State "lease-no-late-fee" => NoLateFee { day: NaiveDate }: "no late fee is to be assessed for {day}",
        State "lease-balance-open" => BalanceOpen { balance: Money }: "the balance of the lease is {balance}; it settles at zero only",
        State "lease-deposit-held" => DepositHeld { deposit: DepositId, held: Money }:
            "{held} of deposit {deposit} are still held: dispose of it first",
        State "lease-deposit-known" => DepositKnown { deposit: DepositId }: "deposit {deposit} secures the lease already",
    }
}
