//! How the files of a day are written: everything in which one delivery may differ from another without being wrong.

/// The text of a cell that holds nothing (`antom.md`, 7.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Empty {
    /// No text at all.
    #[default]
    Blank,
    /// `None`.
    None,
    /// `null`.
    Null,
}

impl Empty {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Blank => "",
            Self::None => "None",
            Self::Null => "null",
        }
    }
}

/// The offsets in which times are written; the instants stay the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Offsets {
    /// +08:00 throughout.
    #[default]
    Antom,
    /// One other offset, in minutes east of UTC.
    Minutes(i32),
    /// Another one from line to line.
    Mixed,
}

/// How files are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Lines end with CR LF in place of LF.
    pub crlf: bool,
    /// A byte order mark stands before the header.
    pub bom: bool,
    /// What stands in a cell without content.
    pub empty: Empty,
    /// The offsets of times.
    pub offsets: Offsets,
    /// Descriptions with commas, quotes, line breaks and letters beyond ASCII.
    pub hard_text: bool,
    /// Amounts in smallest units, as in reports before May 2023.
    pub minor_units: bool,
    /// In transaction details, amounts of outgoing types are positive (`antom.md`, 9.8).
    pub positive_outgoing: bool,
    /// Parts (`_000`, `_001`, …) of each file; 0 counts as 1.
    pub parts: usize,
    /// Columns stand in another order.
    pub reversed_columns: bool,
    /// A column that no page of Antom's names stands at the end.
    pub extra_column: bool,
    /// In account activity, OUT amounts are positive (`antom.md`, 2.4: the sentence about them is cut).
    pub positive_out: bool,
    /// `accountDate` is `2026-11-18` in place of `20261118` (`antom.md`, 2.5 has both).
    pub dashed_dates: bool,
    /// Account activity has the columns `transType`, `settlementBatchId` and `transactionId`.
    pub detailed_activity: bool,
    /// All reports are workbooks in place of CSV files. Byte order mark and line ends do not apply then.
    pub xlsx: bool,
}

impl Style {
    /// Everything unusual at once that still is Antom's own way of writing.
    #[must_use]
    pub fn hardest() -> Self {
        Self {
            crlf: true,
            bom: true,
            empty: Empty::None,
            offsets: Offsets::Mixed,
            hard_text: true,
            parts: 3,
            reversed_columns: true,
            extra_column: true,
            positive_out: true,
            dashed_dates: true,
            ..Self::default()
        }
    }
}
