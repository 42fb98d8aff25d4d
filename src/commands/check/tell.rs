//! What was found, for people and for machines.

use std::io::{self, Write};

use serde::Serialize;

use super::file::Findings;
use super::prove::Proved;
use super::{Found, NO_DATE};
use crate::calendar::BusinessDate;
use crate::discrepancy::Discrepancy;
use crate::export::{ProofState, ProofSummary};
use crate::money::Currency;

/// How many discrepancies of a day are listed for people; machines get them all.
const LISTED: usize = 50;

#[derive(Serialize)]
struct Document<'a> {
    files: &'a [Findings],
    proofs: Vec<Day<'a>>,
    discrepancies: Vec<Row<'a>>,
    /// Files in folders that are no reports.
    skipped: Vec<String>,
}

/// The proofs of a day.
#[derive(Serialize)]
struct Day<'a> {
    /// None for files without a date.
    date: Option<String>,
    proofs: Vec<Proof<'a>>,
    remarks: &'a [String],
}

#[derive(Serialize)]
struct Proof<'a> {
    proof: &'static str,
    state: &'static str,
    judged: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// A discrepancy; amounts in major units.
#[derive(Serialize)]
struct Row<'a> {
    date: Option<String>,
    kind: &'static str,
    severity: &'static str,
    stage: &'static str,
    entry_type: &'a str,
    request_id: &'a str,
    antom_id: &'a str,
    sub_merchant_id: &'a str,
    currency: String,
    expected: Option<String>,
    reported: Option<String>,
    difference: Option<String>,
    file: &'a str,
    line: Option<u32>,
    explanation: &'a str,
}

fn date_text(date: BusinessDate) -> Option<String> {
    (date != NO_DATE).then(|| date.to_string())
}

impl Found {
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let document = Document {
            files: &self.files,
            proofs: self.days.iter().map(Day::of).collect(),
            discrepancies: self
                .days
                .iter()
                .flat_map(|day| day.discrepancies.iter().map(|row| Row::of(day, row)))
                .collect(),
            skipped: self.skipped.iter().map(|path| path.display().to_string()).collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }

    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        self.files.iter().try_for_each(|file| file.write_text(out))?;
        for path in &self.skipped {
            let why = match path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx")) {
                true => "the same report is there as CSV",
                false => "no report by its name",
            };
            writeln!(out, "{}\n  skipped: {why}\n", path.display())?;
        }
        self.days.iter().try_for_each(|day| day.write_text(out))
    }
}

impl<'a> Day<'a> {
    fn of(day: &'a Proved) -> Self {
        let proof = |known: &'a ProofSummary| Proof {
            proof: known.proof.as_str(),
            state: known.state.as_str(),
            judged: known.judged,
            failed: known.failed,
            reason: known.reason.as_deref(),
        };
        Self { date: date_text(day.date), proofs: day.proofs.iter().map(proof).collect(), remarks: &day.remarks }
    }
}

impl<'a> Row<'a> {
    fn of(day: &Proved, row: &'a Discrepancy) -> Self {
        let amount = |amount: Option<i128>, currency: Option<Currency>| {
            amount.zip(currency).map(|(amount, currency)| currency.major(amount).to_string())
        };
        Self {
            date: date_text(day.date),
            kind: row.kind.as_str(),
            severity: row.severity.as_str(),
            stage: row.stage.as_str(),
            entry_type: &row.entry_type,
            request_id: &row.request_id,
            antom_id: &row.antom_id,
            sub_merchant_id: &row.sub_merchant_id,
            currency: row.currency.map(|known| known.to_string()).unwrap_or_default(),
            expected: amount(row.ledger_amount, row.currency),
            reported: amount(row.report_amount, row.currency),
            difference: amount(row.delta(), row.currency),
            file: &row.report_file,
            line: row.report_line,
            explanation: &row.explanation,
        }
    }
}

impl Proved {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        match date_text(self.date) {
            Some(date) => writeln!(out, "proofs of {date}")?,
            None => writeln!(out, "proofs of files without a date")?,
        }
        for known in &self.proofs {
            let words = match (known.state, &known.reason) {
                (ProofState::Holds, _) => format!("holds, {} judged", known.judged),
                (ProofState::Fails, _) => format!("fails, {} of {} judged", known.failed, known.judged),
                (ProofState::NotRun, Some(reason)) => format!("not run: {reason}"),
                (ProofState::NotRun, None) => "not run".to_owned(),
            };
            writeln!(out, "  {:<15} {words}", known.proof.as_str())?;
        }
        for row in self.discrepancies.iter().take(LISTED) {
            writeln!(out, "  {} ({}): {}", row.kind, row.severity, row.explanation)?;
        }
        if self.discrepancies.len() > LISTED {
            let more = self.discrepancies.len() - LISTED;
            writeln!(out, "  {more} more; `--format json` lists all")?;
        }
        for remark in &self.remarks {
            writeln!(out, "  remark: {remark}")?;
        }
        writeln!(out)
    }
}
