//! What reaches a party for a line: gross in the settlement currency and signed fees (`antom.md`, 3.1 to 3.3).

use super::money::{half_even, settles_in};
use super::story::{Fees, Line, Movement, Payout};

/// Fees in ten-thousandths of the gross.
const WALLET_RATE: i64 = 220;
const INTERCHANGE_RATE: i64 = 130;
const SCHEME_RATE: i64 = 15;
const MARKUP_RATE: i64 = 45;
/// A dispute costs this many major units of the settlement currency.
const DISPUTE_HANDLING: i64 = 15;

/// The settlement side of `line`. A refund gives the fee back; cancels, disputes and reversals move the gross alone.
pub(super) fn payout(line: &Line) -> Payout {
    let (currency, quote) = settles_in(line.currency);
    let gross_minor = quote.map_or(line.amount_minor, |quote| quote.convert(line.amount_minor, line.currency));
    let fees = match line.movement {
        Movement::Payment | Movement::Capture | Movement::Refund => percentages(line, gross_minor),
        Movement::Dispute => {
            Fees { dispute_handling: -DISPUTE_HANDLING * 10_i64.pow(currency.decimals), ..Fees::default() }
        }
        _ => Fees::default(),
    };
    Payout { currency, gross_minor, quote, fees, direct_minor: 0 }
}

/// Cards pay interchange, scheme and markup (IC++), everything else one blended rate.
fn percentages(line: &Line, gross_minor: i64) -> Fees {
    let of = |rate: i64| -half_even(i128::from(gross_minor) * i128::from(rate), 10_000);
    if line.method.brand.is_empty() {
        return Fees { payment_method: of(WALLET_RATE), ..Fees::default() };
    }
    Fees {
        interchange: of(INTERCHANGE_RATE),
        scheme: of(SCHEME_RATE),
        acquirer_markup: of(MARKUP_RATE),
        ..Fees::default()
    }
}
