//! Sub-merchants: `register` and `settlementInfo/update`.

use serde::Serialize;

use super::body::receipt;
use super::{Members, check};
use crate::error::{Distrust, NotAsked};
use crate::model::open_enum;
use crate::question::Question;

/// Most settlement currencies of a sub-merchant (SDK comments).
const MOST_SETTLEMENT_INFOS: usize = 10;
/// Longest `bankAccountNo` and `accountHolderName`.
const MOST_ACCOUNT_TEXT: usize = 64;

/// Proposes a sub-merchant (fact sheet, 1.2). Idempotent by `registration_request_id`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Register {
    /// `registrationRequestId`.
    pub registration_request_id: String,
    /// `settlementInfos`: one bank account per settlement currency, at most 10.
    pub settlement_infos: Vec<SettlementInfo>,
    /// `merchantInfo`.
    pub merchant_info: MerchantInfo,
    /// `paymentMethods`: each must be enabled for the platform already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payment_methods: Vec<super::PaymentMethod>,
}

/// Where the money of one settlement currency goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementInfo {
    /// `settlementCurrency`.
    pub settlement_currency: String,
    /// `settlementBankAccount`.
    pub settlement_bank_account: SettlementBankAccount,
}

/// A bank account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementBankAccount {
    /// `bankAccountNo`.
    pub bank_account_no: String,
    /// `accountHolderName`.
    pub account_holder_name: String,
    /// `swiftCode`, 8 or 11 characters.
    pub swift_code: String,
    /// `bankRegion`, two letters.
    pub bank_region: String,
    /// `accountHolderType`: `INDIVIDUAL` or `ENTERPRISE`.
    pub account_holder_type: String,
    /// `routingNumber`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing_number: Option<String>,
    /// `branchCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_code: Option<String>,
    /// `iban`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    /// Others, such as `bankName`, `accountHolderTIN`, `accountHolderAddress`.
    #[serde(flatten)]
    pub more: Members,
}

/// Who the sub-merchant is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MerchantInfo {
    /// `referenceMerchantId`: the marketplace's id of it, which later stands in every order and report.
    pub reference_merchant_id: String,
    /// `loginId`: an e-mail address, used once only.
    pub login_id: String,
    /// `legalEntityType`: `COMPANY` or `INDIVIDUAL`.
    pub legal_entity_type: String,
    /// Others: `company`, `businessInfo`, `entityAssociations`.
    #[serde(flatten)]
    pub more: Members,
}

/// Another bank account for a sub-merchant and currency (fact sheet, 1.2). Idempotent by `update_request_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSettlementInfo {
    /// `updateRequestId`.
    pub update_request_id: String,
    /// `referenceMerchantId`.
    pub reference_merchant_id: String,
    /// `settlementCurrency`.
    pub settlement_currency: String,
    /// `settlementBankAccount`.
    pub settlement_bank_account: SettlementBankAccount,
}

open_enum! {
    /// `registrationStatus` and `updateStatus`.
    pub enum RegistrationStatus {
        /// Registered.
        Successful = "SUCCESSFUL",
        /// Refused.
        Failed = "FAILED",
        /// In review.
        Processing = "PROCESSING",
    }
}

receipt! {
    /// The answer to `register`.
    pub struct RegisterReceipt {
        /// `registrationStatus`: `PROCESSING`, as long as the review takes.
        registration_status: Option<RegistrationStatus> = status("registrationStatus"),
    }
}

receipt! {
    /// The answer to `settlementInfo/update`.
    pub struct UpdateSettlementInfoReceipt {
        /// `updateStatus`: `PROCESSING`, as long as the review takes.
        update_status: Option<RegistrationStatus> = status("updateStatus"),
    }
}

impl SettlementBankAccount {
    fn check(&self) -> Result<(), NotAsked> {
        check::text("bankAccountNo", &self.bank_account_no, MOST_ACCOUNT_TEXT)?;
        check::text("accountHolderName", &self.account_holder_name, MOST_ACCOUNT_TEXT)?;
        check::text("swiftCode", &self.swift_code, 11)?;
        check::text("bankRegion", &self.bank_region, 2)?;
        check::text("accountHolderType", &self.account_holder_type, MOST_ACCOUNT_TEXT)
    }
}

impl Question for Register {
    type Body = RegisterReceipt;
    const API: &'static str = "v1/merchants/register";

    /// `register` has no `merchantAccountId`.
    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("registrationRequestId", &self.registration_request_id)?;
        check::list("settlementInfos", &self.settlement_infos, MOST_SETTLEMENT_INFOS)?;
        for info in &self.settlement_infos {
            check::currency("settlementCurrency", &info.settlement_currency)?;
            info.settlement_bank_account.check()?;
        }
        check::reference("referenceMerchantId", &self.merchant_info.reference_merchant_id)?;
        check::reference("loginId", &self.merchant_info.login_id)?;
        Ok(check::json(self, None))
    }

    fn recognise(&self, _answer: &RegisterReceipt) -> Result<(), Distrust> {
        Ok(())
    }
}

impl Question for UpdateSettlementInfo {
    type Body = UpdateSettlementInfoReceipt;
    const API: &'static str = "v1/merchants/settlementInfo/update";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("updateRequestId", &self.update_request_id)?;
        check::reference("referenceMerchantId", &self.reference_merchant_id)?;
        check::currency("settlementCurrency", &self.settlement_currency)?;
        self.settlement_bank_account.check()?;
        Ok(check::json(self, None))
    }

    fn recognise(&self, _answer: &UpdateSettlementInfoReceipt) -> Result<(), Distrust> {
        Ok(())
    }
}
