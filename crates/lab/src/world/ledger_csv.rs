//! The marketplace's ledger in the columns of the contract.

use super::calendar::iso;
use super::story::Entry;
use std::fmt::Write as _;

/// The header that the contract names.
pub const HEADER: &str = "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,\
sub_merchant_id,amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id";

/// All entries as CSV, in the order given. No cell of this world's ledger needs quotes except order ids.
#[must_use]
pub fn ledger_csv(entries: &[Entry]) -> String {
    let mut text = format!("{HEADER}\n");
    for entry in entries {
        let order_id = super::writer::quoted(&entry.order_id);
        let occurred_at = iso(entry.occurred_at, 0);
        let Entry { entry_id, entry_type, request_id, antom_id, .. } = entry;
        let Entry { original_request_id, original_antom_id, sub_merchant_id, amount_minor, status, .. } = entry;
        let Entry { settle_to, refund_from, settlement_batch_id, .. } = entry;
        writeln!(
            text,
            "{entry_id},{entry_type},{request_id},{antom_id},{original_request_id},{original_antom_id},{order_id},\
             {sub_merchant_id},{amount_minor},{},{status},{occurred_at},{settle_to},{refund_from},{settlement_batch_id}",
            entry.currency.code
        )
        .expect("writing to a string cannot fail");
    }
    text
}
