//! Money, from the resident's pocket to the bank and back.

mod raced;
mod ways;

use commands::{
    execute::{ExecuteError, Receipt},
    handlers::{
        ActivateLease, ApplyCredit, BillDeposit, CompletePayment, DepositPayment, DraftLease, InitiatePayment,
        LoseDispute, OnStream, ReceiveDeposit, ReceivePayment, RefundPayment, ReturnPayment, SignLease,
        TakeOverDeposit, UnapplyCredit, VoidPayment,
    },
};
use domain::{
    context::Context,
    decisions::founding_accounts,
    deposit::{Deposit, DepositPurpose, DepositStatus, NewDeposit},
    ids::{BankAccountId, DepositId, LeaseId, PaymentId, ResidentId},
    lease::{ChargeKind, CreditTarget, Lease, LeaseCommand, ManualCharge, Terms},
    money::{Currency, Money},
    payment::{Designation, Intent, Method, Payment, PaymentCommand, PaymentStatus},
    span::Span,
};
use futures::future::join_all;
use uuid::Uuid;

use crate::support::{Office, noon, rule};

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

/// A lease in force since today, its first rent of 1,000.00 posted.
struct Home {
    office: Office,
    lease: LeaseId,
    ada: ResidentId,
    operating: BankAccountId,
    trust: BankAccountId,
}

impl Home {
    async fn new() -> Self {
        let office = Office::unfounded().await;
        let founding = office.invocation(0);
        let context = Context {
            command: founding.command_id,
            ..Context::sample()
        };
        let (operating, trust) = founding_accounts(&context);
        office
            .commands
            .execute(&founding, &crate::support::found())
            .await
            .unwrap();
        let property = office.property(1).await;
        let (unit, ada) = (office.unit(property, 2).await, office.resident(3).await);
        let on = noon().date_naive();
        let terms = Terms {
            residents: vec![ada],
            term: Span::open(on),
            rent: usd(100_000),
            rent_tax: None,
            due_day: 1,
        };
        let drafted = office.give(&DraftLease { unit, terms }).await;
        let lease = LeaseId(drafted.written[0].aggregate_id);
        office.give(&SignLease { lease, on }).await;
        office.give(&ActivateLease { lease, on }).await;
        Self {
            office,
            lease,
            ada,
            operating,
            trust,
        }
    }

    fn intent(&self, amount: i64, method: Method, reference: Option<&str>) -> Intent {
        Intent {
            lease: self.lease,
            payer: Some(self.ada),
            amount: usd(amount),
            method,
            reference: reference.map(str::to_owned),
            designations: vec![],
        }
    }

    fn receipt(n: u128, intent: Intent) -> ReceivePayment {
        let payment = PaymentId(Uuid::from_u128(1_000_000 + n));
        ReceivePayment { payment, intent }
    }

    async fn take_cash(&self, n: u128, amount: i64) -> PaymentId {
        let receipt = Self::receipt(n, self.intent(amount, Method::Cash, None));
        self.office.give(&receipt).await;
        receipt.payment
    }

    async fn bank(&self, payment: PaymentId) {
        let (bank_account, fee) = (self.operating, usd(0));
        self.office
            .give(&DepositPayment {
                payment,
                bank_account,
                fee,
            })
            .await;
    }

    async fn bill(&self, n: u128, amount: i64) -> DepositId {
        let deposit = DepositId(Uuid::from_u128(n));
        let new = self.new_deposit(amount);
        self.office.give(&BillDeposit { deposit, new }).await;
        deposit
    }

    fn new_deposit(&self, amount: i64) -> NewDeposit {
        NewDeposit {
            lease: self.lease,
            purpose: DepositPurpose::Security,
            limited: false,
            amount: usd(amount),
            due_on: noon().date_naive(),
        }
    }

    fn charge(&self, amount: i64) -> OnStream<Lease> {
        let charge = ManualCharge {
            kind: ChargeKind::Utilities,
            description: "Water".into(),
            amount: usd(amount),
            tax: None,
            due_on: noon().date_naive(),
            period: None,
        };
        OnStream::of(self.lease, LeaseCommand::Charge(charge))
    }

    async fn balance(&self) -> i64 {
        self.office.state::<Lease>(self.lease).await.account().balance()
    }

    async fn status(&self, payment: PaymentId) -> Option<PaymentStatus> {
        self.office.state::<Payment>(payment).await.status()
    }

    async fn count(&self, event_type: &str) -> usize {
        let log = self.office.log().await;
        log.iter().filter(|event| event.event_type == event_type).count()
    }
}
