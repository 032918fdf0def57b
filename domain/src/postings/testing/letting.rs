use uuid::Uuid;

use super::{Desk, History, day, usd};
use crate::{
    bank_account::{BankAccountEvent, BankPurpose},
    deposit::{DepositEvent, DepositPurpose},
    ids::{BankAccountId, DepositId, LeaseId, PropertyId, ResidentId, UnitId},
    lease::{Account, LeaseEvent, Terms},
    money::Currency,
    organization::OrganizationEvent,
    personal::{Contact, PersonName, Personal},
    property::{Address, PropertyDetails, PropertyEvent, PropertyKind},
    resident::ResidentEvent,
    settings::Settings,
    span::Span,
    unit::{UnitDetails, UnitEvent},
};

impl History {
    pub(super) fn found(&mut self) {
        let [operating_account, deposit_account] = [1, 2].map(|n| BankAccountId(Uuid::from_u128(self.seed + n)));
        self.record(
            self.id(),
            OrganizationEvent::Created {
                name: "Homes".into(),
                settings: Settings::usual(Currency::USD, chrono_tz::America::New_York),
                operating_account,
                deposit_account,
            },
        );
        for (account, name, purpose) in [
            (operating_account, "Operating", BankPurpose::Operating),
            (deposit_account, "Deposits", BankPurpose::DepositTrust),
        ] {
            let (name, on) = (name.into(), self.today);
            self.record(account, BankAccountEvent::Opened { name, purpose, on });
        }
        self.bank = operating_account;
    }

    pub(super) fn property(&mut self, name: &str) -> PropertyId {
        let property = self.id().into();
        let address = Address {
            street: "1 Main Street".into(),
            city: "Springfield".into(),
            region: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
        };
        let details = PropertyDetails {
            name: name.into(),
            address,
            kind: PropertyKind::MultiFamily,
            year_built: None,
            amenities: Vec::new(),
        };
        self.record(property, PropertyEvent::Created { details });
        property
    }

    pub(super) fn rent_out(&mut self, property: PropertyId, number: usize) {
        let unit = UnitId(self.id());
        let details = UnitDetails {
            number: (100 + number).to_string(),
            bedrooms: 2,
            half_baths: 3,
            square_feet: Some(800),
            market_rent: usd(140_000),
        };
        self.record(unit, UnitEvent::Created { property, details });
        let resident = ResidentId(self.id());
        let name = PersonName {
            given: "Ada".into(),
            family: format!("Number {number}"),
        };
        self.record(
            resident,
            ResidentEvent::Created {
                name: Personal::of(resident, name),
                contact: Personal::of(resident, Contact::default()),
                birth_date: None,
                emergency_contacts: None,
            },
        );
        let lease = LeaseId(self.id());
        let term = Span::new(day(1, 1), day(12, 32));
        let terms = Terms {
            residents: vec![resident],
            term,
            rent: usd(136_700),
            rent_tax: None,
            due_day: 1,
        };
        self.record(lease, LeaseEvent::Created { property, unit, terms });
        self.record(lease, LeaseEvent::Signed { on: self.today });
        let leased = UnitEvent::Leased {
            lease,
            span: term,
            on_notice: false,
        };
        self.record(unit, leased);
        self.record(
            lease,
            LeaseEvent::Activated {
                on: day(1, 1),
                charged_from: day(1, 1),
            },
        );
        let deposit = DepositId(self.id());
        self.record(
            deposit,
            DepositEvent::Billed {
                lease,
                purpose: DepositPurpose::Security,
                limited: false,
                amount: usd(136_700),
                due_on: day(1, 1),
            },
        );
        self.record(lease, LeaseEvent::DepositAdded { deposit });
        self.desks.push(Desk {
            lease,
            account: Account::default(),
            deposit,
            receipts: Vec::new(),
        });
    }
}
