//! The control port: what a test in another language needs to move time and to say what buyers, banks and schemes do. Plain HTTP
//! and JSON on loopback, unsigned; it is no part of Antom's API.
//!
//! | Request | Does |
//! |---|---|
//! | `GET /` | the clock, the business day, what each account holds |
//! | `GET /notifications` | all notifications and their attempts |
//! | `POST /advance {"seconds":60}` or `{"to":"2026-11-20T10:00:00+08:00"}` | moves the clock; what is due happens |
//! | `POST /close-day` | ends the day: batches, payouts, reports |
//! | `POST /notify-url {"url":"http://127.0.0.1:…"}` | the dashboard's address for notifications |
//! | `POST /plan/buyer {"paymentRequestId":"…","after":60,"code":"RISK_REJECT"}` | how a payment ends; without `code` it is paid, without `after` never |
//! | `POST /plan/bank {"requestId":"…","slow":true,"code":"…"}` | how a capture, refund or transfer ends |
//! | `POST /plan/review {"requestId":"…","reasonCode":"REJECT_FOR_RISK"}` | how a review ends; without `reasonCode` well |
//! | `POST /dispute {"paymentRequestId":"…","amount":100,"type":"CHARGEBACK"}` | a buyer disputes; `RDR` ends at once |
//! | `POST /dispute/judge {"disputeId":"…","deducted":100}` | against the seller; without `deducted` for it |
//! | `POST /dispute/withdraw`, `/dispute/reverse {"disputeId":"…"}` | withdrawn, or given back |
//! | `POST /refund/bounce {"refundRequestId":"…"}` | a refund comes back |

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::calls::{DisputeSort, NewDispute};
use super::handle::Marketplace;
use super::plans::{Bank, Buyer, Verdict};
use crate::world::calendar::{ANTOM_OFFSET_MINUTES, iso};

/// The control port of a marketplace. Stops when dropped.
pub struct Control {
    addr: SocketAddr,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Control {
    /// Listens on `127.0.0.1`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(market: Marketplace, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.with_context(|| format!("the control port 127.0.0.1:{port} is taken"))?;
        let addr = listener.local_addr()?;
        let router = Router::new().fallback(respond).with_state(market);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { addr, serving })
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: Option<i64>,
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotifyUrl {
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlanBuyer {
    payment_request_id: String,
    after: Option<i64>,
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlanBank {
    request_id: String,
    #[serde(default)]
    slow: bool,
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlanReview {
    request_id: String,
    reason_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dispute {
    payment_request_id: String,
    amount: i64,
    r#type: String,
    reason_code: Option<String>,
    source: Option<String>,
    defendable: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfDispute {
    dispute_id: String,
    deducted: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bounce {
    refund_request_id: String,
}

async fn respond(State(market): State<Marketplace>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    let answered = match method {
        Method::GET => show(&market, &path),
        Method::POST => change(&market, &path, &body).await,
        other => Err(anyhow::anyhow!("`{other}` is neither GET nor POST")),
    };
    let (status, body) = match answered {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (StatusCode::BAD_REQUEST, json!({"error": format!("{error:#}")})),
    };
    (status, [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body.to_string()).into_response()
}

fn show(market: &Marketplace, path: &str) -> Result<Value> {
    match path {
        "/" => Ok(state(market)),
        "/notifications" => Ok(market.notifications().iter().map(super::outbox::Sent::json).collect()),
        _ => bail!("there is nothing at `{path}`"),
    }
}

fn state(market: &Marketplace) -> Value {
    let holdings = market.holdings().into_iter().map(|((party, currency), minor)| {
        json!({"referenceMerchantId": party, "currency": currency, "minor": minor.to_string()})
    });
    json!({
        "now": iso(market.now(), ANTOM_OFFSET_MINUTES),
        "today": market.today().to_string(),
        "holdings": holdings.collect::<Vec<_>>(),
        "notifications": market.notifications().len(),
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body }).context("the body cannot be read")
}

async fn change(market: &Marketplace, path: &str, body: &[u8]) -> Result<Value> {
    match path {
        "/advance" => advance(market, &read(body)?).await?,
        "/close-day" => {
            let reports = market.close_day().await?;
            let paths = reports.iter().map(|report| report.path.as_str());
            return Ok(json!({"reports": paths.collect::<Vec<_>>()}));
        }
        "/notify-url" => market.set_notify_url(read::<NotifyUrl>(body)?.url),
        "/dispute" => return Ok(json!({"disputeId": market.open_dispute(&new_dispute(read(body)?)?)?})),
        "/dispute/judge" => {
            let of: OfDispute = read(body)?;
            market.judge_dispute(&of.dispute_id, of.deducted)?;
        }
        "/dispute/withdraw" => market.withdraw_dispute(&read::<OfDispute>(body)?.dispute_id)?,
        "/dispute/reverse" => market.reverse_dispute(&read::<OfDispute>(body)?.dispute_id)?,
        "/refund/bounce" => market.bounce_refund(&read::<Bounce>(body)?.refund_request_id)?,
        _ => plan(market, path, body)?,
    }
    // What follows at once has happened before the caller goes on.
    market.advance(0).await?;
    Ok(state(market))
}

async fn advance(market: &Marketplace, advance: &Advance) -> Result<()> {
    match (advance.seconds, &advance.to) {
        (Some(seconds), None) => market.advance(seconds).await,
        (None, Some(to)) => {
            let to = DateTime::parse_from_rfc3339(to).with_context(|| format!("`{to}` is no time with offset"))?;
            market.advance_to(to.timestamp()).await
        }
        _ => bail!("expected one of `seconds` and `to`"),
    }
}

fn plan(market: &Marketplace, path: &str, body: &[u8]) -> Result<()> {
    match path {
        "/plan/buyer" => {
            let plan: PlanBuyer = read(body)?;
            let buyer = match (plan.after, plan.code) {
                (None, _) => Buyer::Waits,
                (Some(after), None) => Buyer::PaysAfter(after),
                (Some(after), Some(code)) => Buyer::FailsAfter(after, code),
            };
            market.plan_buyer(&plan.payment_request_id, buyer);
        }
        "/plan/bank" => {
            let plan: PlanBank = read(body)?;
            let bank = match (plan.slow, plan.code) {
                (true, None) => Bank::IsSlow,
                (true, Some(code)) => Bank::IsSlowAndFails(code),
                (false, Some(code)) => Bank::Refuses(code),
                (false, None) => bail!("expected `slow`, `code` or both"),
            };
            market.plan_bank(&plan.request_id, bank);
        }
        "/plan/review" => {
            let plan: PlanReview = read(body)?;
            let verdict = match plan.reason_code.as_deref() {
                None => Verdict::Accept,
                Some("MISSING_OR_INCORRECT_INFO") => Verdict::MissingInfo,
                Some("REJECT_FOR_RISK") => Verdict::RejectForRisk,
                Some("REGISTRATION_FAILED") => Verdict::Failed,
                Some(other) => bail!("`{other}` is no documented reason"),
            };
            market.plan_review(&plan.request_id, verdict);
        }
        _ => bail!("there is nothing at `{path}`"),
    }
    Ok(())
}

fn new_dispute(new: Dispute) -> Result<NewDispute> {
    let sort = match new.r#type.as_str() {
        "CHARGEBACK" => DisputeSort::Chargeback,
        "RETRIEVAL_REQUEST" => DisputeSort::RetrievalRequest,
        "COMPLIANCE_REQUEST" => DisputeSort::ComplianceRequest,
        "RDR" => DisputeSort::Rapid,
        other => bail!("`{other}` is no documented type of dispute, nor `RDR`"),
    };
    Ok(NewDispute {
        payment_request_id: new.payment_request_id,
        amount_minor: new.amount,
        sort,
        reason_code: new.reason_code.unwrap_or_else(|| "4853".to_owned()),
        source: new.source.unwrap_or_else(|| "Mastercard".to_owned()),
        is_defendable: new.defendable.unwrap_or(true),
    })
}
