//! The text of one cell: what each of Antom's columns holds for a line.

use super::calendar::{ANTOM_OFFSET_MINUTES, iso};
use super::layout::{Layout, Report};
use super::money::{Currency, major};
use super::settlement::Batch;
use super::story::{Line, Payout};
use super::style::{Offsets, Style};

/// A line on its way into a file.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    pub(super) layout: Layout,
    pub(super) style: &'r Style,
    pub(super) report: Report,
    pub(super) line: &'r Line,
    /// For settlement details.
    pub(super) settled: Option<(&'r Payout, &'r Batch)>,
}

impl Row<'_> {
    /// The cell of `column`; empty when the line has nothing to say there.
    pub(super) fn cell(&self, column: &str) -> String {
        let line = self.line;
        let ids = self.layout.ids(line);
        let text = match column {
            "merchantId" | "customerId" => &line.party.merchant_id,
            "referenceMerchantId" => &line.party.reference,
            "acquirer" | "PSP" => "Alipay_SG",
            "transactionId" => ids.transaction,
            "originalTransactionId" => ids.original,
            "transactionRequestId" => ids.request,
            "originalTransactionRequestId" => ids.original_request,
            "referenceTransactionId" => &line.order_id,
            "orderDescription" => &line.description,
            "paymentMethodType" => line.method.code,
            "pspName" | "wallet" => line.method.wallet,
            "cardBrand" => line.method.brand,
            "transactionType" => self.layout.transaction_type(line.movement),
            "productCode" if !line.movement.is_of_batch() => "CASHIER_PAYMENT",
            "status" => "SUCCESS",
            _ => return self.computed(column),
        };
        text.to_owned()
    }

    fn computed(&self, column: &str) -> String {
        let line = self.line;
        let of_batch = line.movement.is_of_batch();
        match column {
            "paymentTime" | "transactionCreationTime" | "transactionUpdateTime" | "transactionCompletionTime"
                if !of_batch =>
            {
                self.time(line.at)
            }
            "transactionAmountValue" if !of_batch => {
                let hides_sign = self.report == Report::TransactionDetails
                    && self.style.positive_outgoing
                    && line.movement.is_outgoing();
                let amount = if hides_sign { line.amount_minor.abs() } else { line.amount_minor };
                self.amount(amount, line.currency)
            }
            "transactionCurrency" if !of_batch => line.currency.code.to_owned(),
            _ => self.settled.map_or_else(String::new, |(payout, batch)| self.settlement(column, payout, batch)),
        }
    }

    fn settlement(&self, column: &str, payout: &Payout, batch: &Batch) -> String {
        let net = || self.amount(payout.net_minor(), payout.currency);
        match column {
            "settlementBatchId" => batch.id.clone(),
            "settlementTime" | "settlementInitiatedDate" => self.time(batch.settled_at()),
            "settlementAmountValue" => net(),
            "settlementCurrency" => payout.currency.code.to_owned(),
            "quoteCurrencyPair" => payout.quote.map_or_else(String::new, |quote| quote.pair()),
            "quotePrice" => payout.quote.map_or_else(String::new, |quote| quote.price()),
            "convertedTransactionAmountValue" => self.unless_zero(payout.gross_minor, payout.currency),
            "convertedCurrency" if payout.gross_minor != 0 => payout.currency.code.to_owned(),
            _ => self.fee(column, payout),
        }
    }

    /// Fee columns: the amount where one was charged or returned, its currency beside it.
    fn fee(&self, column: &str, payout: &Payout) -> String {
        let fees = &payout.fees;
        let dispute = fees.dispute_handling;
        let (amount, is_currency) = match column {
            "feeAmountValue" | "feeCurrency" if self.layout == Layout::Gen1 => (fees.sum(), column == "feeCurrency"),
            "feeAmountValue" | "feeCurrency" => (fees.sum() - dispute, column == "feeCurrency"),
            "paymentMethodFeeAmountValue" => (fees.payment_method, false),
            "paymentMethodFeeCurrency" => (fees.payment_method, true),
            "interchangeFeeAmountValue" => (fees.interchange, false),
            "interchangeFeeCurrency" => (fees.interchange, true),
            "schemeFeeAmountValue" => (fees.scheme, false),
            "schemeFeeCurrency" => (fees.scheme, true),
            "acquirerMarkupAmountValue" => (fees.acquirer_markup, false),
            "acquirerMarkupCurrency" => (fees.acquirer_markup, true),
            "disputeHandlingFee" => (dispute, false),
            "disputeHandlingFeeCurrency" => (dispute, true),
            _ => (0, false),
        };
        match (amount, is_currency) {
            (0, _) => String::new(),
            (_, true) => payout.currency.code.to_owned(),
            (amount, false) => self.amount(amount, payout.currency),
        }
    }

    fn unless_zero(&self, amount: i64, currency: Currency) -> String {
        if amount == 0 { String::new() } else { self.amount(amount, currency) }
    }

    fn amount(&self, amount: i64, currency: Currency) -> String {
        if self.style.minor_units { amount.to_string() } else { major(amount, currency) }
    }

    fn time(&self, at: i64) -> String {
        let offset = match self.style.offsets {
            Offsets::Antom => ANTOM_OFFSET_MINUTES,
            Offsets::Minutes(minutes) => minutes,
            // Those that Antom's own samples show (`antom.md`, 7.4), and UTC.
            Offsets::Mixed => match self.line.id.0 % 5 {
                0 => ANTOM_OFFSET_MINUTES,
                1 => 510,
                2 => -420,
                3 => -480,
                _ => 0,
            },
        };
        iso(at, offset)
    }
}
