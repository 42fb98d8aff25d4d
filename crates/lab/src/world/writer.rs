//! Antom's side of the SFTP server: report files in the tree `v1/settlements/<platformMerchantId>/<yyyymmdd>/`.

use super::Plan;
use super::calendar::{after, compact};
use super::cells::Row;
use super::layout::Report;
use super::settlement::Batch;
use super::story::{LineId, Spoil, Story};
use chrono::NaiveDate;

/// The last line of every report (`antom.md`, 2.0).
pub const END: &str = "<END>";

/// One file as it lies on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Relative, with `/`: `v1/settlements/<platformMerchantId>/<yyyymmdd>/<name>`.
    pub path: String,
    /// The date of its directory.
    pub day: NaiveDate,
    /// Which report it belongs to.
    pub report: Report,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where each line starts: physical lines, the header being 1.
    pub positions: Vec<(LineId, u64)>,
}

impl ReportFile {
    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// All files of the world: transaction details of every day, and settlement details of every batch up to the last day.
pub(super) fn files(plan: &Plan, stories: &[Story], batches: &[Batch]) -> Vec<ReportFile> {
    let mut files = Vec::new();
    let mut day = plan.first_day;
    while day <= plan.last_day() {
        let mut lines: Vec<_> =
            stories.iter().flat_map(|story| &story.reported).filter(|reported| reported.day == day).collect();
        lines.sort_by_key(|reported| (reported.line.at, reported.line.id));
        let rows: Vec<_> = lines.iter().map(|reported| row(plan, Report::TransactionDetails, &reported.line)).collect();
        let name = format!("transactionItems_{}", compact(day));
        files.extend(parts(plan, day, &name, Report::TransactionDetails, &rows));
        day = after(day, 1);
    }
    for batch in batches.iter().filter(|batch| batch.on <= plan.last_day()) {
        let rows: Vec<_> = batch
            .lines
            .iter()
            .map(|settled| Row {
                settled: Some((&settled.payout, batch)),
                ..row(plan, Report::SettlementDetails, &settled.line)
            })
            .collect();
        let name = format!("settlementItems_{}_{}", batch.currency.code, batch.id);
        files.extend(parts(plan, batch.on, &name, Report::SettlementDetails, &rows));
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files
}

fn row<'r>(plan: &'r Plan, report: Report, line: &'r super::story::Line) -> Row<'r> {
    Row { layout: plan.layout, style: &plan.style, report, line, settled: None }
}

/// Cuts the rows of one report into its parts, each with its own header and end (`antom.md`, 9.12).
fn parts(plan: &Plan, day: NaiveDate, name: &str, report: Report, rows: &[Row<'_>]) -> Vec<ReportFile> {
    let count = plan.style.parts.clamp(1, 1_000);
    let size = rows.len().div_ceil(count).max(1);
    let mut chunks: Vec<&[Row<'_>]> = rows.chunks(size).collect();
    chunks.resize(count, &[]);
    let file = |(sequence, chunk): (usize, &&[Row<'_>])| {
        let directory = format!("v1/settlements/{}/{}", plan.platform, compact(day));
        let (bytes, positions) = render(plan, report, chunk);
        ReportFile { path: format!("{directory}/{name}_{sequence:03}.csv"), day, report, bytes, positions }
    };
    chunks.iter().enumerate().map(file).collect()
}

fn render(plan: &Plan, report: Report, rows: &[Row<'_>]) -> (Vec<u8>, Vec<(LineId, u64)>) {
    let style = &plan.style;
    let end = if style.crlf { "\r\n" } else { "\n" };
    let mut columns = plan.layout.columns(report);
    if style.reversed_columns {
        columns.reverse();
    }
    if style.extra_column {
        columns.push("labNote");
    }
    let mut text = String::from(if style.bom { "\u{feff}" } else { "" });
    text.push_str(&columns.join(","));
    text.push_str(end);
    let (mut positions, mut physical, mut counted) = (Vec::new(), 1, 0);
    for row in rows {
        physical += u64::try_from(text[counted..].matches('\n').count()).expect("a count fits");
        counted = text.len();
        positions.push((row.line.id, physical));
        text.push_str(&written(row, &columns));
        text.push_str(end);
    }
    text.push_str(END);
    text.push_str(end);
    (text.into_bytes(), positions)
}

fn written(row: &Row<'_>, columns: &[&str]) -> String {
    let cells = columns.iter().map(|column| match row.line.spoil {
        Some(Spoil::Cell(spoilt, text)) if spoilt == *column => quoted(text),
        Some(Spoil::Times(text)) if column.ends_with("Time") => quoted(text),
        _ if *column == "labNote" => "seen".to_owned(),
        _ => {
            let text = row.cell(column);
            if text.is_empty() { row.style.empty.text().to_owned() } else { quoted(&text) }
        }
    });
    let width = match row.line.spoil {
        Some(Spoil::CutAfter(width)) => width,
        _ => columns.len(),
    };
    cells.take(width).collect::<Vec<_>>().join(",")
}

/// A CSV cell after RFC 4180: in quotes where it must be.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
