//! A ledger in somebody else's database.

use antom_recon::store::{QueryLedger, StoreError};

use super::samples::at;
use super::{Harness, on_both};

const HEADER: &str = "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,\
                      sub_merchant_id,amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id\n";

/// The columns that no test looks at.
const REST: &str = "'PAYMENT' AS entry_type, NULL AS request_id, '' AS antom_id, '' AS original_request_id,
    NULL AS original_antom_id, '' AS order_id, '' AS sub_merchant_id, 'USD' AS currency, 'SUCCESS' AS status,
    NULL AS settle_to, NULL AS refund_from, NULL AS settlement_batch_id";

async fn read(harness: &Harness, sql: &str) -> Result<(u64, String), StoreError> {
    let mut ledger = QueryLedger::open(&harness.url, &harness.options()).await?;
    let mut bytes = Vec::new();
    let rows = ledger.read(sql, at("2026-10-01T00:00:00+08:00"), at("2026-10-02T00:00:00+08:00"), &mut bytes).await?;
    let text = String::from_utf8(bytes).unwrap();
    Ok((rows, text.strip_prefix(HEADER).expect("the contract's header").to_owned()))
}

async fn shop(harness: &Harness, sql: &'static str) {
    if harness.is_sqlite {
        std::fs::create_dir(harness.folder.path().join("data")).unwrap();
        std::fs::write(harness.folder.path().join("data/recon.db"), "").unwrap();
    }
    harness.raw(sql).await.unwrap();
}

on_both! {
    async fn columns_are_found_by_name_and_values_become_text(harness) {
        shop(harness, "CREATE TABLE shop (id BIGINT, cents NUMERIC(12, 2), at TEXT);
            INSERT INTO shop VALUES (2, -725, '2026-10-01T10:00:00+08:00'), (1, 5, '2026-10-01T09:00:00+08:00')").await;
        let sql = format!("SELECT {REST}, at AS occurred_at, cents AS amount_minor, id AS entry_id, 'x' AS further FROM shop ORDER BY id;");
        let (rows, body) = read(harness, &sql).await.unwrap();
        assert_eq!(rows, 2);
        assert_eq!(body, "\
1,PAYMENT,,,,,,,5,USD,SUCCESS,2026-10-01T09:00:00+08:00,,,
2,PAYMENT,,,,,,,-725,USD,SUCCESS,2026-10-01T10:00:00+08:00,,,
");
    }

    async fn the_window_is_put_in(harness) {
        shop(harness, "CREATE TABLE shop (id TEXT, at TEXT);
            INSERT INTO shop VALUES ('before', '2026-09-30T15:59:59Z'), ('in', '2026-09-30T16:00:00Z'), ('after', '2026-10-01T16:00:00Z')").await;
        let sql = format!("SELECT {REST}, at AS occurred_at, 1 AS amount_minor, id AS entry_id FROM shop WHERE at >= $1 AND at < $2");
        let (rows, body) = read(harness, &sql).await.unwrap();
        assert_eq!((rows, body.starts_with("in,")), (1, true), "{body}");
    }

    async fn a_query_that_does_not_fit_is_explained(harness) {
        shop(harness, "CREATE TABLE shop (id TEXT)").await;
        // Said even though there is no row.
        let missing = read(harness, "SELECT id AS entry_id, id AS currency FROM shop").await.unwrap_err().to_string();
        assert!(missing.contains("column `entry_type` is missing"), "{missing}");
        assert!(missing.contains("found `entry_id, currency`"), "{missing}");
        let sql = format!("SELECT {REST}, '' AS occurred_at, 1 AS amount_minor, '' AS entry_id, '' AS entry_id FROM shop");
        let twice = read(harness, &sql).await.unwrap_err().to_string();
        assert!(twice.contains("column `entry_id` is there twice"), "{twice}");
        let wrong = read(harness, "SELECT * FROM nowhere").await.unwrap_err();
        assert!(matches!(wrong, StoreError::LedgerQuery { .. }), "{wrong}");
        assert!(wrong.to_string().contains("nowhere"), "{wrong}");
    }

    async fn a_fraction_of_the_smallest_unit_is_refused(harness) {
        shop(harness, "CREATE TABLE shop (cents TEXT); INSERT INTO shop VALUES ('7.25')").await;
        let sql = format!("SELECT {REST}, '' AS occurred_at, cents AS amount_minor, 'e-1' AS entry_id FROM shop");
        let error = read(harness, &sql).await.unwrap_err().to_string();
        assert!(error.contains("row `e-1`, column `amount_minor`: found `7.25`; expected an integer"), "{error}");
    }

    async fn nothing_can_be_written(harness) {
        shop(harness, "CREATE TABLE shop (id TEXT); INSERT INTO shop VALUES ('kept')").await;
        let sql = format!("DELETE FROM shop RETURNING {REST}, '' AS occurred_at, 1 AS amount_minor, id AS entry_id");
        let error = read(harness, &sql).await.unwrap_err().to_string();
        assert!(error.contains("read-only") || error.contains("readonly"), "{error}");
        let sql = format!("SELECT {REST}, '' AS occurred_at, 1 AS amount_minor, id AS entry_id FROM shop");
        assert_eq!(read(harness, &sql).await.unwrap().0, 1);
    }
}

#[tokio::test]
async fn postgres_types_become_the_contracts_text() {
    let Some(harness) = Harness::postgres().await else { return };
    shop(&harness, "CREATE TABLE shop (id UUID, cents NUMERIC(12, 2), at TIMESTAMPTZ, name VARCHAR(9), local TIMESTAMP, f FLOAT8);
        INSERT INTO shop VALUES ('00000000-0000-0000-0000-000000000001', 725, '2026-10-01 10:00:00.5+08', 'ü,', now(), 1)").await;
    let sql = format!(
        "SELECT {REST}, at AS occurred_at, cents AS amount_minor, id AS entry_id FROM shop WHERE at >= $1 AND at < $2::timestamptz"
    );
    let (_, body) = read(&harness, &sql).await.unwrap();
    assert_eq!(
        body,
        "00000000-0000-0000-0000-000000000001,PAYMENT,,,,,,,725,USD,SUCCESS,2026-10-01T02:00:00.500Z,,,\n"
    );

    let sql = format!("SELECT {REST}, local AS occurred_at, cents AS amount_minor, id AS entry_id FROM shop");
    let error = read(&harness, &sql).await.unwrap_err().to_string();
    assert!(error.contains("column `occurred_at` has type `TIMESTAMP`, which is no instant"), "{error}");
    let sql = format!("SELECT {REST}, at AS occurred_at, f AS amount_minor, id AS entry_id FROM shop");
    let error = read(&harness, &sql).await.unwrap_err().to_string();
    assert!(error.contains("column `amount_minor` has type `FLOAT8`"), "{error}");
}

#[tokio::test]
async fn sqlite_files_must_exist_and_hold_no_floats() {
    let harness = Harness::sqlite();
    let error = read(&harness, "SELECT 1").await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert!(!harness.folder.path().join("data").exists());
    shop(&harness, "CREATE TABLE shop (cents); INSERT INTO shop VALUES (7.0)").await;
    let sql = format!("SELECT {REST}, '' AS occurred_at, cents AS amount_minor, 'e-1' AS entry_id FROM shop");
    let error = read(&harness, &sql).await.unwrap_err().to_string();
    assert!(error.contains("found a value of type `REAL`"), "{error}");
}
