//! The words in the cells of a report, and what they mean in the ledger's words.

use crate::movement::{EntryType, Status};

/// The ledger's word for a `transactionType` (page `reconcile/settlement_details`; both spellings of reserve and collateral
/// types); none for a type that is not known. Case does not matter.
#[must_use]
pub fn entry_type(word: &[u8]) -> Option<EntryType> {
    use EntryType::*;
    Some(match word {
        b"PAYMENT" => Payment,
        b"AUTHORIZATION" | b"INCREMENTAL" => Authorization,
        b"CAPTURE" => Capture,
        b"VOID" => Void,
        b"CANCEL" => Cancel,
        b"REFUND" => Refund,
        b"PAYMENT_REVERSAL" => PaymentReversal,
        b"REFUND_REVERSAL" => RefundReversal,
        b"DISPUTE" | b"RAPID_DISPUTE_RESOLUTION" | b"CDRN" => Dispute,
        b"DISPUTE_REVERSAL" => DisputeReversal,
        b"SETTLEMENT_FEE" => Fee,
        // DEFAULT is a correction of an acquirer's totals (page `autodebitpay/settlementsummary`).
        b"ADJUSTMENT_FEE" | b"DEFAULT" => Adjustment,
        b"RESERVE" | b"RESERVE_WITHHOLDING" => Reserve,
        b"RESERVE_RELEASE" | b"RESERVE_RELEASED" => ReserveRelease,
        b"COLLATERAL_WITHHOLDING" | b"COLLATERAL_WITHHELD" => Collateral,
        b"COLLATERAL_RELEASE" | b"COLLATERAL_RELEASED" => CollateralRelease,
        _ if word.iter().any(u8::is_ascii_lowercase) => return entry_type(&word.to_ascii_uppercase()),
        _ => return None,
    })
}

/// The ledger's word for a `status`: the SDK's `TransactionStatusType`, and the words that Antom's pages use beside it; none for
/// a word that is not known. Case does not matter.
#[must_use]
pub fn status(word: &[u8]) -> Option<Status> {
    Some(match word {
        b"SUCCESS" | b"SUCCESSFUL" | b"SUCCEEDED" => Status::Success,
        // Settlement follows success only (the one status that Antom's command line shows).
        b"TO_BE_SETTLED" | b"SETTLED" => Status::Success,
        b"FAIL" | b"FAILED" => Status::Failed,
        b"PROCESSING" | b"PENDING" => Status::Pending,
        b"CANCELLED" | b"CANCELED" => Status::Cancelled,
        _ if word.iter().any(u8::is_ascii_lowercase) => return status(&word.to_ascii_uppercase()),
        _ => return None,
    })
}

/// Whether a cell says nothing: it is empty, or holds `None` or `null` as Antom's samples do (page `marketplace/balance`).
pub(in crate::report) fn is_empty(cell: &[u8]) -> bool {
    cell.is_empty() || (cell.len() == 4 && (cell.eq_ignore_ascii_case(b"none") || cell.eq_ignore_ascii_case(b"null")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases as a text table: a type as reports write it, and the ledger's word.
    #[test]
    fn types() {
        let table = "
            PAYMENT                  PAYMENT
            payment                  PAYMENT
            INCREMENTAL              AUTHORIZATION
            RAPID_DISPUTE_RESOLUTION DISPUTE
            CDRN                     DISPUTE
            SETTLEMENT_FEE           FEE
            ADJUSTMENT_FEE           ADJUSTMENT
            DEFAULT                  ADJUSTMENT
            RESERVE_WITHHOLDING      RESERVE
            RESERVE                  RESERVE
            RESERVE_RELEASED         RESERVE_RELEASE
            COLLATERAL_WITHHELD      COLLATERAL
            COLLATERAL_RELEASE       COLLATERAL_RELEASE
            TOTAL                    -
            COMMISSION               -
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let (word, expected) = row.split_once(' ').expect("two columns");
            assert_eq!(entry_type(word.as_bytes()).map_or("-", EntryType::as_str), expected.trim(), "`{word}`");
        }
    }

    #[test]
    fn statuses_and_empty_cells() {
        for (word, expected) in [
            ("SUCCESS", Some(Status::Success)),
            ("FAIL", Some(Status::Failed)),
            ("FAILED", Some(Status::Failed)),
            ("PROCESSING", Some(Status::Pending)),
            ("Cancelled", Some(Status::Cancelled)),
            ("UNHEARD_OF", None),
        ] {
            assert_eq!(status(word.as_bytes()), expected, "`{word}`");
        }
        assert!(["", "None", "null", "NULL"].iter().all(|cell| is_empty(cell.as_bytes())));
        assert!(!["0", "-", "Nones"].iter().any(|cell| is_empty(cell.as_bytes())));
    }
}
