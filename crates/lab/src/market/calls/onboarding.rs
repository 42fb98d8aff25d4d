//! `merchants/register` and `merchants/settlementInfo/update` (fact sheet, 1.2).

use super::success;
use crate::market::accounts::Party;
use crate::market::plans::Verdict;
use crate::market::records::{Review, Seller};
use crate::market::refusal::{Refusal, illegal, refuse};
use crate::market::request::{Asked, ID};
use crate::market::state::{Event, Market};
use crate::world::money::Currency;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Most settlement currencies, and payment methods, of a registration.
const MOST_SETTLEMENT_INFOS: usize = 10;
const MOST_METHODS: usize = 100;

/// The words of a failed review.
const REASON: &str = "the review ended with a refusal";

impl Market {
    pub(super) fn register(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let request_id = asked.text("registrationRequestId", ID)?.to_owned();
        let banks = banks(asked)?;
        let merchant = asked.object("merchantInfo")?;
        let reference = merchant.text("referenceMerchantId", ID)?.to_owned();
        let login = merchant.text("loginId", ID)?.to_owned();
        if !login.contains('@') {
            return illegal(format!("`merchantInfo.loginId` is `{login}`; expected an e-mail address"));
        }
        merchant.word("legalEntityType", &["COMPANY", "INDIVIDUAL"])?;
        let methods = self.methods_of(asked)?;
        let known = self.sellers.get(&reference);
        if known.is_some_and(|seller| seller.status != Review::Failed) {
            return illegal(format!("`merchantInfo.referenceMerchantId` `{reference}` is taken"));
        }
        if self.logins.contains(&login) {
            return illegal(format!("`merchantInfo.loginId` `{login}` was used before"));
        }
        self.logins.insert(login);
        let number = self.sellers.len() + 1;
        let merchant_id = format!("21881201{number:08}");
        let seller = Seller {
            reference: reference.clone(),
            merchant_id: known.map_or(merchant_id, |seller| seller.merchant_id.clone()),
            registration_request_id: request_id.clone(),
            status: Review::Processing,
            reason: None,
            registered_at: self.now,
            methods,
            banks,
            updates: BTreeMap::new(),
        };
        self.sellers.insert(reference.clone(), seller);
        self.after(self.options.review, Event::Reviewed { reference, request_id });
        Ok(json!({"result": success(), "registrationStatus": "PROCESSING"}))
    }

    /// Each method must be enabled for the platform already.
    fn methods_of(&self, asked: &Asked<'_>) -> Result<Vec<String>, Refusal> {
        let mut methods = Vec::new();
        for method in asked.list("paymentMethods", MOST_METHODS)? {
            let code = method.text("paymentMethodType", ID)?;
            if Self::method(code).is_none() {
                return refuse("INVALID_CONTRACT", format!("the platform has no contract for `{code}`"));
            }
            methods.push(code.to_owned());
        }
        Ok(methods)
    }

    /// The review of a registration ends, unless it ended before or the seller applied again.
    pub(in crate::market) fn reviewed(&mut self, reference: &str, request_id: &str) {
        let verdict = self.plans.verdicts.get(request_id).copied().unwrap_or(Verdict::Accept);
        let Some(seller) = self.sellers.get_mut(reference) else { return };
        if seller.status != Review::Processing || seller.registration_request_id != request_id {
            return;
        }
        seller.status = if verdict == Verdict::Accept { Review::Successful } else { Review::Failed };
        seller.reason = verdict.reason();
        let mut body = json!({
            "notifyType": "REGISTRATION_RESULT",
            "result": success(),
            "referenceMerchantId": reference,
            "registrationRequestId": request_id,
            "registrationStatus": seller.status.word(),
        });
        if let Some(reason) = seller.reason {
            body["reasonCode"] = json!(reason);
            body["reasonMessage"] = json!(REASON);
        } else {
            let currencies: Vec<Currency> = seller.banks.keys().copied().collect();
            for currency in currencies {
                self.accounts.open(Party::Seller(reference.to_owned()), currency);
                self.accounts.open(Party::Marketplace, currency);
            }
        }
        self.notify("REGISTRATION_RESULT", None, &body);
    }

    pub(super) fn update_settlement_info(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let request_id = asked.text("updateRequestId", ID)?.to_owned();
        let reference = asked.text("referenceMerchantId", ID)?.to_owned();
        let currency = asked.currency("settlementCurrency")?;
        let bank = bank(asked)?;
        // Which code Antom gives is not documented; this is the one of the registration's inquiry.
        let Some(seller) = self.sellers.get_mut(&reference) else {
            return refuse("RECORD_NOT_FOUND", format!("sub-merchant `{reference}` is not known"));
        };
        if seller.status != Review::Successful {
            return refuse("CONTRACT_CHECK_FAIL", format!("sub-merchant `{reference}` is not registered"));
        }
        seller.updates.insert(request_id.clone(), (currency, bank));
        self.after(self.options.update_review, Event::Updated { reference, request_id });
        Ok(json!({"result": success(), "updateStatus": "PROCESSING"}))
    }

    /// The members of this notification are in no source: they are named as those of the request.
    pub(in crate::market) fn updated(&mut self, reference: &str, request_id: &str) {
        let verdict = self.plans.verdicts.get(request_id).copied().unwrap_or(Verdict::Accept);
        let Some(seller) = self.sellers.get_mut(reference) else { return };
        let Some((currency, bank)) = seller.updates.remove(request_id) else { return };
        let status = if verdict == Verdict::Accept { Review::Successful } else { Review::Failed };
        let mut body = json!({
            "notifyType": "SETTLEMENT_INFO_UPDATE_RESULT",
            "result": success(),
            "updateRequestId": request_id,
            "referenceMerchantId": reference,
            "settlementCurrency": currency.code,
            "updateStatus": status.word(),
        });
        match verdict.reason() {
            Some(reason) => {
                body["reasonCode"] = json!(reason);
                body["reasonMessage"] = json!(REASON);
            }
            None => {
                seller.banks.insert(currency, bank);
                self.accounts.open(Party::Seller(reference.to_owned()), currency);
                self.accounts.open(Party::Marketplace, currency);
            }
        }
        self.notify("SETTLEMENT_INFO_UPDATE_RESULT", None, &body);
    }
}

fn banks(asked: &Asked<'_>) -> Result<BTreeMap<Currency, Value>, Refusal> {
    let infos = asked.list("settlementInfos", MOST_SETTLEMENT_INFOS)?;
    if infos.is_empty() {
        return illegal("`settlementInfos` is missing");
    }
    let mut banks = BTreeMap::new();
    for info in &infos {
        let currency = info.currency("settlementCurrency")?;
        if banks.insert(currency, bank(info)?).is_some() {
            return illegal(format!("`settlementInfos` has two bank accounts for `{}`", currency.code));
        }
    }
    Ok(banks)
}

/// A bank account with the lengths of the SDK's comments.
fn bank(asked: &Asked<'_>) -> Result<Value, Refusal> {
    let account = asked.object("settlementBankAccount")?;
    let number = account.text("bankAccountNo", 64)?;
    let holder = account.text("accountHolderName", 64)?;
    let swift = account.text("swiftCode", 11)?;
    let region = account.text("bankRegion", 2)?;
    account.word("accountHolderType", &["INDIVIDUAL", "ENTERPRISE"])?;
    for (name, longest) in [("routingNumber", 9), ("branchCode", 32), ("accountHolderTIN", 32), ("bankName", 256)] {
        account.optional(name, longest)?;
    }
    account.optional("iban", 34)?;
    Ok(json!({"bankAccountNo": number, "accountHolderName": holder, "swiftCode": swift, "bankRegion": region}))
}
