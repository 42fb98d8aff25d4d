//! A Friday, a Monday and a Tuesday with what is rare, against the job: a bounced refund, a debt, a dispute lost and won back, a
//! rapid resolution, a cancelled authorisation, a refund from both sides; and the same week twice has the same reports.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use antom_api::marketplace::{Cancel, Refund, RefundDetail, RefundFrom, Standing};
use lab::market::{DisputeSort, MarketOptions, Marketplace, NewDispute, ReportText};
use lab::serve::{CLIENT_ID, Ports, Running, serve_market};
use lab::world::calendar::instant;

use super::example::marketplace_day::shop::{Shop, euros};
use super::harness::{DAY, HOUR};

const DAYS: [&str; 5] = ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"];

/// Rows that the shop of the example does not book: what buyers, schemes and banks did.
fn row(number: u32, sort: &str, ids: (&str, &str), original: (&str, &str), minor: i64, at: &str) -> String {
    let (request_id, antom_id) = ids;
    let (payment_request_id, payment_id) = original;
    format!(
        "more{number},{sort},{request_id},{antom_id},{payment_request_id},{payment_id},order-{payment_request_id},anna,\
         {minor},EUR,SUCCESS,{at},,,\n"
    )
}

struct Week {
    servers: Running,
    market: Marketplace,
    ledger: String,
    reports: Vec<ReportText>,
}

async fn live(folder: &Path) -> Week {
    let options = MarketOptions::new(CLIENT_ID, instant("2026-11-16".parse().unwrap(), 9 * HOUR));
    let (servers, market) = serve_market(folder, options, Ports::default()).await.unwrap();
    let mut shop = Shop::new(&servers, market.clone()).unwrap();
    shop.onboard("anna").await.unwrap();
    shop.onboard("bert").await.unwrap();
    market.advance(4 * DAY).await.unwrap();
    let mut reports = Vec::new();

    // Friday: two sales, one of them by card; bert sells something little.
    let lamp = shop.sell("lamp", "anna", "GCASH", 12_000).await.unwrap();
    let chair = shop.sell("chair", "anna", "CARD", 30_000).await.unwrap();
    let little = shop.sell("little", "bert", "GCASH", 400).await.unwrap();
    market.advance(HOUR).await.unwrap();
    shop.settle("split-lamp", &lamp, "anna", (10_800, 1_200)).await.unwrap();
    shop.settle("split-chair", &chair, "anna", (27_000, 3_000)).await.unwrap();
    shop.settle("split-little", &little, "bert", (390, 10)).await.unwrap();
    shop.refund("refund-1", &lamp, 2_000, RefundFrom::Seller).await.unwrap();
    reports.extend(market.close_day().await.unwrap());
    for _weekend in [6, 7] {
        reports.extend(market.close_day().await.unwrap());
    }

    // Monday: the refund bounces; a dispute is lost although everything was paid out; another ends at once.
    market.advance(10 * HOUR).await.unwrap();
    let dispute = |amount_minor, sort| NewDispute {
        payment_request_id: "chair".to_owned(),
        amount_minor,
        sort,
        reason_code: "4853".to_owned(),
        source: "Visa".to_owned(),
        is_defendable: true,
    };
    let lost = market.open_dispute(&dispute(6_000, DisputeSort::Chargeback)).unwrap();
    shop.give_up(&lost, "chair", 6_000).await.unwrap();
    let rapid = market.open_dispute(&dispute(1_000, DisputeSort::Rapid)).unwrap();
    market.bounce_refund("refund-1").unwrap();
    reports.extend(market.close_day().await.unwrap());

    // Tuesday: the scheme changes its mind, bert sells more, a refund is taken from both sides.
    market.advance(10 * HOUR).await.unwrap();
    market.reverse_dispute(&lost).unwrap();
    let more = shop.sell("more", "bert", "ALIPAY_HK", 5_000).await.unwrap();
    let void = shop.authorise("void", "anna", 700).await.unwrap();
    market.advance(HOUR).await.unwrap();
    shop.cancel(&Cancel::Id(void)).await.unwrap();
    shop.settle("split-more", &more, "bert", (4_500, 500)).await.unwrap();
    let both = Refund {
        refund_details: vec![
            RefundDetail { refund_from: RefundFrom::Seller, refund_amount: euros(900) },
            RefundDetail { refund_from: RefundFrom::Marketplace, refund_amount: euros(100) },
        ],
        ..Refund::new("refund-2", &more, euros(1_000), RefundFrom::Seller)
    };
    let refunded = shop.client().refund(&both).await.unwrap();
    assert_eq!(refunded.standing, Standing::Done, "{}", refunded.result);
    reports.extend(market.close_day().await.unwrap());

    let refund_id = refunded.body.refund_id.unwrap();
    let ledger = shop.ledger_csv()
        + &row(1, "DISPUTE", ("", &rapid), ("chair", &chair), -1_000, "2026-11-23T10:00:00+08:00")
        + &row(2, "REFUND_REVERSAL", ("refund-1", ""), ("lamp", &lamp), 2_000, "2026-11-23T10:00:00+08:00")
        + &row(3, "DISPUTE_REVERSAL", ("", &lost), ("chair", &chair), 6_000, "2026-11-24T10:00:00+08:00")
        + &row(4, "REFUND", ("refund-2", &refund_id), ("more", &more), -1_000, "2026-11-24T11:01:00+08:00")
            .replace(",anna,", ",bert,");
    Week { servers, market, ledger, reports }
}

/// What the job lists for a day, a row each.
fn run(folder: &Path, date: &str) -> Vec<String> {
    let config = folder.join("antom-recon.toml");
    let words = ["antom-recon", "run", "--date", date, "--config"];
    let command: Vec<OsString> = words.iter().map(OsString::from).chain([config.into()]).collect();
    assert_eq!(antom_recon::cli::run(command), 0, "{date}");
    let listed = folder.join("out/2188120000000001").join(date).join("discrepancies.csv");
    fs::read_to_string(listed).unwrap().lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_job_finds_nothing_in_a_week_of_rare_things() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let week = runtime.block_on(live(folder.path()));
    fs::write(folder.path().join("ledger.csv"), &week.ledger).unwrap();
    fs::write(folder.path().join("sub-merchants.csv"), week.market.registry_csv()).unwrap();
    let config = format!(
        "[merchant]\nplatform_merchant_id = \"2188120000000001\"\n\n{}\n[database]\nurl = \"sqlite://recon.db\"\n\n\
         [ledger]\nkind = \"csv\"\npath = \"ledger.csv\"\n\n[sub_merchants]\nfile = \"sub-merchants.csv\"\n\n\
         [proof]\npayout_types = [\"PAYOUT\"]\n\n[output]\ndir = \"out\"\n",
        week.servers.config_sections()
    );
    fs::write(folder.path().join("antom-recon.toml"), config).unwrap();
    for date in DAYS {
        let listed = run(folder.path(), date);
        assert!(listed.is_empty(), "{date}:\n{}", listed.join("\n"));
    }
    runtime.block_on(week.servers.stop());
}

#[test]
fn the_same_week_twice_has_the_same_reports() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [one, other] = [(), ()].map(|()| {
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(live(folder.path())).reports
    });
    assert_eq!(one, other);
    let types: Vec<&str> = one.iter().flat_map(|report| report.text.lines()).collect();
    for kind in [",CANCEL,", ",REFUND_REVERSAL,", ",DISPUTE_REVERSAL,", ",RAPID_DISPUTE_RESOLUTION,", ",AUTHORIZATION,"]
    {
        assert!(types.iter().any(|line| line.contains(kind)), "{kind} is in no report");
    }
}
