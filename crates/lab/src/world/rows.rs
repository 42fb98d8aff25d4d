//! The rows of the three reports about batches and accounts: settlement summary, account activity and ending balances.

use super::accounts::{AccountLine, Balance, account_no};
use super::calendar::compact;
use super::cells::Form;
use super::settlement::Batch;
use super::story::Party;
use super::summary::SummaryRow;

/// The cell of a row of a batch's summary.
pub(super) fn summary(form: Form<'_>, column: &str, row: &SummaryRow, batch: &Batch) -> String {
    let currency = batch.currency;
    match column {
        "settlementBatchId" => batch.id.clone(),
        "merchantId" | "customerId" => row.party.merchant_id.clone(),
        "referenceMerchantId" => row.party.reference.clone(),
        "acquirer" | "PSP" => "Alipay_SG".to_owned(),
        "summaryType" => row.summary_type.unwrap_or_default().to_owned(),
        "settlementTime" | "settlementInitiatedDate" => form.time(batch.settled_at(), row.id),
        "count" => row.count.to_string(),
        "settlementAmountValue" => form.amount(row.net_minor, currency),
        "settlementCurrency" => currency.code.to_owned(),
        // Mandatory here, so that no fee is a zero (`antom.md`, 2.6.3).
        "feeAmountValue" if form.fee(column, &row.fees, currency).is_empty() => form.amount(0, currency),
        "feeCurrency" => currency.code.to_owned(),
        _ => form.fee(column, &row.fees, currency),
    }
}

/// The cell of a movement on an account.
pub(super) fn activity(form: Form<'_>, column: &str, line: &AccountLine) -> String {
    let leaves = line.amount_minor < 0;
    match column {
        "accountNo" => account_no(&line.party, line.currency),
        "accountCurrency" => line.currency.code.to_owned(),
        "accountLogId" => line.log_id.clone(),
        "transDirection" => if leaves { "OUT" } else { "IN" }.to_owned(),
        "amount" if form.style.positive_out => form.amount(line.amount_minor.abs(), line.currency),
        "amount" => form.amount(line.amount_minor, line.currency),
        "transType" => line.what.to_owned(),
        "settlementBatchId" => line.batch_id.clone(),
        "transactionId" => line.transaction_id.clone(),
        _ => party(column, &line.party),
    }
}

/// The cell of an ending balance.
pub(super) fn balance(form: Form<'_>, column: &str, balance: &Balance) -> String {
    match column {
        "accountNo" => account_no(&balance.party, balance.currency),
        "accountCurrency" => balance.currency.code.to_owned(),
        "balance" => form.amount(balance.balance_minor, balance.currency),
        "accountDate" if form.style.dashed_dates => balance.day.to_string(),
        "accountDate" => compact(balance.day),
        _ => party(column, &balance.party),
    }
}

fn party(column: &str, party: &Party) -> String {
    match column {
        "merchantId" => party.merchant_id.clone(),
        "referenceMerchantId" => party.reference.clone(),
        _ => String::new(),
    }
}
