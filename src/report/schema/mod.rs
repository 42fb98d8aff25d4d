//! What Antom's pages say about columns, types and layouts, as data.
//!
//! Three generations of layouts are in use, next to the marketplace's own, and each account's columns can be customised; so a
//! file is understood by the names in its header alone. `columns` lists the names, `words` the values, `options` what can be
//! configured, `header` reads a header, and a [`Layout`] is the result.

mod columns;
mod drift;
mod fees;
mod header;
mod layout;
mod options;
mod words;

pub use columns::{Column, is_known_column};
pub use drift::{Drift, drift, moved_only};
pub use fees::FeeKind;
pub use header::{Header, HeaderError, Headings, MissingColumn};
pub use layout::{Generation, Layout};
pub use options::{Damage, IdRule, ReportOptions, ReportRules, SignRule};
pub use words::{entry_type, status};

pub(super) use columns::is_details;
pub(super) use layout::AmountColumns;
pub(super) use words::is_empty;
