//! What the notes of a file come to, once all of its lines are known.

use std::collections::{BTreeMap, HashMap};

use crate::calendar::BusinessDate;
use crate::id::{Symbol, Symbols};
use crate::money::Currency;
use crate::proof::fees::{FeeModel, FeeTotal, FeeTotalKey, FeeTotals, VolumeKey, Volumes};
use crate::proof::{BatchKey, BatchSums, LineFinding};
use crate::report::{Examiner as _, FeeKind};

use super::RowExaminer;
use super::notes::RowNotes;
use super::sums::{Alike, AlikeKey};

/// The proof of a file's lines, or of several files' together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowProof {
    /// Lines whose money does not hold, in their order.
    pub findings: Vec<LineFinding>,
    /// What each batch comes to per party and currency.
    pub sums: BatchSums,
    /// What fees come to.
    pub fees: FeeTotals,
    /// What payments and captures come to, per business date of the lines.
    pub volumes: Volumes,
    /// Remarks for the operator, without the file's name.
    pub remarks: Vec<String>,
}

impl RowProof {
    /// Puts the proof of the next file behind this one.
    pub fn merge(&mut self, next: Self) {
        self.findings.extend(next.findings);
        add_all(&mut self.sums, next.sums, |known, sum| known.merge(&sum));
        add_all(&mut self.fees, next.fees, |known, total| known.merge(&total));
        add_all(&mut self.volumes, next.volumes, |known, volume| *known += volume);
        self.remarks.extend(next.remarks);
    }
}

/// Adds the sums of the next file. Most days have one, whose sums stay as they are.
fn add_all<K: Ord, V: Default>(all: &mut BTreeMap<K, V>, next: BTreeMap<K, V>, add: impl Fn(&mut V, V)) {
    if all.is_empty() {
        *all = next;
        return;
    }
    for (key, value) in next {
        add(all.entry(key).or_default(), value);
    }
}

impl RowExaminer<'_> {
    /// Decides how the fees of each acquirer are read, and gives what was found; with it, what the lines come to for whoever does not
    /// look at their fees by kind ([`sums_of_lines`](crate::proof::sums_of_lines)).
    #[must_use]
    pub fn finish(mut self, notes: RowNotes) -> (RowProof, BatchSums) {
        let mut notes = notes;
        self.finish_block(&mut notes);
        for memory in std::mem::take(&mut self.memories).into_all() {
            self.sums.take_in(memory.sums);
        }
        let remarks = self.remarks(&notes);
        let open = std::mem::take(&mut notes.open);
        let decided = open.into_iter().filter_map(|line| {
            let turned = notes.is_turned(line.acquirer);
            if turned { line.turned } else { line.as_written }
        });
        let mut findings: Vec<LineFinding> = decided.map(|finding| self.explain(&finding)).collect();
        findings.extend(notes.findings.iter().map(|finding| self.explain(finding)));
        findings.sort_by_key(|finding| finding.place);
        let (mut sums, mut of_lines) = (BatchSums::new(), BatchSums::new());
        let mut totals = Totals::default();
        for (key, alike) in self.sums.into_values() {
            let turned = notes.is_turned(key.acquirer);
            sums.entry(key.batch).or_default().merge(&alike.of_batch(key.raw_type, turned));
            of_lines.entry(key.batch).or_default().merge(&alike.of_lines(key.raw_type));
            totals.add(&key, &alike, turned);
        }
        let (fees, volumes) = totals.in_words(self.rules.symbols);
        (RowProof { findings, sums, fees, volumes, remarks }, of_lines)
    }

    /// What the operator should know of the file as a whole.
    fn remarks(&self, notes: &RowNotes) -> Vec<String> {
        let mut acquirers: Vec<String> = Vec::new();
        for (acquirer, sign) in notes.signs.iter().filter(|(_, sign)| sign.turned > 0) {
            let (name, lines, written) = (self.rules.symbols.text(*acquirer), sign.turned, sign.written);
            acquirers.push(if sign.is_turned() {
                format!(
                    "the fees of the acquirer `{name}` were read with the opposite sign: {lines} lines fit only so, none as \
                     written"
                )
            } else {
                format!(
                    "the fees of the acquirer `{name}` were read as written: {lines} lines fit only with the opposite sign, \
                     {written} only as written"
                )
            });
        }
        acquirers.sort_unstable();
        let kinds = if notes.saw_movements { &self.rules.kinds[..] } else { &[] };
        let unseen = kinds.iter().filter(|kind| !self.has_column(**kind)).map(|kind| {
            let column = kind.columns().map_or("", |(amount, _)| amount);
            format!("the rules for `{kind}` fees judge no missing fee here: the file has no column `{column}`")
        });
        let tiers = notes.without_volume.iter().filter_map(|(at, month)| {
            let rule = self.rules.schedule?.rules().get(*at as usize)?;
            let month = month.to_string();
            let month = month.get(..7).unwrap_or(&month);
            Some(format!("no volume of {month} is known, so that the lowest tier holds for {rule}"))
        });
        acquirers.iter().cloned().chain(unseen).chain(tiers).collect()
    }
}

/// Fees and volumes while they are added up: a day has few of them, in very many batches, so that they get their texts at the end.
#[derive(Default)]
struct Totals {
    fees: HashMap<FeeKey, FeeTotal>,
    volumes: HashMap<(BusinessDate, [Symbol; 4], Currency), i128>,
}

/// What a fee's total is about; its method, brand and party as symbols.
type FeeKey = (FeeKind, FeeModel, Currency, [Symbol; 3]);

impl Totals {
    /// Adds lines that are alike, whatever the country and the day of their fees.
    fn add(&mut self, key: &AlikeKey, alike: &Alike, turned: bool) {
        let &AlikeKey { batch, method, brand, country, on, .. } = key;
        let BatchKey { party, currency, .. } = batch;
        for &((kind, model, charged_in), mut total) in alike.charged() {
            // Lines that are fees as a whole move their settlement amount, whose sign is no question.
            if turned && kind.columns().is_some() {
                total.charged = -total.charged;
            }
            self.fees.entry((kind, model, charged_in, [method, brand, party])).or_default().merge(&total);
        }
        if let Some(volume) = alike.volume() {
            *self.volumes.entry((on, [method, brand, country, party], currency)).or_default() += volume;
        }
    }

    fn in_words(self, symbols: &Symbols) -> (FeeTotals, Volumes) {
        let fee = |((kind, model, currency, words), total): (FeeKey, FeeTotal)| {
            let [method, brand, sub_merchant] = words.map(|word| symbols.text(word));
            (FeeTotalKey { kind, method, brand, sub_merchant, currency, model }, total)
        };
        let volume = |((on, words, currency), volume): ((BusinessDate, [Symbol; 4], Currency), i128)| {
            let [method, brand, country, sub_merchant] = words.map(|word| symbols.text(word));
            (VolumeKey { on, method, brand, country, sub_merchant, currency }, volume)
        };
        (self.fees.into_iter().map(fee).collect(), self.volumes.into_iter().map(volume).collect())
    }
}
