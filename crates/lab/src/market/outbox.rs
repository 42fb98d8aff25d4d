//! Notifications on their way: sent, and sent again on Antom's schedule until they are acknowledged (fact sheet, 6.8).

use serde_json::{Value, json};

/// How long after the attempt before it each attempt is made: at once, 2 min, 10 min, 10 min, 1 h, 2 h, 6 h, 15 h.
pub const SCHEDULE: [i64; 8] = [0, 120, 600, 600, 3_600, 7_200, 21_600, 54_000];

/// One attempt to deliver a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When, by the emulator's clock: seconds since 1970.
    pub at: i64,
    /// What came of it: `acknowledged`, or what was wrong with the answer.
    pub outcome: String,
}

/// A notification and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// `notifyType`, or `disputeNotificationType`.
    pub kind: String,
    /// Where it goes; empty when neither the request nor the dashboard names an address.
    pub url: String,
    /// The exact text.
    pub body: String,
    /// When it was made, by the emulator's clock.
    pub made_at: i64,
    /// All attempts so far.
    pub attempts: Vec<Attempt>,
    /// Whether the marketplace acknowledged it.
    pub is_acknowledged: bool,
}

impl Sent {
    pub(super) fn new(kind: &str, url: String, body: &Value, made_at: i64) -> Self {
        let (kind, body) = (kind.to_owned(), body.to_string());
        Self { kind, url, body, made_at, attempts: Vec::new(), is_acknowledged: false }
    }

    /// How long after the last attempt the next one is made; none when it is over.
    pub(super) fn next_pause(&self, repeats: bool) -> Option<i64> {
        let most = if repeats { SCHEDULE.len() } else { 1 };
        let is_over = self.is_acknowledged || self.url.is_empty() || self.attempts.len() >= most;
        if is_over { None } else { SCHEDULE.get(self.attempts.len()).copied() }
    }

    /// For the control port.
    pub(super) fn json(&self) -> Value {
        let attempts = self.attempts.iter().map(|it| json!({"at": it.at, "outcome": it.outcome}));
        json!({
            "kind": self.kind, "url": self.url, "madeAt": self.made_at, "acknowledged": self.is_acknowledged,
            "attempts": attempts.collect::<Vec<_>>(), "body": self.body,
        })
    }
}

/// Whether an answer acknowledges: HTTP 200 and a result with status `S`.
pub(super) fn acknowledges(status: u16, body: &[u8]) -> Result<(), String> {
    if status != 200 {
        return Err(format!("HTTP {status}"));
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
    let result = &body["result"];
    match (result["resultStatus"].as_str(), result["resultCode"].as_str()) {
        (Some("S"), Some("SUCCESS")) => Ok(()),
        _ => Err(format!("result {result}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_answer_acknowledges() {
        let good = br#"{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}"#;
        assert_eq!(acknowledges(200, good), Ok(()));
        let bad = br#"{"result":{"resultCode":"SUCCESS","resultStatus":"F"}}"#;
        for (status, body) in [(500, &good[..]), (200, b""), (200, b"{}"), (200, b"success"), (200, bad), (204, good)] {
            assert!(acknowledges(status, body).is_err(), "{status} {}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn attempts_end_after_eight_and_in_the_sandbox_after_one() {
        let mut sent = Sent::new("A", "http://127.0.0.1:1/".to_owned(), &json!({}), 0);
        let mut pauses = Vec::new();
        while let Some(pause) = sent.next_pause(true) {
            pauses.push(pause);
            sent.attempts.push(Attempt { at: 0, outcome: "HTTP 500".to_owned() });
        }
        assert_eq!(pauses, SCHEDULE);
        assert_eq!(Sent { attempts: sent.attempts[..1].to_vec(), ..sent }.next_pause(false), None);
    }
}
