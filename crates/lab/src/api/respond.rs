//! From an HTTP request to an HTTP answer: gateway, call, fault, signature.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Response, StatusCode, header};
use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde_json::Value;

use super::book::ApiState;
use super::faults::{ApiFault, ApiFaults};
use super::gateway::{Gateway, Incoming, Refusal, route};
use super::inquiry::{self, Answer, result_code, result_only};
use super::line::Line;
use super::log::{ApiLog, Endpoint};
use super::signing::{Signed, Signer};
use crate::market::Marketplace;

/// Largest body that is read. An inquiry has a few hundred bytes.
const LARGEST_BODY: usize = 1 << 20;

/// Antom's clock shows +08:00.
const ANTOM_OFFSET_SECONDS: i32 = 8 * 3600;

/// All that a request needs.
pub(super) struct App {
    pub gateway: Gateway,
    pub signer: Signer,
    pub stranger: Signer,
    pub state: ApiState,
    /// Answers in place of the state, and knows more calls.
    pub market: Option<Marketplace>,
    pub faults: ApiFaults,
    pub log: ApiLog,
    /// Set at the end, for connections that outlive the server.
    pub stopped: AtomicBool,
}

/// Who signs an answer.
enum Sealing {
    Antom,
    Stranger,
    Nobody,
}

/// What a question is answered with.
enum Reply {
    Body {
        sealing: Sealing,
        body: Value,
    },
    /// Sent in place of the signed body.
    Tampered {
        signed: Value,
    },
    Http500,
    Reset,
}

impl Reply {
    fn signed(body: Value) -> Self {
        Self::Body { sealing: Sealing::Antom, body }
    }

    /// What the log says: the result code that was signed, if any was.
    fn outcome(&self) -> &str {
        match self {
            Self::Body { body, .. } | Self::Tampered { signed: body } => result_code(body),
            Self::Http500 => "HTTP 500",
            Self::Reset => "RESET",
        }
    }
}

/// Answers any request.
pub(super) async fn respond(
    State(app): State<Arc<App>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response<Body> {
    let _in_flight = app.log.begin();
    let (head, body) = request.into_parts();
    let endpoint = route(app.gateway.calls, head.uri.path()).map(|(endpoint, _)| endpoint);
    let body = to_bytes(body, LARGEST_BODY).await;
    let (true, Ok(body)) = (app.is_up(), body) else {
        app.log.add(endpoint, Vec::new(), "RESET");
        line.reset().await
    };
    let incoming = Incoming { method: &head.method, uri: &head.uri, headers: &head.headers, body: &body };
    match app.gateway.check(&incoming) {
        Ok(endpoint) => app.inquire(endpoint, incoming.signed_path(), &body, &line).await,
        Err(Refusal { code, message }) => {
            app.log.add(endpoint, Vec::new(), code);
            let body = result_only(code, "F", &message).to_string();
            app.send(&Sealing::Nobody, incoming.signed_path(), body)
        }
    }
}

impl App {
    fn is_up(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed) && !self.faults.is_down()
    }

    /// Answers a request that the gateway let through, as its faults want it.
    async fn inquire(&self, endpoint: Endpoint, path: &str, body: &[u8], line: &Line) -> Response<Body> {
        let Answer { ids, body } = match &self.market {
            Some(market) => {
                let answer = market.answer(endpoint, body);
                market.flush_soon();
                Answer { ids: ids_of(body, &answer), body: answer }
            }
            None => inquiry::answer(endpoint, body, &self.state),
        };
        let strike = self.faults.strike(&ids);
        let reply = self.decide(endpoint, body, strike.fault);
        // Before the delay: a client that does not wait has asked all the same.
        self.log.add(Some(endpoint), ids, reply.outcome());
        tokio::time::sleep(strike.delay).await;
        match reply {
            Reply::Body { sealing, body } => self.send(&sealing, path, body.to_string()),
            Reply::Tampered { signed } => {
                let right = signed.to_string();
                let wrong = Body::from(tamper(&right));
                self.send(&Sealing::Antom, path, right).map(|_| wrong)
            }
            Reply::Http500 => failure(),
            Reply::Reset => line.reset().await,
        }
    }

    fn decide(&self, endpoint: Endpoint, right: Value, fault: Option<ApiFault>) -> Reply {
        match fault {
            None | Some(ApiFault::Delay(_)) => Reply::signed(right),
            Some(ApiFault::Unsigned) => Reply::Body { sealing: Sealing::Nobody, body: right },
            Some(ApiFault::WrongKey) => Reply::Body { sealing: Sealing::Stranger, body: right },
            Some(ApiFault::TamperedBody) => Reply::Tampered { signed: right },
            Some(ApiFault::UnknownException) => plain("UNKNOWN_EXCEPTION", "U"),
            Some(ApiFault::Throttled) => plain("REQUEST_TRAFFIC_EXCEED_LIMIT", "U"),
            Some(ApiFault::Result { code, status }) => plain(&code, &status),
            Some(ApiFault::AnswerAbout(id)) => inquiry::answer_about(endpoint, &id, &self.state)
                .map_or_else(|| plain("ORDER_NOT_EXIST", "F"), Reply::signed),
            Some(ApiFault::Http500) => Reply::Http500,
            Some(ApiFault::Reset) => Reply::Reset,
        }
    }

    fn send(&self, sealing: &Sealing, path: &str, body: String) -> Response<Body> {
        let time = response_time();
        let client_id = &self.gateway.client_id;
        let signed = Signed { path, client_id, time: &time, body: body.as_bytes() };
        let signature = match sealing {
            Sealing::Antom => Some(self.signer.header(&signed)),
            Sealing::Stranger => Some(self.stranger.header(&signed)),
            Sealing::Nobody => None,
        };
        let mut response = Response::builder()
            .header(header::CONTENT_TYPE, "application/json; charset=UTF-8")
            .header("client-id", client_id)
            .header("response-time", &time);
        match signature {
            None => {}
            Some(Ok(signature)) => response = response.header("signature", signature),
            Some(Err(_)) => return failure(),
        }
        response.body(Body::from(body)).unwrap_or_else(|_| failure())
    }
}

/// The ids that a request and its answer name, so that faults can be planned for them.
fn ids_of(request: &[u8], answer: &Value) -> Vec<String> {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let members = [&request, answer].into_iter().filter_map(Value::as_object).flatten();
    let ids = members.filter(|(name, _)| name.ends_with("Id")).filter_map(|(_, id)| id.as_str());
    let ids: BTreeSet<&str> = ids.collect();
    ids.into_iter().map(str::to_owned).collect()
}

fn plain(code: &str, status: &str) -> Reply {
    Reply::signed(result_only(code, status, "a fault of the laboratory"))
}

/// Another body for the headers of the right one. Where nothing was a success, a blank is added.
fn tamper(right: &str) -> String {
    let wrong = right.replace("\"SUCCESS\"", "\"FAIL\"");
    if wrong == right { wrong + " " } else { wrong }
}

fn failure() -> Response<Body> {
    let mut response = Response::new(Body::from("internal server error"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// ISO 8601 with offset, to the second (fact sheet, 6.2).
fn response_time() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let at = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_default();
    let antom = FixedOffset::east_opt(ANTOM_OFFSET_SECONDS).expect("eight hours are less than a day");
    at.with_timezone(&antom).to_rfc3339_opts(SecondsFormat::Secs, false)
}
