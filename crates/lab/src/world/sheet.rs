//! Rows of cells as files: cut into parts, written as CSV or as workbooks.

use super::Plan;
use super::calendar::compact;
use super::layout::Report;
use super::story::LineId;
use super::style::Style;
use super::writer::{ReportFile, quoted};
use crate::xlsx::workbook;
use chrono::NaiveDate;

/// The last line of every report (`antom.md`, 2.0).
pub const END: &str = "<END>";

/// The column that no page of Antom's names.
const EXTRA: &str = "labNote";

/// One report of one date or batch, before it is cut into its parts.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) report: Report,
    pub(super) day: NaiveDate,
    /// Without sequence number and extension.
    pub(super) name: String,
    pub(super) columns: Vec<&'static str>,
    /// The cells of each line, in the order of the columns; a line that is cut has fewer.
    pub(super) rows: Vec<(LineId, Vec<String>)>,
    /// Whether the last line is there.
    pub(super) ends: bool,
}

impl Sheet {
    /// A report without lines, in the columns of its layout.
    pub(super) fn new(plan: &Plan, report: Report, day: NaiveDate, name: String) -> Self {
        let mut columns = plan.columns(report);
        if plan.style.extra_column {
            columns.push(EXTRA);
        }
        Self { report, day, name, columns, rows: Vec::new(), ends: true }
    }

    /// Adds a line whose cells `text` knows by their column.
    pub(super) fn add(&mut self, plan: &Plan, id: LineId, text: impl Fn(&str) -> String) {
        let cells = self.columns.iter().map(|column| cell(&plan.style, column, text(column))).collect();
        self.rows.push((id, cells));
    }

    pub(super) fn file_name(&self, plan: &Plan, sequence: usize) -> String {
        let extension = if plan.style.xlsx { "xlsx" } else { "csv" };
        format!("{}_{sequence:03}.{extension}", self.name)
    }
}

/// What stands in a cell of `column` that holds `text`.
pub(super) fn cell(style: &Style, column: &str, text: String) -> String {
    match text.as_str() {
        _ if column == EXTRA => "seen".to_owned(),
        "" => style.empty.text().to_owned(),
        _ => text,
    }
}

/// Cuts a report into `count` parts, each with its own header and end (`antom.md`, 9.12).
pub(super) fn parts(plan: &Plan, sheet: Sheet, count: usize) -> Vec<ReportFile> {
    let count = count.clamp(1, 1_000);
    let size = sheet.rows.len().div_ceil(count).max(1);
    let mut chunks: Vec<&[(LineId, Vec<String>)]> = sheet.rows.chunks(size).collect();
    chunks.resize(count, &[]);
    let file = |(sequence, chunk): (usize, &&[(LineId, Vec<String>)])| {
        let name = sheet.file_name(plan, sequence);
        let path = format!("v1/settlements/{}/{}/{name}", plan.platform, compact(sheet.day));
        let write = if plan.style.xlsx { book } else { text };
        let (bytes, positions) = write(&plan.style, &sheet, chunk);
        ReportFile { path, day: sheet.day, report: sheet.report, bytes, positions }
    };
    chunks.iter().enumerate().map(file).collect()
}

type Written = (Vec<u8>, Vec<(LineId, u64)>);

fn text(style: &Style, sheet: &Sheet, rows: &[(LineId, Vec<String>)]) -> Written {
    let end = if style.crlf { "\r\n" } else { "\n" };
    let mut text = String::from(if style.bom { "\u{feff}" } else { "" });
    text.push_str(&sheet.columns.join(","));
    text.push_str(end);
    let (mut positions, mut physical, mut counted) = (Vec::new(), 1, 0);
    for (id, cells) in rows {
        physical += u64::try_from(text[counted..].matches('\n').count()).expect("a count fits");
        counted = text.len();
        positions.push((*id, physical));
        text.push_str(&cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
        text.push_str(end);
    }
    if sheet.ends {
        text.push_str(END);
        text.push_str(end);
    }
    (text.into_bytes(), positions)
}

fn book(_: &Style, sheet: &Sheet, rows: &[(LineId, Vec<String>)]) -> Written {
    let numbers: Vec<usize> = (0..sheet.columns.len()).filter(|index| is_number(sheet.columns[*index])).collect();
    let header = sheet.columns.iter().map(|column| (*column).to_owned()).collect();
    let mut all: Vec<Vec<String>> = vec![header];
    all.extend(rows.iter().map(|(_, cells)| cells.clone()));
    if sheet.ends {
        all.push(vec![END.to_owned()]);
    }
    let positions = rows.iter().zip(2..).map(|((id, _), row)| (*id, row)).collect();
    (workbook(&all, &numbers), positions)
}

/// Whether a workbook holds the cells of the column as numbers.
fn is_number(column: &str) -> bool {
    column.ends_with("Value") || matches!(column, "count" | "amount" | "balance" | "quotePrice" | "disputeHandlingFee")
}
