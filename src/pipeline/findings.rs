//! From what proofs found to rows: the ids of lines are read again, batches and accounts have theirs.
#![allow(clippy::disallowed_types, reason = "reports are unpacked into files without a name")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::discrepancy::{Describer, Discrepancy, LineEvidence, ProofTexts};
use crate::kind::{DiscrepancyKind, Stage};
use crate::proof::{LineFinding, ProofFinding};
use crate::report::{Place, entry_type};

use super::Job;
use super::evidence::tell_apart;
use super::intake::{InputFile, Reports};
use super::texts::Texts;

/// Puts what proofs found into words.
///
/// # Errors
/// The archive cannot be read any more.
pub fn describe(
    job: &Job<'_>,
    describer: &Describer<'_>,
    reports: &Reports,
    lines: &[LineFinding],
    sums: &[ProofFinding],
) -> anyhow::Result<Vec<Discrepancy>> {
    let mut rows = Vec::with_capacity(lines.len() + sums.len());
    let texts = Texts::open(job, &reports.inputs)?;
    let mut by_file = BTreeMap::<u32, Vec<(Place, &LineFinding)>>::new();
    for finding in lines {
        by_file.entry(finding.place.file).or_default().push((finding.place, finding));
    }
    for (file, wanted) in by_file {
        let InputFile { name, date, .. } = &reports.inputs[file as usize];
        texts.read(wanted, |finding, text| {
            let known = entry_type(text.raw_type.as_bytes());
            let line = LineEvidence { text, file: name.clone(), line: finding.place.line };
            rows.push(describer.line_proof(finding, known, &line, *date));
            Ok(())
        })?;
    }
    for finding in sums {
        let (merchant, party) = (job.symbols.text(finding.merchant), job.symbols.text(finding.party));
        let file = finding.place.map(|place| &reports.inputs[place.file as usize]);
        let name = file.map_or("", |file| &file.name);
        let texts = ProofTexts { merchant_id: &merchant, sub_merchant_id: &party, file: name };
        // An account is judged at the end of a day, whatever report its row points to.
        let of_day = matches!(finding.kind, DiscrepancyKind::BalanceRoll);
        let date = file.filter(|_| !of_day).map_or(job.today, |file| file.date);
        rows.push(describer.proof(finding, texts, date));
    }
    let mut seen = BTreeMap::<(&str, &str), u32>::new();
    for (date, file, reject) in reports.statement_rejects(job.today) {
        let repetition = seen.entry((file, &reject.raw)).or_default();
        *repetition += 1;
        rows.push(describer.rejected(reject, Stage::Proof, file, date, *repetition, None));
    }
    tell_apart(&mut rows);
    Ok(rows)
}

/// The texts of log ids, asked for one by one. A file is unpacked when its first one is asked for: where it was delivered twice
/// over, all of its lines are repeated.
pub struct LogIds<'a> {
    texts: Texts<'a>,
    unpacked: RefCell<BTreeMap<u32, File>>,
    failed: RefCell<Option<anyhow::Error>>,
}

impl<'a> LogIds<'a> {
    /// Of the files of a run.
    ///
    /// # Errors
    /// The archive cannot be opened.
    pub fn open(job: &Job<'_>, inputs: &'a [InputFile]) -> anyhow::Result<Self> {
        let texts = Texts::open(job, inputs)?;
        Ok(Self { texts, unpacked: RefCell::default(), failed: RefCell::default() })
    }

    /// The log id at a place; empty if it cannot be read, which [`LogIds::check`] tells.
    pub fn text(&self, place: Place) -> String {
        self.read(place).unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            String::new()
        })
    }

    fn read(&self, place: Place) -> anyhow::Result<String> {
        let mut unpacked = self.unpacked.borrow_mut();
        let file = match unpacked.entry(place.file) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(self.texts.unpack(place.file)?),
        };
        let mut raw = vec![0; place.length as usize];
        file.read_exact_at(&mut raw, place.offset)?;
        Ok(self.texts.layout(place.file).text(&raw).log_id)
    }

    /// Whether everything that was asked for could be read.
    ///
    /// # Errors
    /// The first failure.
    pub fn check(self) -> anyhow::Result<()> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }
}
