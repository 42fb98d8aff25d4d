//! The written files: names, headers, ends, quoting, and the variants of writing.

use crate::reading::{all, rows, text};
use lab::world::layout::{Layout, Report};
use lab::world::style::{Empty, Offsets, Style};
use lab::world::{Plan, World};
use std::collections::BTreeSet;

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
    let make = |seed| {
        let world = World::generate(Plan::one_week(seed));
        (world.files.clone(), world.ledger_csv(), world.merchants.registry_csv(), world.expected, world.book)
    };
    assert_eq!(make(7), make(7));
    assert_ne!(make(7).0, make(8).0);
}

#[test]
fn names_and_directories_are_those_of_the_documentation() {
    let world = World::generate(Plan { proofs: false, ..Plan::one_week(1) });
    for file in &world.files {
        let parts: Vec<&str> = file.path.split('/').collect();
        let [v1, settlements, platform, day, name] = parts[..] else { panic!("{}", file.path) };
        assert_eq!((v1, settlements, platform), ("v1", "settlements", "2188120000000001"));
        assert_eq!(day, file.day.format("%Y%m%d").to_string());
        match file.report {
            Report::TransactionDetails => assert_eq!(name, format!("transactionItems_{day}_000.csv")),
            Report::SettlementDetails => {
                let batch = &rows(file)[0]["settlementBatchId"];
                let currency = &rows(file)[0]["settlementCurrency"];
                assert_eq!(name, format!("settlementItems_{currency}_{batch}_000.csv"));
            }
            Report::SettlementSummary => {
                let batch = &rows(file)[0]["settlementBatchId"];
                let currency = &rows(file)[0]["settlementCurrency"];
                assert_eq!(name, format!("settlementSummary_{currency}_{batch}_000.csv"));
            }
            Report::AccountActivity => assert_eq!(name, format!("accountActivity_{day}_000.csv")),
            Report::DailyEndingBalance => assert_eq!(name, format!("dailyEndingBalance_{day}_000.csv")),
        }
    }
    let days: BTreeSet<_> =
        world.files.iter().filter(|file| file.report == Report::TransactionDetails).map(|file| file.day).collect();
    assert_eq!(days.len(), 5, "a file of transaction details for every day");
}

#[test]
fn headers_are_those_of_the_documentation_and_every_file_ends() {
    let general = "settlementBatchId,customerId,acquirer,summaryType,settlementTime,count,settlementAmountValue,";
    for (layout, transactions, settlement, summary) in [
        (
            Layout::Marketplace,
            "merchantId,acquirer,referenceMerchantId,transactionId,originalTransactionId,",
            "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,",
            "settlementBatchId,merchantId,referenceMerchantId,settlementTime,settlementAmountValue,settlementCurrency\n",
        ),
        (
            Layout::Gen1,
            "customerId,referenceMerchantId,referenceStoreId,transactionId,originalTransactionId,",
            "settlementBatchId,customerId,referenceMerchantId,referenceStoreId,transactionId,",
            general,
        ),
        (
            Layout::Gen2,
            "customerId,acquirer,acquirerReferenceNo,referenceMerchantId,referenceStoreId,",
            "settlementBatchId,customerId,acquirer,acquirerReferenceNo,referenceMerchantId,",
            general,
        ),
        (
            Layout::Gen3,
            "customerId,PSP,ARN,referenceMerchantId,referenceStoreId,",
            "settlementBatchId,customerId,PSP,ARN,referenceMerchantId,",
            "settlementBatchId,customerId,PSP,summaryType,count,settlementInitiatedDate,settlementAmountValue,",
        ),
    ] {
        let world = World::generate(Plan { layout, proofs: false, ..Plan::one_week(2) });
        for file in &world.files {
            let account = "merchantId,referenceMerchantId,accountNo,accountCurrency,";
            let begins = match file.report {
                Report::TransactionDetails => transactions.to_owned(),
                Report::SettlementDetails => settlement.to_owned(),
                Report::SettlementSummary => summary.to_owned(),
                Report::AccountActivity => format!("{account}accountLogId,transDirection,amount\n"),
                Report::DailyEndingBalance => format!("{account}balance,accountDate\n"),
            };
            let text = text(file);
            assert!(text.starts_with(&begins), "{layout:?}: {}", text.lines().next().unwrap());
            assert!(text.ends_with("\n<END>\n"), "{}", file.path);
        }
        for report in Report::ALL {
            let columns: BTreeSet<&str> = layout.columns(report).into_iter().collect();
            assert_eq!(columns.len(), layout.columns(report).len(), "no column twice");
            if matches!(report, Report::SettlementDetails | Report::SettlementSummary) {
                assert_eq!(columns.contains("feeAmountValue"), matches!(layout, Layout::Gen1 | Layout::Gen2));
            }
        }
    }
}

#[test]
fn the_newest_layout_carries_the_payment_id_everywhere_and_the_older_ones_do_not() {
    for layout in Layout::ALL {
        let world = crate::reading::honest_week(Plan { layout, ..Plan::one_week(3) });
        let lines = all(&world, Report::TransactionDetails);
        let payments: BTreeSet<&String> = lines
            .iter()
            .filter(|line| line["transactionType"] == "PAYMENT")
            .map(|line| &line["transactionId"])
            .collect();
        let refunds: Vec<_> = lines.iter().filter(|line| line["transactionType"] == "REFUND").collect();
        assert!(refunds.len() > 10);
        for refund in refunds {
            assert_eq!(payments.contains(&refund["transactionId"]), layout == Layout::Gen3, "{refund:?}");
            if layout != Layout::Gen3 {
                assert!(payments.contains(&refund["originalTransactionId"]), "{refund:?}");
            }
        }
    }
}

#[test]
fn every_variant_of_writing_holds_the_same_values() {
    let plain = World::generate(Plan { style: Style { hard_text: true, ..Style::default() }, ..Plan::one_week(4) });
    let hard = World::generate(Plan { style: Style::hardest(), ..Plan::one_week(4) });
    for report in [Report::TransactionDetails, Report::SettlementDetails] {
        let normal = |world: &World| {
            let mut lines = all(world, report);
            for line in &mut lines {
                line.remove("labNote");
                line.values_mut().filter(|cell| *cell == "None").for_each(String::clear);
                for (_, cell) in line.iter_mut().filter(|(column, _)| column.ends_with("Time")) {
                    if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(cell) {
                        *cell = instant.timestamp().to_string();
                    }
                }
            }
            // The cut line is cut at another column where the order differs.
            lines.retain(|line| line.len() > 10);
            lines.sort();
            lines
        };
        assert_eq!(normal(&plain), normal(&hard));
    }
}

#[test]
fn the_hardest_writing_has_all_its_difficulties() {
    let world = World::generate(Plan { style: Style::hardest(), ..Plan::one_week(5) });
    let file = world.files.iter().find(|file| file.path.contains("transactionItems_20261120_001")).unwrap();
    let text = text(file);
    assert!(text.starts_with('\u{feff}') && text.contains("\r\n") && text.ends_with("<END>\r\n"));
    assert!(text.contains(",None,") && text.contains("-07:00") && text.contains("+08:30"));
    assert!(text.contains("\"Mug, blue\"") || text.contains("\"The \"\"large\"\" one\""), "quoted descriptions");
    assert!(text.contains("\"Two lines\nof text\""), "a line break inside a cell");
    for part in 0..3 {
        assert!(world.files.iter().any(|file| file.path.ends_with(&format!("transactionItems_20261120_00{part}.csv"))));
    }
}

#[test]
fn other_writings_can_be_chosen_alone() {
    let style = Style { empty: Empty::Null, offsets: Offsets::Minutes(0), minor_units: true, ..Style::default() };
    let world = crate::reading::honest_week(Plan { style, ..Plan::one_week(6) });
    let lines = all(&world, Report::TransactionDetails);
    assert!(lines.iter().all(|line| !line["transactionAmountValue"].contains('.')));
    assert!(lines.iter().all(|line| line["paymentTime"].ends_with("+00:00")));
    assert!(lines.iter().any(|line| line["originalTransactionId"] == "null"));
    let style = Style { positive_outgoing: true, ..Style::default() };
    let world = crate::reading::honest_week(Plan { style, ..Plan::one_week(6) });
    assert!(
        all(&world, Report::TransactionDetails).iter().all(|line| !line["transactionAmountValue"].starts_with('-'))
    );
    assert!(all(&world, Report::SettlementDetails).iter().any(|line| line["transactionAmountValue"].starts_with('-')));
}

#[test]
fn the_world_lies_on_disk_as_the_job_expects_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::generate(Plan::one_day(1));
    world.write(folder.path()).unwrap();
    for file in &world.files {
        assert_eq!(std::fs::read(folder.path().join("remote").join(&file.path)).unwrap(), file.bytes);
    }
    let registry = std::fs::read_to_string(folder.path().join("sub-merchants.csv")).unwrap();
    assert!(registry.starts_with("sub_merchant_id,merchant_id,status,registered_on\n"));
    let ledger = std::fs::read_to_string(folder.path().join("ledger.csv")).unwrap();
    assert!(ledger.starts_with(
        "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,sub_merchant_id,\
         amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id\n"
    ));
}
