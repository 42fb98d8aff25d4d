//! A marketplace at Antom, stateful and strict: sellers, payments, splits, refunds, disputes, accounts, reports and notifications
//! (fact sheet, 1, 2 and 6).
//!
//! | Module | Holds |
//! |---|---|
//! | `calls` | the calls, one file per subject: what is asked, whether it may be, what it changes |
//! | `records`, `accounts`, `lines` | what Antom keeps: who and what, whose money, what reports will say |
//! | `state` | all of it together, and what time brings |
//! | `day`, `reports` | the end of a day: batches, payouts, the five reports |
//! | `outbox`, `post` | notifications, signed, until they are acknowledged |
//! | `plans`, `options` | what buyers, banks and reviewers will do, and the contract |
//! | `handle` | the marketplace as the API, the control port and tests hold it |
//! | `control` | the control port, for tests in other languages |
//!
//! **Time is a value.** The clock stands still until somebody moves it ([`Marketplace::advance`], [`Marketplace::close_day`]);
//! then everything that is due happens in its order. Requests and notifications are signed with the machine's time, because
//! clients check that.
//!
//! **Money is whole numbers** in smallest units of Antom's own currencies. Nothing is converted: what is paid in a currency is
//! settled in it.
//!
//! Where Antom's pages are silent the choice is marked as ours where it is made. Nothing here comes from the API client of this
//! workspace.

mod accounts;
mod calls;
mod control;
mod day;
mod handle;
mod lines;
mod money;
mod options;
mod outbox;
mod plans;
mod post;
mod records;
mod refusal;
mod reports;
mod request;
mod state;

pub use calls::{DisputeSort, NewDispute};
pub use control::Control;
pub use handle::Marketplace;
pub use options::{MarketOptions, Method, Sort};
pub use outbox::{Attempt, SCHEDULE, Sent};
pub use plans::{Bank, Buyer, Verdict};
pub use reports::ReportText;
