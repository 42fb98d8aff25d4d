//! The text of one cell of transaction details and settlement details: what each of Antom's columns holds for a line.

use super::calendar::{ANTOM_OFFSET_MINUTES, iso};
use super::layout::{Layout, Report};
use super::money::{Currency, major};
use super::settlement::Batch;
use super::story::{Fees, Line, LineId, Payout};
use super::style::{Offsets, Style};

/// How all cells of a world are written.
#[derive(Clone, Copy)]
pub(super) struct Form<'f> {
    pub(super) layout: Layout,
    pub(super) style: &'f Style,
}

/// A line on its way into a file.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    pub(super) form: Form<'r>,
    pub(super) report: Report,
    pub(super) line: &'r Line,
    /// For settlement details.
    pub(super) settled: Option<(&'r Payout, &'r Batch)>,
}

impl Row<'_> {
    /// The cell of `column`; empty when the line has nothing to say there.
    pub(super) fn cell(&self, column: &str) -> String {
        let line = self.line;
        let ids = self.form.layout.ids(line);
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
            "transactionType" => self.form.layout.transaction_type(line.movement),
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
                self.form.time(line.at, line.id)
            }
            "transactionAmountValue" if !of_batch => {
                let hides_sign = self.report == Report::TransactionDetails
                    && self.form.style.positive_outgoing
                    && line.movement.is_outgoing();
                let amount = if hides_sign { line.amount_minor.abs() } else { line.amount_minor };
                self.form.amount(amount, line.currency)
            }
            "transactionCurrency" if !of_batch => line.currency.code.to_owned(),
            _ => self.settled.map_or_else(String::new, |(payout, batch)| self.settlement(column, payout, batch)),
        }
    }

    fn settlement(&self, column: &str, payout: &Payout, batch: &Batch) -> String {
        let form = self.form;
        let converted = payout.gross_minor + payout.converted_slip_minor;
        match column {
            "settlementBatchId" => batch.id.clone(),
            "settlementTime" | "settlementInitiatedDate" => form.time(batch.settled_at(), self.line.id),
            "settlementAmountValue" => form.amount(payout.net_minor(), payout.currency),
            "settlementCurrency" => payout.currency.code.to_owned(),
            "quoteCurrencyPair" => payout.quote.map_or_else(String::new, |quote| quote.pair()),
            "quotePrice" => payout.quote.map_or_else(String::new, |quote| quote.price()),
            "convertedTransactionAmountValue" => form.unless_zero(converted, payout.currency),
            "convertedCurrency" if converted != 0 => payout.currency.code.to_owned(),
            _ => form.fee(column, &payout.fees, payout.currency),
        }
    }
}

impl Form<'_> {
    /// Fee columns: the amount where one was charged or returned, its currency beside it.
    pub(super) fn fee(&self, column: &str, fees: &Fees, currency: Currency) -> String {
        let aggregate = match self.layout {
            Layout::Gen1 => fees.sum(),
            _ => fees.sum() - fees.dispute_handling,
        };
        let amount = match column {
            "feeAmountValue" | "feeCurrency" => aggregate,
            // Where the aggregate holds everything, its parts are not told again (`antom.md`, 3.3).
            _ if self.layout == Layout::Gen1 => 0,
            "paymentMethodFeeAmountValue" | "paymentMethodFeeCurrency" => fees.payment_method,
            "interchangeFeeAmountValue" | "interchangeFeeCurrency" => fees.interchange,
            "schemeFeeAmountValue" | "schemeFeeCurrency" => fees.scheme,
            "acquirerMarkupAmountValue" | "acquirerMarkupCurrency" => fees.acquirer_markup,
            "processingFeeAmountValue" | "processingFeeCurrency" => fees.processing,
            "taxFeeAmountValue" | "taxFeeCurrency" => fees.tax,
            "disputeHandlingFee" | "disputeHandlingFeeCurrency" => fees.dispute_handling,
            _ => 0,
        };
        match amount {
            0 => String::new(),
            _ if column.ends_with("Currency") => currency.code.to_owned(),
            amount => self.amount(amount, currency),
        }
    }

    fn unless_zero(&self, amount: i64, currency: Currency) -> String {
        if amount == 0 { String::new() } else { self.amount(amount, currency) }
    }

    pub(super) fn amount(&self, amount: i64, currency: Currency) -> String {
        if self.style.minor_units { amount.to_string() } else { major(amount, currency) }
    }

    /// An instant at the offset that the row's name asks for.
    pub(super) fn time(&self, at: i64, row: LineId) -> String {
        let offset = match self.style.offsets {
            Offsets::Antom => ANTOM_OFFSET_MINUTES,
            Offsets::Minutes(minutes) => minutes,
            // Those that Antom's own samples show (`antom.md`, 7.4), and UTC.
            Offsets::Mixed => match row.0 % 5 {
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
