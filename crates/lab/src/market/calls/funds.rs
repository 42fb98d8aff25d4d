//! `funds/createTransfer`, `funds/createPayout` and `accounts/inquireBalance` (fact sheet, 1.4).
//!
//! The words for accounts are ours, because no page shows them: `paymentMethodType` is `ANTOM_ACCOUNT` for an account at Antom and
//! `BANK_ACCOUNT` for the bank account of a payout; `customerId` names the sub-merchant, none the marketplace itself.

use super::success;
use crate::api::result_only;
use crate::market::accounts::Party;
use crate::market::money::Money;
use crate::market::plans::Bank;
use crate::market::records::{Flow, Review, TransferRecord};
use crate::market::refusal::{Refusal, illegal, refuse};
use crate::market::request::{Asked, ID, URL};
use crate::market::state::{Event, Market};
use serde_json::{Value, json};

/// Longest sub-merchant id of an inquiry, and longest remark.
const LONGEST_MERCHANT: usize = 32;
const LONGEST_REMARK: usize = 1024;

impl Market {
    pub(super) fn transfer(&mut self, asked: &Asked<'_>, is_payout: bool) -> Result<Value, Refusal> {
        let request_id = asked.text("transferRequestId", ID)?.to_owned();
        let (from_detail, to_detail) = (asked.object("transferFromDetail")?, asked.object("transferToDetail")?);
        let money = from_detail.amount("transferFromAmount")?;
        if to_detail.currency("transferToCurrency")? != money.currency {
            return refuse("CURRENCY_NOT_SUPPORT", "nothing is converted here");
        }
        to_detail.word("purposeCode", &["GSD"])?;
        to_detail.optional("transferRemark", LONGEST_REMARK)?;
        let notify_url = to_detail.optional("transferNotifyUrl", URL)?.map(str::to_owned);
        let (from_method, to_method) =
            (from_detail.object("transferFromMethod")?, to_detail.object("transferToMethod")?);
        let from = self.party(&from_method, "ANTOM_ACCOUNT")?;
        let to = self.party(&to_method, if is_payout { "BANK_ACCOUNT" } else { "ANTOM_ACCOUNT" })?;
        self.check_transfer(&from, &to, money, is_payout)?;
        if let Some(Bank::Refuses(code)) = self.plans.banks.get(&request_id) {
            return Ok(result_only(code, "F", "the bank refuses"));
        }
        let id = self.new_id("1940114");
        let details = (
            json!({"transferFromMethod": method(&from, "ANTOM_ACCOUNT"), "transferFromAmount": money.json()}),
            json!({
                "transferToMethod": method(&to, if is_payout { "BANK_ACCOUNT" } else { "ANTOM_ACCOUNT" }),
                "transferToCurrency": money.currency.code,
                "actualTransferToAmount": money.json(),
                "purposeCode": "GSD",
            }),
        );
        let what = if is_payout { "WITHDRAWAL" } else { "TRANSFER" };
        self.book(from.clone(), Money::new(-money.minor, money.currency), what, &id);
        let to = (!is_payout).then_some(to);
        let status = Flow::Processing;
        let transfer = TransferRecord {
            id: id.clone(),
            request_id: request_id.clone(),
            from,
            to,
            money,
            status,
            notify_url,
            details,
        };
        self.transfers.insert(id.clone(), transfer);
        self.after(self.options.bank, Event::TransferEnds { transfer_id: id });
        Ok(self.transfer_as_of_now(&request_id).unwrap_or_default())
    }

    fn party(&self, method: &Asked<'_>, word: &'static str) -> Result<Party, Refusal> {
        method.word("paymentMethodType", &[word])?;
        let Some(reference) = method.optional("customerId", ID)? else { return Ok(Party::Marketplace) };
        match self.sellers.get(reference).filter(|seller| seller.status == Review::Successful) {
            Some(_) => Ok(Party::Seller(reference.to_owned())),
            None => refuse("CONTRACT_CHECK_FAIL", format!("sub-merchant `{reference}` is not registered")),
        }
    }

    fn check_transfer(&self, from: &Party, to: &Party, money: Money, is_payout: bool) -> Result<(), Refusal> {
        if is_payout && from != to {
            return refuse("ACCESS_DENIED", "a payout goes to the bank account of the party whose money it is");
        }
        if !is_payout && from == to {
            return illegal("`transferToDetail` names the account that `transferFromDetail` names");
        }
        for party in [from, to] {
            let has_account = match party {
                Party::Marketplace => true,
                Party::Seller(reference) => {
                    self.sellers.get(reference).is_some_and(|seller| seller.banks.contains_key(&money.currency))
                }
            };
            if !has_account {
                return refuse("CURRENCY_NOT_SUPPORT", format!("`{}` has no such account", party.reference()));
            }
        }
        // What the next batch pays out cannot be moved before.
        let currency = money.currency;
        let bound = self.frozen(from, currency) + self.awaited(from, currency);
        let available = self.accounts.balance(from, currency) - bound;
        if money.minor > available {
            return refuse("MERCHANT_BALANCE_NOT_ENOUGH", format!("{} are available", available.max(0)));
        }
        Ok(())
    }

    pub(in crate::market) fn transfer_ends(&mut self, id: &str) {
        let Some(transfer) = self.transfers.get(id).cloned() else { return };
        let failure = match self.plans.banks.get(&transfer.request_id) {
            Some(Bank::IsSlowAndFails(code)) => Some(code.clone()),
            _ => None,
        };
        let what = if transfer.to.is_some() { "TRANSFER" } else { "WITHDRAWAL" };
        match (&failure, &transfer.to) {
            (Some(_), _) => self.book(transfer.from.clone(), transfer.money, what, id),
            (None, Some(to)) => self.book(to.clone(), transfer.money, what, id),
            (None, None) => {}
        }
        let status = failure.map_or(Flow::Success, Flow::Fail);
        let result = match &status {
            Flow::Fail(code) => result_only(code, "F", "the transfer failed")["result"].clone(),
            _ => success(),
        };
        let (from_detail, to_detail) = transfer.details.clone();
        let body = json!({
            "notifyType": "TRANSFER_RESULT",
            "transferRequestId": transfer.request_id,
            "transferId": transfer.id,
            "transferResult": result,
            "transferFinishTime": Self::iso(self.now),
            "transferFromDetail": from_detail,
            "transferToDetail": to_detail,
        });
        if let Some(known) = self.transfers.get_mut(id) {
            known.status = status;
        }
        self.notify("TRANSFER_RESULT", transfer.notify_url, &body);
    }

    /// Accepted orders are answered with `U` and a `transferId` until they have ended.
    pub(super) fn transfer_as_of_now(&self, request_id: &str) -> Option<Value> {
        let transfer = self.transfers.values().find(|transfer| transfer.request_id == request_id)?;
        let result = match &transfer.status {
            Flow::Processing => result_only("PROCESSING", "U", "the transfer is in process")["result"].clone(),
            Flow::Success => success(),
            Flow::Fail(code) => result_only(code, "F", "the transfer failed")["result"].clone(),
        };
        let (from_detail, to_detail) = &transfer.details;
        Some(json!({
            "result": result,
            "transferRequestId": transfer.request_id,
            "transferId": transfer.id,
            "transferFromDetail": from_detail,
            "transferToDetail": to_detail,
        }))
    }

    /// What is not settled yet, or held for a dispute, is frozen. The API has no negative amounts: a debt shows as nothing.
    pub(super) fn inquire_balance(&self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let wanted = match asked.optional("referenceMerchantId", LONGEST_MERCHANT)? {
            None => Party::Marketplace,
            Some(reference) if self.sellers.contains_key(reference) => Party::Seller(reference.to_owned()),
            Some(reference) => return illegal(format!("sub-merchant `{reference}` is not known")),
        };
        let accounts = self.accounts.all().filter(|(party, _)| **party == wanted).map(|(party, total)| {
            let (total, currency) = (total.minor.max(0), total.currency);
            let frozen = self.frozen(party, currency).clamp(0, total);
            json!({
                "accountNo": super::super::reports::account_no(&self.merchant_id(party), currency),
                "currency": currency.code,
                "availableBalance": Money::new(total - frozen, currency).json(),
                "frozenBalance": Money::new(frozen, currency).json(),
                "totalBalance": Money::new(total, currency).json(),
            })
        });
        Ok(json!({"result": success(), "accountBalances": accounts.collect::<Vec<_>>()}))
    }
}

fn method(party: &Party, word: &str) -> Value {
    match party {
        Party::Marketplace => json!({"paymentMethodType": word}),
        Party::Seller(reference) => json!({"paymentMethodType": word, "customerId": reference}),
    }
}
