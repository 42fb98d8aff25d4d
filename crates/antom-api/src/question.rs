//! How something is asked, and the inquiries. Nothing in here changes anything at Antom's; what does is in
//! `marketplace`.

use serde::Serialize;

use crate::answer::ResultInfo;
use crate::error::{Distrust, NotAsked};
use crate::excerpt;
use crate::model::{BalanceInquiry, Body, PaymentInquiry, RefundInquiry};

/// Longest `paymentId`, `paymentRequestId`, `refundId` and `refundRequestId` (SDK comments).
const MOST_ID_CHARACTERS: usize = 64;
/// Longest `referenceMerchantId` of `inquireBalance` (SDK comments).
const MOST_MERCHANT_CHARACTERS: usize = 32;

/// Which payment to ask about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PaymentQuestion {
    /// By Antom's `paymentId`.
    Id(String),
    /// By the merchant's `paymentRequestId`.
    RequestId(String),
}

/// Which refund to ask about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RefundQuestion {
    /// By Antom's `refundId`.
    Id(String),
    /// By the merchant's `refundRequestId`.
    RequestId(String),
}

/// Whose balances to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BalanceQuestion {
    /// The marketplace's own.
    Marketplace,
    /// Those of the sub-merchant with this `referenceMerchantId`.
    SubMerchant(String),
}

impl PaymentQuestion {
    /// By `paymentId` if there is one, else by `paymentRequestId`: Antom prefers the former when it
    /// gets both. Empty ids count as none; `None` without any.
    #[must_use]
    pub fn by(payment_id: Option<&str>, payment_request_id: Option<&str>) -> Option<Self> {
        either(payment_id, payment_request_id, Self::Id, Self::RequestId)
    }
}

impl RefundQuestion {
    /// By `refundId` if there is one, else by `refundRequestId`: Antom prefers the former when it
    /// gets both. Empty ids count as none; `None` without any.
    #[must_use]
    pub fn by(refund_id: Option<&str>, refund_request_id: Option<&str>) -> Option<Self> {
        either(refund_id, refund_request_id, Self::Id, Self::RequestId)
    }
}

fn either<Q>(
    id: Option<&str>,
    request_id: Option<&str>,
    by_id: fn(String) -> Q,
    by_request_id: fn(String) -> Q,
) -> Option<Q> {
    let given = |text: &&str| !text.trim().is_empty();
    let id = id.filter(given).map(|id| by_id(id.to_owned()));
    id.or_else(|| request_id.filter(given).map(|id| by_request_id(id.to_owned())))
}

/// How a question is put and how its answer is recognised.
pub(crate) trait Question {
    type Body: Body;

    /// The end of the path.
    const API: &'static str;

    /// The request body, which is signed and sent as it is.
    fn request(&self, merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked>;

    /// Whether an answer is about what was asked, as far as it carries ids.
    fn recognise(&self, answer: &Self::Body) -> Result<(), Distrust>;

    /// Whether an answer that says how something stands says of what. What Antom's page of the call does not say to be in every
    /// such answer is not asked for.
    fn is_named_in(&self, _found: &Self::Body) -> Result<(), Distrust> {
        Ok(())
    }

    /// Whether asking again soon would bring nothing new.
    fn is_final(&self, result: &ResultInfo, _answer: &Self::Body) -> bool {
        !result.is_worth_a_retry()
    }

    /// Whether the same request twice does the same as once. What must not be repeated is sent once,
    /// whatever comes of it.
    fn may_be_repeated(&self) -> bool {
        true
    }
}

/// The members of all requests; those that are `None` are not sent.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_merchant_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_account_id: Option<&'a str>,
}

impl Request<'_> {
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and nothing else always serialise")
    }
}

impl PaymentQuestion {
    /// Antom's name of the id, the one that was asked for, and the one that the answer has.
    ///
    /// Source: page `paymentri_online`, both ids are returned whenever the call worked.
    fn beside<'a>(&'a self, answer: &'a PaymentInquiry) -> (&'static str, &'a str, Option<&'a str>) {
        match self {
            Self::Id(asked) => ("paymentId", asked, answer.payment_id.as_deref()),
            Self::RequestId(asked) => ("paymentRequestId", asked, answer.payment_request_id.as_deref()),
        }
    }
}

impl Question for PaymentQuestion {
    type Body = PaymentInquiry;
    const API: &'static str = "v1/payments/inquiryPayment";

    fn request(&self, merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        let request = Request { merchant_account_id, ..Request::default() };
        let request = match self {
            Self::Id(id) => Request { payment_id: Some(id_of("paymentId", id)?), ..request },
            Self::RequestId(id) => Request { payment_request_id: Some(id_of("paymentRequestId", id)?), ..request },
        };
        Ok(request.to_json())
    }

    fn recognise(&self, answer: &PaymentInquiry) -> Result<(), Distrust> {
        let (field, asked, found) = self.beside(answer);
        same(field, asked, found)
    }

    fn is_named_in(&self, found: &PaymentInquiry) -> Result<(), Distrust> {
        let (field, asked, found) = self.beside(found);
        named(field, asked, found)
    }
}

impl RefundQuestion {
    /// Antom's name of the id, the one that was asked for, and the one that the answer has.
    ///
    /// Source: page `ir_online`, the fields are null only if the refund is not found or the call did not work.
    fn beside<'a>(&'a self, answer: &'a RefundInquiry) -> (&'static str, &'a str, Option<&'a str>) {
        match self {
            Self::Id(asked) => ("refundId", asked, answer.refund_id.as_deref()),
            Self::RequestId(asked) => ("refundRequestId", asked, answer.refund_request_id.as_deref()),
        }
    }
}

impl Question for RefundQuestion {
    type Body = RefundInquiry;
    const API: &'static str = "v1/payments/inquiryRefund";

    fn request(&self, merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        let request = Request { merchant_account_id, ..Request::default() };
        let request = match self {
            Self::Id(id) => Request { refund_id: Some(id_of("refundId", id)?), ..request },
            Self::RequestId(id) => Request { refund_request_id: Some(id_of("refundRequestId", id)?), ..request },
        };
        Ok(request.to_json())
    }

    fn recognise(&self, answer: &RefundInquiry) -> Result<(), Distrust> {
        let (field, asked, found) = self.beside(answer);
        same(field, asked, found)
    }

    fn is_named_in(&self, found: &RefundInquiry) -> Result<(), Distrust> {
        let (field, asked, found) = self.beside(found);
        named(field, asked, found)
    }
}

impl Question for BalanceQuestion {
    type Body = BalanceInquiry;
    const API: &'static str = "v1/accounts/inquireBalance";

    /// `inquireBalance` has no `merchantAccountId`.
    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        let request = match self {
            Self::Marketplace => Request::default(),
            Self::SubMerchant(id) => {
                let id = printable("referenceMerchantId", id, MOST_MERCHANT_CHARACTERS)?;
                Request { reference_merchant_id: Some(id), ..Request::default() }
            }
        };
        Ok(request.to_json())
    }

    /// The answer carries no id of the party, so there is nothing to compare.
    fn recognise(&self, _answer: &BalanceInquiry) -> Result<(), Distrust> {
        Ok(())
    }
}

pub(crate) fn id_of<'a>(field: &'static str, id: &'a str) -> Result<&'a str, NotAsked> {
    printable(field, id, MOST_ID_CHARACTERS)
}

pub(crate) fn printable<'a>(field: &'static str, id: &'a str, most: usize) -> Result<&'a str, NotAsked> {
    let problem = match id {
        _ if id.trim().is_empty() => "empty",
        _ if id.chars().count() > most => "too long",
        _ if id.chars().any(char::is_control) => "not printable",
        _ => return Ok(id),
    };
    Err(NotAsked::Id { field, problem, most })
}

pub(crate) fn same(field: &'static str, asked: &str, found: Option<&str>) -> Result<(), Distrust> {
    match found {
        Some(found) if found != asked => {
            Err(Distrust::WrongAnswer { field, asked: asked.to_owned(), found: excerpt(found) })
        }
        _ => Ok(()),
    }
}

fn named(field: &'static str, asked: &str, found: Option<&str>) -> Result<(), Distrust> {
    match found {
        Some(_) => Ok(()),
        None => Err(Distrust::Nameless { field, asked: asked.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(request: Result<Vec<u8>, NotAsked>) -> String {
        String::from_utf8(request.unwrap()).unwrap()
    }

    #[test]
    fn requests_carry_what_was_given_and_nothing_else() {
        let payment = PaymentQuestion::Id("2023".to_owned());
        assert_eq!(text(payment.request(None)), r#"{"paymentId":"2023"}"#);
        let refund = RefundQuestion::RequestId("R \"1\"".to_owned());
        assert_eq!(text(refund.request(Some("M1"))), r#"{"refundRequestId":"R \"1\"","merchantAccountId":"M1"}"#);
        assert_eq!(text(BalanceQuestion::Marketplace.request(Some("M1"))), "{}");
        let seller = BalanceQuestion::SubMerchant("S1".to_owned());
        assert_eq!(text(seller.request(None)), r#"{"referenceMerchantId":"S1"}"#);
    }

    #[test]
    fn antoms_id_wins_and_an_empty_one_is_none() {
        assert_eq!(PaymentQuestion::by(Some("a"), Some("b")), Some(PaymentQuestion::Id("a".to_owned())));
        assert_eq!(PaymentQuestion::by(Some(" "), Some("b")), Some(PaymentQuestion::RequestId("b".to_owned())));
        assert_eq!(RefundQuestion::by(None, Some("b")), Some(RefundQuestion::RequestId("b".to_owned())));
        assert_eq!(RefundQuestion::by(Some(""), None), None);
    }

    #[test]
    fn ids_that_antom_cannot_have_are_not_asked_for() {
        let longest = "é".repeat(MOST_ID_CHARACTERS);
        assert!(PaymentQuestion::Id(longest.clone()).request(None).is_ok());
        for (id, expected) in
            [("", "empty"), (" ", "empty"), ("a\nb", "not printable"), (&format!("{longest}x"), "too long")]
        {
            let error = PaymentQuestion::RequestId(id.to_owned()).request(None).unwrap_err().to_string();
            assert!(error.contains("`paymentRequestId`") && error.contains(expected), "{error}");
        }
        assert!(BalanceQuestion::SubMerchant("x".repeat(33)).request(None).is_err());
    }
}
