//! `antom_api::Client` as somebody who can be asked.

use antom_api::{Answer, AskError, Client, Outcome, PaymentQuestion, RefundQuestion};

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
    Told { outcome, reason, raw: answer.raw.into_string(), ahead_s }
}

fn no_evidence(error: AskError) -> Told {
    let reason = match &error {
        AskError::NotAsked(why) => why.to_string(),
        _ => error.to_string(),
    };
    let (outcome, raw) = match error {
        AskError::NotAsked(_) => (Evidence::NotAsked, String::new()),
        AskError::Unreachable { .. } => (Evidence::Unreachable, String::new()),
        AskError::Unreadable { raw, .. } => (Evidence::Unknown, raw.into_string()),
        // Whatever this client may learn to refuse later is no evidence either.
        _ => (Evidence::Untrusted, String::new()),
    };
    Told { outcome, reason, raw, ahead_s: None }
}
