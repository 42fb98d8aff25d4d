//! `antom_api::Client` as somebody who can be asked.

use antom_api::{Answer, AskError, Client, Failure, Outcome, PaymentQuestion, RefundQuestion, Signed};

use super::ask::{Evidence, Inquirer, Told};
use super::question::{Endpoint, Question, Subject};

impl Inquirer for Client {
    async fn inquire(&self, question: &Question) -> Told {
        match (question.endpoint, &question.subject) {
            (Endpoint::InquiryPayment, Subject::Antom(id)) => {
                told(self.inquiry_payment(&PaymentQuestion::Id(id.to_string())).await)
            }
            (Endpoint::InquiryPayment, Subject::Request(id)) => {
                told(self.inquiry_payment(&PaymentQuestion::RequestId(id.to_string())).await)
            }
            (Endpoint::InquiryRefund, Subject::Antom(id)) => {
                told(self.inquiry_refund(&RefundQuestion::Id(id.to_string())).await)
            }
            (Endpoint::InquiryRefund, Subject::Request(id)) => {
                told(self.inquiry_refund(&RefundQuestion::RequestId(id.to_string())).await)
            }
        }
    }
}

/// The only status that the client takes for an answer.
const OK: u16 = 200;

fn told<T>(end: Result<Answer<T>, AskError>) -> Told {
    let answer = match end {
        Ok(answer) => answer,
        Err(error) => return no_evidence(error),
    };
    let (outcome, reason) = match answer.outcome {
        Outcome::Found => (Evidence::Found, String::new()),
        Outcome::NotFound => (Evidence::NotFound, String::new()),
        Outcome::Refused => (Evidence::Refused, answer.result.to_string()),
        Outcome::Unknown => (Evidence::Unknown, answer.result.to_string()),
    };
    let ahead_s = Some(answer.response_time.signed_duration_since(answer.asked_at).num_seconds());
    let signature = lines(&answer.signed);
    Told { outcome, reason, http_status: Some(OK), signature, raw: answer.raw.into_string(), ahead_s }
}

fn no_evidence(error: AskError) -> Told {
    let reason = match &error {
        AskError::NotAsked(why) => why.to_string(),
        _ => error.to_string(),
    };
    match error {
        AskError::NotAsked(_) => Told::without_answer(Evidence::NotAsked, reason),
        AskError::Unreachable { failure, .. } => {
            Told { http_status: status_of(&failure), ..Told::without_answer(Evidence::Unreachable, reason) }
        }
        AskError::Unreadable { raw, signed, .. } => Told {
            http_status: Some(OK),
            signature: signed.map(|signed| lines(&signed)).unwrap_or_default(),
            raw: raw.into_string(),
            ..Told::without_answer(Evidence::Unknown, reason)
        },
        AskError::Untrusted { .. } => {
            Told { http_status: Some(OK), ..Told::without_answer(Evidence::Untrusted, reason) }
        }
        // Whatever this client may learn to refuse later is no evidence either.
        _ => Told::without_answer(Evidence::Untrusted, reason),
    }
}

fn status_of(failure: &Failure) -> Option<u16> {
    match failure {
        Failure::Status { status, .. } => Some(*status),
        _ => None,
    }
}

/// See [`Told::signature`].
fn lines(signed: &Signed) -> String {
    let Signed { path, client_id, response_time, signature } = signed;
    format!("POST {path}\nclient-id: {client_id}\nresponse-time: {response_time}\nsignature: {signature}\n")
}
