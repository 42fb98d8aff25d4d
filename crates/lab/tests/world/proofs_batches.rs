//! The auditor's own proofs of batches and of a summary's own total.

use crate::proofs::{Folder, report};

const DETAILS: &str = "settlementBatchId merchantId referenceMerchantId transactionId transactionType transactionAmountValue \
    transactionCurrency settlementAmountValue settlementCurrency";
const SUMMARY: &str =
    "settlementBatchId merchantId referenceMerchantId settlementTime settlementAmountValue settlementCurrency";

fn details(rows: &str) -> String {
    report(&format!("{DETAILS}\n{rows}"))
}

fn summary(rows: &str) -> String {
    report(&format!("{SUMMARY}\n{rows}"))
}

#[test]
fn details_and_summary_agree_per_batch_party_and_currency() {
    // B1 lies in two parts, B2 and B3 in one file; B4 is in the details alone and B5 in the summary alone.
    let folder = Folder::new()
        .file(
            0,
            "settlementItems_USD_B1_000.csv",
            &details("B1 M1 S1 R1 PAYMENT 10.00 USD 10.00 USD\n B1 M0 None R2 SETTLEMENT_FEE - - -0.10 USD"),
        )
        .file(
            0,
            "settlementItems_USD_B1_001.csv",
            &details("B1 M1 S1 R3 REFUND -2.00 USD -2.00 USD\n B1 M1 S1 R4 LOYALTY 1.00 USD 1.00 USD"),
        )
        .file(
            0,
            "settlementItems_USD_B2_000.csv",
            &details(
                "B2 M1 S1 R5 PAYMENT 5.00 USD 5.00 USD
                 B3 M1 S1 R6 PAYMENT 6.00 USD 6.00 USD
                 B3 M1 S1 R7 PAYMENT 600 JPY 600 JPY
                 B4 M1 S1 R8 PAYMENT 7.00 USD 7.00 USD
                 B4 M2 S2 R9 PAYMENT 8.00 USD 8.00 USD
                 B6 M1 S1 R10 PAYMENT 9.00 USD 9.00 USD
                 B6 M1 S1 R11 REFUND -9.00 USD -9.00 USD",
            ),
        )
        .file(
            0,
            "settlementSummary_USD_B1_000.csv",
            &summary(
                "B1 M0 None 2026-11-18T10:00:00+08:30 -0.10 USD
                 B1 M1 S1   2026-11-18T10:00:00+08:30  9.00 USD
                 B2 M1 S1   2026-11-18T10:00:00+08:00  5.01 USD
                 B3 M1 S1   2026-11-18T10:00:00+08:00  6.00 USD
                 B3 M1 S1   2026-11-18T10:00:00+08:00  599  JPY
                 B3 M3 S3   2026-11-18T10:00:00+08:00  1.00 USD
                 B3 M4 S4   2026-11-18T10:00:00+08:00  0.00 USD
                 B5 M1 S1   2026-11-18T10:00:00+08:00  2.00 USD
                 0000000000000000000 M1 S1 2026-11-18T10:00:00+08:00 0.00 USD
                 0000000000000000000 M3 S3 2026-11-18T10:00:00+08:00 3.00 USD",
            ),
        );
    folder.must_list(
        "
        BATCH_TOTAL proof B2 S1 USD 5.00 5.01 settlementSummary_USD_B1_000.csv:4
        BATCH_TOTAL proof B3 S1 JPY 600  599  settlementSummary_USD_B1_000.csv:6
        BATCH_TOTAL proof B3 S3 USD -    1.00 settlementSummary_USD_B1_000.csv:7
        BATCH_TOTAL proof B4 S1 USD 7.00 -    settlementItems_USD_B2_000.csv:5
        BATCH_TOTAL proof B4 S2 USD 8.00 -    settlementItems_USD_B2_000.csv:6
        BATCH_TOTAL proof B5 S1 USD -    2.00 settlementSummary_USD_B1_000.csv:9
        BATCH_TOTAL proof 0000000000000000000 S3 USD - 3.00 settlementSummary_USD_B1_000.csv:11
        ",
    );
}

#[test]
fn sums_go_beyond_64_bits() {
    let line = |number: usize| format!("B1 M1 S1 R{number} PAYMENT 9999999999999999.99 USD 9999999999999999.99 USD\n");
    let folder = Folder::new()
        .file(0, "settlementItems_USD_B1_000.csv", &details(&(0..10).map(line).collect::<String>()))
        .file(0, "settlementSummary_USD_B2_000.csv", &summary(""));
    folder.must_list("BATCH_TOTAL proof B1 S1 USD 99999999999999999.90 - settlementItems_USD_B1_000.csv:2");
}

#[test]
fn nothing_is_proved_without_a_summary() {
    let folder = Folder::new()
        .file(0, "settlementItems_USD_B1_000.csv", &details("B1 M1 S1 R1 PAYMENT 10.00 USD 10.00 USD"))
        .file(1, "settlementSummary_USD_B1_000.csv", &summary("B1 M1 S1 - 11.00 USD"));
    folder.must_list("");
    let remarks = folder.prove().unwrap().remarks().join("\n");
    assert!(remarks.contains("batches are not proved without a settlement summary"), "{remarks}");
    // One that was refused leaves nothing either.
    let folder = folder.file(0, "settlementSummary_USD_B1_000.csv", "settlementBatchId\n");
    folder.must_list("");
}

const GENERAL: &str = "settlementBatchId customerId acquirer summaryType settlementTime count settlementAmountValue \
    settlementCurrency feeAmountValue feeCurrency taxFeeAmountValue taxFeeCurrency";

fn general(rows: &str) -> String {
    report(&format!("{GENERAL}\n{rows}"))
}

#[test]
fn a_general_summary_is_compared_over_all_parties_by_its_total() {
    let items = |rows: &str| details(rows).replace("merchantId,reference", "customerId,reference");
    let folder = Folder::new()
        .file(
            0,
            "settlementItems_USD_B1_000.csv",
            &items(
                "B1 M1 S1 R1 PAYMENT 10.00 USD 10.00 USD
                 B1 M1 S2 R2 PAYMENT 20.00 USD 20.00 USD
                 B2 M1 S1 R3 PAYMENT 30.00 USD 30.00 USD
                 B3 M1 S1 R4 PAYMENT 40.00 USD 40.00 USD
                 B3 M1 S2 R5 PAYMENT 50.00 USD 50.00 USD",
            ),
        )
        .file(
            0,
            "settlementSummary_USD_B1_000.csv",
            &general(
                "B1 M1 A PAYMENT - 2 30.00 USD - - - -
                 B1 M1 A TOTAL   - 2 30.00 USD - - - -
                 B2 M1 A PAYMENT - 1 29.00 USD - - - -
                 B2 M1 A REFUND  - 1  0.50 USD - - - -",
            ),
        );
    folder.must_list(
        "
        BATCH_TOTAL proof B2 - USD 30.00 29.50 settlementSummary_USD_B1_000.csv:4
        BATCH_TOTAL proof B3 - USD 90.00 -     settlementItems_USD_B1_000.csv:5
        ",
    );
}

#[test]
fn a_total_is_the_sum_of_the_other_rows() {
    // B1 is the documented sample of Hundsun with a correction of tax; B2 that of 2C2P, whose correction has a fee alone.
    let folder = Folder::new().file(
        0,
        "settlementSummary_JPY_B1_000.csv",
        &general(
            "B1 M1 Hundsun PAYMENT 2022-10-30T23:00:00+08:00 2 192  JPY  8    JPY 0 JPY
             B1 M1 Hundsun REFUND  2022-10-30T23:00:00+08:00 1 -96  JPY -4    JPY 0 JPY
             B1 M1 Hundsun TOTAL   2022-10-30T23:00:00+08:00 4  96  JPY  4    JPY 3 JPY
             B1 M1 Hundsun DEFAULT 2022-10-30T23:00:00+08:00 1   0  JPY  0    JPY 3 JPY
             B2 M1 2C2P    CAPTURE -                         1  96  HKD -4    HKD - -
             B2 M1 2C2P    TOTAL   -                         2  91  HKD -9    HKD - -
             B2 M1 2C2P    DEFAULT -                         1  -   HKD -5    HKD - -
             B3 M1 A       PAYMENT -                         1  9.00 USD -1.00 USD - -
             B3 M1 A       TOTAL   -                         7  9.01 USD -2.00 USD - -
             B4 M1 A       TOTAL   -                         1  9.00 USD -2.00 USD - -
             B4 M1 A       PAYMENT -                         1  9.00 USD -1.00 USD - -
             B5 M1 A       TOTAL   -                         2  9.00 USD -1.00 USD - -
             B5 M1 A       PAYMENT -                         1  9.00 USD -1.00 USD - -
             B6 M1 A       TOTAL   -                         0  0    USD -     -   - -",
        ),
    );
    // The batches are in no details, which is another matter.
    let found = folder.prove().unwrap().discrepancies();
    let totals: Vec<&str> = found.lines().filter(|line| line.starts_with("CONTROL_TOTAL")).collect();
    let expected = [
        "CONTROL_TOTAL file B3 - USD 9.00 9.01",
        "CONTROL_TOTAL file B4 - USD -1.00 -2.00",
        "CONTROL_TOTAL file B5 - ? - -",
    ];
    assert_eq!(totals, expected);
    assert!(found.contains("BATCH_TOTAL proof B2 - HKD - 91.00 settlementSummary_JPY_B1_000.csv:7"), "{found}");
    assert!(!found.contains("BATCH_TOTAL proof B6"), "{found}");
}
