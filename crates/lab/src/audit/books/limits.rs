//! What the movements of one payment say of each other: whether the original exists, what settles in place of a payment, and
//! whether refunds or captures go over.

use super::view::{View, is_rejected};
use crate::world::money::CURRENCIES;
use crate::world::quarter::Tale;
use crate::world::story::{Line, LineId, Movement, Spoil};

/// What is known of the payment behind a tale's movements.
pub(super) struct Limits {
    has_original: bool,
    /// Whether the payment was cancelled on both sides, or captures settle in its place.
    pub(super) settles_otherwise: bool,
    /// The line that goes over its limit, with the limit and the sum.
    exceeding: Vec<(LineId, i64, i64)>,
}

impl Limits {
    pub(super) fn of(view: &View<'_>, tale: &Tale) -> Self {
        let mut lines: Vec<&Line> = view.reported(tale).into_iter().map(|(_, line)| line).collect();
        lines.retain(|line| !is_rejected(line));
        lines.sort_by_key(|line| line.id);
        lines.dedup_by_key(|line| line.id);
        let settled = view.settled(tale);
        let entries = view.entries(tale);
        let is_original = |line: &Line| matches!(line.movement, Movement::Payment | Movement::Authorization);
        let booked = |kinds: &[&str]| entries.iter().find(|entry| kinds.contains(&entry.entry_type));
        let has_original = lines.iter().any(|line| is_original(line))
            || settled.iter().any(|settled| is_original(&settled.line))
            || booked(&["PAYMENT", "AUTHORIZATION"]).is_some();
        let has_line = |movement| lines.iter().any(|line| line.movement == movement);
        let has_capture = has_line(Movement::Capture) || booked(&["CAPTURE"]).is_some();
        let is_cancelled = has_line(Movement::Cancel) && booked(&["CANCEL"]).is_some();
        let sum = |movement| lines.iter().filter(move |line| line.movement == movement).map(|line| line.amount_minor);
        let bounced: i64 = settled
            .iter()
            .filter(|settled| settled.line.movement == Movement::RefundReversal)
            .map(|settled| settled.line.amount_minor)
            .sum();
        let captured: i64 = sum(Movement::Capture).sum();
        let first = lines.iter().find(|line| is_original(line)).map(|line| (line.movement, line.amount_minor));
        let booked_payment = booked(&["PAYMENT"]).map(|entry| (Movement::Payment, entry.amount_minor));
        let paid = first.or(booked_payment).filter(|(movement, _)| *movement == Movement::Payment);
        let refundable = paid.map(|(_, amount)| amount).or(Some(captured).filter(|sum| *sum > 0));
        let capturable = first.map(|(_, amount)| amount);
        let mut exceeding = Vec::new();
        let limits = [(Movement::Refund, refundable.map(|amount| -amount - bounced)), (Movement::Capture, capturable)];
        for (movement, limit) in limits {
            let Some(limit) = limit else { continue };
            let mut total = 0_i64;
            for line in lines.iter().filter(|line| line.movement == movement) {
                let before = total;
                total += line.amount_minor;
                if before.abs() <= limit.abs() && total.abs() > limit.abs() {
                    exceeding.push((line.id, limit, total));
                }
            }
        }
        Self { has_original, settles_otherwise: has_capture || is_cancelled, exceeding }
    }

    /// Whether a movement names an original that nobody has.
    pub(super) fn is_orphan(&self, movement: Movement) -> bool {
        !self.has_original && !matches!(movement, Movement::Payment | Movement::Authorization)
    }

    /// The limit that a line goes over, and what it comes to with it.
    pub(super) fn exceeded(&self, line: &Line) -> Option<(i64, i64)> {
        self.exceeding.iter().find(|(id, ..)| *id == line.id).map(|(_, limit, sum)| (*limit, *sum))
    }
}

/// The currency that a line which is rejected for something else still names, in a file of these columns.
pub(super) fn readable_currency(columns: &[&str], line: &Line) -> String {
    let code = match line.spoil {
        Some(Spoil::Cell("transactionCurrency", text)) => text,
        Some(Spoil::CutAfter(cells)) if !columns.iter().take(cells).any(|name| *name == "transactionCurrency") => "",
        _ => line.currency.code,
    };
    let is_known = CURRENCIES.iter().any(|currency| currency.code == code);
    if is_known { code.to_owned() } else { String::new() }
}
