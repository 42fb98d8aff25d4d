//! From an HTTP request to an HTTP answer: gateway, fault, inquiry, signature.

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
use super::inquiry::{self, result_only};
use super::line::Line;
use super::log::{ApiLog, Endpoint};
use super::signing::{Signed, Signer};

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
    pub faults: ApiFaults,
    pub log: ApiLog,
    /// Set at the end, for connections that outlive the server.
    pub stopped: AtomicBool,
}

/// How an answer is to be sent.
enum Sealing {
    Signed,
    WrongKey,
    None,
}

/// Answers any request.
pub(super) async fn respond(
    State(app): State<Arc<App>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response<Body> {
    let _in_flight = app.log.begin();
    let (head, body) = request.into_parts();
    let endpoint = route(head.uri.path()).map(|(endpoint, _)| endpoint);
    let body = to_bytes(body, LARGEST_BODY).await;
    let (true, Ok(body)) = (app.is_up(), body) else {
        app.log.add(endpoint, Vec::new(), "RESET");
        line.reset().await
    };
    let incoming = Incoming {
        method: &head.method,
        uri: &head.uri,
        headers: &head.headers,
        body: &body,
    };
    match app.gateway.check(&incoming) {
        Ok(endpoint) => {
            app.inquire(endpoint, incoming.signed_path(), &body, &line)
                .await
        }
        Err(Refusal { code, message }) => {
            app.log.add(endpoint, Vec::new(), code);
            let body = result_only(code, "F", &message).to_string();
            app.send(&Sealing::None, incoming.signed_path(), body)
        }
    }
}

impl App {
    fn is_up(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed) && !self.faults.is_down()
    }

    /// Answers a request that the gateway let through, as its faults want it.
    async fn inquire(
        &self,
        endpoint: Endpoint,
        path: &str,
        body: &[u8],
        line: &Line,
    ) -> Response<Body> {
        let answer = inquiry::answer(endpoint, body, &self.state);
        let strike = self.faults.strike(&answer.ids);
        tokio::time::sleep(strike.delay).await;
        let (outcome, sealing, body) = match strike.fault {
            None | Some(ApiFault::Delay(_) | ApiFault::TamperedBody) => {
                right(answer.code(), Sealing::Signed, &answer.body)
            }
            Some(ApiFault::Unsigned) => right(answer.code(), Sealing::None, &answer.body),
            Some(ApiFault::WrongKey) => right(answer.code(), Sealing::WrongKey, &answer.body),
            Some(ApiFault::UnknownException) => plain("UNKNOWN_EXCEPTION", "U"),
            Some(ApiFault::Throttled) => plain("REQUEST_TRAFFIC_EXCEED_LIMIT", "U"),
            Some(ApiFault::Result {
                ref code,
                ref status,
            }) => plain(code, status),
            Some(ApiFault::AnswerAbout(ref id)) => {
                match inquiry::answer_about(endpoint, id, &self.state) {
                    Some(other) => right("SUCCESS", Sealing::Signed, &other),
                    None => plain("ORDER_NOT_EXIST", "F"),
                }
            }
            Some(ApiFault::Http500) => {
                self.log.add(Some(endpoint), answer.ids, "HTTP 500");
                return failure();
            }
            Some(ApiFault::Reset) => {
                self.log.add(Some(endpoint), answer.ids, "RESET");
                line.reset().await
            }
        };
        self.log.add(Some(endpoint), answer.ids, outcome);
        let sent = self.send(&sealing, path, body);
        if strike.fault == Some(ApiFault::TamperedBody) {
            tamper(sent, &answer.body)
        } else {
            sent
        }
    }

    fn send(&self, sealing: &Sealing, path: &str, body: String) -> Response<Body> {
        let time = response_time();
        let client_id = &self.gateway.client_id;
        let signed = Signed {
            path,
            client_id,
            time: &time,
            body: body.as_bytes(),
        };
        let signature = match sealing {
            Sealing::Signed => Some(self.signer.header(&signed)),
            Sealing::WrongKey => Some(self.stranger.header(&signed)),
            Sealing::None => None,
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
        response
            .body(Body::from(body))
            .unwrap_or_else(|_| failure())
    }
}

fn right(outcome: &str, sealing: Sealing, body: &Value) -> (String, Sealing, String) {
    (outcome.to_owned(), sealing, body.to_string())
}

fn plain(code: &str, status: &str) -> (String, Sealing, String) {
    right(
        code,
        Sealing::Signed,
        &result_only(code, status, "a fault of the laboratory"),
    )
}

/// Another body under the headers of the right one. Where nothing was a success, a blank is added.
fn tamper(sent: Response<Body>, body: &Value) -> Response<Body> {
    let right = body.to_string();
    let mut wrong = right.replace("\"SUCCESS\"", "\"FAIL\"");
    if wrong == right {
        wrong.push(' ');
    }
    sent.map(|_| Body::from(wrong))
}

fn failure() -> Response<Body> {
    let mut response = Response::new(Body::from("internal server error"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// ISO 8601 with offset, to the second (fact sheet, 6.2).
fn response_time() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let at = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .unwrap_or_default();
    let antom =
        FixedOffset::east_opt(ANTOM_OFFSET_SECONDS).expect("eight hours are less than a day");
    at.with_timezone(&antom)
        .to_rfc3339_opts(SecondsFormat::Secs, false)
}
