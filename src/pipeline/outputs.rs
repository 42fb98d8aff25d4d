//! The end of a run: one transaction in the database, one rename in the file system, one page of text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::calendar::Instant;
use crate::clock;
use crate::conservation::{ControlKey, ControlTotal};
use crate::discrepancy::Side;
use crate::export::{
    self, BalanceRow, BatchRow, ControlTotalRow, FeeRow, Input, Outcome, Output, Placed, Publication, RejectedRow,
    SideTotals, Summary,
};
use crate::failure::{Failure, Kind};
use crate::money::{Currency, Tally};
use crate::proof::{BatchKey, BatchSum, BatchSums};
use crate::report::{FeeKind, Reject};
use crate::store::RunRecord;

use super::folds::OrKind;
use super::inputs::RunInputs;
use super::intake::Reports;
use super::timing::Timings;
use super::{Day, Job, revision_of};

/// Puts the run into the database, in one transaction.
pub async fn record(job: &Job<'_>, inputs: &RunInputs, day: &Day, started_at: Instant) -> anyhow::Result<u32> {
    let record = RunRecord {
        platform_merchant_id: job.merchant.as_str(),
        business_date: job.today,
        started_at,
        finished_at: clock::now(),
        program_version: env!("CARGO_PKG_VERSION"),
        inputs_digest: &inputs.digest,
        outcome: &outcome_json(day),
        files: &inputs.files,
        discrepancies: &day.discrepancies,
        in_transit: &day.in_transit,
        cleared: &day.cleared,
        headers: &[],
        volumes: &[],
        held: &[],
    };
    Ok(revision_of(job.store.record_run(&record).await.or_kind()?))
}

/// Publishes what earlier runs had complete when they were killed, whatever their date. The caller holds the lock.
pub fn finish_interrupted(job: &Job<'_>) -> anyhow::Result<()> {
    let failed = |error: export::PublishError| Failure::new(Kind::Unforeseen, error.to_string());
    let out = job.config.output_dir();
    for date in export::unfinished(&out, &job.merchant).map_err(failed)? {
        export::recover(&out, &job.merchant, date).map_err(failed)?;
        tracing::warn!("the outputs of {date} were complete when their run was killed; they are published now");
    }
    Ok(())
}

/// Counts that `status` shows.
fn outcome_json(day: &Day) -> String {
    let kinds: BTreeMap<&str, u64> = count(day, |row| row.kind.as_str());
    serde_json::json!({
        "discrepancies": kinds,
        "in_transit": day.in_transit.len(),
        "cleared": day.cleared.len(),
        "period_crossings": day.period_crossings,
    })
    .to_string()
}

fn count<K: Ord>(day: &Day, of: impl Fn(&crate::discrepancy::Discrepancy) -> K) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for row in &day.discrepancies {
        *counts.entry(of(row)).or_default() += 1;
    }
    counts
}

/// What a day came to, for people.
#[derive(Debug, Clone)]
pub struct DayReportText {
    /// Where the outputs are.
    pub folder: PathBuf,
    /// What became of the folder.
    pub outcome: Outcome,
    /// How often the date was recorded with other content, from 1.
    pub revision: u32,
    /// The run on one page.
    pub summary: Summary,
    /// Number of items in transit.
    pub in_transit: usize,
    /// Why the command fails although the day is written, if `--fail-on` or `--require-answers` say so.
    pub verdict: Option<Failure>,
}

/// Writes the outputs beside their target and renames the folder into place.
pub fn publish(
    job: &Job<'_>,
    inputs: &RunInputs,
    day: &Day,
    (reports, ledger_rejects): (&Reports, &[Reject]),
    revision: u32,
    timings: &mut Timings,
) -> anyhow::Result<DayReportText> {
    let failed = |error: export::PublishError| Failure::new(Kind::Unforeseen, error.to_string());
    timings.begin();
    let mut folder = Publication::begin(&job.config.output_dir(), &job.merchant, job.today).map_err(failed)?;
    folder.write(Output::Discrepancies, |file| export::discrepancies(file, &day.discrepancies)).map_err(failed)?;
    folder.write(Output::InTransit, |file| export::in_transit(file, &day.in_transit)).map_err(failed)?;
    folder.write(Output::Cleared, |file| export::cleared(file, &day.cleared)).map_err(failed)?;
    let rejects = rejects(job, reports, ledger_rejects);
    folder.write(Output::RejectedLines, |file| export::rejected_lines(file, &rejects)).map_err(failed)?;
    let controls: Vec<ControlTotalRow> = day.controls.rows.iter().map(control_row).collect();
    folder.write(Output::ControlTotals, |file| export::control_totals(file, &controls)).map_err(failed)?;
    folder.write(Output::SettlementBatches, |file| export::settlement_batches(file, &day.batches)).map_err(failed)?;
    folder.write(Output::Balances, |file| export::balances(file, &[] as &[BalanceRow])).map_err(failed)?;
    folder.write(Output::Fees, |file| export::fees(file, &[] as &[FeeRow])).map_err(failed)?;
    let rows = day.discrepancies.len() + day.in_transit.len() + day.cleared.len() + rejects.len();
    timings.end("write", rows as u64);
    let mut summary = summary(job, inputs, day, reports);
    summary.outputs = folder.outputs().to_vec();
    summary.timings = timings.stages();
    folder.write(Output::Summary, |file| export::summary(file, &summary)).map_err(failed)?;
    let published = folder.finish().map_err(failed)?;
    let in_transit = day.in_transit.len();
    let (folder, outcome) = (published.folder, published.outcome);
    Ok(DayReportText { folder, outcome, revision, summary, in_transit, verdict: None })
}

/// Every line and row that could not be read.
fn rejects(job: &Job<'_>, reports: &Reports, ledger_rejects: &[Reject]) -> Vec<RejectedRow> {
    let files = reports.transactions.iter().chain(&reports.settlements);
    let of_reports = files.flat_map(|file| {
        file.parsed.rejects.iter().map(|reject| (Side::Report, file.date, file.name.as_str(), reject))
    });
    let of_ledger = ledger_rejects.iter().map(|reject| (Side::Ledger, job.today, "", reject));
    let row = |(side, business_date, file, reject): (Side, _, &str, &Reject)| RejectedRow {
        side,
        business_date,
        file: file.to_owned(),
        line: reject.place.line,
        column: reject.column.clone(),
        reason: reject.reason.clone(),
        entry_type: reject.entry_type.map_or_else(|| reject.text.raw_type.clone(), |known| known.to_string()),
        currency: reject.currency,
        request_id: reject.text.request_id.clone(),
        antom_id: reject.text.antom_id.clone(),
        raw: reject.raw.clone(),
    };
    of_reports.chain(of_ledger).map(row).collect()
}

fn placed(total: &ControlTotal) -> Placed {
    Placed {
        total: total.total,
        matched: total.matched,
        in_transit: total.in_transit,
        discrepancies: total.discrepancies,
        excluded: total.excluded,
        rejected: total.rejected,
    }
}

fn control_row((key, total): (&ControlKey, &ControlTotal)) -> ControlTotalRow {
    ControlTotalRow {
        side: key.side,
        file: key.file.clone(),
        entry_type: key.entry_type.clone(),
        currency: key.currency,
        placed: placed(total),
    }
}

/// What each batch of the date pays to each party, in the order of their ids.
pub fn batch_rows(job: &Job<'_>, reports: &Reports) -> Vec<BatchRow> {
    let mut sums = BatchSums::new();
    let todays = reports.settlements.iter().filter(|file| file.date == job.today);
    for line in todays.flat_map(|file| &file.parsed.lines) {
        sums.entry(BatchKey::of(line)).or_default().add(line, [(FeeKind::Total, i128::from(line.fee))]);
    }
    let row = |(key, sum): (BatchKey, BatchSum)| BatchRow {
        batch_id: job.symbols.text(key.batch),
        merchant_id: job.symbols.text(key.merchant),
        sub_merchant_id: job.symbols.text(key.party),
        currency: key.currency,
        sum,
        summary: None,
        payout: None,
    };
    let mut rows: Vec<BatchRow> = sums.into_iter().map(row).collect();
    rows.sort_by(|left, right| place(left).cmp(&place(right)));
    return rows;

    fn place(row: &BatchRow) -> impl Ord + '_ {
        (&row.batch_id, &row.merchant_id, &row.sub_merchant_id, row.currency)
    }
}

fn summary(job: &Job<'_>, inputs: &RunInputs, day: &Day, reports: &Reports) -> Summary {
    let mut totals = BTreeMap::<(Side, Option<Currency>), Placed>::new();
    for (key, total) in &day.controls.rows {
        add(totals.entry((key.side, key.currency)).or_default(), total);
    }
    let input = |file: &crate::store::RunFile| Input {
        role: file.kind.clone(),
        name: file.name.clone(),
        sha256: file.sha256.clone(),
        bytes: file.size,
        lines: file.lines,
        rejected: file.rejects,
    };
    let todays = reports.transactions.iter().chain(&reports.settlements).filter(|file| file.date == job.today);
    let unknown_columns = todays
        .filter(|file| !file.parsed.unknown_columns.is_empty())
        .map(|file| (file.name.clone(), file.parsed.unknown_columns.clone()));
    let answers = day.discrepancies.iter().filter_map(|row| row.answer);
    Summary {
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        platform_merchant_id: job.merchant.as_str().to_owned(),
        business_date: job.today,
        inputs: inputs.files.iter().map(input).collect(),
        totals: totals.into_iter().map(|((side, currency), placed)| SideTotals { side, currency, placed }).collect(),
        discrepancies: count(day, |row| row.kind),
        severities: count(day, |row| row.severity),
        cleared: day.cleared.len() as u64,
        period_crossings: day.period_crossings,
        excluded: day.controls.excluded_by.iter().map(|(rule, rows)| ((*rule).to_owned(), *rows)).collect(),
        proofs: Vec::new(),
        answers: answers.fold(BTreeMap::new(), |mut counts, answer| {
            *counts.entry(answer).or_default() += 1;
            counts
        }),
        unknown_columns: unknown_columns.collect(),
        remarks: day.remarks.clone(),
        outputs: Vec::new(),
        timings: Vec::new(),
    }
}

fn add(sum: &mut Placed, total: &ControlTotal) {
    let merge = |into: &mut Tally, from: &Tally| into.merge(from);
    merge(&mut sum.total, &total.total);
    merge(&mut sum.matched, &total.matched);
    merge(&mut sum.in_transit, &total.in_transit);
    merge(&mut sum.discrepancies, &total.discrepancies);
    merge(&mut sum.excluded, &total.excluded);
    merge(&mut sum.rejected, &total.rejected);
}

impl DayReportText {
    /// The day in one line, for a log.
    #[must_use]
    pub fn one_line(&self) -> String {
        let discrepancies: u64 = self.summary.discrepancies.values().sum();
        format!(
            "{discrepancies} discrepancies, {} in transit, {} cleared, revision {}, outputs in `{}`",
            self.in_transit,
            self.summary.cleared,
            self.revision,
            self.folder.display()
        )
    }

    /// The day for a person: what was read, where it ended, what is open.
    #[must_use]
    pub fn page(&self) -> String {
        let summary = &self.summary;
        let mut page = format!("{}  {}\n", summary.business_date, summary.platform_merchant_id);
        for input in &summary.inputs {
            let rejected = if input.rejected > 0 { format!(", {} rejected", input.rejected) } else { String::new() };
            page.push_str(&format!(
                "  read     {:<20} {:>10} lines  {}{rejected}\n",
                input.role, input.lines, input.name
            ));
        }
        for total in &summary.totals {
            let placed = &total.placed;
            let currency = total.currency.map_or_else(|| "---".to_owned(), |known| known.to_string());
            page.push_str(&format!(
                "  {:<8} {currency} {:>10}  = matched {} + in transit {} + discrepancies {} + excluded {} + rejected {}\n",
                total.side.as_str(),
                placed.total.count,
                placed.matched.count,
                placed.in_transit.count,
                placed.discrepancies.count,
                placed.excluded.count,
                placed.rejected.count
            ));
        }
        for (kind, count) in &summary.discrepancies {
            page.push_str(&format!("  open     {:<30} {count:>6}\n", kind.as_str()));
        }
        for (answer, count) in &summary.answers {
            page.push_str(&format!("  answer   {:<30} {count:>6}\n", answer.as_str()));
        }
        if summary.cleared > 0 {
            page.push_str(&format!("  cleared  {:<30} {:>6}\n", "", summary.cleared));
        }
        for remark in &summary.remarks {
            page.push_str(&format!("  note     {remark}\n"));
        }
        let fate = match &self.outcome {
            Outcome::New => String::new(),
            Outcome::Unchanged => " (unchanged)".to_owned(),
            Outcome::Superseded(older) => format!(" (the older one is in `{}`)", older.display()),
        };
        page.push_str(&format!("  outputs  {}{fate}\n", self.folder.display()));
        page
    }
}
