//! The business behind the gateway: what is asked, and the answer as JSON (fact sheet, 1.4, 6.4, 6.6).

use serde_json::{Map, Value, json};

use super::book::{ApiState, BalanceRecord, PaymentRecord, RefundRecord, TransactionRecord};
use super::log::Endpoint;

/// Longest payment and refund id that Antom documents.
const LONGEST_ID: usize = 64;

/// Longest sub-merchant id that Antom documents.
const LONGEST_MERCHANT_ID: usize = 32;

/// An answer before it is signed.
pub(super) struct Answer {
    /// Ids that the request named, and those of what was found.
    pub ids: Vec<String>,
    /// The body.
    pub body: Value,
}

/// The `resultCode` of a body.
pub(super) fn result_code(body: &Value) -> &str {
    body["result"]["resultCode"].as_str().unwrap_or_default()
}

/// A body with nothing but `result`.
pub(crate) fn result_only(code: &str, status: &str, message: &str) -> Value {
    json!({"result": {"resultCode": code, "resultStatus": status, "resultMessage": message}})
}

/// Answers an inquiry from the book.
pub(super) fn answer(endpoint: Endpoint, body: &[u8], state: &ApiState) -> Answer {
    let request = match serde_json::from_slice(body) {
        Ok(Value::Object(request)) => request,
        Ok(_) => return illegal("the body is not a JSON object"),
        Err(error) => return illegal(&format!("the body is not JSON: {error}")),
    };
    let answered = match endpoint {
        Endpoint::InquiryPayment => payment(&request, state),
        Endpoint::InquiryRefund => refund(&request, state),
        Endpoint::InquireBalance => balance(&request, state),
        other => Err(format!("`{}` needs a marketplace", other.path())),
    };
    answered.unwrap_or_else(|reason| illegal(&reason))
}

/// The answer that a payment or refund has, whichever id it is named by; for replaying it in the wrong place.
pub(super) fn answer_about(endpoint: Endpoint, id: &str, state: &ApiState) -> Option<Value> {
    match endpoint {
        Endpoint::InquiryPayment => {
            state.payment_by_id(id).or_else(|| state.payment_by_request_id(id)).map(|found| payment_body(&found))
        }
        Endpoint::InquiryRefund => {
            state.refund_by_id(id).or_else(|| state.refund_by_request_id(id)).map(|found| refund_body(&found))
        }
        Endpoint::InquireBalance => Some(balance_body(&state.balances(Some(id)))),
        _ => None,
    }
}

fn illegal(reason: &str) -> Answer {
    Answer { ids: Vec::new(), body: result_only("PARAM_ILLEGAL", "F", reason) }
}

/// Which code Antom gives for an unknown id is not documented for inquiries; sister calls use this one (working
/// default 16).
fn unknown(ids: Vec<String>) -> Answer {
    Answer { ids, body: result_only("ORDER_NOT_EXIST", "F", "the order does not exist") }
}

/// An optional text field, empty taken as absent.
fn text<'a>(request: &'a Map<String, Value>, name: &str, longest: usize) -> Result<Option<&'a str>, String> {
    match request.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) if value.is_empty() => Ok(None),
        Some(Value::String(value)) if value.chars().count() <= longest => Ok(Some(value)),
        Some(Value::String(_)) => Err(format!("`{name}` is longer than {longest} characters")),
        Some(_) => Err(format!("`{name}` is not a string")),
    }
}

/// Antom's id and the request id of a request; at least one must be there.
fn either_id<'a>(
    request: &'a Map<String, Value>,
    name: &str,
    request_name: &str,
) -> Result<(Option<&'a str>, Option<&'a str>), String> {
    match (text(request, name, LONGEST_ID)?, text(request, request_name, LONGEST_ID)?) {
        (None, None) => Err(format!("one of `{name}` and `{request_name}` must be given")),
        ids => Ok(ids),
    }
}

fn named(ids: [Option<&str>; 2]) -> Vec<String> {
    ids.into_iter().flatten().map(str::to_owned).collect()
}

fn payment(request: &Map<String, Value>, state: &ApiState) -> Result<Answer, String> {
    let (id, request_id) = either_id(request, "paymentId", "paymentRequestId")?;
    let found = match (id, request_id) {
        (Some(id), _) => state.payment_by_id(id),
        (None, Some(request_id)) => state.payment_by_request_id(request_id),
        (None, None) => None,
    };
    let mut ids = named([id, request_id]);
    let Some(found) = found else {
        return Ok(unknown(ids));
    };
    ids.extend([found.payment_id.clone(), found.payment_request_id.clone()]);
    Ok(Answer { ids, body: payment_body(&found) })
}

fn refund(request: &Map<String, Value>, state: &ApiState) -> Result<Answer, String> {
    let (id, request_id) = either_id(request, "refundId", "refundRequestId")?;
    let found = match (id, request_id) {
        (Some(id), _) => state.refund_by_id(id),
        (None, Some(request_id)) => state.refund_by_request_id(request_id),
        (None, None) => None,
    };
    let mut ids = named([id, request_id]);
    let Some(found) = found else {
        return Ok(unknown(ids));
    };
    ids.extend([found.refund_id.clone(), found.refund_request_id.clone()]);
    Ok(Answer { ids, body: refund_body(&found) })
}

/// A sub-merchant without accounts is answered with `PARAM_ILLEGAL`; what Antom says then is not documented.
fn balance(request: &Map<String, Value>, state: &ApiState) -> Result<Answer, String> {
    let merchant = text(request, "referenceMerchantId", LONGEST_MERCHANT_ID)?;
    let balances = state.balances(merchant);
    if let (Some(merchant), true) = (merchant, balances.is_empty()) {
        return Err(format!("sub-merchant `{merchant}` is not known"));
    }
    Ok(Answer { ids: named([merchant, None]), body: balance_body(&balances) })
}

fn payment_body(payment: &PaymentRecord) -> Value {
    let mut body = json!({
        "result": success(),
        "paymentStatus": payment.status,
        "paymentResultCode": payment.status,
        "paymentRequestId": payment.payment_request_id,
        "paymentId": payment.payment_id,
        "paymentAmount": amount(payment.amount_minor, &payment.currency),
    });
    if payment.status == "SUCCESS" {
        insert(&mut body, "paymentTime", payment.payment_time.as_deref());
    }
    insert(&mut body, "earliestSettlementTime", payment.earliest_settlement_time.as_deref());
    if !payment.transactions.is_empty() {
        body["transactions"] = payment.transactions.iter().map(transaction_body).collect();
    }
    body
}

fn transaction_body(transaction: &TransactionRecord) -> Value {
    let mut body = json!({
        "transactionId": transaction.transaction_id,
        "transactionRequestId": transaction.transaction_request_id,
        "transactionType": transaction.transaction_type,
        "transactionStatus": transaction.status,
        "transactionAmount": amount(transaction.amount_minor, &transaction.currency),
    });
    insert(&mut body, "transactionTime", transaction.transaction_time.as_deref());
    body
}

fn refund_body(refund: &RefundRecord) -> Value {
    let mut body = json!({
        "result": success(),
        "refundStatus": refund.status,
        "refundId": refund.refund_id,
        "refundRequestId": refund.refund_request_id,
        "refundAmount": amount(refund.amount_minor, &refund.currency),
    });
    if refund.status == "SUCCESS" {
        insert(&mut body, "refundTime", refund.refund_time.as_deref());
    }
    body
}

fn balance_body(balances: &[BalanceRecord]) -> Value {
    let accounts = balances.iter().map(|balance| {
        json!({
            "accountNo": balance.account_no,
            "currency": balance.currency,
            "availableBalance": amount(balance.available_minor, &balance.currency),
            "frozenBalance": amount(balance.frozen_minor, &balance.currency),
            "totalBalance": amount(balance.total_minor, &balance.currency),
        })
    });
    json!({"result": success(), "accountBalances": accounts.collect::<Vec<_>>()})
}

fn success() -> Value {
    json!({"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"})
}

/// Values are strings, as every field of the API that is not an array.
fn amount(minor: u64, currency: &str) -> Value {
    json!({"currency": currency, "value": minor.to_string()})
}

fn insert(body: &mut Value, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        body[name] = json!(value);
    }
}
