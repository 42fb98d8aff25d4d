//! What became of the lines of a report that was restated, as bytes.

use super::SortKey;
use super::bytes::{Put, Take};
use super::shelf::Stored;
use crate::report::{LineChange, Span};

/// The order in which changes are told ([`LineChange::place`]).
pub fn by_place(change: &LineChange, key: &mut SortKey) {
    let (is_added, line) = change.place();
    key.place(is_added.into());
    line.to_be_bytes().into_iter().for_each(|byte| key.place(byte));
}

impl Stored for LineChange {
    fn put(&self, to: &mut Put) {
        let (what, spans) = match self {
            Self::Removed(old) => (0, [Some(old), None]),
            Self::Changed(old, new) => (1, [Some(old), Some(new)]),
            Self::Added(new) => (2, [Some(new), None]),
        };
        to.u8(what);
        for span in spans.into_iter().flatten() {
            [span.line.into(), span.length.into(), span.offset].into_iter().for_each(|number| to.number(number));
        }
    }

    fn take(from: &mut Take<'_>) -> Option<Self> {
        match from.u8()? {
            0 => span(from).map(Self::Removed),
            1 => span(from).zip(span(from)).map(|(old, new)| Self::Changed(old, new)),
            2 => span(from).map(Self::Added),
            _ => None,
        }
    }
}

fn span(from: &mut Take<'_>) -> Option<Span> {
    let mut small = || u32::try_from(from.number()?).ok();
    let (line, length) = (small()?, small()?);
    Some(Span { line, length, offset: from.number()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_back_as_they_were_and_in_their_order() {
        let span = |line, offset| Span { line, length: 250, offset };
        let changes = [
            LineChange::Removed(span(2, 0)),
            LineChange::Changed(span(300, 1 << 40), span(7, u64::MAX)),
            LineChange::Removed(span(70_000, 9)),
            LineChange::Added(span(2, 5)),
            LineChange::Added(span(u32::MAX, 5)),
        ];
        for change in changes {
            let mut put = Put::default();
            change.put(&mut put);
            assert_eq!(LineChange::take(&mut Take(&put.0)), Some(change));
            assert_eq!(LineChange::take(&mut Take(&put.0[..put.0.len() - 1])), None);
        }
        assert!(changes.map(|change| SortKey::of(&change, by_place)).is_sorted());
    }
}
