//! Moving money: `createTransfer` and `createPayout`.

use serde::Serialize;

use super::body::receipt;
use super::{PaymentMethod, check};
use crate::answer::ResultInfo;
use crate::error::{Distrust, NotAsked};
use crate::model::Amount;
use crate::question::{Question, same};

/// Longest `transferRemark` (SDK comments).
const MOST_REMARK: usize = 1024;

/// A transfer or a payout (fact sheet, 1.4). Idempotent by `transfer_request_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// `transferRequestId`.
    pub transfer_request_id: String,
    /// `transferFromDetail`.
    pub transfer_from_detail: TransferFrom,
    /// `transferToDetail`.
    pub transfer_to_detail: TransferTo,
}

/// Where the money comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferFrom {
    /// `transferFromMethod`.
    pub transfer_from_method: PaymentMethod,
    /// `transferFromAmount`.
    pub transfer_from_amount: Amount,
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferTo {
    /// `transferToMethod`.
    pub transfer_to_method: PaymentMethod,
    /// `transferToCurrency`.
    pub transfer_to_currency: String,
    /// `purposeCode`: fixed, `GSD`.
    pub purpose_code: String,
    /// `transferNotifyUrl`: in place of the one in the dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_notify_url: Option<String>,
    /// `transferRemark`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_remark: Option<String>,
}

receipt! {
    /// The answer to `createTransfer` and `createPayout`.
    pub struct TransferReceipt {
        /// `transferRequestId`.
        transfer_request_id: Option<String> = text("transferRequestId"),
        /// `transferId`: it is there once Antom has taken the order on, with status `U` too.
        transfer_id: Option<String> = text("transferId"),
    }
}

impl Transfer {
    /// Moves `amount`, in its own currency, from one account to another. Accounts are named by `paymentMethodType` and
    /// `paymentMethodId`.
    #[must_use]
    pub fn new(transfer_request_id: impl Into<String>, from: PaymentMethod, amount: Amount, to: PaymentMethod) -> Self {
        Transfer {
            transfer_request_id: transfer_request_id.into(),
            transfer_to_detail: TransferTo {
                transfer_to_method: to,
                transfer_to_currency: amount.currency.clone(),
                purpose_code: "GSD".to_owned(),
                transfer_notify_url: None,
                transfer_remark: None,
            },
            transfer_from_detail: TransferFrom { transfer_from_method: from, transfer_from_amount: amount },
        }
    }

    fn request(&self) -> Result<Vec<u8>, NotAsked> {
        check::id("transferRequestId", &self.transfer_request_id)?;
        check::amount("transferFromAmount", &self.transfer_from_detail.transfer_from_amount)?;
        check::currency("transferToCurrency", &self.transfer_to_detail.transfer_to_currency)?;
        check::url("transferNotifyUrl", self.transfer_to_detail.transfer_notify_url.as_deref())?;
        if let Some(remark) = &self.transfer_to_detail.transfer_remark {
            check::text("transferRemark", remark, MOST_REMARK)?;
        }
        Ok(check::json(self, None))
    }

    fn recognise(&self, answer: &TransferReceipt) -> Result<(), Distrust> {
        same("transferRequestId", &self.transfer_request_id, answer.transfer_request_id.as_deref())
    }
}

/// A taken order has an id, whatever the status.
fn is_final(result: &ResultInfo, answer: &TransferReceipt) -> bool {
    answer.transfer_id.is_some() || !result.is_worth_a_retry()
}

/// The same order, as one call or the other.
pub(super) struct AsTransfer<'a>(pub(super) &'a Transfer);

pub(super) struct AsPayout<'a>(pub(super) &'a Transfer);

impl Question for AsTransfer<'_> {
    type Body = TransferReceipt;
    const API: &'static str = "v1/funds/createTransfer";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        self.0.request()
    }

    fn recognise(&self, answer: &TransferReceipt) -> Result<(), Distrust> {
        self.0.recognise(answer)
    }

    fn is_final(&self, result: &ResultInfo, answer: &TransferReceipt) -> bool {
        is_final(result, answer)
    }
}

impl Question for AsPayout<'_> {
    type Body = TransferReceipt;
    const API: &'static str = "v1/funds/createPayout";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        self.0.request()
    }

    fn recognise(&self, answer: &TransferReceipt) -> Result<(), Distrust> {
        self.0.recognise(answer)
    }

    fn is_final(&self, result: &ResultInfo, answer: &TransferReceipt) -> bool {
        is_final(result, answer)
    }
}
