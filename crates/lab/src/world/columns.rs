//! The headers of Antom's reports, per layout.

use super::layout::{Layout, Report};

/// The header of a report, comma-separated. The two reports of accounts exist in the marketplace's form alone.
pub(super) fn header(layout: Layout, report: Report) -> &'static str {
    match (layout, report) {
        (Layout::Marketplace, Report::TransactionDetails) => MARKETPLACE_TRANSACTIONS,
        (Layout::Marketplace, Report::SettlementDetails) => MARKETPLACE_SETTLEMENT,
        (Layout::Marketplace, Report::SettlementSummary) => MARKETPLACE_SUMMARY,
        (Layout::Gen1, Report::TransactionDetails) => GEN1_TRANSACTIONS,
        (Layout::Gen1, Report::SettlementDetails) => GEN1_SETTLEMENT,
        (Layout::Gen1, Report::SettlementSummary) => GEN1_SUMMARY,
        (Layout::Gen2, Report::TransactionDetails) => GEN2_TRANSACTIONS,
        (Layout::Gen2, Report::SettlementDetails) => GEN2_SETTLEMENT,
        (Layout::Gen2, Report::SettlementSummary) => GEN2_SUMMARY,
        (Layout::Gen3, Report::TransactionDetails) => GEN3_TRANSACTIONS,
        (Layout::Gen3, Report::SettlementDetails) => GEN3_SETTLEMENT,
        (Layout::Gen3, Report::SettlementSummary) => GEN3_SUMMARY,
        (_, Report::AccountActivity) => ACTIVITY,
        (_, Report::DailyEndingBalance) => BALANCE,
    }
}

/// What account activity may have beside its seven columns; the page is cut before it would name them.
pub(super) const ACTIVITY_DETAILS: [&str; 3] = ["transType", "settlementBatchId", "transactionId"];

/// `antom.md`, 2.3.
const MARKETPLACE_SUMMARY: &str =
    "settlementBatchId,merchantId,referenceMerchantId,settlementTime,settlementAmountValue,settlementCurrency";

/// `antom.md`, 2.6.3: the sample's 24 columns.
const GEN1_SUMMARY: &str = "settlementBatchId,customerId,acquirer,summaryType,settlementTime,count,settlementAmountValue,\
    settlementCurrency,feeAmountValue,feeCurrency,processingFeeAmountValue,processingFeeCurrency,\
    nonGuaranteeCouponValue,nonGuaranteeCouponCurrency,disputeHandlingFee,disputeHandlingFeeCurrency,\
    disputeReverseFee,disputeReverseFeeCurrency,interchangeFeeAmountValue,interchangeFeeCurrency,\
    schemeFeeAmountValue,schemeFeeCurrency,acquirerMarkupAmountValue,acquirerMarkupCurrency";

/// `antom.md`, 2.6.2.
const GEN2_SUMMARY: &str = "settlementBatchId,customerId,acquirer,summaryType,settlementTime,count,settlementAmountValue,\
    settlementCurrency,feeAmountValue,feeCurrency,taxFeeAmountValue,taxFeeCurrency,\
    nonGuaranteeCouponValue,nonGuaranteeCouponCurrency,disputeHandlingFee,disputeHandlingFeeCurrency,\
    disputeReverseFee,disputeReverseFeeCurrency,interchangeFeeAmountValue,interchangeFeeCurrency,\
    schemeFeeAmountValue,schemeFeeCurrency,acquirerMarkupAmountValue,acquirerMarkupCurrency";

/// `antom.md`, 2.6.1 and 3.3: no aggregate, and the fees that this world charges.
const GEN3_SUMMARY: &str = "settlementBatchId,customerId,PSP,summaryType,count,settlementInitiatedDate,\
    settlementAmountValue,settlementCurrency,paymentMethodFeeAmountValue,paymentMethodFeeCurrency,\
    interchangeFeeAmountValue,interchangeFeeCurrency,schemeFeeAmountValue,schemeFeeCurrency,\
    acquirerMarkupAmountValue,acquirerMarkupCurrency,processingFeeAmountValue,processingFeeCurrency,\
    taxFeeAmountValue,taxFeeCurrency,disputeHandlingFee,disputeHandlingFeeCurrency";

/// `antom.md`, 2.4.
const ACTIVITY: &str = "merchantId,referenceMerchantId,accountNo,accountCurrency,accountLogId,transDirection,amount";

/// `antom.md`, 2.5.
const BALANCE: &str = "merchantId,referenceMerchantId,accountNo,accountCurrency,balance,accountDate";

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
    acquirerMarkupCurrency,processingFeeAmountValue,processingFeeCurrency,taxFeeAmountValue,taxFeeCurrency,\
    disputeHandlingFee,disputeHandlingFeeCurrency";

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
    settlementCurrency,quoteCurrencyPair,quotePrice,feeAmountValue,feeCurrency,taxFeeAmountValue,taxFeeCurrency,\
    disputeHandlingFee,disputeHandlingFeeCurrency,interchangeFeeAmountValue,interchangeFeeCurrency,\
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
    acquirerMarkupAmountValue,acquirerMarkupCurrency,processingFeeAmountValue,processingFeeCurrency,\
    taxFeeAmountValue,taxFeeCurrency,disputeHandlingFee,disputeHandlingFeeCurrency,cardBrand";
