//! The job's outputs against the auditor's proofs: content with right ones, and precise about wrong ones.

use crate::proofs::{Folder, report};
use std::fs;

const DISCREPANCIES: &str = "discrepancy_id,kind,severity,business_date,first_seen_on,age_days,sub_merchant_id,\
entry_type,request_id,antom_id,order_id,currency,ledger_amount,report_amount,delta,ledger_status,report_status,answer,\
answer_status,answer_amount,explanation,ledger_entry_id,report_file,report_line,stage";

/// A day with a wrong net, a wrong total, a wrong balance, a reserve, and fees under a contract. The first text of each output is
/// right.
fn day() -> (Folder, Vec<(&'static str, String)>) {
    let head = "settlementBatchId merchantId referenceMerchantId paymentMethodType cardBrand transactionId \
        transactionRequestId transactionType transactionAmountValue transactionCurrency settlementAmountValue \
        settlementCurrency paymentMethodFeeAmountValue paymentMethodFeeCurrency interchangeFeeAmountValue \
        interchangeFeeCurrency";
    let yesterday = "B0 M1 S1 - - R0 - RESERVE - - -4.00 USD - - - -";
    let today = "
        B1 M1 S1 ALIPAY - R1 Q1 PAYMENT 100.00 USD 97.81 USD -2.20 USD - -
        B1 M1 S1 CARD VISA R2 Q2 CAPTURE 10.00 USD 9.80 USD - - -0.20 USD
        B1 M1 S1 -      - R3 - RESERVE_WITHHOLDING - - -5.00 USD - - - -
        B1 M1 S1 -      - R4 - RESERVE_RELEASE     - -  1.00 USD - - - -
        B1 M1 S1 -      - R5 - SETTLEMENT_FEE      - - -0.50 USD - - - -";
    let balance = "merchantId referenceMerchantId accountNo accountCurrency balance accountDate";
    let folder = Folder::new()
        .file(1, "settlementItems_USD_B0_000.csv", &report(&format!("{head}\n{yesterday}")))
        .file(0, "settlementItems_USD_B1_000.csv", &report(&format!("{head}{today}")))
        .file(
            0,
            "settlementSummary_USD_B1_000.csv",
            &report(
                "settlementBatchId merchantId referenceMerchantId settlementAmountValue settlementCurrency
                 B1 M1 S1 103.12 USD
                 B2 M2 S2 1.00 USD",
            ),
        )
        .file(1, "dailyEndingBalance_20261117_000.csv", &report(&format!("{balance}\nM1 S1 A1 USD 200.00 20261117")))
        .file(0, "dailyEndingBalance_20261118_000.csv", &report(&format!("{balance}\nM1 S1 A1 USD 97.00 20261118")))
        .file(
            0,
            "accountActivity_20261118_000.csv",
            &report(
                "merchantId referenceMerchantId accountNo accountCurrency accountLogId transDirection amount
                 M1 S1 A1 USD L1 OUT 103.12
                 M2 S2 A2 USD L2 OUT 1.00
                 M2 S2 A2 USD L3 IN 1.00",
            ),
        )
        .schedule("[[rule]]\nkind = \"payment_method\"\npercent = \"2.2\"\n");
    (folder, outputs())
}

/// One row of `discrepancies.csv`, from the cells that proofs have something to say about.
fn row(kind: &str, date: &str, party: &str, ids: &str, amounts: &str, place: &str, stage: &str) -> String {
    format!("D,{kind},high,{date},{date},0,{party},{ids},,USD,{amounts},,,,,,text,,{place},{stage}")
}

fn outputs() -> Vec<(&'static str, String)> {
    let items = "v1/settlementItems_USD_B1_000.csv,2";
    let summary = |line: u32| format!("v1/settlementSummary_USD_B1_000.csv,{line}");
    let discrepancies = [
        DISCREPANCIES.to_owned(),
        row("NET_FORMULA", "2026-11-18", "S1", "PAYMENT,Q1,R1", "97.80,97.81,0.01", items, "proof"),
        row("BATCH_TOTAL", "2026-11-18", "S1", ",,B1", "103.11,103.12,0.01", &summary(2), "proof"),
        row("BATCH_TOTAL", "2026-11-18", "S2", ",,B2", ",1.00,1.00", &summary(3), "proof"),
        row("BALANCE_ROLL", "2026-11-18", "S1", ",,A1", "96.88,97.00,0.12", "v1/daily.csv,2", "proof"),
        // Of another day, of another stage, and about the ledger: none of the proofs' business.
        row("NET_FORMULA", "2026-11-17", "S1", "PAYMENT,Q9,R9", "1.00,2.00,1.00", items, "proof"),
        row("AMOUNT_MISMATCH", "2026-11-18", "S1", "PAYMENT,Q8,R8", "1.00,2.00,1.00", items, "settlement"),
        row("UNEXPLAINED_ADJUSTMENT", "2026-11-18", "S1", "FEE,,R5", ",-0.50,-0.50", items, "proof"),
    ];
    let batches =
        "settlement_batch_id,merchant_id,sub_merchant_id,currency,lines,gross,fees,net,summary,difference,other,\
        gross_payment,gross_capture,gross_refund,fee_payment_method,fee_interchange,fee_settlement_fee,fee_total,\
        corrections,reserve,collateral,payout
        B1,M1,S1,USD,5,110.01,-2.90,103.11,103.12,0.01,-4.00,100.01,10.00,,-2.20,-0.20,-0.50,,,-4.00,0.00,-103.12
        B2,M2,S2,USD,0,0.00,0.00,0.00,1.00,1.00,0.00,,,,,,,,,,,-1.00";
    let balances = "merchant_id,sub_merchant_id,account_no,currency,opening,in,out,expected,reported,difference,kind
        M1,S1,A1,USD,200.00,0.00,-103.12,96.88,97.00,0.12,account
        M2,S2,A2,USD,0.00,1.00,-1.00,0.00,,,account
        M1,S1,,USD,4.00,5.00,-1.00,8.00,,,reserve";
    let fees =
        "fee_kind,method,brand,sub_merchant_id,currency,model,count,base,charged,expected,difference,effective_rate
        payment_method,ALIPAY,,S1,USD,blended,1,100.00,-2.20,-2.20,0.00,0.022000
        payment_method,CARD,VISA,S1,USD,ic++,1,10.00,0.00,-0.22,0.22,0.000000
        interchange,CARD,VISA,S1,USD,ic++,1,10.00,-0.20,,,0.020000
        settlement_fee,,,S1,USD,unknown,1,0.00,-0.50,,,";
    let mut rows = discrepancies.to_vec();
    // The card was not charged the blended fee that the contract has for every capture.
    rows.push(
        row("FEE_UNDERCHARGED", "2026-11-18", "S1", "CAPTURE,Q2,R2", "-0.22,0.00,0.22", items, "proof")
            .replace(",2,proof", ",3,proof"),
    );
    let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n") + "\n";
    vec![
        ("discrepancies.csv", lines(&rows.join("\n"))),
        ("settlement_batches.csv", lines(batches)),
        ("balances.csv", lines(balances)),
        ("fees.csv", lines(fees)),
    ]
}

fn problems(change: impl Fn(&str, String) -> String) -> Vec<String> {
    let (folder, outputs) = day();
    let out = folder.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    for (name, text) in outputs {
        fs::write(out.join(name), change(name, text)).unwrap();
    }
    folder.problems()
}

#[test]
fn right_outputs_are_right() {
    assert_eq!(problems(|_, text| text), Vec::<String>::new());
}

#[test]
fn every_wrong_cell_is_named() {
    // Columns: output, what stands there, what is put in its place, what the auditor must say.
    let table = [
        ("discrepancies.csv", "97.80,97.81", "97.80,97.82", "has report_amount `97.82`, not `97.81`"),
        ("discrepancies.csv", "103.11,103.12", "103.10,103.12", "has ledger_amount `103.10`, not `103.11`"),
        ("discrepancies.csv", "S2,,,B2", "S1,,,B2", "has sub_merchant_id `S1`, not `S2`"),
        ("discrepancies.csv", "PAYMENT,Q1,R1", "PAYMENT,Q2,R1", "has request_id `Q2`, not `Q1`"),
        ("discrepancies.csv", "csv,3,proof", "csv,4,proof", "has report_line `4`, not `3`"),
        (
            "discrepancies.csv",
            "BALANCE_ROLL",
            "PAYOUT_MISSING",
            "missing row: `BALANCE_ROLL proof A1 S1 USD 96.88 97.00`",
        ),
        ("discrepancies.csv", "2026-11-17", "2026-11-18", "row too many: `NET_FORMULA proof R9"),
        ("settlement_batches.csv", ",-4.00,0.00,-103.12", ",-4.01,0.00,-103.12", "has reserve `-4.01`, not `-4.00`"),
        ("settlement_batches.csv", "-0.20,-0.50", "-0.20,-0.40", "has fee_settlement_fee `-0.40`, not `-0.50`"),
        ("settlement_batches.csv", "100.01,10.00,,", "100.01,10.00,1.00,", "has gross_refund `1.00`, not `0.00` or ``"),
        ("settlement_batches.csv", "-103.12\n", "\n", "has payout ``, not `-103.12` or `103.12`"),
        ("settlement_batches.csv", "5,110.01", "4,110.01", "has lines `4`, not `5`"),
        ("settlement_batches.csv", "B2,M2", "B3,M2", "has no row for `B2 M2 S2 USD`"),
        ("balances.csv", "97.00,0.12", "97.00,-0.12", "has difference `-0.12`, not `0.12`"),
        ("balances.csv", "4.00,5.00", "4.00,-5.00", "has in `-5.00`, not `5.00`"),
        ("balances.csv", "reserve", "collateral", "has no row for `reserve M1 S1  USD`"),
        ("fees.csv", "0.022000", "0.0220", "has effective_rate `0.0220`, not `0.022000`"),
        ("fees.csv", "blended", "ic++", "has no row for `payment_method ALIPAY  S1 USD blended`"),
        ("fees.csv", "interchange,", "scheme,", "has a row too many for `scheme CARD VISA S1 USD ic++`"),
        ("fees.csv", "effective_rate", "rate", "fees.csv has no column `effective_rate`"),
    ];
    for (name, from, to, expected) in table {
        let problems = problems(|file, text| {
            assert!(file != name || text.contains(from), "`{from}` is not in {name}");
            if file == name { text.replacen(from, to, 1) } else { text }
        });
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:#?}");
    }
}

#[test]
fn a_summary_without_parties_stands_beside_the_whole_batch_or_beside_each_party() {
    let rows = "settlementBatchId customerId referenceMerchantId transactionId transactionType transactionAmountValue \
        transactionCurrency settlementAmountValue settlementCurrency
        B1 M1 S1 R1 PAYMENT 1.00 USD 1.00 USD
        B1 M1 S2 R2 PAYMENT 2.00 USD 2.00 USD";
    let summary = "settlementBatchId customerId summaryType count settlementAmountValue settlementCurrency
        B1 M1 TOTAL   2 3.00 USD
        B1 M1 PAYMENT 2 3.00 USD";
    let folder = Folder::new().file(0, "settlementItems_USD_B1_000.csv", &report(rows)).file(
        0,
        "settlementSummary_USD_B1_000.csv",
        &report(summary),
    );
    let out = folder.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    for (name, text) in outputs().into_iter().filter(|(name, _)| *name != "settlement_batches.csv") {
        fs::write(out.join(name), text.lines().next().unwrap()).unwrap();
    }
    let problems = |rows: &[&str]| {
        let head = "settlement_batch_id,merchant_id,sub_merchant_id,currency,lines,gross,fees,net,summary,difference,other,payout";
        fs::write(out.join("settlement_batches.csv"), format!("{head}\n{}\n", rows.join("\n"))).unwrap();
        folder.problems()
    };
    assert_eq!(problems(&["B1,M1,,USD,2,3.00,0.00,3.00,3.00,0.00,0.00,"]), Vec::<String>::new());
    let each = ["B1,M1,S1,USD,1,1.00,0.00,1.00,,,0.00,", "B1,M1,S2,USD,1,2.00,0.00,2.00,3.00,0.00,0.00,"].as_slice();
    assert_eq!(problems(each), Vec::<String>::new());
    let wrong = problems(&["B1,M1,,USD,2,3.00,0.00,3.00,,,0.00,"]);
    assert!(wrong[0].contains("has summary ``, not `3.00`"), "{wrong:?}");
    let wrong = problems(&each[..1]);
    assert!(wrong[0].contains("has no row for `B1 M1  USD`"), "{wrong:?}");
}

#[test]
fn fees_are_shown_once_each() {
    // R1: of -4 interchange explains -1. R2: the parts explain all. H writes charged fees as positive. R4 has no quote.
    let rows = "settlementBatchId merchantId acquirer referenceMerchantId transactionId transactionType transactionAmountValue \
        transactionCurrency settlementAmountValue settlementCurrency feeAmountValue feeCurrency interchangeFeeAmountValue \
        interchangeFeeCurrency
        B1 M1 A S1 R1 PAYMENT  100 USD 96 USD -4 USD -1 USD
        B1 M1 A S1 R2 PAYMENT  100 USD 99 USD -1 USD -1 USD
        B1 M1 H S2 R3 PAYMENT  100 USD 96 USD  4 USD  - -
        B1 M1 H S2 R4 REFUND   -50 EUR 49 USD -1 USD  - -
        B1 M1 H S2 R5 REFUND   -50 USD -48 USD -2 USD - -";
    let folder = Folder::new().file(0, "settlementItems_USD_B1_000.csv", &report(rows));
    let out = folder.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    let problems = |fees: &str| {
        let head = |name: &str| {
            outputs().into_iter().find(|(file, _)| *file == name).unwrap().1.lines().next().unwrap().to_owned()
        };
        for name in ["discrepancies.csv", "balances.csv"] {
            fs::write(out.join(name), head(name)).unwrap();
        }
        let batches = "settlement_batch_id,merchant_id,sub_merchant_id,currency,lines,gross,fees,net,summary,difference,other,\
            fee_interchange,fee_total\n\
            B1,M1,S1,USD,2,200.00,-5.00,195.00,,,0.00,-2.00,-3.00\nB1,M1,S2,USD,3,98.00,-1.00,97.00,,,0.00,,-1.00\n";
        fs::write(out.join("settlement_batches.csv"), batches).unwrap();
        fs::write(out.join("fees.csv"), format!("{}\n{fees}", head("fees.csv"))).unwrap();
        let problems = folder.problems();
        problems.into_iter().filter(|problem| !problem.starts_with("missing row: `FX_VARIANCE")).collect::<Vec<_>>()
    };
    let fees = "interchange,,,S1,USD,ic++,2,200.00,-2.00,,,0.010000\n\
        total,,,S1,USD,ic++,1,100.00,-3.00,,,0.030000\n\
        total,,,S2,USD,unknown,3,150.00,-1.00,,,0.006667\n";
    assert_eq!(problems(fees), Vec::<String>::new());
    let turned = fees.replace("150.00,-1.00,,,0.006667", "150.00,1.00,,,-0.006667");
    assert_eq!(problems(&turned), Vec::<String>::new(), "a turned sign may be shown as it was written");
    let wrong = problems(&fees.replace("2,200.00,-2.00", "2,200.00,-5.00"));
    assert!(wrong[0].contains("has charged `-5.00`, not `-2.00`"), "{wrong:?}");
    let wrong = problems(&fees.replace("total,,,S1,USD,ic++,1", "total,,,S1,USD,ic++,2"));
    assert!(wrong[0].contains("has count `2`, not `1`"), "{wrong:?}");
}

#[test]
fn what_follows_from_two_balances_of_an_account_is_left_open() {
    let balance = "merchantId referenceMerchantId accountNo accountCurrency balance accountDate";
    let folder = Folder::new()
        .file(1, "dailyEndingBalance_20261117_000.csv", &report(&format!("{balance}\nM1 S1 A1 USD 1.00 20261117")))
        .file(
            0,
            "accountActivity_20261118_000.csv",
            &report("accountNo accountCurrency accountLogId transDirection amount"),
        )
        .file(
            0,
            "dailyEndingBalance_20261118_000.csv",
            &report(&format!(
                "{balance}\nM1 S1 A1 USD 1.00 20261118\nM1 S1 A1 USD 2.00 20261118\nM1 S1 A1 JPY 5 20261118"
            )),
        );
    let out = folder.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    for (name, text) in outputs() {
        fs::write(out.join(name), text.lines().next().unwrap()).unwrap();
    }
    let rows = |rows: &[&str]| {
        let rolls = rows.iter().map(|amounts| {
            let (currency, amounts) = amounts.split_once(' ').unwrap();
            row("BALANCE_ROLL", "2026-11-18", "S1", ",,A1", amounts, "v1/daily.csv,2", "proof").replace("USD", currency)
        });
        let text = [DISCREPANCIES.to_owned()].into_iter().chain(rolls).collect::<Vec<_>>().join("\n");
        fs::write(out.join("discrepancies.csv"), text).unwrap();
        let problems = folder.problems();
        problems.into_iter().filter(|problem| !problem.starts_with("balances.csv")).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["USD 1.00,2.00,1.00", "JPY 0,5,5"]), Vec::<String>::new());
    assert_eq!(rows(&["JPY 0,5,5"]), Vec::<String>::new());
    assert_eq!(rows(&["USD 1.00,2.00,1.00"]), ["missing row: `BALANCE_ROLL proof A1 S1 JPY 0 5`"]);
}
