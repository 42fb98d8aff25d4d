//! Enumerations that Antom may extend at any time.

/// Declares an enumeration whose unknown values survive: what is read is what is written.
macro_rules! open_enum {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $( $(#[$about_variant:meta])* $variant:ident = $text:literal, )+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$about_variant])* $variant, )+
            /// A value that this crate does not know, as it came.
            Other(String),
        }

        impl $name {
            /// Antom's spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    _ => Self::Other(text.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use open_enum;

open_enum! {
    /// `paymentStatus` of `inquiryPayment`, and `transactionStatus` of its transactions (SDK
    /// `TransactionStatusType`).
    pub enum PaymentStatus {
        /// Paid. For cards with manual capture: authorised.
        Success = "SUCCESS",
        /// Failed, final.
        Fail = "FAIL",
        /// Not paid yet.
        Processing = "PROCESSING",
        /// Cancelled, final even if a success is announced later.
        Cancelled = "CANCELLED",
        /// The buyer has paid and the final result is awaited.
        Pending = "PENDING",
    }
}

open_enum! {
    /// `refundStatus` of `inquiryRefund`. It is Antom's side of the refund and not the wallet's.
    pub enum RefundStatus {
        /// Refunded. A refund that bounces afterwards shows up in the settlement report only.
        Success = "SUCCESS",
        /// Not final.
        Processing = "PROCESSING",
        /// Failed, final.
        Fail = "FAIL",
    }
}

open_enum! {
    /// `transactionType` of the transactions in an `inquiryPayment` answer.
    pub enum TransactionType {
        /// The payment itself.
        Payment = "PAYMENT",
        /// A refund of it.
        Refund = "REFUND",
        /// A capture of a card authorisation.
        Capture = "CAPTURE",
        /// Its cancellation.
        Cancel = "CANCEL",
        /// A card authorisation.
        Authorization = "AUTHORIZATION",
        /// The release of an authorisation.
        Void = "VOID",
        /// An increase of an authorisation.
        Incremental = "INCREMENTAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_values_survive() {
        for text in ["SUCCESS", "FAIL", "PROCESSING", "CANCELLED", "PENDING", "REVERSED", "success"] {
            assert_eq!(PaymentStatus::from(text).to_string(), text);
        }
        assert_eq!(PaymentStatus::from("SUCCESS"), PaymentStatus::Success);
        assert_eq!(PaymentStatus::from("success"), PaymentStatus::Other("success".to_owned()));
        assert_eq!(TransactionType::from("INCREMENTAL").as_str(), "INCREMENTAL");
    }
}
