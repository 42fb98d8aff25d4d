//! What can be made to go wrong on the API while it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use crate::repeat::Repeat;

/// Which questions a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every question.
    All,
    /// Questions that name this id, or whose payment or refund has it: Antom's id and the request id are the same here.
    Id(String),
}

impl Scope {
    /// Questions about this id.
    pub fn id(id: impl Into<String>) -> Self {
        Self::Id(id.into())
    }

    fn covers(&self, ids: &[String]) -> bool {
        match self {
            Self::All => true,
            Self::Id(id) => ids.contains(id),
        }
    }
}

/// Something wrong with an answer to a request that itself was in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiFault {
    /// The right answer without a `signature` header.
    Unsigned,
    /// The right answer, signed with a key that is not Antom's.
    WrongKey,
    /// Signed, then changed on the way: every `SUCCESS` became `FAIL`.
    TamperedBody,
    /// The answer comes so late; adds to whatever else goes wrong.
    Delay(Duration),
    /// `UNKNOWN_EXCEPTION` (U), signed: to be asked again.
    UnknownException,
    /// `REQUEST_TRAFFIC_EXCEED_LIMIT` (U), signed: asked too fast.
    Throttled,
    /// Any other result, signed and with nothing else in the answer.
    Result {
        /// `resultCode`.
        code: String,
        /// `resultStatus`: `S`, `F` or `U`.
        status: String,
    },
    /// HTTP status 500 with a page of text, unsigned.
    Http500,
    /// The connection is reset in place of an answer.
    Reset,
    /// The rightly signed answer about another payment or refund, named by Antom's id or the request id.
    AnswerAbout(String),
}

struct Planned {
    scope: Scope,
    fault: ApiFault,
    repeat: Repeat,
}

#[derive(Default)]
struct Settings {
    down: bool,
    planned: Vec<Planned>,
}

/// The faults of one server, shared and settable at any time. Starts with none.
#[derive(Clone, Default)]
pub struct ApiFaults(Arc<Mutex<Settings>>);

/// What is to go wrong with one answer.
#[derive(Default)]
pub(crate) struct Strike {
    pub delay: Duration,
    pub fault: Option<ApiFault>,
}

impl ApiFaults {
    /// Plans a fault. Of several for one question the one that was planned first strikes, until it is used up; delays
    /// add up and strike besides.
    pub fn plan(&self, scope: Scope, fault: ApiFault, repeat: Repeat) {
        self.lock().planned.push(Planned { scope, fault, repeat });
    }

    /// Answers every request with a reset of its connection, or no longer. To have connections refused, stop the
    /// server.
    pub fn down(&self, down: bool) {
        self.lock().down = down;
    }

    /// Everything is right again.
    pub fn clear(&self) {
        *self.lock() = Settings::default();
    }

    pub(crate) fn is_down(&self) -> bool {
        self.lock().down
    }

    /// Takes the strikes for a question about `ids`.
    pub(crate) fn strike(&self, ids: &[String]) -> Strike {
        let mut strike = Strike::default();
        for planned in &mut self.lock().planned {
            if !planned.scope.covers(ids) {
                continue;
            }
            match &planned.fault {
                ApiFault::Delay(delay) => {
                    if planned.repeat.strike() {
                        strike.delay += *delay;
                    }
                }
                fault => {
                    if strike.fault.is_none() && planned.repeat.strike() {
                        strike.fault = Some(fault.clone());
                    }
                }
            }
        }
        strike
    }

    fn lock(&self) -> MutexGuard<'_, Settings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_planned_fault_strikes_until_it_is_used_up() {
        let faults = ApiFaults::default();
        faults.plan(Scope::id("a"), ApiFault::Throttled, Repeat::ONCE);
        faults.plan(Scope::All, ApiFault::Unsigned, Repeat::Always);
        faults.plan(Scope::All, ApiFault::Delay(Duration::from_millis(2)), Repeat::Times(2));
        let ids = ["a".to_owned()];
        let first = faults.strike(&ids);
        assert_eq!((first.delay.as_millis(), first.fault), (2, Some(ApiFault::Throttled)));
        assert_eq!(faults.strike(&ids).fault, Some(ApiFault::Unsigned));
        assert_eq!(faults.strike(&["b".to_owned()]).delay, Duration::ZERO);
    }
}
