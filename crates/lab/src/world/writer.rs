//! Antom's side of the SFTP server: report files in the tree `v1/settlements/<platformMerchantId>/<yyyymmdd>/`.

use super::accounts::Accounts;
use super::calendar::{before, compact};
use super::cells::{Form, Row};
use super::columns::ACTIVITY_DETAILS;
use super::layout::Report;
use super::settlement::Batch;
use super::sheet::{Sheet, parts};
use super::story::{Line, LineId, Spoil, Story};
use super::summary::Summary;
use super::wrong::Wrong;
use super::{Plan, rows};
use chrono::NaiveDate;

pub use super::sheet::END;

/// The column that appears from one day to the next.
const NEW_COLUMN: &str = "accountRegion";

/// The batch id of a summary without a batch (`antom.md`, 2.0).
const NO_BATCH: &str = "0000000000000000000";

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
    /// Where each line starts: physical lines, the header being 1; in a workbook, rows.
    pub positions: Vec<(LineId, u64)>,
}

impl ReportFile {
    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// What there is to write.
#[derive(Clone, Copy)]
pub(super) struct Content<'c> {
    pub(super) stories: &'c [Story],
    pub(super) batches: &'c [Batch],
    pub(super) summaries: &'c [Summary],
    pub(super) accounts: &'c Accounts,
    pub(super) wrongs: &'c [Wrong],
}

/// All files of the world: transaction details, account activity and ending balances of every day, the balances of the day
/// before, and settlement details and summary of every batch up to the last day.
pub(super) fn files(plan: &Plan, content: Content<'_>) -> Vec<ReportFile> {
    let mut files = balances(plan, before(plan.first_day, 1), content);
    for day in plan.all_days() {
        files.extend(transactions(plan, day, content));
        files.extend(activity(plan, day, content));
        files.extend(balances(plan, day, content));
    }
    let written = |batch: &&Batch| batch.on <= plan.last_day();
    files.extend(content.batches.iter().filter(written).flat_map(|batch| details(plan, batch)));
    for summary in content.summaries {
        let batch = &content.batches[summary.batch];
        if written(&batch) {
            files.extend(summarised(plan, batch, summary));
        }
    }
    for wrong in content.wrongs {
        if let Wrong::SummaryWithoutEnd(day) = wrong {
            files.extend(parts(plan, endless_sheet(plan, *day), 1));
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files
}

/// The name of the file that has a column which it did not have before: the last part, so that one file has changed.
pub(super) fn changed_file(plan: &Plan) -> String {
    activity_sheet(plan, plan.last_day()).file_name(plan, plan.style.parts.max(1) - 1)
}

/// The name of the file whose content is another one in the second delivery.
pub(super) fn restated_file(plan: &Plan) -> String {
    transactions_sheet(plan, plan.last_day()).file_name(plan, 0)
}

/// The name of the summary that ends before its last line.
pub(super) fn endless_file(plan: &Plan) -> String {
    endless_sheet(plan, plan.last_day()).file_name(plan, 0)
}

fn endless_sheet(plan: &Plan, day: NaiveDate) -> Sheet {
    let name = format!("settlementSummary_USD_{NO_BATCH}");
    Sheet { ends: false, ..Sheet::new(plan, Report::SettlementSummary, day, name) }
}

fn form(plan: &Plan) -> Form<'_> {
    Form { layout: plan.layout, style: &plan.style }
}

fn transactions_sheet(plan: &Plan, day: NaiveDate) -> Sheet {
    Sheet::new(plan, Report::TransactionDetails, day, format!("transactionItems_{}", compact(day)))
}

fn transactions(plan: &Plan, day: NaiveDate, content: Content<'_>) -> Vec<ReportFile> {
    let reported = content.stories.iter().flat_map(|story| &story.reported);
    let mut lines: Vec<&Line> =
        reported.filter(|reported| reported.day == day).map(|reported| &reported.line).collect();
    lines.sort_by_key(|line| (line.at, line.id));
    let report = Report::TransactionDetails;
    let mut sheet = transactions_sheet(plan, day);
    for line in lines {
        let row = Row { form: form(plan), report, line, settled: None };
        sheet.rows.push((line.id, written(&row, &sheet.columns)));
    }
    parts(plan, sheet, plan.style.parts)
}

fn details(plan: &Plan, batch: &Batch) -> Vec<ReportFile> {
    let report = Report::SettlementDetails;
    let name = format!("settlementItems_{}_{}", batch.currency.code, batch.id);
    let mut sheet = Sheet::new(plan, report, batch.on, name);
    for settled in &batch.lines {
        let row = Row { form: form(plan), report, line: &settled.line, settled: Some((&settled.payout, batch)) };
        sheet.rows.push((settled.line.id, written(&row, &sheet.columns)));
    }
    parts(plan, sheet, plan.style.parts)
}

fn summarised(plan: &Plan, batch: &Batch, summary: &Summary) -> Vec<ReportFile> {
    let name = format!("settlementSummary_{}_{}", batch.currency.code, batch.id);
    let mut sheet = Sheet::new(plan, Report::SettlementSummary, batch.on, name);
    for row in &summary.rows {
        sheet.add(plan, row.id, |column| rows::summary(form(plan), column, row, batch));
    }
    parts(plan, sheet, plan.style.parts)
}

fn activity_sheet(plan: &Plan, day: NaiveDate) -> Sheet {
    Sheet::new(plan, Report::AccountActivity, day, format!("accountActivity_{}", compact(day)))
}

fn activity(plan: &Plan, day: NaiveDate, content: Content<'_>) -> Vec<ReportFile> {
    let mut sheet = activity_sheet(plan, day);
    if plan.style.detailed_activity {
        sheet.columns.extend(ACTIVITY_DETAILS);
    }
    for line in content.accounts.activity.iter().filter(|line| line.day == day) {
        sheet.add(plan, line.id, |column| rows::activity(form(plan), column, line));
    }
    let mut files = parts(plan, sheet.clone(), plan.style.parts);
    let is_changed = |wrong: &Wrong| matches!(wrong, Wrong::ColumnAppears(from) if *from <= day);
    if content.wrongs.iter().any(is_changed) {
        sheet.columns.push(NEW_COLUMN);
        for (_, cells) in &mut sheet.rows {
            cells.push("SG".to_owned());
        }
        let changed = parts(plan, sheet, plan.style.parts).pop();
        files.pop();
        files.extend(changed);
    }
    files
}

fn balances(plan: &Plan, day: NaiveDate, content: Content<'_>) -> Vec<ReportFile> {
    let name = format!("dailyEndingBalance_{}", compact(day));
    let mut sheet = Sheet::new(plan, Report::DailyEndingBalance, day, name);
    for balance in content.accounts.balances.iter().filter(|balance| balance.day == day) {
        sheet.add(plan, balance.id, |column| rows::balance(form(plan), column, balance));
    }
    parts(plan, sheet, plan.style.parts)
}

/// The cells of a line of details, with whatever is wrong in its writing.
fn written(row: &Row<'_>, columns: &[&'static str]) -> Vec<String> {
    let cells = columns.iter().map(|column| match row.line.spoil {
        Some(Spoil::Cell(spoilt, text) | Spoil::Readable(spoilt, text)) if spoilt == *column => text.to_owned(),
        Some(Spoil::Times(text)) if column.ends_with("Time") => text.to_owned(),
        _ => super::sheet::cell(row.form.style, column, row.cell(column)),
    });
    let width = match row.line.spoil {
        Some(Spoil::CutAfter(width)) => width,
        _ => columns.len(),
    };
    cells.take(width).collect()
}

/// A CSV cell after RFC 4180: in quotes where it must be.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// The transaction details of the last day, delivered again with another description in the first line
/// that can be read.
pub(super) fn restated(plan: &Plan, stories: &[Story]) -> Vec<ReportFile> {
    let last = plan.last_day();
    let mut stories = stories.to_vec();
    let reported = stories.iter_mut().flat_map(|story| &mut story.reported).filter(|reported| reported.day == last);
    let lines = reported.map(|reported| &mut reported.line).filter(|line| line.spoil.is_none());
    if let Some(first) = lines.min_by_key(|line| (line.at, line.id)) {
        first.description = "Described again".to_owned();
    }
    let accounts = Accounts::default();
    let content = Content { stories: &stories, batches: &[], summaries: &[], accounts: &accounts, wrongs: &[] };
    transactions(plan, last, content)
}
