//! The columns of Antom's reports: their names in all generations, and which of them a report cannot do without.

use std::fmt;

use crate::movement::{ReportKind, closed_words};

closed_words! {
    /// A column that is read for its own meaning, under its canonical name: the marketplace pages' where they show it.
    Column {
        /// Id of the settlement period.
        BatchId = "settlementBatchId",
        /// Antom's id of the marketplace or the sub-merchant.
        MerchantId = "merchantId",
        /// The marketplace's id of the sub-merchant; empty for the marketplace itself.
        ReferenceMerchantId = "referenceMerchantId",
        /// Antom's id; of what, the id rule says.
        TransactionId = "transactionId",
        /// Antom's id of the original payment.
        OriginalTransactionId = "originalTransactionId",
        /// The marketplace's id of the request.
        TransactionRequestId = "transactionRequestId",
        /// The marketplace's id of the original payment's request.
        OriginalTransactionRequestId = "originalTransactionRequestId",
        /// The marketplace's id of the order.
        ReferenceTransactionId = "referenceTransactionId",
        /// What kind of movement it is.
        TransactionType = "transactionType",
        /// In which state it is; generation 3 of transaction details only.
        Status = "status",
        /// When it happened; generations 1 and 2.
        PaymentTime = "paymentTime",
        /// When it was completed; generation 3.
        CompletionTime = "transactionCompletionTime",
        /// When its status changed last; generation 3.
        UpdateTime = "transactionUpdateTime",
        /// When it was requested; generation 3.
        CreationTime = "transactionCreationTime",
        /// When the settlement file was made; a time, or a date.
        SettlementTime = "settlementTime",
        /// Amount of the transaction.
        TransactionAmount = "transactionAmountValue",
        /// Its currency.
        TransactionCurrency = "transactionCurrency",
        /// Net amount of the settlement.
        SettlementAmount = "settlementAmountValue",
        /// Its currency.
        SettlementCurrency = "settlementCurrency",
        /// Currencies of the exchange rate, `LEFT/RIGHT`.
        QuoteCurrencyPair = "quoteCurrencyPair",
        /// The exchange rate.
        QuotePrice = "quotePrice",
    }
}

/// Other names of columns: canonical name, then its names in other generations (pages `reconcile/field_summary` and
/// `reconcile_cn/fields`).
pub(super) const ALIASES: [(&str, &[&str]); 5] = [
    ("merchantId", &["customerId"]),
    ("acquirer", &["PSP"]),
    ("acquirerReferenceNo", &["ARN"]),
    ("pspName", &["wallet"]),
    ("settlementTime", &["settlementInitiatedDate"]),
];

/// The aggregate of all fees, in generations 1 and 2. It is never added to its own parts.
pub(super) const FEE_AGGREGATE: (&str, &str) = ("feeAmountValue", "feeCurrency");

/// Single fees and their currencies, whose names are irregular (`core/constants.py` of Antom's reconciliation skill; the last
/// one from `reconcile_cn/fields`).
pub(super) const FEES: [(&str, &str); 21] = [
    ("paymentMethodFeeAmountValue", "paymentMethodFeeCurrency"),
    ("interchangeFeeAmountValue", "interchangeFeeCurrency"),
    ("schemeFeeAmountValue", "schemeFeeCurrency"),
    ("acquirerMarkupAmountValue", "acquirerMarkupCurrency"),
    ("processingFeeAmountValue", "processingFeeCurrency"),
    ("taxFeeAmountValue", "taxFeeCurrency"),
    ("refundFeeAmountValue", "refundFeeCurrency"),
    ("disputeHandlingFee", "disputeHandlingFeeCurrency"),
    ("financingFeeAmountValue", "financingFeeCurrency"),
    ("rdrFeeAmountValue", "rdrFeeCurrency"),
    ("anticipationFeeAmountValue", "anticipationFeeCurrency"),
    ("riskDecisionServiceFeeAmountValue", "riskDecisionServiceFeeCurrency"),
    ("riskManagementFeeAmountValue", "riskManagementFeeCurrency"),
    ("cdrnFeeAmountValue", "cdrnFeeCurrency"),
    ("iofFeeAmountValue", "iofFeeCurrency"),
    ("withholdingTaxAmountValue", "withholdingTaxFeeCurrency"),
    ("fxFeeAmountValue", "fxFeeAmountCurrency"),
    ("rtauServiceFeeAmountValue", "rtauServiceFeeCurrency"),
    ("ntServiceFeeAmountValue", "ntServiceFeeCurrency"),
    ("revenueBoosterServiceFeeAmountValue", "revenueBoosterServiceFeeCurrency"),
    ("disputeReverseFee", "disputeReverseFeeCurrency"),
];

/// Amounts that are neither fees nor part of the net, which must be readable all the same.
pub(super) const OTHER_AMOUNTS: [(&str, &str); 2] = [
    ("convertedTransactionAmountValue", "convertedCurrency"),
    ("nonGuaranteeCouponValue", "nonGuaranteeCouponCurrency"),
];

/// Columns that only transaction details have in generation 3 (Antom's tool tells the reports apart by them).
pub(super) const ONLY_TRANSACTION_DETAILS: [&str; 10] = [
    "status",
    "orderDescription",
    "3DAuthentication",
    "3DOffered",
    "accountHolderName",
    "originalCardSummary",
    "cardNumber(Last 4 digits)",
    "issuer",
    "liabilityShift",
    "reason",
];

/// Documented columns that nothing here depends on.
const NOT_READ: [&str; 11] = [
    "acquirer",
    "acquirerReferenceNo",
    "pspName",
    "referenceStoreId",
    "paymentMethodType",
    "productCode",
    "installmentsNum",
    "issuingCountry",
    "cardBrand",
    "cardCountry",
    "funding",
];

/// The canonical names of all documented columns.
pub(super) fn canonical_names() -> impl Iterator<Item = &'static str> {
    let pairs =
        FEES.iter().chain([&FEE_AGGREGATE]).chain(&OTHER_AMOUNTS).flat_map(|&(amount, currency)| [amount, currency]);
    let read = Column::ALL.iter().map(|column| column.as_str());
    read.chain(pairs).chain(NOT_READ).chain(ONLY_TRANSACTION_DETAILS.into_iter().skip(1))
}

/// Whether this is the canonical name of a documented column, and so what an alias in the configuration may stand for.
#[must_use]
pub fn is_known_column(name: &str) -> bool {
    canonical_names().any(|known| known == name)
}

/// Columns without which a report cannot be matched. In place of the original's id the original's request id may stand.
pub(super) const REQUIRED_TRANSACTION: [Column; 9] = [
    Column::MerchantId,
    Column::ReferenceMerchantId,
    Column::TransactionId,
    Column::OriginalTransactionId,
    Column::TransactionRequestId,
    Column::ReferenceTransactionId,
    Column::TransactionType,
    Column::TransactionAmount,
    Column::TransactionCurrency,
];

/// What settlement details cannot do without, in addition.
pub(super) const REQUIRED_SETTLEMENT: [Column; 3] =
    [Column::BatchId, Column::SettlementAmount, Column::SettlementCurrency];

/// The required columns of a report by default (`antom.md` 9.3).
pub(super) fn required(kind: ReportKind) -> Vec<&'static str> {
    let settlement: &[Column] = if kind == ReportKind::SettlementDetails { &REQUIRED_SETTLEMENT } else { &[] };
    settlement.iter().chain(&REQUIRED_TRANSACTION).map(|column| column.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_aliases_stand_for_known_columns() {
        let mut names = std::collections::BTreeSet::new();
        for name in canonical_names().chain(ALIASES.iter().flat_map(|(_, others)| others.iter().copied())) {
            assert!(names.insert(name.to_ascii_lowercase()), "`{name}` twice");
        }
        for (canonical, _) in ALIASES {
            assert!(is_known_column(canonical), "`{canonical}`");
        }
    }
}
