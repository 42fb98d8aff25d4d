//! The end of a run: one transaction in the database, one rename in the file system, one page of text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::calendar::Instant;
use crate::clock;
use crate::conservation::{ControlKey, ControlTotal};
use crate::discrepancy::Side;
use crate::export::{
    self, BalanceKind, BalanceRow, BatchRow, ControlTotalRow, FeeRow, Input, Outcome, Output, Placed, Publication,
    Published, Ready, RejectedRow, Render, Shown, SideTotals, Summary,
};
use crate::failure::{Failure, Kind};
use crate::fetch::{Digest, DigestError};
use crate::money::{Currency, Tally};
use crate::movement::ReportKind;
use crate::points::{Point, reached};
use crate::progress::Progress;
use crate::proof::{self, AccountRow, FeeTotal, FeeTotalKey, Held, HeldKind, HeldRow, VolumeKey, Volumes};
use crate::report::Reject;
use crate::store::{Many, PackedFile, PublishedFile, Recorded, RunId, RunLock, RunRecord, Volume};

use super::folds::OrKind;
use super::inputs::RunInputs;
use super::intake::{InputFile, Reports, accepted_headers};
use super::listing::Lists;
use super::proving::Proofs;
use super::timing::Timings;
use super::{Day, Job, options, restated_rows, revision_of, shown};

/// Puts the run into the database, in one transaction.
pub async fn record(
    job: &Job<'_>,
    lock: &RunLock,
    inputs: &RunInputs,
    (day, lists): (&Day, &Lists),
    reports: &Reports,
    (started_at, timings): (Instant, &mut Timings),
) -> anyhow::Result<Recorded> {
    timings.begin();
    let _shown = Progress::waiting("record");
    let headers = accepted_headers(job, reports);
    let volumes = volumes(&reports.rows.volumes);
    let held: Vec<Held> = day.proofs.held.iter().map(HeldRow::kept).filter(|held| held.amount != 0).collect();
    let archived = tokio::task::block_in_place(|| packed(job, reports))?;
    let record = RunRecord {
        platform_merchant_id: job.merchant.as_str(),
        business_date: job.today,
        started_at,
        finished_at: clock::now(),
        program_version: env!("CARGO_PKG_VERSION"),
        inputs_digest: &inputs.digest,
        configuration_digest: &inputs.configuration,
        outcome: &outcome_json(day, lists),
        files: &inputs.files,
        archived: &archived,
        discrepancies: &day.discrepancies,
        in_transit: &lists.in_transit,
        cleared: &lists.cleared,
        headers: &headers,
        volumes: &volumes,
        held: &held,
        bases: &inputs.bases,
        lock: Some(lock),
    };
    let recorded = job.store.record_run(&record).await.or_kind()?;
    timings.end("record", day.discrepancies.len() as u64 + lists.rows());
    Ok(recorded)
}

/// How the day's files are packed in the archive.
fn packed(job: &Job<'_>, reports: &Reports) -> anyhow::Result<Vec<PackedFile>> {
    let archive = options::archive(job.config)?;
    let contents: BTreeSet<&str> = reports.files.iter().map(|file| file.sha256.as_str()).collect();
    let packed = |sha256: &str| {
        let wrong = |error: DigestError| Failure::new(Kind::Integrity, format!("a file was archived under {error}"));
        let digest: Digest = sha256.parse().map_err(wrong)?;
        let packing = archive.packing_of(digest).or_kind()?;
        Ok(PackedFile {
            sha256: sha256.to_owned(),
            packed_size: packing.size,
            packed_sha256: packing.digest.to_string(),
        })
    };
    contents.into_iter().map(packed).collect()
}

/// Notes what is published for a run: when it is ready, so that nothing is ever seen that is not noted.
async fn note(job: &Job<'_>, run: RunId, folder: &Path) -> anyhow::Result<()> {
    let files = tokio::task::block_in_place(|| job.threads.install(|| published_files(folder)))?;
    reached(Point::PublicationNoting);
    job.store.note_outputs(run, &files).await.or_kind()?;
    reached(Point::PublicationNoted);
    Ok(())
}

/// The outputs in a folder as they lie there.
pub fn published_files(folder: &Path) -> anyhow::Result<Vec<PublishedFile>> {
    let digests = export::digests_in(folder).or_kind()?.into_iter();
    let file = |known: export::OutputDigest| PublishedFile {
        name: known.output.as_str().to_owned(),
        size: known.written.bytes,
        sha256: known.written.sha256,
    };
    Ok(digests.map(file).collect())
}

/// Publishes what earlier runs had complete when they were killed, whatever their date. The caller holds the lock.
pub async fn finish_interrupted(job: &Job<'_>) -> anyhow::Result<()> {
    let out = job.config.output_dir();
    for date in export::unfinished(&out, &job.merchant).or_kind()? {
        // It was recorded before it was rendered, and nothing was recorded for the date since.
        let run = job.store.latest_run(job.merchant.as_str(), date).await.or_kind()?;
        let ready = export::ready_folder(&out, &job.merchant, date).or_kind()?;
        if let Some((run, folder)) = run.zip(ready) {
            note(job, run.run_id, &folder).await?;
        }
        let shown = shown::shown(job, date).await?;
        export::recover(&out, &job.merchant, date, shown).or_kind()?;
        reached(Point::PublicationRecovered);
        tracing::warn!("the outputs of {date} were complete when their run was killed; they are published now");
    }
    Ok(())
}

/// Counts that `status` shows.
fn outcome_json(day: &Day, lists: &Lists) -> String {
    let kinds: BTreeMap<&str, u64> = count(day, |row| row.kind.as_str());
    serde_json::json!({
        "discrepancies": kinds,
        "in_transit": lists.in_transit.rows(),
        "cleared": lists.cleared.rows(),
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
    pub in_transit: u64,
    /// Why the command fails although the day is written, if `--fail-on` or `--require-answers` say so.
    pub verdict: Option<Failure>,
}

/// Writes the outputs, notes them for the run, and publishes them. Only whoever still holds the lock does so.
pub async fn publish(
    job: &Job<'_>,
    lock: &RunLock,
    inputs: &RunInputs,
    (day, lists): (&Day, &Lists),
    rejects: (&Reports, &[Reject]),
    recorded: Recorded,
    timings: &mut Timings,
) -> anyhow::Result<DayReportText> {
    lock.verify().await.or_kind()?;
    let (ready, summary) = tokio::task::block_in_place(|| write(job, inputs, (day, lists), rejects, timings))?;
    note(job, recorded.run_id(), ready.folder()).await?;
    let shown =
        if ready.is_new() { shown::shown(job, job.today).await? } else { Shown::Published(revision_of(recorded)) };
    let Published { folder, outcome } = tokio::task::block_in_place(|| ready.publish(shown)).or_kind()?;
    let (revision, in_transit) = (revision_of(recorded), lists.in_transit.rows());
    Ok(DayReportText { folder, outcome, revision, summary, in_transit, verdict: None })
}

/// Writes the outputs beside their target and makes the folder ready.
fn write(
    job: &Job<'_>,
    inputs: &RunInputs,
    (day, lists): (&Day, &Lists),
    (reports, ledger_rejects): (&Reports, &[Reject]),
    timings: &mut Timings,
) -> anyhow::Result<(Ready, Summary)> {
    timings.begin();
    let _shown = Progress::waiting("write");
    let mut folder = Publication::begin(&job.config.output_dir(), &job.merchant, job.today).or_kind()?;
    let calendar = options::calendar(job.config)?;
    let age = |from, to| calendar.business_days_between(from, to);
    let rejects = rejects(job, reports, ledger_rejects);
    let controls: Vec<ControlTotalRow> = day.controls.rows.iter().map(control_row).collect();
    let batches: Vec<BatchRow> = day.proofs.batches.iter().map(batch_row).collect();
    let balances = balance_rows(&day.proofs);
    let fees: Vec<FeeRow> = reports.rows.fees.iter().map(fee_row).collect();
    let mut outputs: Vec<(Output, Render<'_>)> = vec![
        (Output::Discrepancies, Box::new(|file| export::discrepancies(file, &day.discrepancies, &day.decided))),
        (
            Output::InTransit,
            Box::new(|file| export::in_transit(file, |show| lists.in_transit.each_listed(show), job.today, &age)),
        ),
        (Output::Cleared, Box::new(|file| export::cleared(file, |show| lists.cleared.each_listed(show), &age))),
        (Output::RollForward, Box::new(|file| export::roll_forward(file, &day.roll_forward))),
        (Output::RejectedLines, Box::new(|file| export::rejected_lines(file, &rejects))),
    ];
    if !reports.restatements.is_empty() {
        let restated = |file: &_| export::restated_lines(file, restated_rows::rows(&reports.restatements));
        outputs.push((Output::RestatedLines, Box::new(restated)));
    }
    let more: [(Output, Render<'_>); 4] = [
        (Output::ControlTotals, Box::new(|file| export::control_totals(file, &controls))),
        (Output::SettlementBatches, Box::new(|file| export::settlement_batches(file, &batches))),
        (Output::Balances, Box::new(|file| export::balances(file, &balances))),
        (Output::Fees, Box::new(|file| export::fees(file, &fees))),
    ];
    outputs.extend(more);
    job.threads.install(|| folder.write_all(outputs)).or_kind()?;
    let rows = day.discrepancies.len() + rejects.len();
    timings.end("write", rows as u64 + lists.rows());
    let mut summary = summary(job, inputs, (day, lists), reports);
    summary.outputs = folder.outputs().to_vec();
    summary.timings = timings.stages();
    folder.write(Output::Summary, |file| export::summary(file, &summary)).or_kind()?;
    Ok((folder.commit().or_kind()?, summary))
}

/// Every line and row that could not be read.
fn rejects(job: &Job<'_>, reports: &Reports, ledger_rejects: &[Reject]) -> Vec<RejectedRow> {
    let of_reports =
        reports.rejects(job.today).into_iter().map(|(date, file, reject)| (Side::Report, date, file, reject));
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

fn batch_row(row: &proof::BatchRow) -> BatchRow {
    BatchRow {
        batch_id: row.batch.clone(),
        merchant_id: row.merchant.clone(),
        sub_merchant_id: row.party.clone(),
        currency: row.key.currency,
        sum: row.sum.clone(),
        summary: row.summary,
        payout: row.payout,
    }
}

/// Accounts, then what is held in reserve and collateral.
fn balance_rows(proofs: &Proofs) -> Vec<BalanceRow> {
    let account = |row: &AccountRow| BalanceRow {
        merchant_id: row.merchant.clone(),
        sub_merchant_id: row.party.clone(),
        account_no: row.account.clone(),
        currency: row.currency,
        opening: row.opening,
        incoming: row.money_in,
        outgoing: row.money_out,
        expected: row.expected,
        reported: row.reported,
        difference: row.difference,
        kind: BalanceKind::Account,
    };
    let held = |row: &HeldRow| BalanceRow {
        merchant_id: row.merchant.clone(),
        sub_merchant_id: row.party.clone(),
        account_no: String::new(),
        currency: row.currency,
        opening: Some(row.before),
        incoming: Some(row.taken),
        outgoing: Some(row.given),
        expected: Some(row.now()),
        reported: None,
        difference: None,
        kind: match row.kind {
            HeldKind::Reserve => BalanceKind::Reserve,
            HeldKind::Collateral => BalanceKind::Collateral,
        },
    };
    proofs.accounts.iter().map(account).chain(proofs.held.iter().map(held)).collect()
}

fn fee_row((key, total): (&FeeTotalKey, &FeeTotal)) -> FeeRow {
    FeeRow {
        kind: key.kind,
        method: key.method.clone(),
        brand: key.brand.clone(),
        sub_merchant_id: key.sub_merchant.clone(),
        currency: key.currency,
        model: key.model.as_str(),
        count: total.count,
        base: total.base,
        charged: total.charged,
        expected: total.all_judged().then_some(total.expected),
    }
}

/// What went through on the day, which later days' tiers count.
fn volumes(volumes: &Volumes) -> Vec<Volume> {
    let volume = |(key, base): (&VolumeKey, &i128)| Volume {
        on: key.on,
        method: key.method.clone(),
        brand: key.brand.clone(),
        country: key.country.clone(),
        sub_merchant_id: key.sub_merchant.clone(),
        currency: key.currency,
        base_minor: *base,
    };
    volumes.iter().map(volume).collect()
}

fn summary(job: &Job<'_>, inputs: &RunInputs, (day, lists): (&Day, &Lists), reports: &Reports) -> Summary {
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
    let is_opening = |file: &&InputFile| file.kind == ReportKind::DailyEndingBalance && file.date < job.today;
    let openings = reports.inputs.iter().filter(is_opening).map(|file| Input {
        role: format!("{} of {}", file.kind, file.date),
        name: file.name.clone(),
        sha256: file.digest.to_string(),
        bytes: file.size,
        lines: file.lines.0,
        rejected: file.lines.1,
    });
    let unknown_columns = reports.unknown_columns(job.today);
    let answers = day.discrepancies.iter().filter_map(|row| row.answer);
    Summary {
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        platform_merchant_id: job.merchant.as_str().to_owned(),
        business_date: job.today,
        inputs: inputs.files.iter().map(input).chain(openings).collect(),
        totals: totals.into_iter().map(|((side, currency), placed)| SideTotals { side, currency, placed }).collect(),
        discrepancies: count(day, |row| row.kind),
        severities: count(day, |row| row.severity),
        cleared: lists.cleared.rows(),
        period_crossings: day.period_crossings,
        excluded: day.controls.excluded_by.iter().map(|(rule, rows)| ((*rule).to_owned(), *rows)).collect(),
        proofs: day.proofs.summaries.clone(),
        answers: answers.fold(BTreeMap::new(), |mut counts, answer| {
            *counts.entry(answer).or_default() += 1;
            counts
        }),
        unknown_columns,
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
            Outcome::Edited(older) => {
                format!(" (what was there, which is not what was published, is in `{}`)", older.display())
            }
        };
        page.push_str(&format!("  outputs  {}{fate}\n", self.folder.display()));
        page
    }
}
