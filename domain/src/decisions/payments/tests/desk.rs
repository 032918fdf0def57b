//! An office with one lease: it decides on what it knows, and remembers what it decided.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use uuid::Uuid;

use super::super::*;
use crate::{
    Root,
    bank_account::{BankAccount, BankAccountEvent, BankPurpose},
    deposit::{DepositPurpose, NewDeposit},
    ids::*,
    lease::{ChargeKind, CreditTarget, Lease, LeaseCommand, LeaseEvent, ManualCharge, Terms},
    money::{Currency, Money},
    payment::{Designation, Intent, Method, PaymentCommand},
    settings::Settings,
    span::Span,
};

pub(super) const LEASE: LeaseId = LeaseId(Uuid::from_u128(1));
pub(super) const ADA: ResidentId = ResidentId(Uuid::from_u128(2));
pub(super) const BANK: BankAccountId = BankAccountId(Uuid::from_u128(3));
pub(super) const TRUST: BankAccountId = BankAccountId(Uuid::from_u128(4));

pub(super) fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

pub(super) fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

/// Everything that the decisions read, and every fact of them.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) lease: Lease,
    pub(super) payments: BTreeMap<PaymentId, Payment>,
    pub(super) deposits: BTreeMap<DepositId, Deposit>,
    pub(super) claims: BTreeMap<ClaimId, Claim>,
    pub(super) bank: BankAccount,
    pub(super) trust: BankAccount,
    pub(super) settings: Settings,
    pub(super) payment_facts: Vec<(PaymentId, PaymentEvent)>,
    pub(super) lease_facts: Vec<LeaseEvent>,
    pub(super) deposit_facts: Vec<(DepositId, DepositEvent)>,
    commands: u128,
}

impl Desk {
    /// A lease in force, two bank accounts, and nothing owed or paid.
    pub(super) fn new() -> Self {
        let opened = |purpose| BankAccountEvent::Opened {
            name: "bank".into(),
            purpose,
            on: june(1),
        };
        let history = [
            LeaseEvent::Created {
                property: PropertyId(Uuid::from_u128(5)),
                unit: UnitId(Uuid::from_u128(6)),
                terms: Terms {
                    residents: vec![ADA],
                    term: Span::open(june(1)),
                    rent: usd(100_000),
                    rent_tax: None,
                    due_day: 1,
                },
            },
            LeaseEvent::Signed { on: june(1) },
            LeaseEvent::Activated {
                on: june(1),
                charged_from: june(1),
            },
        ];
        Self {
            lease: Lease::default().after(&history),
            payments: BTreeMap::new(),
            deposits: BTreeMap::new(),
            claims: BTreeMap::new(),
            bank: BankAccount::default().after(&[opened(BankPurpose::Operating)]),
            trust: BankAccount::default().after(&[opened(BankPurpose::DepositTrust)]),
            settings: Settings::clone(&Context::sample().settings),
            payment_facts: vec![],
            lease_facts: vec![],
            deposit_facts: vec![],
            commands: 1_000,
        }
    }

    /// A context with a command id of its own.
    pub(super) fn context(&mut self, on: NaiveDate) -> Context {
        self.commands += 1;
        Context {
            command: CommandId(Uuid::from_u128(self.commands)),
            settings: Arc::new(self.settings.clone()),
            ..Context::on(on)
        }
    }

    /// Posts a charge, due on a day of June.
    pub(super) fn charge(&mut self, kind: ChargeKind, amount: i64, due: u32) -> ChargeId {
        let context = self.context(june(due));
        let charge = ManualCharge {
            kind,
            description: "June".into(),
            amount: usd(amount),
            tax: None,
            due_on: june(due),
            period: None,
        };
        let facts = self.lease.decide(LeaseCommand::Charge(charge), &context).unwrap();
        self.on_lease(&facts);
        context.id(0).into()
    }

    pub(super) fn on_lease(&mut self, facts: &[LeaseEvent]) {
        self.lease = self.lease.after(facts);
        self.lease_facts.extend_from_slice(facts);
    }

    pub(super) fn bill(&mut self, amount: i64) -> DepositId {
        let context = self.context(june(1));
        let id = DepositId(context.id(0));
        let (added, billed) =
            bill_deposit(&self.lease, (id, &Deposit::default()), new_deposit(amount), &context).unwrap();
        self.on_lease(&added);
        self.on_deposits(billed.into_iter().map(|event| (id, event)).collect());
        id
    }

    fn on_deposits(&mut self, facts: Vec<(DepositId, DepositEvent)>) {
        for (id, event) in &facts {
            let deposit = self.deposits.entry(*id).or_default();
            *deposit = deposit.after(std::slice::from_ref(event));
        }
        self.deposit_facts.extend(facts);
    }

    /// Decides about a payment with everything at hand, and keeps what follows.
    fn decide(
        &mut self,
        id: PaymentId,
        claim: Option<ClaimId>,
        decide: impl FnOnce(PaymentStreams<'_>) -> Result<PaymentFacts, Refusal>,
    ) -> Result<PaymentFacts, Refusal> {
        let payment = self.payments.get(&id).cloned().unwrap_or_default();
        let held = claim
            .and_then(|claim| self.claims.get(&claim).copied())
            .unwrap_or_default();
        let deposits: Vec<_> = self.deposits.iter().map(|(id, deposit)| (*id, deposit)).collect();
        let facts = decide(PaymentStreams {
            payment: (id, &payment),
            lease: &self.lease,
            deposits: &deposits,
            claim: &held,
        })?;
        self.payments.insert(id, payment.after(&facts.payment));
        if let Some(claim) = claim {
            self.claims.insert(claim, held.after(&facts.claim));
        }
        self.payment_facts
            .extend(facts.payment.iter().map(|event| (id, event.clone())));
        self.on_lease(&facts.lease);
        self.on_deposits(facts.deposits.clone());
        Ok(facts)
    }

    pub(super) fn initiate(&mut self, day: u32, intent: Intent) -> Result<PaymentId, Refusal> {
        let context = self.context(june(day));
        let id = PaymentId(context.id(0));
        self.decide(id, None, |streams| {
            let (_, payment) = streams.payment;
            let payment = initiate_payment(payment, streams.lease, streams.deposits, intent, &context)?;
            Ok(PaymentFacts {
                payment,
                ..PaymentFacts::default()
            })
        })?;
        Ok(id)
    }

    pub(super) fn receive(&mut self, day: u32, intent: Intent) -> Result<(PaymentId, PaymentFacts), Refusal> {
        let context = self.context(june(day));
        let id = PaymentId(context.id(0));
        let claim = intent.claim(context.organization);
        let facts = self.decide(id, claim, |streams| receive_payment(streams, intent, &context))?;
        Ok((id, facts))
    }

    /// Cash without a reference.
    pub(super) fn take_cash(&mut self, day: u32, amount: i64) -> PaymentId {
        self.receive(day, cash(amount)).unwrap().0
    }

    pub(super) fn complete(
        &mut self,
        day: u32,
        id: PaymentId,
        reference: Option<&str>,
    ) -> Result<PaymentFacts, Refusal> {
        let context = self.context(june(day));
        let reference = reference.map(str::to_owned);
        let mut intent = self.payments[&id].intent()?.clone();
        intent.reference = intent.reference.or(reference.clone());
        let claim = intent.claim(context.organization);
        self.decide(id, claim, |streams| complete_payment(streams, reference, &context))
    }

    /// Takes a step that the payment decides alone.
    pub(super) fn step(&mut self, day: u32, id: PaymentId, command: PaymentCommand) -> Result<(), Refusal> {
        let context = self.context(june(day));
        self.decide(id, None, |streams| {
            Ok(PaymentFacts {
                payment: streams.payment.1.decide(command, &context)?,
                ..PaymentFacts::default()
            })
        })?;
        Ok(())
    }

    pub(super) fn bank(&mut self, day: u32, id: PaymentId, fee: i64) -> Result<Vec<PaymentEvent>, Refusal> {
        let context = self.context(june(day));
        let bank = self.bank.clone();
        let facts = self.decide(id, None, |streams| {
            Ok(PaymentFacts {
                payment: deposit_payment(streams.payment, streams.lease, (BANK, &bank), usd(fee), &context)?,
                ..PaymentFacts::default()
            })
        })?;
        Ok(facts.payment)
    }

    fn claim_of(&self, id: PaymentId) -> Option<ClaimId> {
        let intent = self.payments.get(&id)?.intent().ok()?;
        intent.claim(Context::sample().organization)
    }

    pub(super) fn void(&mut self, day: u32, id: PaymentId) -> Result<PaymentFacts, Refusal> {
        let context = self.context(june(day));
        let claim = self.claim_of(id);
        self.decide(id, claim, |streams| void_payment(streams, "typo".into(), &context))
    }

    pub(super) fn bounce(&mut self, day: u32, id: PaymentId) -> Result<PaymentFacts, Refusal> {
        let context = self.context(june(day));
        self.decide(id, None, |streams| {
            return_payment(streams, (usd(1_200), "R01".into()), &context)
        })
    }

    pub(super) fn lose(&mut self, day: u32, id: PaymentId) -> Result<PaymentFacts, Refusal> {
        let context = self.context(june(day));
        self.decide(id, None, |streams| lose_dispute(streams, usd(1_500), &context))
    }

    pub(super) fn refund(&mut self, day: u32, id: PaymentId, amount: i64) -> Result<PaymentFacts, Refusal> {
        let context = self.context(june(day));
        let bank = self.bank.clone();
        self.decide(id, None, |streams| {
            let how = (usd(amount), "paid twice".to_owned());
            refund_payment(streams.payment, streams.lease, &bank, how, &context)
        })
    }

    pub(super) fn apply(
        &mut self,
        day: u32,
        credit: CreditId,
        designations: &[Designation],
    ) -> Result<CreditFacts, Refusal> {
        self.on_credit(day, credit, |streams, context| {
            apply_credit(streams, designations, context)
        })
    }

    pub(super) fn unapply(
        &mut self,
        day: u32,
        credit: CreditId,
        target: CreditTarget,
        amount: i64,
    ) -> Result<CreditFacts, Refusal> {
        self.on_credit(day, credit, |streams, context| {
            unapply_credit(streams, target, usd(amount), context)
        })
    }

    fn on_credit(
        &mut self,
        day: u32,
        credit: CreditId,
        decide: impl FnOnce(CreditStreams<'_>, &Context) -> Result<CreditFacts, Refusal>,
    ) -> Result<CreditFacts, Refusal> {
        let context = self.context(june(day));
        let deposits: Vec<_> = self.deposits.iter().map(|(id, deposit)| (*id, deposit)).collect();
        let streams = CreditStreams {
            credit,
            payment: self.payments.get(&PaymentId(credit.0)),
            lease: (LEASE, &self.lease),
            deposits: &deposits,
        };
        let facts = decide(streams, &context)?;
        self.on_lease(&facts.0);
        self.on_deposits(facts.1.clone());
        Ok(facts)
    }

    /// What is unpaid of a charge.
    pub(super) fn open(&self, charge: ChargeId) -> i64 {
        self.lease.account().charge(charge).unwrap().open.minor
    }

    /// What is free of a payment's credit.
    pub(super) fn free(&self, payment: PaymentId) -> i64 {
        self.lease.account().credit(payment.into()).unwrap().free.minor
    }
}

pub(super) fn new_deposit(amount: i64) -> NewDeposit {
    NewDeposit {
        lease: LEASE,
        purpose: DepositPurpose::Security,
        limited: false,
        amount: usd(amount),
        due_on: june(1),
    }
}

pub(super) fn cash(amount: i64) -> Intent {
    Intent {
        lease: LEASE,
        payer: Some(ADA),
        amount: usd(amount),
        method: Method::Cash,
        reference: None,
        designations: vec![],
    }
}

pub(super) fn cheque(amount: i64, reference: &str) -> Intent {
    Intent {
        method: Method::Cheque,
        reference: Some(reference.to_owned()),
        ..cash(amount)
    }
}

pub(super) fn for_charge(charge: ChargeId, amount: i64) -> Designation {
    Designation::Charge {
        charge,
        amount: usd(amount),
    }
}

pub(super) fn for_deposit(deposit: DepositId, amount: i64) -> Designation {
    Designation::Deposit {
        deposit,
        amount: usd(amount),
    }
}

pub(super) fn applied(credit: impl Into<CreditId>, target: CreditTarget, amount: i64, day: u32) -> LeaseEvent {
    LeaseEvent::CreditApplied {
        credit: credit.into(),
        target,
        amount: usd(amount),
        tax: None,
        on: june(day),
    }
}

pub(super) fn unapplied(credit: impl Into<CreditId>, target: CreditTarget, amount: i64, day: u32) -> LeaseEvent {
    LeaseEvent::CreditUnapplied {
        credit: credit.into(),
        target,
        amount: usd(amount),
        tax: None,
        on: june(day),
    }
}

pub(super) fn to(charge: ChargeId, kind: ChargeKind) -> CreditTarget {
    CreditTarget::Charge { charge, kind }
}
