//! Commands about payments, what they credit to leases, and deposits.

mod apply_credit;
mod bill_deposit;
mod complete_payment;
mod deposit_payment;
mod initiate_payment;
mod lose_dispute;
mod receive_deposit;
mod receive_payment;
mod refund_payment;
mod return_payment;
mod streams;
mod take_over_deposit;
mod unapply_credit;
mod void_payment;

pub use apply_credit::ApplyCredit;
pub use bill_deposit::BillDeposit;
pub use complete_payment::CompletePayment;
pub use deposit_payment::DepositPayment;
pub use initiate_payment::InitiatePayment;
pub use lose_dispute::LoseDispute;
pub use receive_deposit::ReceiveDeposit;
pub use receive_payment::ReceivePayment;
pub use refund_payment::RefundPayment;
pub use return_payment::ReturnPayment;
pub use take_over_deposit::TakeOverDeposit;
pub use unapply_credit::UnapplyCredit;
pub use void_payment::VoidPayment;
