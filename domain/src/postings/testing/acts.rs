use super::{Desk, History, Receipt, Step, usd};
use crate::{
    context::Context,
    deposit::{DepositEvent, DepositSource},
    ids::{ChargeId, ConcessionId, CreditId, DepositId, PaymentId},
    lease::{ChargeKind, CreditTarget, LateFeePart, LeaseEvent, NewCharge, Reduction, Withdrawal},
    money::Money,
    payment::{Method, PaymentEvent},
};

impl History {
    pub(super) fn charge(&mut self, desk: usize, step: Step) {
        use ChargeKind::{Damage, NsfFee, Other, Parking, Rent};
        let charge = self.id().into();
        let amount = usd(i64::from(step.cents) + 1);
        let due_on = self.today;
        if step.pick.is_multiple_of(7) {
            let fee = LeaseEvent::LateFeeAssessed {
                charge,
                period: due_on,
                part: LateFeePart::Flat,
                day: due_on,
                amount,
            };
            self.on_account(desk, |entries| {
                entries.record(fee);
                Ok(())
            });
            return;
        }
        let kind = [Rent, Parking, Damage, NsfFee, Other][usize::from(step.pick) % 5];
        let new = NewCharge {
            charge,
            kind,
            description: format!("{kind:?}"),
            amount,
            tax: (step.pick.is_multiple_of(2)).then_some(usd(amount.minor / 13)),
            due_on,
            period: None,
            recurring: None,
        };
        self.on_account(desk, |entries| entries.post(new));
    }

    pub(super) fn receive(&mut self, desk: usize, step: Step) {
        let lease = self.desks[desk].lease;
        let payment = PaymentId(self.id());
        let amount = usd(i64::from(step.cents) * 2 + 1);
        self.record(
            payment,
            PaymentEvent::Initiated {
                lease,
                payer: None,
                amount,
                method: Method::Cheque,
                reference: Some(format!("{}", step.cents)),
                designations: Vec::new(),
            },
        );
        let received_on = self.today;
        self.record(
            payment,
            PaymentEvent::Completed {
                lease,
                amount,
                received_on,
                reference: None,
            },
        );
        self.on_account(desk, |entries| {
            entries.credit(payment.into(), amount, received_on);
            Ok(())
        });
        self.desks[desk].receipts.push(Receipt {
            payment,
            amount,
            banked: false,
            over: false,
        });
        if step.pick.is_multiple_of(3) {
            self.pay_deposit(desk, payment.into(), usd(amount.minor / 2), false);
        }
        self.use_credits(desk);
    }

    fn pay_deposit(&mut self, desk: usize, credit: CreditId, at_most: Money, banked: bool) {
        let Desk { lease, deposit, .. } = self.desks[desk];
        let paid = self.on_account(desk, |entries| entries.pay_deposit(credit, deposit, at_most));
        if let Some(amount) = paid.filter(|amount| amount.is_positive()) {
            self.record(
                deposit,
                DepositEvent::Received {
                    lease,
                    amount,
                    source: DepositSource::Credit { credit, banked },
                    on: self.today,
                    bank_account: None,
                },
            );
        }
    }

    /// What of a payment stands in deposits now.
    fn in_deposits(&self, desk: usize, credit: CreditId) -> i64 {
        let credit = self.desks[desk].account.credit(credit);
        let applications = credit.into_iter().flat_map(|credit| &credit.applications);
        applications
            .filter(|application| matches!(application.target, CreditTarget::Deposit { .. }))
            .map(|application| application.amount.minor)
            .sum()
    }

    pub(super) fn bank(&mut self, desk: usize) {
        let Some(receipt) = self.desks[desk]
            .receipts
            .iter()
            .position(|receipt| !receipt.banked && !receipt.over)
        else {
            return;
        };
        let Receipt { payment, amount, .. } = self.desks[desk].receipts[receipt];
        let rest = amount.minor - self.in_deposits(desk, payment.into());
        self.desks[desk].receipts[receipt].banked = true;
        self.record(
            payment,
            PaymentEvent::Deposited {
                lease: self.desks[desk].lease,
                amount: usd(rest),
                fee: usd(amount.minor / 40),
                bank_account: self.bank,
                on: self.today,
            },
        );
    }

    pub(super) fn unapply(&mut self, desk: usize, step: Step) {
        let applied: Vec<_> = (self.desks[desk].account.credits())
            .flat_map(|credit| credit.applications.iter().map(|application| (credit.id, *application)))
            .collect();
        if applied.is_empty() {
            return;
        }
        let (credit, application) = &applied[usize::from(step.pick / 3) % applied.len()];
        let amount = usd(1 + i64::from(step.cents) % application.amount.minor);
        self.on_account(desk, |entries| entries.unapply(*credit, application.target, amount));
        if let CreditTarget::Deposit { deposit } = application.target {
            self.reverse_deposit(desk, deposit, *credit, amount);
        }
    }

    fn reverse_deposit(&mut self, desk: usize, deposit: DepositId, credit: CreditId, amount: Money) {
        let receipts = &self.desks[desk].receipts;
        let banked = receipts
            .iter()
            .any(|receipt| CreditId::from(receipt.payment) == credit && receipt.banked);
        let event = DepositEvent::ReceiptReversed {
            lease: self.desks[desk].lease,
            amount,
            credit,
            banked,
        };
        self.record(deposit, event);
    }

    pub(super) fn waive(&mut self, desk: usize, step: Step) {
        let reduction = if step.cents.is_multiple_of(2) {
            Reduction::Whole
        } else {
            Reduction::Part(usd(i64::from(step.cents)))
        };
        if let Some(charge) = self.some_charge(desk, step) {
            self.on_account(desk, |entries| entries.waive(charge, reduction, "goodwill".into()));
        }
    }

    pub(super) fn give_up(&mut self, desk: usize, step: Step) {
        let Some(charge) = self.some_charge(desk, step) else {
            return;
        };
        let amount = usd(i64::from(step.cents) + 1);
        let (account, context) = (&self.desks[desk].account, Context::on(self.today));
        let concession = ConcessionId(self.id());
        let events = if step.pick.is_multiple_of(2) {
            account.concede((concession, charge), amount, "first month".into(), &context)
        } else {
            account.write_off(charge, Reduction::Part(amount), "moved away".into(), &context)
        };
        self.on_account(desk, |entries| {
            events.map(|events| events.into_iter().for_each(|event| entries.record(event)))
        });
    }

    fn some_charge(&self, desk: usize, step: Step) -> Option<ChargeId> {
        let charges: Vec<_> = self.desks[desk].account.charges().map(|charge| charge.id).collect();
        (!charges.is_empty()).then(|| charges[usize::from(step.pick / 5) % charges.len()])
    }

    /// A payment goes back: to the bank it came from, or because it never was.
    pub(super) fn take_back(&mut self, desk: usize, step: Step) {
        let Some(receipt) = self.desks[desk].receipts.iter().position(|receipt| !receipt.over) else {
            return;
        };
        let Receipt {
            payment,
            amount,
            banked,
            ..
        } = self.desks[desk].receipts[receipt];
        let credit = CreditId::from(payment);
        let void = !banked && step.pick.is_multiple_of(2);
        let why = if void { Withdrawal::Voided } else { Withdrawal::Returned };
        let deposits = self.on_account(desk, |entries| {
            let deposits = entries.unapply_all(credit)?;
            entries.withdraw(credit, amount, why);
            Ok(deposits)
        });
        for (deposit, amount) in deposits.into_iter().flatten() {
            self.reverse_deposit(desk, deposit, credit, amount);
        }
        let lease = self.desks[desk].lease;
        let event = if void {
            PaymentEvent::Voided {
                lease,
                amount,
                completed: true,
                reason: "typo".into(),
            }
        } else {
            PaymentEvent::Returned {
                lease,
                amount,
                bank_account: banked.then_some(self.bank),
                bank_fee: usd(i64::from(step.cents) % 2_000),
                reason: "R01".into(),
            }
        };
        self.record(payment, event);
        self.desks[desk].receipts[receipt].over = true;
    }

    pub(super) fn refund(&mut self, desk: usize, step: Step) {
        let Some(Receipt { payment, .. }) = self.desks[desk]
            .receipts
            .iter()
            .rfind(|receipt| receipt.banked && !receipt.over)
        else {
            return;
        };
        let payment = *payment;
        let credit = self.desks[desk].account.credit(payment.into());
        let free = credit.map_or(0, |credit| credit.free.minor);
        let amount = usd(free.min(i64::from(step.cents) + 1));
        if !amount.is_positive() {
            return;
        }
        self.on_account(desk, |entries| {
            entries.withdraw(payment.into(), amount, Withdrawal::Refunded);
            Ok(())
        });
        self.record(
            payment,
            PaymentEvent::Refunded {
                lease: self.desks[desk].lease,
                amount,
                bank_account: self.bank,
                whole: false,
                reason: "overpaid".into(),
            },
        );
    }

    /// Money for the deposit: straight into its account, or out of a payment that is in the bank.
    pub(super) fn secure(&mut self, desk: usize, step: Step) {
        let amount = usd(i64::from(step.cents) + 1);
        let Desk { lease, deposit, .. } = self.desks[desk];
        let banked = self.desks[desk]
            .receipts
            .iter()
            .find(|receipt| receipt.banked && !receipt.over);
        if let (Some(Receipt { payment, .. }), 0) = (banked, step.pick % 2) {
            return self.pay_deposit(desk, CreditId::from(*payment), amount, true);
        }
        self.record(
            deposit,
            DepositEvent::Received {
                lease,
                amount,
                source: DepositSource::Direct,
                on: self.today,
                bank_account: None,
            },
        );
    }
}
