//! A set of files, day by day: every proof that the set allows.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;

use super::file::Read;
use crate::calendar::{BusinessDate, SettlementCalendar};
use crate::discrepancy::{Describer, Discrepancy, LineEvidence, ProofTexts};
use crate::export::ProofSummary;
use crate::id::Symbols;
use crate::matching::DayReport;
use crate::movement::ReportKind;
use crate::pipeline::payouts_from;
use crate::pipeline::proving::{DayToProve, OpenProofs};
use crate::proof::{DayStatement, Held, HeldRow, Outgoing, RowProof, Volumes, sums_of_lines};
use crate::report::{ActivityLine, AnyReport, BalanceLine, Layout, LineText, Place, SummaryLine, entry_type};

/// The files of a set that were read so far, by kind and in the order of their dates.
#[derive(Default)]
pub(super) struct Set {
    settlements: Vec<DayReport>,
    summaries: Vec<DayStatement<SummaryLine>>,
    activities: Vec<DayStatement<ActivityLine>>,
    balances: Vec<DayStatement<BalanceLine>>,
    rows: RowProof,
    held: Vec<Held>,
    /// What went through on the days so far.
    pub(super) volumes: Volumes,
    /// By a line's `place.file`.
    texts: Vec<Option<Text>>,
}

/// A file's text.
struct Text {
    name: String,
    layout: Layout,
    file: File,
}

/// What the proofs of a day allow for.
pub(super) struct Allowances<'a> {
    pub(super) has_schedule: bool,
    pub(super) payout_due_days: u32,
    pub(super) payout_types: &'a [String],
    pub(super) calendar: &'a SettlementCalendar,
    /// Sets of the day that lack parts.
    pub(super) broken_sets: &'a [(ReportKind, String)],
}

/// What the proofs of one day came to.
pub(super) struct Proved {
    pub(super) date: BusinessDate,
    pub(super) proofs: Vec<ProofSummary>,
    pub(super) discrepancies: Vec<Discrepancy>,
    pub(super) remarks: Vec<String>,
}

impl Set {
    /// The number of the next file.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.texts.len()).unwrap_or(u32::MAX)
    }

    /// Puts a file to the others. Files come in the order of their dates.
    pub(super) fn add(&mut self, date: BusinessDate, name: &str, read: Option<Read>) {
        let Some(Read { report, rows, text }) = read else { return self.texts.push(None) };
        let layout = report.layout().clone();
        self.texts.push(Some(Text { name: name.to_owned(), layout, file: text }));
        self.rows.merge(rows.unwrap_or_default());
        let name = name.to_owned();
        match report {
            AnyReport::Details(parsed) if parsed.kind == ReportKind::SettlementDetails => {
                self.settlements.push(DayReport { date, name, parsed });
            }
            // Transaction details are what matching reads; the proofs between files need none.
            AnyReport::Details(_) => {}
            AnyReport::Summary(parsed) => self.summaries.push(DayStatement { date, name, parsed }),
            AnyReport::Activity(parsed) => self.activities.push(DayStatement { date, name, parsed }),
            AnyReport::Balances(parsed) => self.balances.push(DayStatement { date, name, parsed }),
        }
    }

    /// Proves the day whose files were added last.
    pub(super) fn prove(
        &mut self,
        date: BusinessDate,
        symbols: &Symbols,
        allow: &Allowances<'_>,
        describer: &Describer<'_>,
    ) -> anyhow::Result<Proved> {
        let rows = std::mem::take(&mut self.rows);
        let failed = RefCell::new(None);
        let text = |place: Place| {
            self.text(place).unwrap_or_else(|error| {
                failed.borrow_mut().get_or_insert(error);
                LineText::default()
            })
        };
        let before = date.minus_days(1);
        // Without dates nobody knows which balances follow which.
        let dated = date != super::NO_DATE;
        let (activities, balances) =
            (if dated { &self.activities[..] } else { &[] }, if dated { &self.balances[..] } else { &[] });
        let none = OpenProofs::default();
        let earlier = self.settlements.iter().filter(|file| file.date < date);
        let earlier_sums = sums_of_lines(earlier.flat_map(|file| &file.parsed.lines));
        let day = DayToProve {
            today: date,
            settlements: &self.settlements,
            earlier_sums: &earlier_sums,
            earlier_outgoing: &Outgoing::default(),
            rows: &rows,
            summaries: &self.summaries,
            activities,
            balances,
            last_balances: self.balances.iter().map(|file| file.date).filter(|on| *on < before).max(),
            broken_sets: allow.broken_sets,
            held: &self.held,
            open: &none,
            has_schedule: allow.has_schedule,
            is_dated: dated,
            needs_details: true,
            payouts_from: payouts_from(allow.payout_due_days, allow.calendar, date),
            payout_due_days: allow.payout_due_days,
            payout_types: allow.payout_types,
            calendar: allow.calendar,
            symbols,
            names: describer.names,
            file_name: &|file| self.name(file),
            log_id: &|place| text(place).log_id,
        };
        let proofs = day.prove();
        let mut discrepancies = Vec::new();
        for finding in &rows.findings {
            let text = text(finding.place);
            let known = entry_type(text.raw_type.as_bytes());
            let line = LineEvidence { text, file: self.name(finding.place.file), line: finding.place.line };
            discrepancies.push(describer.line_proof(finding, known, &line, date));
        }
        for finding in &proofs.findings {
            let (merchant, party) = (symbols.text(finding.merchant), symbols.text(finding.party));
            let file = finding.place.map(|place| self.name(place.file)).unwrap_or_default();
            let texts = ProofTexts { merchant_id: &merchant, sub_merchant_id: &party, file: &file };
            discrepancies.push(describer.proof(finding, texts, date));
        }
        if let Some(error) = failed.into_inner() {
            return Err(error);
        }
        crate::export::sort_discrepancies(&mut discrepancies);
        self.held = proofs.held.iter().map(HeldRow::kept).collect();
        for (key, base) in rows.volumes {
            *self.volumes.entry(key).or_default() += base;
        }
        // What is the reason of a proof that was not run is told there.
        let is_reason = |remark: &String| proofs.summaries.iter().any(|proof| proof.reason.as_ref() == Some(remark));
        let remarks = proofs.remarks.into_iter().filter(|remark| !is_reason(remark)).collect();
        Ok(Proved { date, discrepancies, remarks, proofs: proofs.summaries })
    }

    fn name(&self, file: u32) -> String {
        let known = self.texts.get(file as usize).and_then(Option::as_ref);
        known.map(|text| text.name.clone()).unwrap_or_default()
    }

    /// Reads a line again.
    fn text(&self, place: Place) -> anyhow::Result<LineText> {
        let known = self.texts.get(place.file as usize).and_then(Option::as_ref);
        let known = known.ok_or_else(|| anyhow::anyhow!("a line without a file; please report this defect"))?;
        let mut raw = vec![0; place.length as usize];
        known.file.read_exact_at(&mut raw, place.offset)?;
        Ok(known.layout.text(&raw))
    }
}
