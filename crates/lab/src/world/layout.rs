//! The layouts of transaction details and settlement details: which columns, and which ids each type carries.

use super::story::{Line, Movement};

/// A layout of Antom's reports (`antom.md`, 2.6 and 9.1, 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// The marketplace pages, completed by the working defaults of `antom.md`, 9.
    Marketplace,
    /// The general layout to mid 2023.
    Gen1,
    /// The general layout from 2023 to about 2025.
    Gen2,
    /// The newest general layout: every type carries the paymentId, statuses are in the file.
    Gen3,
}

/// The two reports of this issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Report {
    /// `transactionItems_…`.
    TransactionDetails,
    /// `settlementItems_…`.
    SettlementDetails,
}

/// The ids of a line as a layout writes them; empty where it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ids<'l> {
    /// `transactionId`.
    pub transaction: &'l str,
    /// `originalTransactionId`.
    pub original: &'l str,
    /// `transactionRequestId`.
    pub request: &'l str,
    /// `originalTransactionRequestId`.
    pub original_request: &'l str,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Marketplace, Self::Gen1, Self::Gen2, Self::Gen3];

    /// The name used on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Marketplace => "marketplace",
            Self::Gen1 => "gen1",
            Self::Gen2 => "gen2",
            Self::Gen3 => "gen3",
        }
    }

    /// Whether the layout has a name for this movement (`antom.md`, 4.1 to 4.3).
    #[must_use]
    pub fn names(self, movement: Movement) -> bool {
        match movement {
            Movement::Void => self != Self::Gen3,
            Movement::RapidDisputeResolution => self != Self::Gen1,
            movement => !movement.is_of_batch() || self != Self::Gen1,
        }
    }

    /// The `transactionType` of a movement in this layout.
    #[must_use]
    pub fn transaction_type(self, movement: Movement) -> &'static str {
        let newest = self == Self::Gen3;
        match movement {
            Movement::RapidDisputeResolution => "RAPID_DISPUTE_RESOLUTION",
            Movement::SettlementFee => "SETTLEMENT_FEE",
            Movement::ReserveWithheld => {
                if newest {
                    "RESERVE"
                } else {
                    "RESERVE_WITHHOLDING"
                }
            }
            Movement::ReserveReleased => {
                if newest {
                    "RESERVE_RELEASED"
                } else {
                    "RESERVE_RELEASE"
                }
            }
            Movement::Unheard => "LOYALTY_TOP_UP",
            known => known.entry_type(),
        }
    }

    /// The ids that a line carries: the old rule of `antom.md`, 4.2, or the new one in the newest layout.
    #[must_use]
    pub fn ids(self, line: &Line) -> Ids<'_> {
        let payment = &line.payment;
        let is_first = matches!(line.movement, Movement::Payment | Movement::Authorization);
        if line.movement.is_of_batch() {
            return Ids { transaction: &line.own_id, ..Ids::default() };
        }
        if self == Self::Gen3 {
            let original_request = if is_first { "" } else { &payment.request_id };
            return Ids { transaction: &payment.id, original: "", request: &line.own_request_id, original_request };
        }
        if is_first {
            return Ids { transaction: &payment.id, request: &payment.request_id, ..Ids::default() };
        }
        let original = if line.movement == Movement::Cancel && self == Self::Gen1 { "" } else { &payment.id };
        let request = match line.movement {
            Movement::Capture if self == Self::Gen2 => &payment.request_id,
            Movement::Void => &payment.request_id,
            _ => &line.own_request_id,
        };
        Ids { transaction: &line.own_id, original, request, original_request: &payment.request_id }
    }

    /// The columns of a report, in order.
    #[must_use]
    pub fn columns(self, report: Report) -> Vec<&'static str> {
        let header = match (self, report) {
            (Self::Marketplace, Report::TransactionDetails) => MARKETPLACE_TRANSACTIONS,
            (Self::Marketplace, Report::SettlementDetails) => MARKETPLACE_SETTLEMENT,
            (Self::Gen1, Report::TransactionDetails) => GEN1_TRANSACTIONS,
            (Self::Gen1, Report::SettlementDetails) => GEN1_SETTLEMENT,
            (Self::Gen2, Report::TransactionDetails) => GEN2_TRANSACTIONS,
            (Self::Gen2, Report::SettlementDetails) => GEN2_SETTLEMENT,
            (Self::Gen3, Report::TransactionDetails) => GEN3_TRANSACTIONS,
            (Self::Gen3, Report::SettlementDetails) => GEN3_SETTLEMENT,
        };
        header.split(',').collect()
    }
}

/// `antom.md`, 9.1.
const MARKETPLACE_TRANSACTIONS: &str = "merchantId,acquirer,referenceMerchantId,transactionId,originalTransactionId,\
    transactionRequestId,referenceTransactionId,orderDescription,paymentMethodType,pspName,\
    transactionType,paymentTime,productCode,transactionAmountValue,transactionCurrency";

/// `antom.md`, 9.2, with the fee pairs of 3.3 that this world charges.
const MARKETPLACE_SETTLEMENT: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
    transactionRequestId,referenceTransactionId,paymentMethodType,pspName,transactionType,\
    paymentTime,settlementTime,productCode,transactionAmountValue,transactionCurrency,\
    settlementAmountValue,settlementCurrency,quoteCurrencyPair,quotePrice,\
    paymentMethodFeeAmountValue,paymentMethodFeeCurrency,interchangeFeeAmountValue,\
    interchangeFeeCurrency,schemeFeeAmountValue,schemeFeeCurrency,acquirerMarkupAmountValue,\
    acquirerMarkupCurrency,disputeHandlingFee,disputeHandlingFeeCurrency";

/// `antom.md`, 2.6.3.
const GEN1_TRANSACTIONS: &str = "customerId,referenceMerchantId,referenceStoreId,transactionId,originalTransactionId,\
    transactionRequestId,referenceTransactionId,orderDescription,paymentMethodType,pspName,\
    transactionType,paymentTime,productCode,transactionAmountValue,transactionCurrency";

/// `antom.md`, 2.6.3; the sample is cut inside the name of the last column.
const GEN1_SETTLEMENT: &str = "settlementBatchId,customerId,referenceMerchantId,referenceStoreId,transactionId,\
    originalTransactionId,transactionRequestId,referenceTransactionId,paymentMethodType,pspName,\
    transactionType,paymentTime,settlementTime,productCode,transactionAmountValue,\
    transactionCurrency,settlementAmountValue,settlementCurrency,quoteCurrencyPair,quotePrice,\
    feeAmountValue,feeCurrency,nonGuaranteeCouponValue,nonGuaranteeCouponCurrency";

/// `antom.md`, 2.6.2.
const GEN2_TRANSACTIONS: &str = "customerId,acquirer,acquirerReferenceNo,referenceMerchantId,referenceStoreId,transactionType,\
    transactionId,originalTransactionId,transactionRequestId,originalTransactionRequestId,\
    referenceTransactionId,orderDescription,paymentMethodType,pspName,paymentTime,productCode,\
    transactionAmountValue,transactionCurrency,installmentsNum,issuingCountry,cardBrand,funding";

/// `antom.md`, 2.6.2.
const GEN2_SETTLEMENT: &str = "settlementBatchId,customerId,acquirer,acquirerReferenceNo,referenceMerchantId,referenceStoreId,\
    transactionType,transactionId,originalTransactionId,transactionRequestId,\
    originalTransactionRequestId,referenceTransactionId,paymentMethodType,pspName,paymentTime,\
    settlementTime,productCode,transactionAmountValue,transactionCurrency,settlementAmountValue,\
    settlementCurrency,quoteCurrencyPair,quotePrice,feeAmountValue,feeCurrency,disputeHandlingFee,\
    disputeHandlingFeeCurrency,interchangeFeeAmountValue,interchangeFeeCurrency,\
    schemeFeeAmountValue,schemeFeeCurrency,acquirerMarkupAmountValue,acquirerMarkupCurrency,\
    installmentsNum,issuingCountry,cardBrand,funding";

/// `antom.md`, 2.6.1; the header with a space and parentheses is Antom's own.
const GEN3_TRANSACTIONS: &str = "customerId,PSP,ARN,referenceMerchantId,referenceStoreId,transactionType,transactionId,\
    transactionRequestId,originalTransactionRequestId,referenceTransactionId,orderDescription,\
    paymentMethodType,wallet,status,transactionCreationTime,transactionUpdateTime,\
    transactionCompletionTime,productCode,transactionAmountValue,transactionCurrency,cardBrand,\
    cardCountry,3DOffered,cardNumber(Last 4 digits),issuer,liabilityShift,reason";

/// `antom.md`, 2.6.1 and 3.3.
const GEN3_SETTLEMENT: &str = "settlementBatchId,customerId,PSP,ARN,referenceMerchantId,referenceStoreId,transactionType,\
    transactionId,transactionRequestId,originalTransactionRequestId,referenceTransactionId,\
    paymentMethodType,wallet,transactionCreationTime,transactionCompletionTime,\
    settlementInitiatedDate,productCode,transactionAmountValue,transactionCurrency,\
    convertedTransactionAmountValue,convertedCurrency,settlementAmountValue,settlementCurrency,\
    quoteCurrencyPair,quotePrice,paymentMethodFeeAmountValue,paymentMethodFeeCurrency,\
    interchangeFeeAmountValue,interchangeFeeCurrency,schemeFeeAmountValue,schemeFeeCurrency,\
    acquirerMarkupAmountValue,acquirerMarkupCurrency,disputeHandlingFee,disputeHandlingFeeCurrency,\
    cardBrand";
