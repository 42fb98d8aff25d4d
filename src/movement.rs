//! The words that both sides share: what kind of movement it is, in which state, and for which party.

use std::fmt;

macro_rules! closed_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All values, in their order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word of the contract.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of a word of the contract.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::parse_bytes(text.as_bytes())
            }

            /// The value of a word of the contract, of which nobody has to know that it is text.
            #[must_use]
            pub fn parse_bytes(text: &[u8]) -> Option<Self> {
                $(if text == $text.as_bytes() { return Some(Self::$variant); })+
                None
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use closed_words;

closed_words! {
    /// The type of a movement, as the ledger names it. Lines of a report are mapped to it (`report::schema`).
    EntryType {
        /// A payment, card or not.
        Payment = "PAYMENT",
        /// A pre-authorisation of a card payment; moves no money.
        Authorization = "AUTHORIZATION",
        /// A capture of an authorised amount.
        Capture = "CAPTURE",
        /// A void of an authorisation.
        Void = "VOID",
        /// A cancelled payment; of a paid order the money goes back to the buyer.
        Cancel = "CANCEL",
        /// A refund, from the seller's, the marketplace's or the unsettled funds.
        Refund = "REFUND",
        /// A payment that Antom closed for want of a success receipt.
        PaymentReversal = "PAYMENT_REVERSAL",
        /// A refund that bounced; only settlement details tell.
        RefundReversal = "REFUND_REVERSAL",
        /// A chargeback, a rapid dispute resolution or a CDRN refund.
        Dispute = "DISPUTE",
        /// A dispute won, the money back.
        DisputeReversal = "DISPUTE_REVERSAL",
        /// A party's share of a payment.
        Settlement = "SETTLEMENT",
        /// A transfer between accounts.
        Transfer = "TRANSFER",
        /// A payout to a bank account.
        Payout = "PAYOUT",
        /// A fee that is not part of another line.
        Fee = "FEE",
        /// An adjustment or correction.
        Adjustment = "ADJUSTMENT",
        /// A reserve taken.
        Reserve = "RESERVE",
        /// A reserve given back.
        ReserveRelease = "RESERVE_RELEASE",
        /// Collateral taken.
        Collateral = "COLLATERAL",
        /// Collateral given back.
        CollateralRelease = "COLLATERAL_RELEASE",
    }
}

/// The key spaces of the request ids and the Antom ids of rows whose type could not be read.
pub const UNTYPED_SPACES: [u8; 2] = [u8::MAX - 1, u8::MAX];

impl EntryType {
    /// The key space of this type's request ids (see `id::KeyMaker`).
    #[must_use]
    pub const fn request_space(self) -> u8 {
        self as u8 * 2
    }

    /// The key space of this type's Antom ids.
    #[must_use]
    pub const fn antom_space(self) -> u8 {
        self as u8 * 2 + 1
    }

    /// Whether transaction details report it: a movement that a buyer's payment goes through.
    #[must_use]
    pub const fn is_transaction(self) -> bool {
        use EntryType::*;
        matches!(
            self,
            Payment | Authorization | Capture | Void | Cancel | Refund | PaymentReversal | Dispute | DisputeReversal
        )
    }

    /// Whether money flows out of the marketplace: such amounts are negative. A `PAYMENT_REVERSAL` is signed as it is written: by the
    /// fact sheet (4.1), it is money to the merchant.
    #[must_use]
    pub const fn is_outgoing(self) -> bool {
        use EntryType::*;
        matches!(self, Void | Cancel | Refund | Dispute)
    }

    /// Whether it is a fee, reserve, collateral or correction, which totals prove and the ledger may or may not book.
    #[must_use]
    pub const fn is_adjustment(self) -> bool {
        use EntryType::*;
        matches!(self, Fee | Adjustment | Reserve | ReserveRelease | Collateral | CollateralRelease)
    }

    /// Whether it refers to an original payment, authorisation or refund.
    #[must_use]
    pub const fn has_original(self) -> bool {
        use EntryType::*;
        matches!(
            self,
            Capture
                | Void
                | Cancel
                | Refund
                | PaymentReversal
                | RefundReversal
                | Dispute
                | DisputeReversal
                | Settlement
        )
    }
}

closed_words! {
    /// The state of a movement.
    Status {
        /// Not decided yet.
        Pending = "PENDING",
        /// It happened.
        Success = "SUCCESS",
        /// It did not happen.
        Failed = "FAILED",
        /// It was called off.
        Cancelled = "CANCELLED",
    }
}

closed_words! {
    /// The reports that Antom delivers to a marketplace.
    ReportKind {
        /// Successful transactions of all sub-merchants on day T.
        TransactionDetails = "transaction_details",
        /// The lines of the batches that were settled.
        SettlementDetails = "settlement_details",
        /// One sum per batch, party and currency.
        SettlementSummary = "settlement_summary",
        /// Movements of the marketplace's and the sub-merchants' accounts.
        AccountActivity = "account_activity",
        /// Balances of those accounts at the end of the day.
        DailyEndingBalance = "daily_ending_balance",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_spaces_are_distinct() {
        for &entry_type in EntryType::ALL {
            assert_eq!(EntryType::parse(entry_type.as_str()), Some(entry_type));
        }
        let spaces = EntryType::ALL.iter().flat_map(|kind| [kind.request_space(), kind.antom_space()]);
        let spaces: std::collections::BTreeSet<u8> = spaces.chain(UNTYPED_SPACES).collect();
        assert_eq!(spaces.len(), EntryType::ALL.len() * 2 + 2);
    }
}
