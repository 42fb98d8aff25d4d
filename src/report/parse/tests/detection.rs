//! Which report a header is of, and which generation.

use super::*;
use crate::report::Generation;

/// Each case: kind, generation, and the header's columns, whose order must not matter.
const HEADERS: [&str; 17] = [
    "transaction_details marketplace merchantId acquirer referenceMerchantId transactionId originalTransactionId \
     transactionRequestId referenceTransactionId orderDescription transactionType paymentTime transactionAmountValue \
     transactionCurrency",
    "transaction_details generation_1 customerId referenceMerchantId referenceStoreId transactionId originalTransactionId \
     transactionRequestId referenceTransactionId orderDescription pspName transactionType paymentTime \
     transactionAmountValue transactionCurrency",
    "transaction_details generation_2 customerId acquirer referenceMerchantId transactionType transactionId \
     originalTransactionId transactionRequestId originalTransactionRequestId referenceTransactionId orderDescription \
     transactionAmountValue transactionCurrency",
    "transaction_details generation_3 settlementBatchId customerId PSP ARN referenceMerchantId transactionType \
     transactionId transactionRequestId originalTransactionRequestId referenceTransactionId status \
     transactionCompletionTime transactionAmountValue transactionCurrency settlementAmountValue settlementCurrency",
    "settlement_details marketplace settlementBatchId merchantId referenceMerchantId transactionId originalTransactionId \
     transactionRequestId referenceTransactionId transactionType paymentTime settlementTime transactionAmountValue \
     transactionCurrency settlementAmountValue settlementCurrency",
    "settlement_details generation_1 settlementBatchId customerId referenceMerchantId transactionId originalTransactionId \
     transactionRequestId referenceTransactionId transactionType settlementTime transactionAmountValue \
     transactionCurrency settlementAmountValue settlementCurrency feeAmountValue feeCurrency",
    "settlement_details generation_2 settlementBatchId customerId referenceMerchantId transactionId originalTransactionId \
     transactionRequestId originalTransactionRequestId referenceTransactionId transactionType settlementTime \
     transactionAmountValue transactionCurrency settlementAmountValue settlementCurrency",
    "settlement_details generation_3 settlementBatchId customerId PSP referenceMerchantId transactionId \
     transactionRequestId originalTransactionRequestId referenceTransactionId transactionType settlementInitiatedDate \
     transactionAmountValue transactionCurrency settlementAmountValue settlementCurrency",
    // Without any time of the settlement.
    "settlement_details generation_3 settlementBatchId customerId PSP referenceMerchantId transactionId \
     transactionRequestId originalTransactionRequestId referenceTransactionId transactionType transactionCompletionTime \
     transactionAmountValue transactionCurrency settlementAmountValue settlementCurrency",
    // A settlement report to which a description was added.
    "settlement_details marketplace settlementBatchId merchantId referenceMerchantId transactionId originalTransactionId \
     transactionRequestId referenceTransactionId orderDescription transactionType settlementTime transactionAmountValue \
     transactionCurrency settlementAmountValue settlementCurrency",
    "settlement_summary marketplace settlementBatchId merchantId referenceMerchantId settlementTime \
     settlementAmountValue settlementCurrency",
    "settlement_summary generation_1 settlementBatchId customerId acquirer summaryType settlementTime count \
     settlementAmountValue settlementCurrency feeAmountValue feeCurrency processingFeeAmountValue processingFeeCurrency",
    "settlement_summary generation_2 settlementBatchId customerId acquirer summaryType settlementTime count \
     settlementAmountValue settlementCurrency feeAmountValue feeCurrency taxFeeAmountValue taxFeeCurrency",
    "settlement_summary generation_3 settlementBatchId customerId PSP summaryType count settlementInitiatedDate \
     settlementAmountValue settlementCurrency paymentMethodFeeAmountValue paymentMethodFeeCurrency",
    "account_activity marketplace merchantId referenceMerchantId accountNo accountCurrency accountLogId transDirection \
     amount",
    // Columns that no page shows, but that a customised report may well have.
    "account_activity marketplace merchantId referenceMerchantId accountNo accountCurrency accountLogId transDirection \
     amount balance accountDate transactionType transactionId settlementBatchId settlementAmountValue summaryType",
    "daily_ending_balance marketplace merchantId referenceMerchantId accountNo accountCurrency balance accountDate",
];

#[test]
fn every_kind_and_generation_is_told_by_its_columns_in_any_order() {
    for case in HEADERS {
        let mut names: Vec<&str> = case.split_whitespace().collect();
        let (kind, generation) = (names.remove(0), names.remove(0).replace('_', " "));
        let kind = ReportKind::parse(kind).unwrap();
        for _ in 0..names.len() {
            names.rotate_left(1);
            for reversed in [false, true] {
                let mut order = names.clone();
                if reversed {
                    order.reverse();
                }
                let text = format!("{}\n<END>\n", order.join(","));
                assert_eq!(detect_kind(text.as_bytes(), &ReportRules::default()).unwrap(), kind, "{text}");
                let symbols = Symbols::new();
                let options = ReportOptions::default();
                let report = parse_any(text.as_bytes(), 0, kind, &options, KEYS, &symbols).unwrap();
                assert_eq!(Some(report.layout().generation()), Generation::parse(&generation), "{text}");
                assert!(report.remarks().is_empty() && report.unknown_columns().is_empty(), "{:?}", report.remarks());
            }
        }
    }
}

#[test]
fn aliases_tell_a_kind_too_and_other_headers_are_refused() {
    let options = ReportOptions {
        column_aliases: [("flowId".to_owned(), "accountLogId".to_owned())].into(),
        ..ReportOptions::default()
    };
    let rules = ReportRules { by_kind: [(ReportKind::AccountActivity, options)].into() };
    let header = "merchantId,accountNo,flowId,amount\n<END>\n";
    assert_eq!(detect_kind(header.as_bytes(), &rules).unwrap(), ReportKind::AccountActivity);
    let error = detect_kind(header.as_bytes(), &ReportRules::default()).unwrap_err();
    assert!(error.to_string().contains("no report that is known"), "{error}");
}

/// A header that lacks what its report cannot do without is still known for what it is.
#[test]
fn incomplete_headers() {
    let cases = [
        ("merchantId,accountNo,accountCurrency,transDirection,amount", ReportKind::AccountActivity),
        ("merchantId,accountNo,accountCurrency,balance", ReportKind::DailyEndingBalance),
        ("customerId,summaryType,count", ReportKind::SettlementSummary),
        ("merchantId,transactionType", ReportKind::TransactionDetails),
        ("settlementBatchId,transactionType", ReportKind::SettlementDetails),
    ];
    for (header, kind) in cases {
        assert_eq!(detect_kind(header.as_bytes(), &ReportRules::default()).unwrap(), kind, "{header}");
    }
}

/// What means something in a summary or for an account is an unknown column in details, and no alias of theirs.
#[test]
fn details_do_not_know_the_columns_of_accounts() {
    let header = format!("{SETTLEMENT},amount,count");
    let (report, _) = parse(ReportKind::SettlementDetails, &ReportOptions::default(), &file(&header, &[])).unwrap();
    assert_eq!(report.unknown_columns, ["amount", "count"]);
    let options = ReportOptions {
        column_aliases: [("count".to_owned(), "amount".to_owned())].into(),
        ..ReportOptions::default()
    };
    let error = parse(ReportKind::SettlementDetails, &options, &file(&header, &[])).unwrap_err();
    assert_eq!(error.to_string(), "the column alias `count` stands for `amount`, which is no column that is known");
}
