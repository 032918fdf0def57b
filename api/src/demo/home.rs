//! A unit and what happens in it: who moves in, how they pay, what breaks, when they leave.
//!
//! Each home has an agenda of its own, and what happens in one never depends on another: they can be simulated side by side.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta};
use commands::{
    execute::{CarryOut, ExecuteError},
    handlers::{
        BillDeposit, DraftLease, GiveNotice, MakeUnitReady, OnStream, ReceiveDeposit, RenewLease, SignLease,
        TakeOverDeposit, TakeOverLease,
    },
};
use domain::{
    deposit::{DepositPurpose, NewDeposit},
    ids::{DepositId, LeaseId, PropertyId, ResidentId, UnitId},
    lease::{Renewal, Terms},
    money::Money,
    personal::{Contact, PersonName},
    resident::{Profile, Resident, ResidentCommand},
    span::{Span, days_after, month_after},
};

use super::{
    draws::Paying,
    office::{CURRENCY, Office, morning},
    rents::Receipt,
    repairs::Repair,
};

/// How many days before its end it is decided whether a lease is renewed.
const DECIDED_BEFORE: u32 = 60;

/// Something that will happen in a home.
#[derive(Debug, Clone)]
pub(super) enum Scene {
    /// A lease is signed: the residents move in on this day.
    Sign(NaiveDate),
    /// They move in.
    MoveIn,
    /// A month's rent is paid.
    Pay(NaiveDate, Paying),
    /// Something happens to a payment.
    Receipt(Receipt),
    /// It is decided whether they stay.
    Decide,
    /// They announce that they leave on this day.
    Notice(NaiveDate),
    /// They have left.
    MoveOut,
    /// The unit can be moved into again.
    Ready,
    /// Something happens to a repair.
    Repair(Repair),
}

/// Who lives in a home, or will.
#[derive(Debug, Clone)]
pub(super) struct Tenancy {
    pub number: u32,
    pub lease: LeaseId,
    pub residents: Vec<ResidentId>,
    pub rent: Money,
    /// The day after the last of the term.
    pub ends: NaiveDate,
}

/// A unit with its agenda.
pub(super) struct Home<'a, C> {
    pub office: &'a Office<'a, C>,
    /// Which of all units.
    pub number: u32,
    pub property: PropertyId,
    pub unit: UnitId,
    pub market_rent: Money,
    pub tenancy: Option<Tenancy>,
    pub living_there: bool,
    agenda: BTreeMap<(NaiveDateTime, u32), Scene>,
    noted: u32,
}

impl<'a, C: CarryOut> Home<'a, C> {
    pub const fn new(
        office: &'a Office<'a, C>,
        number: u32,
        property: PropertyId,
        (unit, market_rent): (UnitId, Money),
    ) -> Self {
        Self {
            office,
            number,
            property,
            unit,
            market_rent,
            tenancy: None,
            living_there: false,
            agenda: BTreeMap::new(),
            noted: 0,
        }
    }

    /// Notes that something will happen.
    pub fn note(&mut self, at: NaiveDateTime, scene: Scene) {
        self.noted += 1;
        self.agenda.insert((at, self.noted), scene);
    }

    /// Begins the simulation: most homes are lived in already, and taken over.
    pub async fn begin(&mut self, on: NaiveDate) -> Result<(), ExecuteError> {
        let mut dice = self.office.dice(&format!("home {}", self.number));
        if !dice.percent(94) {
            let soon = days_after(on, dice.within(5..=40));
            self.note(morning(days_after(soon, 0)) - TimeDelta::days(3), Scene::Sign(soon));
            return Ok(());
        }
        let from = on
            .checked_sub_months(Months::new(dice.months_since_start(on)))
            .unwrap_or(on);
        let tenancy = self.residents(0, month_after(from, 0), on).await?;
        let what = format!("take over {}", self.number);
        let taken = TakeOverLease {
            unit: self.unit,
            terms: terms(&tenancy, month_after(from, 0)),
            moved_in: month_after(from, 0),
            notice: None,
            balance: Money::zero(CURRENCY),
            due_on: None,
        };
        let lease = LeaseId(self.office.id(&what).derive(0));
        self.office.give(&what, morning(on), &taken).await?;
        let what = format!("take over deposit {}", self.number);
        let deposit = DepositId(self.office.id(&what).derive(0));
        let new = deposit_of(lease, tenancy.rent, on);
        self.office
            .give(&what, morning(on), &TakeOverDeposit { deposit, new })
            .await?;
        self.lives_there(Tenancy { lease, ..tenancy }, on);
        Ok(())
    }

    /// What happens on a day, in the order of the agenda.
    pub async fn live(&mut self, day: NaiveDate) -> Result<(), ExecuteError> {
        self.look_around(day);
        let night = morning(day) + TimeDelta::hours(16);
        while let Some(entry) = self.agenda.first_entry() {
            let (at, _) = *entry.key();
            if at >= night {
                break;
            }
            let scene = entry.remove();
            self.play(at, scene).await?;
        }
        Ok(())
    }

    /// What a day brings that nobody planned: rent to pay, something that breaks.
    fn look_around(&mut self, day: NaiveDate) {
        if !self.living_there {
            return;
        }
        let mut dice = self.office.dice(&format!("day {day} of {}", self.number));
        if day.day() == 1 {
            let paying = dice.paying();
            if let Paying::Whole(on) | Paying::Part(on, _) = paying {
                self.note(
                    morning(days_after(day, on - 1)) + TimeDelta::hours(2),
                    Scene::Pay(day, paying),
                );
            }
        }
        for n in 0..dice.requests_today() {
            let at = morning(day) + TimeDelta::minutes(i64::from(dice.within(0..=700)));
            self.note(
                at,
                Scene::Repair(Repair::reported(format!("{} {day} {n}", self.number))),
            );
        }
    }

    async fn play(&mut self, at: NaiveDateTime, scene: Scene) -> Result<(), ExecuteError> {
        match scene {
            Scene::Sign(from) => self.sign(at, from).await,
            Scene::MoveIn => {
                self.move_in(at);
                Ok(())
            }
            Scene::Pay(month, paying) => self.pay(at, month, paying).await,
            Scene::Receipt(receipt) => self.follow(at, receipt).await,
            Scene::Decide => self.decide(at).await,
            Scene::Notice(ends) => self.give_notice(at, ends).await,
            Scene::MoveOut => {
                self.move_out(at);
                Ok(())
            }
            Scene::Ready => self.make_ready(at).await,
            Scene::Repair(repair) => self.repair(at, repair).await,
        }
    }

    /// New people, who will live here from a day on.
    async fn residents(&self, number: u32, from: NaiveDate, on: NaiveDate) -> Result<Tenancy, ExecuteError> {
        let key = format!("{} {number}", self.number);
        let mut dice = self.office.dice(&format!("residents {key}"));
        let mut residents = Vec::new();
        for n in 0..if dice.percent(35) { 2 } else { 1 } {
            let what = format!("resident {key} {n}");
            let resident = ResidentId(self.office.id(&what).derive(0));
            let (given, family) = dice.name();
            let name = PersonName {
                given: given.to_owned(),
                family: family.to_owned(),
            };
            let email = format!("{given}.{family}.{}.{number}.{n}@residents.example", self.number).to_lowercase();
            let profile = Profile {
                name,
                contact: Contact {
                    email: Some(email),
                    phone: Some(format!("+1 217 555 {:04}", dice.within(0..=9_999))),
                },
                birth_date: None,
                emergency_contacts: Vec::new(),
            };
            let create = ResidentCommand::Create { resident, profile };
            self.office
                .give(&what, morning(on), &OnStream::<Resident>::begin(resident, create))
                .await?;
            residents.push(resident);
        }
        let rent = Money::new(
            self.market_rent.minor * i64::from(dice.within(92..=100)) / 500 / 100 * 500,
            CURRENCY,
        );
        Ok(Tenancy {
            number,
            lease: LeaseId(self.office.id(&format!("draft {key}")).derive(0)),
            residents,
            rent,
            ends: month_after(from, 12),
        })
    }

    async fn sign(&mut self, at: NaiveDateTime, from: NaiveDate) -> Result<(), ExecuteError> {
        let number = self.tenancy.as_ref().map_or(1, |before| before.number + 1);
        let tenancy = self.residents(number, from, at.date()).await?;
        let key = format!("{} {number}", self.number);
        let draft = DraftLease {
            unit: self.unit,
            terms: terms(&tenancy, from),
        };
        let lease = tenancy.lease;
        let on = at.date();
        self.office.give(&format!("draft {key}"), at, &draft).await?;
        self.office
            .give(&format!("sign {key}"), at, &SignLease { lease, on })
            .await?;
        let what = format!("bill deposit {key}");
        let deposit = DepositId(self.office.id(&what).derive(0));
        let new = deposit_of(lease, tenancy.rent, from);
        self.office.give(&what, at, &BillDeposit { deposit, new }).await?;
        let received = ReceiveDeposit {
            deposit,
            bank_account: self.office.deposit_account,
            amount: tenancy.rent,
        };
        self.office.give(&format!("deposit {key}"), at, &received).await?;
        self.tenancy = Some(tenancy);
        self.note(morning(from) + TimeDelta::hours(1), Scene::MoveIn);
        Ok(())
    }

    /// The clock has activated the lease in the night; the first rent is paid at the door.
    fn move_in(&mut self, at: NaiveDateTime) {
        let Some(tenancy) = self.tenancy.clone() else { return };
        let on = at.date();
        self.note(at + TimeDelta::hours(1), Scene::Pay(on, Paying::Whole(on.day())));
        self.lives_there(tenancy, on);
    }

    fn lives_there(&mut self, tenancy: Tenancy, on: NaiveDate) {
        let decided = days_before(tenancy.ends, DECIDED_BEFORE).max(days_after(on, 1));
        self.tenancy = Some(tenancy);
        self.living_there = true;
        self.note(morning(decided), Scene::Decide);
    }

    /// 55 of a hundred renew; most others leave at the end of the term, a few go on from month to month for a while.
    async fn decide(&mut self, at: NaiveDateTime) -> Result<(), ExecuteError> {
        let Some(tenancy) = self.tenancy.clone() else {
            return Ok(());
        };
        let key = format!("{} {} {}", self.number, tenancy.number, tenancy.ends);
        let mut dice = self.office.dice(&format!("decide {key}"));
        let term_is_open = at.date() < tenancy.ends;
        match dice.within(0..=99) {
            0..55 if term_is_open => self.renew(at, tenancy, &key).await,
            0..93 => {
                let ends = if term_is_open {
                    tenancy.ends
                } else {
                    month_after(at.date(), 2)
                };
                self.give_notice(at, ends).await
            }
            _ => {
                let leaves = month_after(tenancy.ends.max(at.date()), dice.within(3..=6));
                self.note(morning(days_before(leaves, 35)), Scene::Notice(leaves));
                Ok(())
            }
        }
    }

    async fn renew(&mut self, at: NaiveDateTime, before: Tenancy, key: &str) -> Result<(), ExecuteError> {
        let rent = Money::new(before.rent.minor * 103 / 100 / 500 * 500, CURRENCY);
        let ends = month_after(before.ends, 12);
        let renewal = Renewal {
            from: before.ends,
            to: Some(ends),
            rent,
            rent_tax: None,
        };
        let lease = before.lease;
        self.office
            .give(&format!("renew {key}"), at, &RenewLease { lease, renewal })
            .await?;
        self.tenancy = Some(Tenancy { rent, ends, ..before });
        self.note(morning(days_before(ends, DECIDED_BEFORE)), Scene::Decide);
        Ok(())
    }

    async fn give_notice(&mut self, at: NaiveDateTime, ends: NaiveDate) -> Result<(), ExecuteError> {
        let Some(tenancy) = &self.tenancy else { return Ok(()) };
        let what = format!("notice {} {}", self.number, tenancy.number);
        let notice = GiveNotice {
            lease: tenancy.lease,
            given_on: at.date(),
            ends,
        };
        self.office.give(&what, at, &notice).await?;
        self.note(morning(ends), Scene::MoveOut);
        Ok(())
    }

    /// The clock has ended the lease; the unit is turned, and let again after a while, sooner in summer.
    fn move_out(&mut self, at: NaiveDateTime) {
        self.living_there = false;
        let number = self.tenancy.as_ref().map_or(0, |tenancy| tenancy.number);
        let mut dice = self.office.dice(&format!("turn {} {number}", self.number));
        let ready = days_after(at.date(), dice.within(4..=12));
        let empty = if (5..=8).contains(&at.month()) {
            14..=30
        } else {
            18..=50
        };
        let next = days_after(at.date(), dice.within(empty));
        self.note(morning(ready), Scene::Ready);
        self.note(morning(days_after(ready, 1)), Scene::Sign(next));
    }

    async fn make_ready(&mut self, at: NaiveDateTime) -> Result<(), ExecuteError> {
        let number = self.tenancy.as_ref().map_or(0, |tenancy| tenancy.number);
        let ready = MakeUnitReady { unit: self.unit };
        self.office
            .give(&format!("ready {} {number}", self.number), at, &ready)
            .await?;
        Ok(())
    }
}

fn terms(tenancy: &Tenancy, from: NaiveDate) -> Terms {
    Terms {
        residents: tenancy.residents.clone(),
        term: Span::new(from, tenancy.ends),
        rent: tenancy.rent,
        rent_tax: None,
        due_day: 1,
    }
}

fn deposit_of(lease: LeaseId, amount: Money, due_on: NaiveDate) -> NewDeposit {
    NewDeposit {
        lease,
        purpose: DepositPurpose::Security,
        limited: false,
        amount,
        due_on,
    }
}

fn days_before(day: NaiveDate, count: u32) -> NaiveDate {
    day - TimeDelta::days(i64::from(count))
}
