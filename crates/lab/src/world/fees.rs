//! What reaches a party for a line: gross in the settlement currency and signed fees (`antom.md`, 3.1 to 3.3).

use super::layout::Layout;
use super::money::{half_even, settles_in};
use super::schedule::{self, Charged, Rule};
use super::story::{Fees, Line, Movement, Payout};

/// What issuers and schemes take, in ten-thousandths of the gross. The contract passes them on and names no rate.
const INTERCHANGE_RATE: i64 = 130;
const SCHEME_RATE: i64 = 15;

/// The settlement side of `line`. A refund gives the fee back; cancels, disputes and reversals move the gross alone.
pub(super) fn payout(layout: Layout, rules: &[Rule], line: &Line) -> Payout {
    let (currency, quote) = settles_in(line.currency);
    let gross_minor = quote.map_or(line.amount_minor, |quote| quote.convert(line.amount_minor, line.currency));
    let charged = Charged {
        entry_type: line.movement.entry_type(),
        method: line.method.code,
        brand: line.method.brand,
        sub_merchant: &line.party.reference,
        currency,
        gross_minor,
    };
    let of = |kind| schedule::fee(rules, kind, &charged);
    let fees = match line.movement {
        Movement::Payment | Movement::Capture | Movement::Refund => percentages(layout, line, gross_minor, &of),
        Movement::Dispute | Movement::RapidDisputeResolution => {
            let kind = if layout == Layout::Gen1 { "total" } else { "dispute_handling" };
            Fees { dispute_handling: of(kind), ..Fees::default() }
        }
        _ => Fees::default(),
    };
    Payout { quote, fees, ..Payout::plain(gross_minor, currency) }
}

/// Cards pay interchange, scheme and markup (IC++), everything else one blended rate. Where the contract is about the
/// aggregate, the part without a rule takes what is left of it, so that the parts add up.
fn percentages(layout: Layout, line: &Line, gross_minor: i64, of: &dyn Fn(&'static str) -> i64) -> Fees {
    let is_card = !line.method.brand.is_empty();
    let mut fees = Fees {
        payment_method: of("payment_method"),
        acquirer_markup: of("acquirer_markup"),
        processing: of("processing"),
        tax: of("tax"),
        ..Fees::default()
    };
    if is_card {
        let passed_on = |rate: i64| -half_even(i128::from(gross_minor) * i128::from(rate), 10_000);
        (fees.interchange, fees.scheme) = (passed_on(INTERCHANGE_RATE), passed_on(SCHEME_RATE));
    }
    if layout.has_aggregate_fee() {
        let rest = of("total") - fees.sum();
        let part = if is_card { &mut fees.interchange } else { &mut fees.payment_method };
        *part += rest;
    }
    fees
}
