//! What to ask Antom about, asking it, and what the answers mean.
//!
//! ```text
//! discrepancies -> plan -> questions -> ask (or a stored answer) -> records -> evaluate -> the answer columns
//! ```
//!
//! Planning and evaluating are pure: the same discrepancies and the same stored bodies give the same answers, whenever they are
//! evaluated again. Only [`ask`] touches the network, and all that it can do is inquire. What is not signed by Antom, or not
//! understood, is [`UNAVAILABLE`](crate::discrepancy::Answer::Unavailable) and never evidence.

mod ask;
mod client;
mod evaluate;
mod facts;
mod payment;
mod plan;
mod question;
mod verdict;

pub use ask::{AnswerRecord, Evidence, Inquirer, Told, ask};
pub use evaluate::{apply, evaluate};
pub use facts::{AnswerFacts, Fact, FactsError, facts_from_body};
pub use plan::{Plan, Route, plan};
pub use question::{Endpoint, Question, Subject};
pub use verdict::Verdict;
