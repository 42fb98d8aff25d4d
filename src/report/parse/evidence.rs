//! What the lines of a file tell together about how it is to be read.

use crate::money::{AmountUnit, Currency};

/// From how many amounts on it is suspicious that none of them has a decimal point: fewer may be whole by chance.
const SUSPICIOUS_AMOUNTS: u64 = 10;

/// What the lines tell about how their file is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    /// Amounts of currencies with decimals.
    with_places: u64,
    /// Those of them that are written with a decimal point.
    with_point: u64,
    /// Lines with a fee in another currency than the settlement's.
    pub(super) foreign_fees: u64,
    /// Lines that take money out, by type or direction, by the sign of their amount.
    pub(super) outgoing_positive: u64,
    pub(super) outgoing_negative: u64,
    /// Movements into an account whose amount is negative.
    pub(super) incoming_negative: u64,
}

impl Evidence {
    /// Notes how the amount of a line is written.
    pub(super) fn note_point(&mut self, cell: &[u8], amount: i64, currency: Currency) {
        if currency.places() > 0 && amount != 0 {
            self.with_places += 1;
            self.with_point += u64::from(cell.contains(&b'.'));
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.with_places += other.with_places;
        self.with_point += other.with_point;
        self.foreign_fees += other.foreign_fees;
        self.outgoing_positive += other.outgoing_positive;
        self.outgoing_negative += other.outgoing_negative;
        self.incoming_negative += other.incoming_negative;
    }

    /// Amounts of a currency with decimals that never show one may be smallest units (`antom.md` 7.1).
    pub(super) fn suspicious_unit(&self, unit: AmountUnit) -> Option<String> {
        let Self { with_places, with_point, .. } = *self;
        let suspicious = unit == AmountUnit::Major && with_places >= SUSPICIOUS_AMOUNTS && with_point == 0;
        suspicious.then(|| {
            format!(
                "none of {with_places} amounts in currencies with decimals has a decimal point: if they are smallest units, set \
                 `amount_unit = \"minor\"` for this report"
            )
        })
    }

    pub(super) fn remark_foreign_fees(&self) -> Option<String> {
        let lines = self.foreign_fees;
        (lines > 0).then(|| {
            format!(
                "{lines} lines have a fee in another currency than the settlement's: the sum of their fees does not contain it, \
                 the proof of the line converts it where the line's quote can"
            )
        })
    }

    /// How the movements of accounts are signed (`antom.md` 9.5).
    pub(super) fn remark_directions(&self) -> impl Iterator<Item = String> + use<> {
        let Self { outgoing_positive: out, incoming_negative: in_, .. } = *self;
        let outgoing = (out > 0).then(|| {
            format!("{out} OUT amounts are written as positive: they are read as negative, as money that leaves")
        });
        let incoming = (in_ > 0).then(|| format!("{in_} IN amounts are negative: they are taken as written"));
        outgoing.into_iter().chain(incoming)
    }
}
