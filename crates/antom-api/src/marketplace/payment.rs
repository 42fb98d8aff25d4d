//! Payments: `consult`, `pay`, `capture`, `cancel`.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::body::{body, receipt};
use super::{Members, check};
use crate::error::{Distrust, NotAsked};
use crate::model::{Amount, Quote};
use crate::question::{Question, same};

/// Longest `orderDescription` and `paymentMethodType` (SDK comments).
const MOST_DESCRIPTION: usize = 256;
const MOST_METHOD: usize = 64;

/// Asks for a payment (fact sheet, 1.3 and 6.7). Idempotent by `payment_request_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pay {
    /// `productCode`: `CASHIER_PAYMENT` unless set.
    pub product_code: String,
    /// `paymentRequestId`.
    pub payment_request_id: String,
    /// `order`.
    pub order: Order,
    /// `paymentAmount`.
    pub payment_amount: Amount,
    /// `paymentMethod`.
    pub payment_method: PaymentMethod,
    /// `paymentFactor`: how a card is captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_factor: Option<PaymentFactor>,
    /// `settlementStrategy`: needed when several settlement currencies are contracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_strategy: Option<SettlementStrategy>,
    /// `paymentExpiryTime`: when an unpaid order is closed, ISO 8601 with offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_expiry_time: Option<String>,
    /// `paymentRedirectUrl`: where the buyer comes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_redirect_url: Option<String>,
    /// `paymentNotifyUrl`: in place of the one in the dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_notify_url: Option<String>,
    /// Others, such as `env`.
    #[serde(flatten)]
    pub more: Members,
}

/// What is bought, and from whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// `referenceOrderId`: in reports it is `referenceTransactionId`.
    pub reference_order_id: String,
    /// `orderDescription`.
    pub order_description: String,
    /// `orderAmount`.
    pub order_amount: Amount,
    /// `merchant`: the sub-merchant that sells.
    pub merchant: OrderMerchant,
    /// Others, such as `goods` and `buyer`.
    #[serde(flatten)]
    pub more: Members,
}

/// The sub-merchant of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderMerchant {
    /// `referenceMerchantId`.
    pub reference_merchant_id: String,
    /// Others, such as `merchantMCC` and `merchantName`.
    #[serde(flatten)]
    pub more: Members,
}

/// How is paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMethod {
    /// `paymentMethodType`, such as `CARD` or `GCASH`.
    pub payment_method_type: String,
    /// `paymentMethodId`: a card token, or an account at Antom for transfers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_method_id: Option<String>,
    /// `customerId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
}

/// How a card is captured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFactor {
    /// `captureMode`: `AUTOMATIC` (Antom's default) or `MANUAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_mode: Option<String>,
    /// `isAuthorization`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "check::flag")]
    pub is_authorization: Option<bool>,
}

/// In which currency is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementStrategy {
    /// `settlementCurrency`.
    pub settlement_currency: String,
}

/// Asks which payment methods can be offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Consult {
    /// `productCode`.
    pub product_code: String,
    /// `paymentAmount`.
    pub payment_amount: Amount,
    /// `settlementStrategy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_strategy: Option<SettlementStrategy>,
    /// Others, such as `allowedPaymentMethods`.
    #[serde(flatten)]
    pub more: Members,
}

/// Takes an authorised amount. Idempotent by `capture_request_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capture {
    /// `captureRequestId`.
    pub capture_request_id: String,
    /// `paymentId`.
    pub payment_id: String,
    /// `captureAmount`.
    pub capture_amount: Amount,
    /// `isLastCapture`: what is left of the authorisation is released.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "check::flag")]
    pub is_last_capture: Option<bool>,
}

/// Undoes a payment as a whole. Antom takes `paymentId` when it gets both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Cancel {
    /// By Antom's `paymentId`.
    #[serde(rename = "paymentId")]
    Id(String),
    /// By the marketplace's `paymentRequestId`.
    #[serde(rename = "paymentRequestId")]
    RequestId(String),
}

receipt! {
    /// The answer to `pay`.
    pub struct PayReceipt {
        /// `paymentRequestId`.
        payment_request_id: Option<String> = text("paymentRequestId"),
        /// `paymentId`: Antom's id.
        payment_id: Option<String> = text("paymentId"),
        /// `paymentAmount`.
        payment_amount: Option<Amount> = amount("paymentAmount"),
        /// `paymentCreateTime`.
        payment_create_time: Option<DateTime<FixedOffset>> = time("paymentCreateTime"),
        /// `paymentTime`, once it succeeded.
        payment_time: Option<DateTime<FixedOffset>> = time("paymentTime"),
        /// `authExpiryTime`: until when an authorisation can be captured.
        auth_expiry_time: Option<DateTime<FixedOffset>> = time("authExpiryTime"),
        /// `normalUrl`: where the buyer pays.
        normal_url: Option<String> = text("normalUrl"),
        /// `grossSettlementAmount`.
        gross_settlement_amount: Option<Amount> = amount("grossSettlementAmount"),
        /// `settlementQuote`.
        settlement_quote: Option<Quote> = quote("settlementQuote"),
    }
}

receipt! {
    /// The answer to `consult`.
    pub struct ConsultReceipt {
        /// `paymentOptions`; `None` if Antom sent no list.
        payment_options: Option<Vec<PaymentOption>> = list("paymentOptions"),
    }
}

body! {
    /// One of `paymentOptions`.
    pub struct PaymentOption {
        /// `paymentMethodType`.
        payment_method_type: Option<String> = text("paymentMethodType"),
        /// `paymentMethodCategory`.
        payment_method_category: Option<String> = text("paymentMethodCategory"),
        /// `enabled`.
        enabled: Option<bool> = flag("enabled"),
        /// `preferred`.
        preferred: Option<bool> = flag("preferred"),
        /// `disableReason`.
        disable_reason: Option<String> = text("disableReason"),
    }
}

receipt! {
    /// The answer to `capture`.
    pub struct CaptureReceipt {
        /// `captureRequestId`.
        capture_request_id: Option<String> = text("captureRequestId"),
        /// `captureId`: Antom's id.
        capture_id: Option<String> = text("captureId"),
        /// `paymentId`.
        payment_id: Option<String> = text("paymentId"),
        /// `captureAmount`.
        capture_amount: Option<Amount> = amount("captureAmount"),
        /// `captureTime`, once it succeeded.
        capture_time: Option<DateTime<FixedOffset>> = time("captureTime"),
        /// `acquirerReferenceNo`.
        acquirer_reference_no: Option<String> = text("acquirerReferenceNo"),
    }
}

receipt! {
    /// The answer to `cancel`.
    pub struct CancelReceipt {
        /// `paymentId`.
        payment_id: Option<String> = text("paymentId"),
        /// `paymentRequestId`.
        payment_request_id: Option<String> = text("paymentRequestId"),
        /// `cancelTime`.
        cancel_time: Option<DateTime<FixedOffset>> = time("cancelTime"),
    }
}

impl Pay {
    /// The members without a default: the product code is `CASHIER_PAYMENT`, the order's amount the payment's.
    #[must_use]
    pub fn new(
        payment_request_id: impl Into<String>,
        reference_order_id: impl Into<String>,
        order_description: impl Into<String>,
        reference_merchant_id: impl Into<String>,
        payment_method_type: impl Into<String>,
        amount: Amount,
    ) -> Self {
        let merchant = OrderMerchant { reference_merchant_id: reference_merchant_id.into(), more: Members::default() };
        Pay {
            product_code: "CASHIER_PAYMENT".to_owned(),
            payment_request_id: payment_request_id.into(),
            order: Order {
                reference_order_id: reference_order_id.into(),
                order_description: order_description.into(),
                order_amount: amount.clone(),
                merchant,
                more: Members::default(),
            },
            payment_amount: amount,
            payment_method: PaymentMethod { payment_method_type: payment_method_type.into(), ..Default::default() },
            payment_factor: None,
            settlement_strategy: None,
            payment_expiry_time: None,
            payment_redirect_url: None,
            payment_notify_url: None,
            more: Members::default(),
        }
    }

    /// The marketplace captures by itself, with `capture`.
    #[must_use]
    pub fn manual_capture(mut self) -> Self {
        self.payment_factor =
            Some(PaymentFactor { capture_mode: Some("MANUAL".to_owned()), is_authorization: Some(true) });
        self
    }

    /// Where the outcome is announced, in place of the address in the dashboard.
    #[must_use]
    pub fn notify(mut self, url: impl Into<String>) -> Self {
        self.payment_notify_url = Some(url.into());
        self
    }
}

impl Question for Pay {
    type Body = PayReceipt;
    const API: &'static str = "v1/payments/pay";

    fn request(&self, merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("paymentRequestId", &self.payment_request_id)?;
        check::reference("referenceOrderId", &self.order.reference_order_id)?;
        check::text("orderDescription", &self.order.order_description, MOST_DESCRIPTION)?;
        check::reference("referenceMerchantId", &self.order.merchant.reference_merchant_id)?;
        check::amount("orderAmount", &self.order.order_amount)?;
        check::amount("paymentAmount", &self.payment_amount)?;
        check::text("paymentMethodType", &self.payment_method.payment_method_type, MOST_METHOD)?;
        if let Some(strategy) = &self.settlement_strategy {
            check::currency("settlementCurrency", &strategy.settlement_currency)?;
        }
        check::url("paymentNotifyUrl", self.payment_notify_url.as_deref())?;
        check::url("paymentRedirectUrl", self.payment_redirect_url.as_deref())?;
        Ok(check::json(self, merchant_account_id))
    }

    fn recognise(&self, answer: &PayReceipt) -> Result<(), Distrust> {
        same("paymentRequestId", &self.payment_request_id, answer.payment_request_id.as_deref())
    }

    fn is_final(&self, result: &crate::ResultInfo, _answer: &PayReceipt) -> bool {
        super::receipt::is_in_process(result) || !result.is_worth_a_retry()
    }
}

impl Question for Consult {
    type Body = ConsultReceipt;
    const API: &'static str = "v1/payments/consult";

    fn request(&self, merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::amount("paymentAmount", &self.payment_amount)?;
        Ok(check::json(self, merchant_account_id))
    }

    fn recognise(&self, _answer: &ConsultReceipt) -> Result<(), Distrust> {
        Ok(())
    }
}

impl Question for Capture {
    type Body = CaptureReceipt;
    const API: &'static str = "v1/payments/capture";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("captureRequestId", &self.capture_request_id)?;
        check::id("paymentId", &self.payment_id)?;
        check::amount("captureAmount", &self.capture_amount)?;
        Ok(check::json(self, None))
    }

    fn recognise(&self, answer: &CaptureReceipt) -> Result<(), Distrust> {
        same("captureRequestId", &self.capture_request_id, answer.capture_request_id.as_deref())?;
        same("paymentId", &self.payment_id, answer.payment_id.as_deref())
    }

    fn is_final(&self, result: &crate::ResultInfo, _answer: &CaptureReceipt) -> bool {
        super::receipt::is_in_process(result) || !result.is_worth_a_retry()
    }
}

impl Question for Cancel {
    type Body = CancelReceipt;
    const API: &'static str = "v1/payments/cancel";

    fn request(&self, merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        match self {
            Self::Id(id) => check::id("paymentId", id)?,
            Self::RequestId(id) => check::id("paymentRequestId", id)?,
        }
        Ok(check::json(self, merchant_account_id))
    }

    fn recognise(&self, answer: &CancelReceipt) -> Result<(), Distrust> {
        match self {
            Self::Id(asked) => same("paymentId", asked, answer.payment_id.as_deref()),
            Self::RequestId(asked) => same("paymentRequestId", asked, answer.payment_request_id.as_deref()),
        }
    }
}
