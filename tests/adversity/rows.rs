//! What a database holds after runs: everything but the times at which it happened, and numbers that only count insertions.

use std::path::Path;

use sqlx::{Connection, PgConnection, SqliteConnection};

/// Each gives one text per row, in an order of its own, on SQLite and on PostgreSQL alike.
const QUERIES: [&str; 13] = [
    "SELECT 'run|' || business_date || '|' || revision || '|' || inputs_digest || '|' || content_digest || '|' || outcome
     FROM runs ORDER BY 1",
    "SELECT 'file|' || r.business_date || '|' || r.revision || '|' || f.position || '|' || f.kind || '|' || f.name || '|'
     || f.sha256 || '|' || f.lines || '|' || f.rejects FROM run_files f JOIN runs r ON r.run_id = f.run_id ORDER BY 1",
    "SELECT 'seen|' || path || '|' || sha256 FROM files_seen ORDER BY 1",
    "SELECT 'discrepancy|' || r.business_date || '|' || r.revision || '|' || d.discrepancy_id || '|' || d.kind || '|'
     || d.severity || '|' || d.first_seen_on || '|' || d.age_days || '|' || d.ledger_amount || '|' || d.report_amount || '|'
     || d.answer || '|' || d.answer_amount || '|' || d.explanation
     FROM run_discrepancies d JOIN runs r ON r.run_id = d.run_id ORDER BY 1",
    "SELECT 'transit|' || r.business_date || '|' || r.revision || '|' || t.item_id || '|' || t.amount || '|' || t.due_on
     FROM run_in_transit t JOIN runs r ON r.run_id = t.run_id ORDER BY 1",
    "SELECT 'cleared|' || r.business_date || '|' || r.revision || '|' || c.item_id || '|' || c.cleared_by
     FROM run_cleared c JOIN runs r ON r.run_id = c.run_id ORDER BY 1",
    "SELECT 'answer|' || run_date || '|' || question || '|' || outcome || '|' || length(body) FROM answers ORDER BY 1",
    "SELECT 'link|' || r.business_date || '|' || r.revision || '|' || c.sequence || '|' || c.configuration_digest
     FROM run_chain c JOIN runs r ON r.run_id = c.run_id ORDER BY 1",
    // `summary.json` holds times.
    "SELECT 'output|' || r.business_date || '|' || r.revision || '|' || o.publication || '|' || o.name || '|'
     || CASE o.name WHEN 'summary.json' THEN '' ELSE o.sha256 END
     FROM run_outputs o JOIN runs r ON r.run_id = o.run_id ORDER BY 1",
    "SELECT 'decision|' || d.discrepancy_id || '|' || d.decision || '|' || d.decided_by || '|' || d.reason || '|' || d.line
     || '|' || f.name FROM decisions d JOIN decision_files f ON f.sha256 = d.file_sha256 ORDER BY 1",
    // A file may be noted again by a prune that finishes what a killed one began.
    "SELECT DISTINCT 'pruned|' || sha256 || '|' || before_date FROM pruned_files ORDER BY 1",
    "SELECT 'entry|' || entry_id || '|' || entry_type || '|' || amount_minor || '|' || status || '|' || occurred_at_ms
     FROM ledger_entries ORDER BY 1",
    "SELECT 'lease|' || platform_merchant_id FROM leases ORDER BY 1",
];

/// One text per row of every table of history.
pub fn of_sqlite(file: &Path) -> Vec<String> {
    let address = format!("sqlite://{}", file.display());
    within(async {
        let mut connection = SqliteConnection::connect(&address).await.unwrap();
        let mut rows = Vec::new();
        for sql in QUERIES {
            rows.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut connection).await.unwrap());
        }
        rows
    })
}

/// The same on PostgreSQL.
pub fn of_postgres(url: &str) -> Vec<String> {
    within(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let mut rows = Vec::new();
        for sql in QUERIES {
            rows.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut connection).await.unwrap());
        }
        rows
    })
}

/// How many entries the built-in ledger has.
pub fn entries_in_sqlite(file: &Path) -> i64 {
    let address = format!("sqlite://{}", file.display());
    within(async {
        let mut connection = SqliteConnection::connect(&address).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM ledger_entries").fetch_one(&mut connection).await.unwrap()
    })
}

/// The address of a new, empty database on a private PostgreSQL; none (said on stderr) where it is not installed.
pub fn new_postgres() -> Option<String> {
    within(crate::store::Harness::postgres()).map(|harness| harness.url)
}

/// The address of a copy of a database to which nobody is connected.
pub fn copy_of_postgres(url: &str) -> String {
    within(crate::store::postgres::copy_of(url))
}

/// Cuts every connection of the program to a database.
pub fn cut(url: &str) {
    within(crate::store::server::cut(url));
}

fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
