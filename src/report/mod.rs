//! The incoming side: Antom's reports, from bytes to typed lines, rejects and control totals.
//!
//! `schema` holds what Antom's pages say about columns, types and layouts, as data; `parse` turns the bytes of one file into a
//! [`ParsedReport`] or a [`Statement`]; `line` and `statement` are what comes out, and an [`Examiner`] may look at the money of every
//! settlement line on the way (`examine`). Text is not kept: a line knows its [`Place`], and [`LineText`] is read again
//! from the archived bytes for the few lines that end in an output. `difference` compares two contents of a file.

mod difference;
mod examine;
mod line;
mod parse;
mod schema;
mod statement;

pub use difference::{
    Age, CellChange, Contents, Counts, Difference, Incomparable, LineChange, LineMark, PARTITIONS, Span, Stopped, pair,
};
pub use examine::{Examiner, Keeper, Pricing, Quote};
pub use line::{Line, LineText, Original, ParsedReport, Place, Reject, TypeTotals};
pub use parse::{
    MAX_REJECTS, ParsedDetails, ReportError, Run, detect_kind, parse_activity, parse_any, parse_balances,
    parse_details, parse_report, parse_settlement, parse_summary,
};
pub use schema::{
    Column, Damage, Drift, FeeKind, Generation, HeaderError, IdRule, Layout, MissingColumn, ReportOptions, ReportRules,
    SignRule, drift, entry_type, is_known_column, moved_only, status,
};
pub use statement::{ActivityLine, AnyReport, BalanceLine, FeeAmount, Statement, SummaryLine, SummaryRole};
