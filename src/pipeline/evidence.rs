//! Evidence: the text of the few rows that end in an output, read again from the archive and the ledger's CSV.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::conservation::{AgreedRows, Counted};
use crate::discrepancy::{Describer, Discrepancy, EntryEvidence, InTransitRow, LineEvidence};
use crate::failure::{Failure, Kind, OrFail};
use crate::id::{DiscrepancyId, Key};
use crate::kind::{DiscrepancyKind, Stage};
use crate::matching::{DayReport, Finding, ItemRef, ItemSide, Reconciliation, State};
use crate::money::{Currency, Tally};
use crate::movement::EntryType;
use crate::report::{Line, LineText, Reject};

use super::Job;
use super::intake::Reports;
use super::ledger::Ledger;
use super::shares::{kept_id, naming, rows_of_share};
use super::texts::Texts;

/// How many findings are put into words at a time where files are read in pieces: the text of their lines is some megabytes.
const FINDINGS_AT_ONCE: usize = 10_000;

/// How many of a file's lines one thread reads then, while others read more of them: they lie in some tens of pieces.
const LINES_AT_ONCE: usize = 64;

/// What a reader of rows may look at.
pub struct Evidence<'a> {
    pub job: &'a Job<'a>,
    pub reports: &'a Reports,
    pub ledger: &'a Ledger,
}

/// A day in words.
pub struct Described {
    /// Discrepancies, in no order yet.
    pub discrepancies: Vec<Discrepancy>,
    /// Items in transit, by business date and place.
    pub in_transit: Vec<InTransitRow>,
    /// Item ids and discrepancy ids that this day closed, and by what.
    pub closed: BTreeMap<String, String>,
    /// Ids of items that are part of a discrepancy now: they are not closed.
    pub became: BTreeSet<String>,
    /// Rows whose place is a rejected line with their id.
    pub claimed_by_rejects: HashSet<ItemRef>,
}

impl<'a> Evidence<'a> {
    /// What conservation counts.
    pub fn counted(&self, claimed_by_rejects: &'a HashSet<ItemRef>, listed: &BTreeMap<Currency, Tally>) -> Counted<'a> {
        let Reports { agreed, inputs, .. } = self.reports;
        let mut numbers = HashMap::new();
        for (number, input) in (0_u32..).zip(inputs) {
            numbers.entry((input.kind, input.date, input.name.as_str())).or_insert(number);
        }
        let of_file = |file: &DayReport| {
            let number = numbers.get(&(file.parsed.kind, file.date, file.name.as_str()));
            number.and_then(|number| agreed.lines.get(number)).cloned().unwrap_or_default()
        };
        let agreed = AgreedRows {
            transactions: self.reports.transactions.iter().map(of_file).collect(),
            settlements: self.reports.settlements.iter().map(of_file).collect(),
            ledger: agreed.entries.clone(),
            listed: listed.clone(),
            raw_type: self.job.symbols.intern(EntryType::Payment.as_str().as_bytes()),
        };
        Counted {
            agreed,
            transactions: &self.reports.transactions,
            settlements: &self.reports.settlements,
            ledger: &self.ledger.parsed,
            symbols: &self.job.symbols,
            claimed_by_rejects,
        }
    }

    /// Puts findings, rejects and waiting items into words. A finding that rests on days outside the window is dropped unless
    /// it was open before and the file behind it was read again.
    ///
    /// # Errors
    /// The archive or the ledger cannot be read any more, or is not what it was.
    pub fn describe(
        &self,
        describer: &Describer<'_>,
        reconciliation: &mut Reconciliation,
        open_before: &BTreeMap<DiscrepancyId, String>,
    ) -> anyhow::Result<Described> {
        let loaded = self.reports.file_names();
        let mut findings = std::mem::take(&mut reconciliation.findings);
        // Side by side on their lines, of which the text of some is in memory at a time. Findings on one line keep their order.
        findings.sort_by_key(|finding| finding.line);
        let mut described = Described {
            discrepancies: self.reports.discrepancies.clone(),
            in_transit: Vec::new(),
            closed: BTreeMap::new(),
            became: BTreeSet::new(),
            claimed_by_rejects: HashSet::new(),
        };
        described.discrepancies.reserve_exact(findings.len());
        let mut holds = Vec::with_capacity(findings.len());
        let texts = Texts::open(self.job, &self.reports.inputs)?;
        let (at_once, lines_at_once) = self.at_once(&texts, &findings)?;
        for some in findings.chunks(at_once) {
            let lines = self.lines_of_findings(&texts, lines_at_once, some)?;
            let payments = self.payments_of(&texts, &reconciliation.payments, some.iter().flat_map(rows_of_share))?;
            for finding in some {
                let line = finding.line.and_then(|item| lines.get(&item));
                let entry = finding.entry.map(|item| self.entry(item)).transpose()?;
                let candidates = self.names_of(&finding.candidates)?;
                let mut row = describer.describe(finding, line, entry.as_ref(), &candidates);
                if let Some(payment) = rows_of_share(finding).find_map(|item| payments.get(&item)) {
                    let named = naming(payment, (line, entry.as_ref()));
                    row = kept_id(
                        describer.describe(finding, named.0.as_ref(), named.1.as_ref(), &candidates),
                        row,
                        open_before,
                    );
                }
                let may_be_judged =
                    open_before.get(&row.discrepancy_id).is_some_and(|file| file.is_empty() || loaded.contains(file));
                holds.push(!finding.only_if_open_before || may_be_judged);
                if holds.last() == Some(&true) {
                    self.note_what_became(finding, line, &mut described)?;
                    described.discrepancies.push(row);
                }
            }
        }
        let mut holds = holds.into_iter();
        let withdrawn: Vec<Finding> = findings.extract_if(.., |_| holds.next() == Some(false)).collect();
        reconciliation.findings = findings;
        reconciliation.withdraw(&withdrawn);
        self.describe_rejects(describer, reconciliation, &mut described)?;
        self.describe_waiting(&texts, reconciliation, &mut described)?;
        self.describe_closures(&texts, reconciliation, &mut described)?;
        tell_apart(&mut described.discrepancies);
        Ok(described)
    }

    /// How many findings are put into words at a time, and how many lines of a file one thread reads: all of them where a file can only
    /// be read from its start.
    fn at_once(&self, texts: &Texts<'_>, findings: &[Finding]) -> anyhow::Result<(usize, usize)> {
        let lines = findings.iter().filter_map(|finding| finding.line);
        let files: BTreeSet<u32> = lines
            .map(|item| self.files(item.side)[item.file as usize].parsed.lines[item.row as usize].place.file)
            .collect();
        for file in files {
            if !texts.is_pieced(file)? {
                return Ok((findings.len(), usize::MAX));
            }
        }
        Ok((FINDINGS_AT_ONCE, LINES_AT_ONCE))
    }

    /// Notes the items that a finding makes a part of a discrepancy.
    fn note_what_became(
        &self,
        finding: &Finding,
        line: Option<&LineEvidence>,
        described: &mut Described,
    ) -> anyhow::Result<()> {
        if is_about_waiting_line(finding) {
            let named = finding.line.zip(line).map(|(item, known)| self.line_item_id(item, &known.text));
            described.became.extend(named);
        }
        for &item in finding.consumed.iter().filter(|item| item.side == ItemSide::Ledger) {
            described.became.insert(self.entry_item_id(&self.entry(item)?));
        }
        Ok(())
    }

    /// The files of a side.
    pub(super) fn files(&self, side: ItemSide) -> &'a [DayReport] {
        if side == ItemSide::Settlement { &self.reports.settlements } else { &self.reports.transactions }
    }

    /// The text of an entry.
    pub(super) fn entry(&self, item: ItemRef) -> anyhow::Result<EntryEvidence> {
        let entry = &self.ledger.parsed.entries[item.row as usize];
        let changed =
            || format!("ledger `{}` cannot be read again; it must stay as it is during a run", self.ledger.name);
        self.ledger.text(entry).or_fail(Kind::Unforeseen, changed)
    }

    /// How candidates are called in an explanation: places of lines, ids of entries.
    pub(super) fn names_of(&self, candidates: &[ItemRef]) -> anyhow::Result<Vec<String>> {
        let names = candidates.iter().map(|&item| match item.side {
            ItemSide::Ledger => Ok(format!("entry `{}`", self.entry(item)?.entry_id)),
            side => {
                let file = &self.files(side)[item.file as usize];
                Ok(format!("`{}` line {}", file.name, file.parsed.lines[item.row as usize].place.line))
            }
        });
        names.collect()
    }

    /// The lines that findings stand on; so many of a file are read by one thread.
    fn lines_of_findings(
        &self,
        texts: &Texts<'_>,
        at_once: usize,
        findings: &[Finding],
    ) -> anyhow::Result<HashMap<ItemRef, LineEvidence>> {
        let wanted: BTreeSet<ItemRef> = findings.iter().filter_map(|finding| finding.line).collect();
        let wanted: Vec<ItemRef> = wanted.into_iter().collect();
        let files: Vec<&[ItemRef]> = wanted.chunk_by(|one, two| (one.side, one.file) == (two.side, two.file)).collect();
        let parts: Vec<&[ItemRef]> = files.into_iter().flat_map(|items| items.chunks(at_once)).collect();
        let parts = parts.into_par_iter().map(|items| {
            let mut lines = Vec::with_capacity(items.len());
            self.read_lines(texts, items.iter().copied(), |item, text| {
                let file = &self.files(item.side)[item.file as usize];
                let line = file.parsed.lines[item.row as usize].place.line;
                lines.push((item, LineEvidence { text, file: file.name.clone(), line }));
                Ok(())
            })?;
            anyhow::Ok(lines)
        });
        let parts: Vec<Vec<(ItemRef, LineEvidence)>> = parts.collect::<anyhow::Result<_>>()?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// Reads the text of lines again, file by file, each file once from its start to the last line that is wanted.
    pub(super) fn read_lines(
        &self,
        texts: &Texts<'_>,
        wanted: impl Iterator<Item = ItemRef>,
        mut take: impl FnMut(ItemRef, LineText) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut by_file = BTreeMap::<(ItemSide, u32), Vec<ItemRef>>::new();
        for item in wanted {
            by_file.entry((item.side, item.file)).or_default().push(item);
        }
        for ((side, file), items) in by_file {
            let report = &self.files(side)[file as usize];
            let lines = &report.parsed.lines;
            let places = items.into_iter().map(|item| (lines[item.row as usize].place, item)).collect();
            texts.read(places, |item: ItemRef, text| {
                self.check_text(&report.name, &lines[item.row as usize], &text)?;
                take(item, text)
            })?;
        }
        Ok(())
    }

    /// Refuses a text that is not the line's.
    pub(super) fn check_text(&self, name: &str, line: &Line, text: &LineText) -> anyhow::Result<()> {
        if self.is_text_of(line, text) {
            return Ok(());
        }
        let number = line.place.line;
        let changed = format!(
            "`{name}` line {number} is not in the archive as it was read; run `antom-recon verify`, and restore the archive"
        );
        Err(Failure::new(Kind::Integrity, changed).into())
    }

    /// Whether a text has the line's own ids. An earlier run may have read the line, and verified its file then.
    fn is_text_of(&self, line: &Line, text: &LineText) -> bool {
        let is_of = |key: Key, space: fn(EntryType) -> u8, id: &str| {
            let expected = line.entry_type.map(|known| self.job.keys.key(space(known), id.as_bytes()));
            key.is_none() || expected.is_none_or(|expected| expected == key)
        };
        is_of(line.by_request, EntryType::request_space, &text.request_id)
            && is_of(line.by_antom, EntryType::antom_space, &text.antom_id)
    }

    /// The id of a line as an item in transit. A line without ids of its own is known by its original and its amount, and by
    /// its place if it has no original either.
    pub(super) fn line_item_id(&self, item: ItemRef, text: &LineText) -> String {
        let file = &self.files(item.side)[item.file as usize];
        let line = &file.parsed.lines[item.row as usize];
        let entry_type = line.entry_type.map_or(text.raw_type.as_str(), |known| known.as_str());
        if !line.by_request.is_none() || !line.by_antom.is_none() {
            return self.job.names.item(&["report", entry_type, &text.request_id, &text.antom_id]);
        }
        let (amount, number) = (format!("{} {}", line.amount, line.currency), line.place.line.to_string());
        let original = [text.original_request_id.as_str(), text.original_antom_id.as_str()];
        let place = if original == ["", ""] { [file.name.as_str(), number.as_str()] } else { ["", ""] };
        self.job.names.item(&["report", entry_type, original[0], original[1], &amount, place[0], place[1]])
    }

    /// The ids of the originals that reversals name and that nothing in the window knows.
    ///
    /// # Errors
    /// As [`describe`](Self::describe).
    pub fn originals_of_orphans(&self, reconciliation: &Reconciliation) -> anyhow::Result<BTreeSet<String>> {
        let is_orphan = |kind: &DiscrepancyKind| *kind == DiscrepancyKind::OrphanReversal;
        let orphans: Vec<_> = reconciliation
            .findings
            .iter()
            .filter(|finding| is_orphan(&finding.kind) || finding.also.iter().any(is_orphan))
            .collect();
        let mut ids = BTreeSet::new();
        let texts = Texts::open(self.job, &self.reports.inputs)?;
        // Several findings may stand on one line.
        let lines: BTreeSet<ItemRef> = orphans.iter().filter_map(|finding| finding.line).collect();
        self.read_lines(&texts, lines.into_iter(), |_, text| {
            ids.extend([text.original_request_id, text.original_antom_id]);
            Ok(())
        })?;
        for item in orphans.iter().filter_map(|finding| finding.entry) {
            let text = self.entry(item)?;
            ids.extend([text.original_request_id, text.original_antom_id]);
        }
        ids.remove("");
        Ok(ids)
    }

    /// The id of an entry as an item in transit.
    pub(super) fn entry_item_id(&self, entry: &EntryEvidence) -> String {
        self.job.names.item(&["ledger", &entry.entry_type, &entry.entry_id])
    }

    /// Rejected lines and rows, with the entries that they would have matched.
    fn describe_rejects(
        &self,
        describer: &Describer<'_>,
        reconciliation: &Reconciliation,
        described: &mut Described,
    ) -> anyhow::Result<()> {
        let claims = self.claims(reconciliation);
        described.claimed_by_rejects.extend(claims.values().flatten().copied());
        let mut seen = HashMap::<(&str, &str), u32>::new();
        let reports = [(Stage::Transactions, ItemSide::Transactions), (Stage::Settlement, ItemSide::Settlement)];
        let in_reports = reports.into_iter().flat_map(|(stage, side)| {
            let files = self.files(side).iter();
            files.flat_map(move |file| {
                file.parsed.rejects.iter().map(move |reject| (stage, &*file.name, file.date, reject))
            })
        });
        let in_ledger =
            self.ledger.parsed.rejects.iter().map(|reject| (Stage::Transactions, "", self.job.today, reject));
        for (stage, file, date, reject) in in_reports.chain(in_ledger) {
            let repetition = seen.entry((file, &reject.raw)).or_default();
            *repetition += 1;
            // Entries come before lines, of which very many may have the key.
            let claimed = [reject.by_request, reject.by_antom]
                .iter()
                .filter_map(|key| claims.get(key)?.first())
                .find(|item| item.side == ItemSide::Ledger);
            let entry = claimed.map(|&item| self.entry(item)).transpose()?;
            described.discrepancies.push(describer.rejected(reject, stage, file, date, *repetition, entry.as_ref()));
        }
        Ok(())
    }

    /// Rows that no finding consumed and whose id a rejected row has, by that key.
    fn claims(&self, reconciliation: &Reconciliation) -> HashMap<Key, Vec<ItemRef>> {
        let files = self.reports.transactions.iter().chain(&self.reports.settlements);
        let rejects = files.flat_map(|file| &file.parsed.rejects).chain(&self.ledger.parsed.rejects);
        let keys: HashSet<Key> =
            rejects.flat_map(|reject| [reject.by_request, reject.by_antom]).filter(|key| !key.is_none()).collect();
        let mut claims = HashMap::<Key, Vec<ItemRef>>::new();
        if keys.is_empty() {
            return claims;
        }
        let named: HashSet<ItemRef> =
            reconciliation.findings.iter().flat_map(|finding| finding.consumed.iter().copied()).collect();
        let mut claim = |item: ItemRef, by_request: Key, by_antom: Key| {
            if reconciliation.state(item) == State::Discrepancy && !named.contains(&item) {
                for key in Reject::keys_of(by_request, by_antom).into_iter().filter(|key| keys.contains(key)) {
                    claims.entry(key).or_default().push(item);
                }
            }
        };
        for (row, entry) in (0_u32..).zip(&self.ledger.parsed.entries) {
            claim(ItemRef { side: ItemSide::Ledger, file: 0, row }, entry.by_request, entry.by_antom);
        }
        for (file, report) in (0_u32..).zip(&self.reports.transactions) {
            for (row, line) in (0_u32..).zip(&report.parsed.lines) {
                claim(ItemRef { side: ItemSide::Transactions, file, row }, line.by_request, line.by_antom);
            }
        }
        claims
    }

    /// What this day closed of earlier days, by item id.
    fn describe_closures(
        &self,
        texts: &Texts<'_>,
        reconciliation: &Reconciliation,
        described: &mut Described,
    ) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for closure in &reconciliation.closures {
            let by = self.names_of(&[closure.by])?.remove(0);
            match closure.item.side {
                ItemSide::Ledger => {
                    described.closed.insert(self.entry_item_id(&self.entry(closure.item)?), by);
                }
                _ => lines.push((closure.item, by)),
            }
        }
        let by: HashMap<ItemRef, String> = lines.into_iter().collect();
        let items: Vec<ItemRef> = by.keys().copied().collect();
        self.read_lines(texts, items.into_iter(), |item, text| {
            described.closed.insert(self.line_item_id(item, &text), by[&item].clone());
            Ok(())
        })
    }
}

/// Whether a finding stands on the line that may have waited, or on its settlement. A repetition is another row under the same ids, and
/// what shares differ in does not keep the payment itself from being settled.
const fn is_about_waiting_line(finding: &Finding) -> bool {
    use DiscrepancyKind::{DuplicateInReport, SettledTwice};
    !matches!(finding.kind, DuplicateInReport | SettledTwice) && !matches!(finding.stage, Stage::Splits)
}

/// Two rows with one id are told apart by their order. That happens where Antom gives two lines nothing to tell them apart.
pub fn tell_apart(rows: &mut [Discrepancy]) {
    let place = |row: &Discrepancy| {
        (row.stage, row.kind, row.business_date, row.report_file.clone(), row.report_line, row.ledger_entry_id.clone())
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&one, &other| {
        let (one, other) = (&rows[one], &rows[other]);
        one.discrepancy_id.cmp(&other.discrepancy_id).then_with(|| place(one).cmp(&place(other)))
    });
    let (mut last, mut count) = (DiscrepancyId::default(), 1);
    for at in order {
        let row = &mut rows[at];
        if row.discrepancy_id == last {
            count += 1;
            row.discrepancy_id = DiscrepancyId::new(format!("{last}-{count}"));
        } else {
            (last, count) = (row.discrepancy_id.clone(), 1);
        }
    }
}
