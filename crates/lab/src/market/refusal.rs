//! What a call is answered with when it is not done.

use crate::api::result_only;
use serde_json::Value;

/// A result other than success (fact sheet, 6.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) status: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn body(&self) -> Value {
        result_only(self.code, self.status, &self.message)
    }

    /// Whether the same id may come again with something else: a request that could not be read was never taken on.
    pub(super) fn leaves_the_id_free(&self) -> bool {
        matches!(self.code, "PARAM_ILLEGAL" | "REPEAT_REQ_INCONSISTENT")
    }
}

/// An `F` result.
pub(super) fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, status: "F", message: message.into() })
}

pub(super) fn illegal<T>(message: impl Into<String>) -> Result<T, Refusal> {
    refuse("PARAM_ILLEGAL", message)
}
