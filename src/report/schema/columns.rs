//! The columns of Antom's reports: their names in all generations, and which of them a report cannot do without.

use std::fmt;

use crate::movement::{ReportKind, closed_words};

use super::FeeKind;

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
        /// How the buyer paid.
        PaymentMethodType = "paymentMethodType",
        /// The card's scheme.
        CardBrand = "cardBrand",
        /// Where the card is from; generation 3.
        CardCountry = "cardCountry",
        /// Where the card's issuer is; generation 2.
        IssuingCountry = "issuingCountry",
        /// Who processes and settles.
        Acquirer = "acquirer",
        /// What a row of a general settlement summary sums up.
        SummaryType = "summaryType",
        /// How many transactions it sums up.
        Count = "count",
        /// Antom's number of an account.
        AccountNo = "accountNo",
        /// Its currency.
        AccountCurrency = "accountCurrency",
        /// Antom's id of one movement of an account.
        AccountLogId = "accountLogId",
        /// Whether money comes `IN` or goes `OUT`.
        Direction = "transDirection",
        /// How much of it.
        Amount = "amount",
        /// What is on an account at the end of a day.
        Balance = "balance",
        /// The day.
        AccountDate = "accountDate",
        /// What kind of movement of an account it is (no page names such a column; the name is this program's).
        TransType = "transType",
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

/// The transaction's amount in the currency of the settlement, and its currency; generation 3.
pub(super) const CONVERTED: (&str, &str) = ("convertedTransactionAmountValue", "convertedCurrency");

/// A discount that is not settled to the merchant, and its currency; generations 1 and 2.
pub(super) const COUPON: (&str, &str) = ("nonGuaranteeCouponValue", "nonGuaranteeCouponCurrency");

/// Columns of the three reports that are no details; in details such a name says nothing.
const ONLY_STATEMENTS: [Column; 10] = [
    Column::SummaryType,
    Column::Count,
    Column::AccountNo,
    Column::AccountCurrency,
    Column::AccountLogId,
    Column::Direction,
    Column::Amount,
    Column::Balance,
    Column::AccountDate,
    Column::TransType,
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
const NOT_READ: [&str; 6] =
    ["acquirerReferenceNo", "pspName", "referenceStoreId", "productCode", "installmentsNum", "funding"];

/// Whether a report is made of transactions.
pub(in crate::report) const fn is_details(kind: ReportKind) -> bool {
    matches!(kind, ReportKind::TransactionDetails | ReportKind::SettlementDetails)
}

/// The canonical names of all documented columns.
pub(super) fn canonical_names() -> impl Iterator<Item = &'static str> {
    let fees = FeeKind::ALL.iter().filter_map(|kind| kind.columns());
    let pairs = fees.chain([CONVERTED, COUPON]).flat_map(|(amount, currency)| [amount, currency]);
    let read = Column::ALL.iter().map(|column| column.as_str());
    read.chain(pairs).chain(NOT_READ).chain(ONLY_TRANSACTION_DETAILS.into_iter().skip(1))
}

/// The canonical names that mean something in a report.
pub(super) fn names_of(kind: ReportKind) -> impl Iterator<Item = &'static str> {
    let says_nothing = move |name: &str| is_details(kind) && ONLY_STATEMENTS.iter().any(|only| only.as_str() == name);
    canonical_names().filter(move |name| !says_nothing(name))
}

/// Whether this is the canonical name of a documented column, and so what an alias in the configuration may stand for.
#[must_use]
pub fn is_known_column(name: &str) -> bool {
    canonical_names().any(|known| known == name)
}

/// Columns without which details cannot be matched. In place of the original's id the original's request id may stand.
const REQUIRED_TRANSACTION: [Column; 9] = [
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
const REQUIRED_SETTLEMENT: [Column; 3] = [Column::BatchId, Column::SettlementAmount, Column::SettlementCurrency];

/// What a settlement summary cannot do without. The party is missing only in the general layouts, which have the type of the row.
const REQUIRED_SUMMARY: [Column; 5] = [
    Column::BatchId,
    Column::MerchantId,
    Column::ReferenceMerchantId,
    Column::SettlementAmount,
    Column::SettlementCurrency,
];

/// What account activity cannot do without.
const REQUIRED_ACTIVITY: [Column; 7] = [
    Column::MerchantId,
    Column::ReferenceMerchantId,
    Column::AccountNo,
    Column::AccountCurrency,
    Column::AccountLogId,
    Column::Direction,
    Column::Amount,
];

/// What ending balances cannot do without.
const REQUIRED_BALANCE: [Column; 6] = [
    Column::MerchantId,
    Column::ReferenceMerchantId,
    Column::AccountNo,
    Column::AccountCurrency,
    Column::Balance,
    Column::AccountDate,
];

/// The required columns of a report by default (`antom.md` 9.3).
pub(super) fn required(kind: ReportKind) -> Vec<&'static str> {
    let (first, second): (&[Column], &[Column]) = match kind {
        ReportKind::TransactionDetails => (&REQUIRED_TRANSACTION, &[]),
        ReportKind::SettlementDetails => (&REQUIRED_SETTLEMENT, &REQUIRED_TRANSACTION),
        ReportKind::SettlementSummary => (&REQUIRED_SUMMARY, &[]),
        ReportKind::AccountActivity => (&REQUIRED_ACTIVITY, &[]),
        ReportKind::DailyEndingBalance => (&REQUIRED_BALANCE, &[]),
    };
    first.iter().chain(second).map(|column| column.as_str()).collect()
}

/// The column in whose place another may stand: a general layout names an original by its request, and says in `summaryType` what
/// a row sums up instead of for whom.
pub(super) const STANDS_FOR: [(Column, Column); 2] = [
    (Column::OriginalTransactionRequestId, Column::OriginalTransactionId),
    (Column::SummaryType, Column::ReferenceMerchantId),
];

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
        assert!(names_of(ReportKind::AccountActivity).any(|name| name == "amount"));
        assert!(!names_of(ReportKind::SettlementDetails).any(|name| name == "amount"));
    }
}
