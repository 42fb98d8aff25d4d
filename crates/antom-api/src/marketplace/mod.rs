//! The calls of a marketplace that change something at Antom's, and the notifications that Antom sends.
//!
//! Behind the feature `marketplace`, because some of these calls move money. The inquiries are in the crate itself.
//!
//! | Step | Call | Repeated safely by | Notification |
//! |---|---|---|---|
//! | onboard a seller | [`Client::register`] | `registrationRequestId` | [`RegistrationNotification`] |
//! | change its bank account | [`Client::update_settlement_info`] | `updateRequestId` | [`SettlementInfoNotification`] |
//! | which methods can pay | [`Client::consult`] | changes nothing | |
//! | sell | [`Client::pay`] | `paymentRequestId` | [`PaymentNotification`] |
//! | take an authorised amount | [`Client::capture`] | `captureRequestId` | [`CaptureNotification`] |
//! | split | [`Client::settle`] | `settlementRequestId` | [`SettlementNotification`] |
//! | undo a payment | [`Client::cancel`] | the payment's id | |
//! | give back | [`Client::refund`] | `refundRequestId` | [`RefundNotification`] |
//! | answer a dispute | [`Client::accept_dispute`], [`Client::supply_defense_document`] | sent once only | [`DisputeNotification`] |
//! | read its documents | [`Client::download_dispute_evidence`] | changes nothing | |
//! | move money | [`Client::create_transfer`], [`Client::create_payout`] | `transferRequestId` | [`TransferNotification`] |
//!
//! ```no_run
//! use antom_api::marketplace::{Pay, SettlementDetail, Settle, Standing};
//! use antom_api::{Amount, Client};
//!
//! # async fn sell(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! let price = Amount { currency: "EUR".to_owned(), value: 12_000 };
//! let pay = Pay::new("pay-4711", "order-4711", "A lamp", "seller-1", "CARD", price);
//! let receipt = client.pay(&pay).await?;
//! if receipt.standing == Standing::InProcess {
//!     println!("send the buyer to {:?}", receipt.body.normal_url);
//! }
//! // … `notifyPayment` says SUCCESS, and `earliestSettlementTime` has come …
//! let euros = |value| Amount { currency: "EUR".to_owned(), value };
//! let shares = vec![SettlementDetail::seller(euros(10_800)), SettlementDetail::marketplace(euros(1_200))];
//! let payment_id = receipt.body.payment_id.ok_or("no payment id")?;
//! client.settle(&Settle::new("settle-4711", payment_id, shares)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How a call ends
//!
//! [`Standing`] says it for answers, [`AskError`](crate::AskError) for their absence. After an error nothing is known: send the
//! *same* request again, now or after a restart. Antom completes it or repeats its answer, and does it once. The same id with
//! other content is refused (`REPEAT_REQ_INCONSISTENT`).
//!
//! # Amounts
//!
//! Whole numbers in the currency's smallest unit, above zero. A request that Antom must refuse for its form (an id that is too
//! long, shares in two currencies, a negative amount) is [`NotAsked`](crate::NotAsked) and not sent.

mod body;
mod calls;
mod check;
mod dispute;
mod funds;
mod notification;
mod onboarding;
mod payment;
mod receipt;
mod refund;
mod settle;

pub use dispute::{
    AcceptDispute, DefenseDocument, DisputeEvidence, DisputeReceipt, DownloadDisputeEvidence, EvidenceType,
};
pub use funds::{Transfer, TransferFrom, TransferReceipt, TransferTo};
pub use notification::{
    ACKNOWLEDGEMENT, CaptureNotification, Delivery, DisputeEvent, DisputeNotification, Notification, NotificationError,
    NotificationReader, Notified, PaymentNotification, RefundNotification, RegistrationNotification,
    SettlementInfoNotification, SettlementNotification, TransferNotification,
};
pub use onboarding::{
    MerchantInfo, Register, RegisterReceipt, RegistrationStatus, SettlementBankAccount, SettlementInfo,
    UpdateSettlementInfo, UpdateSettlementInfoReceipt,
};
pub use payment::{
    Cancel, CancelReceipt, Capture, CaptureReceipt, Consult, ConsultReceipt, Order, OrderMerchant, Pay, PayReceipt,
    PaymentFactor, PaymentMethod, PaymentOption, SettlementStrategy,
};
pub use receipt::{Receipt, Standing};
pub use refund::{Refund, RefundDetail, RefundFrom, RefundReceipt};
pub use settle::{Settle, SettleReceipt, SettleTo, SettlementDetail};

#[cfg(doc)]
use crate::Client;

/// Further members of a request, as Antom names them (`env`, `goods`, `buyer`, …): sent as they are.
pub type Members = serde_json::Map<String, serde_json::Value>;
