//! What is fuzzed. Each target is a function of bytes: `cargo fuzz` drives it through a binary of `targets/` (feature
//! `libfuzzer`, nightly Rust), and `tests/replay.rs` runs it over `corpus/` and `crashes/` with stable Rust.
//!
//! A target fails by panicking. None is content with that nothing panics: each states what must hold of the program's answer,
//! whatever the bytes say. What they state is worked out here, from the bytes, wherever that takes no second parser.
//! What is slow is looked at for every input of the replay, and for some of the fuzzer ([`Costly`]).
//!
//! | Target | Bytes | Looks at |
//! |---|---|---|
//! | [`report()`] | a report | all five parsers, the rows' proof, comparing contents |
//! | [`workbook()`] | a workbook, its parts or its cells | the conversion to CSV |
//! | [`config()`] | a configuration | every section of it |
//! | [`ledger()`] | a ledger | its parser and its import |
//! | [`answer()`] | headers and body of an answer | `antom-api`: verification and reading |
//! | `notification` | headers and body of a notification | `antom-api`, feature `marketplace` |
//! | [`listing()`] | names as a server gives them, and a pattern | which are used, and as what |
//! | [`decision()`] | a file of decisions | its reader |
//! | [`money()`] | a currency and an amount | reading and writing amounts |

mod answer;
mod bytes;
mod config;
mod costly;
mod decision;
mod ledger;
mod listing;
mod money;
#[cfg(feature = "marketplace")]
mod notification;
mod padding;
mod report;
mod signing;
mod workbook;

pub use answer::answer;
pub use config::config;
pub use costly::Costly;
pub use decision::decision;
pub use ledger::ledger;
pub use listing::listing;
pub use money::money;
#[cfg(feature = "marketplace")]
pub use notification::notification;
pub use report::report;
pub use workbook::workbook;
