//! What can go wrong with a database, sorted by what the operator does about it.

use std::fmt;

use super::lease::Lease;
use crate::calendar::BusinessDate;

/// Why the store could not do what was asked. Messages name the database without its password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The configured URL is no database address. A matter of configuration.
    #[error("database.url: {problem}; expected `sqlite://path` or `postgres://user@host:port/database`")]
    Address {
        /// What is wrong with it, without its text.
        problem: String,
    },
    /// The database is not there, refuses the login, is too busy, or does not answer in time. Worth another attempt.
    #[error("cannot reach database `{database}` while {doing}: {problem}")]
    Unreachable {
        /// The database, without password.
        database: String,
        /// What the program was about to do.
        doing: &'static str,
        /// What the driver says.
        problem: String,
    },
    /// The schema of the database does not fit this program.
    #[error("database `{database}` cannot be brought to this program's schema: {problem}")]
    Migration {
        /// The database, without password.
        database: String,
        /// What is in the way, and what to do.
        problem: String,
    },
    /// What the run before this date left open was pruned.
    #[error(
        "{on} cannot be run any more: what the run before it left open was pruned, as was the history before {before}; run a later date"
    )]
    Pruned {
        /// The date that was to be run.
        on: BusinessDate,
        /// The date before which history was pruned.
        before: String,
    },
    /// The role of the connection may not delete what was to be pruned.
    #[error(
        "database `{database}`: the role `{role}` may not prune; expected `GRANT DELETE ON {} TO {role}`, or the role that owns the tables; nothing was deleted",
        .tables.join(", ")
    )]
    Rights {
        /// The database, without password.
        database: String,
        /// Who is connected.
        role: String,
        /// The tables from which it may not delete.
        tables: Vec<&'static str>,
    },
    /// Another run of the same merchant holds the lock.
    #[error("{}", locked_text(merchant, lease.as_deref(), *lost))]
    Locked {
        /// The merchant that both runs are for.
        merchant: String,
        /// Who holds it, if it can be told.
        lease: Option<Box<Lease>>,
        /// Whether this run held it before.
        lost: bool,
    },
    /// The database is damaged, holds what this program never wrote, or refused rows that contradict others.
    #[error("database `{database}` does not hold together, noticed while {doing}: {problem}")]
    Integrity {
        /// The database, without password.
        database: String,
        /// What the program was about to do.
        doing: &'static str,
        /// What was found and what was expected.
        problem: String,
    },
    /// Entries to import are there already, with other content. Nothing was imported.
    #[error("{} of {total} conflicting entries (nothing was imported; only a PENDING entry may change, and only its status, instant and empty ids; correct any other by a new `entry_id`):{}",
        .conflicts.len(), conflict_lines(.conflicts))]
    Conflict {
        /// The first of them, in the order of the input; a bounded list.
        conflicts: Vec<EntryConflict>,
        /// How many there are.
        total: u64,
    },
    /// The query of an external ledger does not give what the contract asks for.
    #[error("ledger query on database `{database}`: {problem}")]
    LedgerQuery {
        /// The database, without password.
        database: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// A statement failed for another reason.
    #[error("database `{database}` refused a statement while {doing}: {problem}")]
    Query {
        /// The database, without password.
        database: String,
        /// What the program was about to do.
        doing: &'static str,
        /// What the driver says.
        problem: String,
    },
    /// Rows that were to be recorded, and that wait on the disk, cannot be read. Nothing was recorded.
    #[error("the rows to be recorded cannot be read while {doing}: {source}")]
    Rows {
        /// What the program was about to do.
        doing: &'static str,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The copy of the ledger could not be written.
    #[error("cannot write the copy of the ledger: {0}; expected free space in the temporary directory (TMPDIR)")]
    Output(#[source] std::io::Error),
}

/// An entry whose `entry_id` is taken by other content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryConflict {
    /// The id that both have.
    pub entry_id: String,
    /// The columns that differ: name, what is stored, what was to be imported.
    pub differences: Vec<(&'static str, String, String)>,
}

impl fmt::Display for EntryConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`:", self.entry_id)?;
        for (at, (column, stored, given)) in self.differences.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma} {column} is `{stored}`, was to be `{given}`")?;
        }
        Ok(())
    }
}

fn conflict_lines(conflicts: &[EntryConflict]) -> String {
    conflicts.iter().map(|conflict| format!("\n  {conflict}")).collect()
}

fn locked_text(merchant: &str, lease: Option<&Lease>, lost: bool) -> String {
    let mut text = if lost {
        format!(
            "this run lost the lock of `{merchant}`, because its lease ran out, and did nothing more; it is held by "
        )
    } else {
        format!("another run holds the lock of `{merchant}`: ")
    };
    match lease {
        None => text.push_str("nobody who says so; run again"),
        Some(lease) => {
            let ends = lease.ends();
            text.push_str(&format!("{lease}; run again when it is done, or after {ends} when its lease ends"));
        }
    }
    text
}

impl StoreError {
    pub(super) const fn rows(doing: &'static str, source: std::io::Error) -> Self {
        Self::Rows { doing, source }
    }

    /// Sorts a driver's error.
    pub(super) fn from_driver(database: &str, doing: &'static str, error: &sqlx::Error) -> Self {
        let database = database.to_owned();
        let mut problem = plain(error);
        if is_full(error) {
            problem.push_str("; the disk is full: free space or move the database (`database.url`), and run again");
        }
        match class_of(error) {
            Class::Unreachable => Self::Unreachable { database, doing, problem },
            Class::Damaged => Self::Integrity { database, doing, problem },
            Class::Other => Self::Query { database, doing, problem },
        }
    }
}

/// The driver's words without the prefixes that speak of its inside.
fn plain(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(inner) => match inner.code() {
            Some(code) => format!("{} (code {code})", inner.message()),
            None => inner.message().to_owned(),
        },
        sqlx::Error::Io(inner) => inner.to_string(),
        sqlx::Error::PoolTimedOut => "no connection within the time-out".to_owned(),
        other => other.to_string(),
    }
}

/// Whether there is no room for an embedded database any more. A server's disk is not this machine's.
fn is_full(error: &sqlx::Error) -> bool {
    const FULL: u32 = 13;
    let sqlx::Error::Database(inner) = error else { return false };
    let code = inner.code().and_then(|code| code.parse::<u32>().ok());
    inner.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() && code.is_some_and(|code| code & 0xff == FULL)
}

enum Class {
    Unreachable,
    Damaged,
    Other,
}

fn class_of(error: &sqlx::Error) -> Class {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Class::Unreachable,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Class::Damaged,
        sqlx::Error::Database(inner) => {
            let code = inner.code().unwrap_or_default();
            if inner.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                class_of_sqlstate(&code)
            } else {
                class_of_sqlite(code.parse().unwrap_or_default())
            }
        }
        _ => Class::Other,
    }
}

/// PostgreSQL's SQLSTATE classes (appendix A of its manual).
fn class_of_sqlstate(code: &str) -> Class {
    // Connection, login, missing database, rollback by the server, resources, cancelled or shut down, I/O.
    const UNREACHABLE: [&str; 9] = ["08", "28", "3D", "40", "53", "57", "58", "55", "25P03"];
    const DAMAGED: [&str; 3] = ["XX001", "XX002", "23"];
    match code {
        code if UNREACHABLE.iter().any(|class| code.starts_with(class)) => Class::Unreachable,
        code if DAMAGED.iter().any(|class| code.starts_with(class)) => Class::Damaged,
        _ => Class::Other,
    }
}

/// SQLite's primary result codes are the low byte of the extended ones.
fn class_of_sqlite(code: u32) -> Class {
    match code & 0xff {
        // Busy, locked, permission, read-only, I/O, cannot open.
        3 | 5 | 6 | 8 | 10 | 14 => Class::Unreachable,
        // Corrupt, constraint, not a database.
        11 | 19 | 26 => Class::Damaged,
        _ => Class::Other,
    }
}
