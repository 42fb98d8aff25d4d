//! A marketplace's day against the laboratory's Antom, from the first seller to the reconciled books: onboard two sellers, sell,
//! split, refund from three sources, lose a dispute, close the day, and let the job compare Antom's reports with the ledger.
//!
//! ```text
//! cargo run -p lab --example marketplace_day
//! ```
//!
//! `shop` is what a marketplace's own program would be: it calls Antom with the crate `antom-api`, and keeps a ledger of what it
//! was told.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;

use antom_api::marketplace::{Cancel, Capture, RefundFrom};
use anyhow::{Context as _, Result, ensure};
use lab::market::{DisputeSort, MarketOptions, Marketplace, NewDispute};
use lab::serve::{CLIENT_ID, Ports, Running, serve_market};
use lab::world::calendar::instant;
use shop::Shop;

#[path = "marketplace_day/shop.rs"]
pub mod shop;

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// The Friday that is reconciled. The sellers apply on Monday.
pub const DATE: &str = "2026-11-20";

#[allow(dead_code, reason = "a test runs the day through `run`")]
fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    run(folder.path(), &mut std::io::stdout())
}

/// The whole day in `folder`, told on `out`.
pub fn run(folder: &Path, out: &mut dyn Write) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let monday = instant("2026-11-16".parse()?, 9 * HOUR);
    let options = MarketOptions::new(CLIENT_ID, monday);
    let (servers, market) = runtime.block_on(serve_market(folder, options, Ports::default()))?;
    let mut shop = Shop::new(&servers, market.clone())?;
    runtime.block_on(week(&mut shop, &market, out))?;

    fs::write(folder.join("ledger.csv"), shop.ledger_csv())?;
    fs::write(folder.join("sub-merchants.csv"), market.registry_csv())?;
    fs::write(folder.join("antom-recon.toml"), configuration(&servers))?;
    let honest = reconcile(folder, out)?;
    ensure!(honest == 0, "the books are right, and the job found {honest} discrepancies");

    writeln!(out, "\nAnd if the marketplace forgets to book the refund that it paid itself:")?;
    shop.forget("refund-2");
    fs::write(folder.join("ledger.csv"), shop.ledger_csv())?;
    let forgotten = reconcile(folder, out)?;
    ensure!(forgotten == 1, "one refund is not booked, and the job found {forgotten} discrepancies");
    runtime.block_on(servers.stop());
    Ok(())
}

/// Monday to Friday midnight, as the marketplace lives it.
async fn week(shop: &mut Shop, market: &Marketplace, out: &mut dyn Write) -> Result<()> {
    shop.onboard("anna").await?;
    shop.onboard("bert").await?;
    market.advance(4 * DAY).await?;
    writeln!(out, "Antom registered anna and bert after four days; it is Friday, {DATE}.")?;

    let lamp = shop.sell("lamp", "anna", "GCASH", 12_000).await?;
    let chair = shop.sell("chair", "bert", "CARD", 30_000).await?;
    let table = shop.authorise("table", "anna", 80_000).await?;
    let vase = shop.sell("vase", "bert", "ALIPAY_HK", 5_000).await?;
    let parts = [("table-1", 50_000, false), ("table-2", 25_000, true)];
    for (id, minor, is_last) in parts {
        let capture = Capture {
            capture_request_id: id.to_owned(),
            payment_id: table.clone(),
            capture_amount: shop::euros(minor),
            is_last_capture: Some(is_last),
        };
        shop.capture(&capture).await?;
    }
    writeln!(out, "Sold a lamp, a chair, a table in two deliveries and a vase.")?;

    shop.cancel(&Cancel::Id(vase)).await?;
    shop.refund("refund-1", &lamp, 2_000, RefundFrom::UnsettledFunds).await?;
    market.advance(HOUR).await?;
    shop.settle("split-lamp", &lamp, "anna", (8_800, 1_200)).await?;
    shop.settle("split-chair", &chair, "bert", (27_000, 3_000)).await?;
    shop.settle("split-table", &table, "anna", (67_500, 7_500)).await?;
    shop.refund("refund-2", &chair, 1_000, RefundFrom::Marketplace).await?;
    shop.refund("refund-3", &table, 4_000, RefundFrom::Seller).await?;
    writeln!(out, "Split them, after cancelling the vase; refunded from unsettled funds, the marketplace and anna.")?;

    let dispute = NewDispute {
        payment_request_id: "chair".to_owned(),
        amount_minor: 6_000,
        sort: DisputeSort::Chargeback,
        reason_code: "4853".to_owned(),
        source: "Mastercard".to_owned(),
        is_defendable: true,
    };
    let id = market.open_dispute(&dispute)?;
    shop.give_up(&id, "chair", 6_000).await?;
    writeln!(out, "Lost a dispute about the chair.")?;

    let reports = market.close_day().await?;
    shop.check_payouts()?;
    writeln!(out, "Antom paid out and put {} reports on its SFTP server.", reports.len())?;
    Ok(())
}

fn configuration(servers: &Running) -> String {
    format!(
        r#"[merchant]
platform_merchant_id = "2188120000000001"

{antom}
[database]
url = "sqlite://antom-recon.db"

[ledger]
kind = "csv"
path = "ledger.csv"

[sub_merchants]
file = "sub-merchants.csv"

[proof]
payout_types = ["PAYOUT"]

[output]
dir = "out"
"#,
        antom = servers.config_sections()
    )
}

/// Runs the job over the Friday and shows what it lists. Answers how many discrepancies that are.
fn reconcile(folder: &Path, out: &mut dyn Write) -> Result<usize> {
    writeln!(out, "\n$ antom-recon run --date {DATE}")?;
    let config = folder.join("antom-recon.toml");
    let words = ["antom-recon", "run", "--date", DATE, "--config"];
    let command: Vec<OsString> = words.iter().map(OsString::from).chain([config.into()]).collect();
    let code = antom_recon::cli::run(command);
    ensure!(code == 0, "`antom-recon run` ended with exit code {code}");
    let outputs = folder.join("out/2188120000000001").join(DATE);
    let listed = fs::read_to_string(outputs.join("discrepancies.csv")).context("discrepancies.csv")?;
    let rows: Vec<&str> = listed.lines().skip(1).collect();
    writeln!(out, "discrepancies: {}", rows.len())?;
    rows.iter().try_for_each(|row| writeln!(out, "  {row}"))?;
    Ok(rows.len())
}
