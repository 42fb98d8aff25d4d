//! The auditor's own proofs of balances and payouts.

use crate::proofs::{Folder, report};

const BALANCE: &str = "merchantId referenceMerchantId accountNo accountCurrency balance accountDate";
const ACTIVITY: &str = "merchantId referenceMerchantId accountNo accountCurrency accountLogId transDirection amount";
const SUMMARY: &str = "settlementBatchId merchantId referenceMerchantId settlementAmountValue settlementCurrency";

fn with_balances(before: &str, activity: &str, ending: &str) -> Folder {
    Folder::new()
        .file(1, "dailyEndingBalance_20261117_000.csv", &report(&format!("{BALANCE}\n{before}")))
        .file(0, "accountActivity_20261118_000.csv", &report(&format!("{ACTIVITY}\n{activity}")))
        .file(0, "dailyEndingBalance_20261118_000.csv", &report(&format!("{BALANCE}\n{ending}")))
}

#[test]
fn a_balance_is_that_of_the_day_before_plus_the_movements() {
    // Account 1: OUT both ways, 100 + 50 - 30 - 20 = 100. 2: a day written either way. 3: new. 4: gone with nothing. 5: gone with
    // money. 6: one yen off. 7: a negative IN lowers. 8: a log twice counts once.
    let folder = with_balances(
        "M0 None 1 USD 100.00 20261117
         M1 S1   2 KWD 1.234  2026-11-17
         M1 S1   4 USD 5.00   20261117
         M1 S1   5 USD 5.00   20261117
         M1 S1   6 JPY 1000   20261117
         M1 S1   7 USD 10.00  20261117
         M1 S1   8 USD 10.00  20261117",
        "M0 None 1 USD L1 IN  50.00
         M0 None 1 USD L2 OUT -30.00
         M0 None 1 USD L3 OUT 20.00
         M1 S1   2 KWD L4 IN  0.001
         M2 S2   3 USD L5 IN  7.00
         M1 S1   4 USD L6 OUT 5.00
         M1 S1   6 JPY L7 IN  1
         M1 S1   7 USD L8 IN  -1.00
         M1 S1   8 USD L9 IN  1.00
         M1 S1   8 USD L9 IN  1.00",
        "M0 None 1 USD 100.00 20261118
         M1 S1   2 KWD 1.235  2026-11-18
         M2 S2   3 USD 7.00   20261118
         M1 S1   6 JPY 1002   20261118
         M1 S1   7 USD 9.00   20261118
         M1 S1   8 USD 11.00  20261118",
    );
    folder.must_list(
        "
        BALANCE_ROLL        proof 5  S1 USD 5.00 -
        BALANCE_ROLL        proof 6  S1 JPY 1001 1002
        DUPLICATE_IN_REPORT proof L9 S1 USD ?    ?    accountActivity_20261118_000.csv:11
        ",
    );
}

#[test]
fn balances_need_all_three_reports() {
    let activity = report(&format!("{ACTIVITY}\nM1 S1 1 USD L1 IN 7.00"));
    let ending = report(&format!("{BALANCE}\nM1 S1 1 USD 5.00 20261118"));
    let folder = Folder::new()
        .file(2, "dailyEndingBalance_20261116_000.csv", &ending)
        .file(0, "accountActivity_20261118_000.csv", &activity)
        .file(0, "dailyEndingBalance_20261118_000.csv", &ending);
    folder.must_list("");
    let remarks = folder.prove().unwrap().remarks().join("\n");
    assert!(remarks.contains("without daily ending balance of the day before"), "{remarks}");
}

fn with_payouts(summary: &str, activity: &str, details: &str) -> Folder {
    let folder = Folder::new()
        .file(0, "settlementSummary_USD_B1_000.csv", &report(&format!("{SUMMARY}\n{summary}")))
        .file(0, "accountActivity_20261118_000.csv", &report(activity));
    let head = "settlementBatchId merchantId referenceMerchantId transactionId transactionType transactionAmountValue \
        transactionCurrency settlementAmountValue settlementCurrency";
    folder.file(0, "settlementItems_USD_B1_000.csv", &report(&format!("{head}\n{details}")))
}

#[test]
fn every_positive_net_leaves_an_account() {
    // M1 is paid. M2 with another amount. M3 has one movement out, which is a refund's. M4 has two that do not fit. M5 none.
    // M6 owes money. M7 is paid twice the same amount for two batches. M8 in another currency.
    let folder = with_payouts(
        "B1 M1 S1 10.00 USD
         B1 M2 S2 20.00 USD
         B1 M3 S3 30.00 USD
         B1 M4 S4 40.00 USD
         B1 M5 S5 50.00 USD
         B1 M6 S6 -1.00 USD
         B1 M7 S7 70.00 USD
         B2 M7 S7 70.00 USD
         B1 M8 S8 80.00 USD",
        &format!(
            "{ACTIVITY}
             M1 S1 1 USD L1 OUT -10.00
             M2 S2 2 USD L2 OUT 19.99
             M3 S3 3 USD L3 OUT -2.00
             M4 S4 4 USD L4 OUT -4.00
             M4 S4 4 USD L5 OUT -5.00
             M4 S4 4 USD L6 IN 40.00
             M7 S7 7 USD L7 OUT -70.00
             M7 S7 7 USD L8 OUT -70.00
             M8 S8 8 SGD L9 OUT -80.00"
        ),
        "B1 M1 S1 R1 PAYMENT 10.00 USD 10.00 USD
         B1 M2 S2 R2 PAYMENT 20.00 USD 20.00 USD
         B1 M3 S3 R3 PAYMENT 32.00 USD 32.00 USD
         B1 M3 S3 R4 REFUND  -2.00 USD -2.00 USD
         B1 M4 S4 R5 PAYMENT 40.00 USD 40.00 USD
         B1 M5 S5 R6 PAYMENT 50.00 USD 50.00 USD
         B1 M6 S6 R7 REFUND  -1.00 USD -1.00 USD
         B1 M7 S7 R8 PAYMENT 70.00 USD 70.00 USD
         B2 M7 S7 R9 PAYMENT 70.00 USD 70.00 USD
         B1 M8 S8 R0 PAYMENT 80.00 USD 80.00 USD",
    );
    folder.must_list(
        "
        PAYOUT_AMOUNT  proof B1 S2 USD -20.00 -19.99
        PAYOUT_MISSING proof B1 S3 USD -30.00 -
        PAYOUT_MISSING proof B1 S4 USD -40.00 -
        PAYOUT_MISSING proof B1 S5 USD -50.00 -
        PAYOUT_MISSING proof B1 S8 USD -80.00 -
        ",
    );
}

#[test]
fn a_movement_that_names_its_batch_pays_no_other() {
    let folder = with_payouts(
        "B1 M1 S1 10.00 USD
         B2 M1 S1 10.00 USD
         B3 M1 S1 10.00 USD",
        &format!(
            "{ACTIVITY} settlementBatchId
             M1 S1 1 USD L1 OUT -10.00 -
             M1 S1 1 USD L2 OUT -10.00 B1
             M1 S1 1 USD L3 OUT -9.00  B4"
        ),
        "B1 M1 S1 R1 PAYMENT 10.00 USD 10.00 USD
         B2 M1 S1 R2 PAYMENT 10.00 USD 10.00 USD
         B3 M1 S1 R3 PAYMENT 10.00 USD 10.00 USD",
    );
    folder.must_list("PAYOUT_MISSING proof B3 S1 USD -10.00 -");
}
