//! The part of the core that is on the path of every line, compiled apart from the rest of the job, and a day for it.
//!
//! The modules are the job's own files. That they can be compiled without the job's network and database shows that they are pure,
//! and lets CI build them optimized in seconds, to count what they do.

// What only the rest of the job calls is not called here.
#![allow(dead_code, unused_imports)]

#[path = "../../src/calendar/mod.rs"]
pub mod calendar;
#[path = "../../src/id.rs"]
pub mod id;
#[path = "../../src/kind.rs"]
pub mod kind;
#[path = "../../src/ledger/mod.rs"]
pub mod ledger;
#[path = "../../src/matching/mod.rs"]
pub mod matching;
#[path = "../../src/money.rs"]
pub mod money;
#[path = "../../src/movement.rs"]
pub mod movement;
#[path = "../../src/records/mod.rs"]
pub mod records;
#[path = "../../src/report/mod.rs"]
pub mod report;

pub mod day;
