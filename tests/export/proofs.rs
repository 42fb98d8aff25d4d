//! The outputs of proofs: batches, balances, fees.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use antom_recon::export::{self, BalanceKind, BalanceRow, BatchRow, FeeRow, Output};
use antom_recon::money::Currency;
use antom_recon::movement::EntryType;
use antom_recon::proof::BatchSum;
use antom_recon::report::FeeKind;

fn currency(code: &str) -> Currency {
    Currency::parse(code.as_bytes()).unwrap()
}

/// The header, and each row as pairs of column and cell.
fn table(bytes: &[u8]) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    assert!(bytes.ends_with(b"\r\n"));
    let mut reader = csv::Reader::from_reader(bytes);
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |record: csv::StringRecord| header.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
    let rows = reader.records().map(|record| row(record.unwrap())).collect();
    (header, rows)
}

fn batch() -> BatchRow {
    let sum = BatchSum {
        lines: 9,
        gross: BTreeMap::from([(EntryType::Payment, 1000), (EntryType::RefundReversal, 40), (EntryType::Refund, -300)]),
        fees: BTreeMap::from([(FeeKind::Interchange, -30), (FeeKind::SettlementFee, -7), (FeeKind::Total, 2)]),
        corrections: -1,
        reserve_taken: -100,
        reserve_given: 40,
        collateral_taken: -20,
        collateral_given: 25,
        unknown: 3,
        net: 652,
        ..BatchSum::default()
    };
    BatchRow {
        batch_id: "B1".into(),
        merchant_id: "=218".into(),
        sub_merchant_id: "seller-1".into(),
        currency: currency("USD"),
        sum,
        summary: Some(651),
        payout: Some(-651),
    }
}

#[test]
fn the_columns_of_batches_begin_as_they_always_did() {
    let mut bytes = Vec::new();
    export::settlement_batches(&mut bytes, Vec::<BatchRow>::new()).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "settlement_batch_id,merchant_id,sub_merchant_id,currency,lines,gross,fees,net,summary,difference,other,\
         gross_payment,gross_authorization,gross_capture,gross_void,gross_cancel,gross_refund,gross_payment_reversal,\
         gross_refund_reversal,gross_dispute,gross_dispute_reversal,\
         fee_payment_method,fee_interchange,fee_scheme,fee_acquirer_markup,fee_processing,fee_tax,fee_refund,\
         fee_dispute_handling,fee_financing,fee_rdr,fee_anticipation,fee_risk_decision_service,fee_risk_management,\
         fee_cdrn,fee_iof,fee_withholding_tax,fee_fx,fee_rtau_service,fee_nt_service,fee_revenue_booster_service,\
         fee_dispute_reverse,fee_total,fee_settlement_fee,fee_adjustment_fee,\
         corrections,reserve,collateral,unknown_types,payout\r\n"
    );
}

#[test]
fn a_batch_shows_its_sums_by_type_and_kind_and_the_payout() {
    let mut bytes = Vec::new();
    export::settlement_batches(&mut bytes, [batch()]).unwrap();
    let (header, rows) = table(&bytes);
    let filled = [
        ("settlement_batch_id", "B1"),
        ("merchant_id", "'=218"),
        ("sub_merchant_id", "seller-1"),
        ("currency", "USD"),
        ("lines", "9"),
        ("gross", "7.40"),
        ("fees", "-0.35"),
        ("net", "6.52"),
        ("summary", "6.51"),
        ("difference", "-0.01"),
        ("other", "-0.53"),
        ("gross_payment", "10.00"),
        ("gross_refund", "-3.00"),
        ("gross_refund_reversal", "0.40"),
        ("fee_interchange", "-0.30"),
        ("fee_settlement_fee", "-0.07"),
        ("fee_total", "0.02"),
        ("corrections", "-0.01"),
        ("reserve", "-0.60"),
        ("collateral", "0.05"),
        ("unknown_types", "0.03"),
        ("payout", "-6.51"),
    ];
    let filled = BTreeMap::from(filled);
    for column in &header {
        assert_eq!(rows[0][column], filled.get(column.as_str()).copied().unwrap_or("0.00"), "{column}");
    }
    assert_eq!(header.len(), 50);
}

#[test]
fn a_side_that_is_missing_is_empty_and_a_sum_of_nothing_is_zero() {
    let without = BatchRow { currency: currency("JPY"), summary: None, payout: None, ..batch() };
    let only_summary = BatchRow { sum: BatchSum::default(), summary: Some(5), payout: None, ..batch() };
    let mut bytes = Vec::new();
    export::settlement_batches(&mut bytes, [without, only_summary]).unwrap();
    let (_, rows) = table(&bytes);
    let cells = |row: usize, names: &[&str]| names.iter().map(|name| rows[row][*name].clone()).collect::<Vec<_>>();
    assert_eq!(cells(0, &["net", "summary", "difference", "payout", "gross_void"]), ["652", "", "", "", "0"]);
    assert_eq!(cells(1, &["lines", "net", "summary", "difference", "other"]), ["0", "0.00", "0.05", "0.05", "0.00"]);
}

#[test]
fn a_gross_without_a_column_is_an_error() {
    let mut row = batch();
    row.sum.gross.insert(EntryType::Transfer, 5);
    let error = export::settlement_batches(Vec::new(), [row]).unwrap_err();
    assert_eq!(error.to_string(), "batch `B1` has the gross 5 of TRANSFER, which has no column");
}

#[test]
fn balances_of_accounts_and_of_what_is_held() {
    let account = BalanceRow {
        merchant_id: "218".into(),
        sub_merchant_id: "@seller".into(),
        account_no: "9".repeat(20),
        currency: currency("KWD"),
        opening: Some(1000),
        incoming: Some(500),
        outgoing: Some(-1700),
        expected: Some(-200),
        reported: Some(1),
        difference: Some(201),
        kind: BalanceKind::Account,
    };
    let reserve = BalanceRow {
        account_no: String::new(),
        opening: None,
        reported: None,
        difference: None,
        kind: BalanceKind::Reserve,
        ..account.clone()
    };
    let mut bytes = Vec::new();
    let written = export::balances(&mut bytes, [account, reserve]).unwrap();
    assert_eq!(written.rows, Some(2));
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "merchant_id,sub_merchant_id,account_no,currency,opening,in,out,expected,reported,difference,kind\r\n\
         218,'@seller,99999999999999999999,KWD,1.000,0.500,-1.700,-0.200,0.001,0.201,account\r\n\
         218,'@seller,,KWD,,0.500,-1.700,-0.200,,,reserve\r\n"
    );
}

#[test]
fn fees_against_the_contract() {
    let charged = FeeRow {
        kind: FeeKind::AcquirerMarkup,
        method: "CARD".into(),
        brand: "VISA".into(),
        sub_merchant_id: "seller-1".into(),
        currency: currency("USD"),
        model: "ic++",
        count: 3,
        base: 30_000,
        charged: -1_000,
        expected: Some(-990),
    };
    let free = FeeRow { model: "unknown", base: 0, charged: -5, expected: None, ..charged.clone() };
    let mut bytes = Vec::new();
    export::fees(&mut bytes, [charged, free]).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "fee_kind,method,brand,sub_merchant_id,currency,model,count,base,charged,expected,difference,effective_rate\r\n\
         acquirer_markup,CARD,VISA,seller-1,USD,ic++,3,300.00,-10.00,-9.90,-0.10,0.033333\r\n\
         acquirer_markup,CARD,VISA,seller-1,USD,unknown,3,0.00,-0.05,,,\r\n"
    );
}

#[test]
fn the_files_of_a_run_have_a_fixed_order() {
    let names: Vec<_> = Output::ALL.iter().map(|output| output.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "discrepancies.csv in_transit.csv cleared.csv roll_forward.csv rejected_lines.csv restated_lines.csv control_totals.csv \
         settlement_batches.csv balances.csv fees.csv summary.json"
    );
}
