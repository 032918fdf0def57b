//! How rent comes in: paid, banked, and now and then taken back.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use commands::{
    execute::{CarryOut, ExecuteError},
    handlers::{DepositPayment, ReceivePayment, ReturnPayment},
};
use domain::{
    ids::PaymentId,
    money::Money,
    payment::{Intent, Method},
};

use super::{
    draws::Paying,
    home::{Home, Scene},
    office::{CURRENCY, morning},
};

/// What the bank asks for a payment that came back, in minor units.
const BANK_FEE: i64 = 500;

/// Something that happens to a payment.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    payment: PaymentId,
    key: String,
    amount: Money,
    method: Method,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Bank,
    Return,
}

impl<C: CarryOut> Home<'_, C> {
    /// Pays what is owed, or a part of it, if anything is.
    pub(super) async fn pay(
        &mut self,
        at: NaiveDateTime,
        month: NaiveDate,
        paying: Paying,
    ) -> Result<(), ExecuteError> {
        let Some(tenancy) = &self.tenancy else { return Ok(()) };
        let key = format!("{} {} {month} {}", self.number, tenancy.number, at.date());
        let what = format!("payment {key}");
        let payment = PaymentId(self.office.id(&what).derive(0));
        let mut dice = self.office.dice(&what);
        let method = dice.method();
        let Some(amount) = self.to_pay(at, paying).await? else {
            return Ok(());
        };
        let Some(tenancy) = &self.tenancy else { return Ok(()) };
        let intent = Intent {
            lease: tenancy.lease,
            payer: tenancy.residents.first().copied(),
            amount,
            method,
            reference: Some(format!("{}-{}", dice.within(1_000..=9_999), &payment.to_string()[..8])),
            designations: Vec::new(),
        };
        self.office.give(&what, at, &ReceivePayment { payment, intent }).await?;
        let receipt = |step| Receipt {
            payment,
            key: key.clone(),
            amount,
            method,
            step,
        };
        let next_day = morning(at.date()) + TimeDelta::days(1);
        self.note(next_day, Scene::Receipt(receipt(Step::Bank)));
        if dice.is_returned(method) {
            let days = TimeDelta::days(i64::from(dice.within(2..=4)));
            self.note(next_day + days, Scene::Receipt(receipt(Step::Return)));
        }
        Ok(())
    }

    /// How much is paid of what is owed at that time, whatever an earlier run has made of the lease since.
    async fn to_pay(&self, at: NaiveDateTime, paying: Paying) -> Result<Option<Money>, ExecuteError> {
        let Some(tenancy) = &self.tenancy else { return Ok(None) };
        let lease = self.office.lease_before(tenancy.lease, at).await?;
        let balance = lease.account().balance();
        let minor = match paying {
            Paying::Whole(_) => balance,
            Paying::Part(_, percent) => balance * i64::from(percent) / 100,
            Paying::NotAtAll => 0,
        };
        Ok((minor > 0).then_some(Money::new(minor, CURRENCY)))
    }

    pub(super) async fn follow(&mut self, at: NaiveDateTime, receipt: Receipt) -> Result<(), ExecuteError> {
        let payment = receipt.payment;
        match receipt.step {
            Step::Bank => {
                let banked = DepositPayment {
                    payment,
                    bank_account: self.office.operating_account,
                    fee: processing_fee(receipt.amount, receipt.method),
                };
                self.office.give(&format!("bank {}", receipt.key), at, &banked).await?;
            }
            Step::Return => {
                let returned = ReturnPayment {
                    payment,
                    bank_fee: Money::new(BANK_FEE, CURRENCY),
                    reason: "R01 insufficient funds".to_owned(),
                };
                self.office
                    .give(&format!("return {}", receipt.key), at, &returned)
                    .await?;
                // They are told, and pay again.
                let again = morning(at.date()) + TimeDelta::days(5);
                self.note(again, Scene::Pay(at.date(), Paying::Whole(1)));
            }
        }
        Ok(())
    }
}

/// What a processor keeps: of cards 2.9 % and 30 cents.
fn processing_fee(amount: Money, method: Method) -> Money {
    let minor = if method == Method::Card {
        amount.minor * 29 / 1_000 + 30
    } else {
        0
    };
    Money::new(minor, CURRENCY)
}
