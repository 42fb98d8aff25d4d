//! A case's tables as the CSV that Antom and the ledger would deliver.

use antom_recon::ledger::COLUMNS;
use antom_recon::matching::ItemSide;

use super::case::{Case, Columns, ReportFile, Row, money};

/// `antom.md` 9.1.
const TRANSACTIONS: &str = "merchantId,acquirer,referenceMerchantId,transactionId,originalTransactionId,\
                            transactionRequestId,referenceTransactionId,orderDescription,paymentMethodType,pspName,\
                            transactionType,paymentTime,productCode,transactionAmountValue,transactionCurrency,status";

/// `antom.md` 9.2.
const SETTLEMENTS: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
                           transactionRequestId,referenceTransactionId,paymentMethodType,pspName,transactionType,\
                           paymentTime,settlementTime,productCode,transactionAmountValue,transactionCurrency,\
                           settlementAmountValue,settlementCurrency,quoteCurrencyPair,quotePrice";

/// `antom.md` 2.6.1.
const TRANSACTIONS_GEN3: &str = "customerId,PSP,referenceMerchantId,transactionId,transactionRequestId,\
                                 originalTransactionRequestId,referenceTransactionId,transactionType,status,\
                                 transactionCompletionTime,transactionAmountValue,transactionCurrency";

/// The same.
const SETTLEMENTS_GEN3: &str = "settlementBatchId,customerId,referenceMerchantId,transactionId,transactionRequestId,\
                                originalTransactionRequestId,referenceTransactionId,transactionType,\
                                transactionCompletionTime,settlementInitiatedDate,transactionAmountValue,\
                                transactionCurrency,settlementAmountValue,settlementCurrency";

/// The bytes of a report file.
pub fn report(case: &Case, file: &ReportFile) -> String {
    let header = match (case.columns, file.side) {
        (Columns::Marketplace, ItemSide::Transactions) => TRANSACTIONS,
        (Columns::Marketplace, _) => SETTLEMENTS,
        (Columns::Gen3, ItemSide::Transactions) => TRANSACTIONS_GEN3,
        (Columns::Gen3, _) => SETTLEMENTS_GEN3,
    };
    let mut text = format!("{header}\n");
    for row in &file.rows {
        let cells: Vec<String> = header.split(',').map(|column| report_cell(file, row, column)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text + "<END>\n"
}

fn report_cell(file: &ReportFile, row: &Row, column: &str) -> String {
    let gross = || (row.amount.clone(), row.currency.clone());
    let (net, net_currency) = row.attributes.get("net").map_or_else(gross, |word| money(word));
    // Transaction details say when a line happened; settlement details may not.
    let usual_time = if file.side == ItemSide::Transactions { "10:00" } else { "" };
    match column {
        "settlementBatchId" => row.attribute("batch", "B1").to_owned(),
        "merchantId" | "customerId" => "2188".to_owned(),
        "referenceMerchantId" => row.attribute("by", "S1").to_owned(),
        "transactionId" => row.antom.clone(),
        "originalTransactionId" => row.original().1.to_owned(),
        "originalTransactionRequestId" => row.original().0.to_owned(),
        "transactionRequestId" => row.request.clone(),
        "transactionType" => row.entry_type.clone(),
        "paymentTime" | "transactionCompletionTime" => row.instant(usual_time),
        "transactionAmountValue" => row.amount.clone(),
        "transactionCurrency" if row.amount.is_empty() => String::new(),
        "transactionCurrency" => row.currency.clone(),
        "settlementAmountValue" => net,
        "settlementCurrency" => net_currency,
        "status" => row.attribute("status", "SUCCESS").to_owned(),
        _ => String::new(),
    }
}

/// The bytes of the ledger.
pub fn ledger(case: &Case) -> String {
    let mut text = format!("{}\n", COLUMNS.join(","));
    for row in &case.entries {
        let cells: Vec<String> = COLUMNS.iter().map(|column| ledger_cell(row, column)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn ledger_cell(row: &Row, column: &str) -> String {
    match column {
        "entry_id" => row.entry_id.clone(),
        "entry_type" => row.entry_type.clone(),
        "request_id" => row.request.clone(),
        "antom_id" => row.antom.clone(),
        "original_request_id" => row.original().0.to_owned(),
        "original_antom_id" => row.original().1.to_owned(),
        "sub_merchant_id" => row.attribute("by", "S1").to_owned(),
        // Cases write amounts with all of their currency's decimals.
        "amount_minor" => row.amount.replace('.', ""),
        "currency" => row.currency.clone(),
        "status" => row.attribute("status", "SUCCESS").to_owned(),
        "occurred_at" => row.instant("10:00"),
        "settle_to" => row.attribute("to", "").to_owned(),
        "refund_from" => row.attribute("from", "").to_owned(),
        _ => String::new(),
    }
}
