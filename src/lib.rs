//! The job: one business day of a marketplace, from Antom's reports to files that a finance team can act on.
//!
//! # The day in one picture
//!
//! ```text
//!   SFTP server             ledger (table, CSV, query)
//!        |                          |
//!      fetch --> archive            |
//!        |                          |
//!      report (parse) --> proof     |
//!        |                          |
//!        |  lines          entries  |
//!        +--------> memory <--------+
//!                      |  what does not plainly agree, and all that hangs together with it or with what is open
//!                   matching <---- open items (store)
//!                      |
//!                 discrepancy <---- requery (Antom's API)
//!                      |
//!                conservation
//!                      |
//!             store, then export --> out/<merchant>/<date>/, then memory
//! ```
//!
//! # Modules, in reading and import order
//!
//! ```text
//! money         currencies, amounts in smallest units
//! movement      the words that both sides share
//! kind          the closed words about discrepancies
//! id            ids, symbols, keys for joining
//! calendar      business dates, cut-off, settlement days; no clock
//! records       bytes to records and cells
//! workbook      a spreadsheet's first sheet as the CSV that it stands for
//! report        the incoming side: schema, lines, parsing, control totals
//! ledger        entries and their types
//! matching      the only module that knows both sides
//! proof         what must agree: lines, fees, batches, balances, payouts
//! discrepancy   findings in words, ids for life, severity
//! decision      what people decide about discrepancies
//! conservation  every input counted once, in one place
//! points        places at which tests end the process
//!
//! fetch         where reports come from; the archive
//! memory        lines and entries on disk, rows that wait there, what is closed
//! store         runs, files, open items, evidence: SQLite and PostgreSQL
//! requery       which questions to ask, and asking them
//! export        rendering, publishing
//!
//! clock         the only reader of the system time
//! environment   the only reader of the environment
//! failure       kinds of failure, exit codes
//! progress      bars on a terminal
//! signal        SIGINT and SIGTERM
//! config        flags, environment and file; secrets wrapped
//! pipeline      the day in one function
//! commands      one file per subcommand
//! cli           arguments to exit code
//! ```
//!
//! Imports go up this list only. The first block is the pure core: no file, network, environment, clock, float, async or serde.
//! The second is the shell, siblings that never import each other. The third puts everything together.
//!
//! # Absences
//!
//! - No call that moves money, and nothing that writes to or deletes from the SFTP server.
//! - Nothing edits a past run: corrections are new rows. Only `prune` deletes old ones, and notes it.
//! - The matcher sees no database; the fetcher knows no ledger; only `clock` reads the time.
//! - No binary floating point anywhere near money. No addition across currencies.
//! - No unverified answer counts as evidence. No secret implements `Debug`, `Display` or `Serialize`.
//!
//! `tests/tidy.rs`, `.clippy.toml` and the lints in `Cargo.toml` hold all of this.

pub mod calendar;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod conservation;
pub mod decision;
pub mod discrepancy;
pub mod environment;
pub mod export;
pub mod failure;
pub mod fetch;
pub mod id;
pub mod kind;
pub mod ledger;
pub mod matching;
pub mod memory;
pub mod money;
pub mod movement;
pub mod pipeline;
pub mod points;
pub mod progress;
pub mod proof;
pub mod records;
pub mod report;
pub mod requery;
pub mod signal;
pub mod store;
pub mod workbook;
