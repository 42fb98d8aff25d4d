//! The proof of lines: net = gross + signed fees, the conversion by the quote, and fees against the contract; with the sums that
//! other proofs start from.
//!
//! A [`RowExaminer`] looks at every line of one file while it is parsed. Right lines leave sums behind and nothing else.
//! `line` is what a line says of its money, `rate` its quote, `formula` judges the two, `charges` judges the fees; `notes` is
//! what is kept, `finish` decides what the whole file decides, `explain` puts it into words; `line_sums` adds up without looking.

mod charges;
mod explain;
mod finding;
mod finish;
mod formula;
mod keyed;
mod line;
mod line_sums;
mod notes;
mod rate;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use crate::calendar::{BusinessDate, CutOff};
use crate::id::{Symbol, Symbols};
use crate::money::AmountUnit;
use crate::movement::EntryType;
use crate::records::Idle;
use crate::report::{Examiner, FeeKind, Pricing};

use super::BatchKey;
use super::fees::{FeeModel, KnownMonths, Schedule, TierVolumes, Volumes, known_months};
use charges::Charge;
use finding::RowFinding;
use formula::{FeeSign, Formula};
use keyed::{Keyed, Shared};
use line::{LineMoney, foreign_fees};
use notes::{Memory, OpenFinding};
use sums::{Alike, AlikeKey};

pub use finish::RowProof;
pub use line_sums::LineSums;
pub use notes::RowNotes;

/// How far a converted line may be off unless the operator says otherwise: a unit of rounding on the gross, and one on the fees.
pub const DEFAULT_TOLERANCE: u32 = 2;

/// What lines are judged by; one per run.
#[derive(Debug)]
pub struct RowRules<'a> {
    formula: Formula,
    cut_off: CutOff,
    symbols: &'a Symbols,
    schedule: Option<&'a Schedule>,
    /// The kinds of fees that have rules.
    kinds: Vec<FeeKind>,
    names: Names,
    /// Volumes of the rules with tiers, by the rules' index.
    tiers: BTreeMap<usize, TierVolumes>,
    known_months: KnownMonths,
    /// The types of lines that are adjusted fees.
    adjustment_fee: Symbol,
}

/// What any rule names.
#[derive(Debug, Default)]
struct Names {
    method: bool,
    brand: bool,
    country: bool,
    /// Whether the date decides about anything.
    dates: bool,
    parties: HashSet<Symbol>,
}

impl<'a> RowRules<'a> {
    /// Rules with the default tolerance and without a contract. `symbols` are those of the lines.
    #[must_use]
    pub fn new(symbols: &'a Symbols, cut_off: CutOff) -> Self {
        Self {
            formula: Formula { tolerance: DEFAULT_TOLERANCE, unit: AmountUnit::Major },
            cut_off,
            symbols,
            schedule: None,
            kinds: Vec::new(),
            names: Names::default(),
            tiers: BTreeMap::new(),
            known_months: KnownMonths::new(),
            adjustment_fee: symbols.intern(b"ADJUSTMENT_FEE"),
        }
    }

    /// How far the amounts of a converted line may be off, in smallest units of the settlement currency.
    #[must_use]
    pub const fn with_tolerance(mut self, tolerance: u32) -> Self {
        self.formula.tolerance = tolerance;
        self
    }

    /// How cells of columns that no rule knows write amounts.
    #[must_use]
    pub const fn with_unit(mut self, unit: AmountUnit) -> Self {
        self.formula.unit = unit;
        self
    }

    /// Judges fees by a contract; `volumes` are those of the days before this run, for its tiers.
    #[must_use]
    pub fn with_schedule(mut self, schedule: &'a Schedule, volumes: &Volumes) -> Self {
        let rules = schedule.rules();
        let has_tiers = |rule: &&super::fees::Rule| !rule.tiers.is_empty();
        let with_dates = |rule: &super::fees::Rule| rule.valid_from.is_some() || rule.valid_to.is_some();
        self.names = Names {
            method: rules.iter().any(|rule| rule.method.is_some()),
            brand: rules.iter().any(|rule| rule.brand.is_some()),
            country: rules.iter().any(|rule| rule.country.is_some()),
            dates: rules.iter().any(|rule| with_dates(rule) || has_tiers(&rule)),
            parties: rules
                .iter()
                .filter_map(|rule| rule.sub_merchant.as_ref())
                .map(|text| self.symbols.intern(text.as_bytes()))
                .collect(),
        };
        let tiered = rules.iter().enumerate().filter(|(_, rule)| has_tiers(rule));
        self.tiers = tiered.map(|(at, rule)| (at, TierVolumes::of(rule, volumes))).collect();
        self.known_months = known_months(volumes);
        self.kinds = schedule.kinds();
        self.schedule = Some(schedule);
        self
    }

    /// The examiner of one file. `on` is the file's date, which is that of lines without a time of their own; `columns` are the
    /// kinds of fees whose columns the file has.
    #[must_use]
    pub fn for_file(&'a self, on: BusinessDate, columns: &[FeeKind]) -> RowExaminer<'a> {
        let columns = columns.iter().fold(0, |set, kind| set | column_bit(*kind));
        RowExaminer { rules: self, on, columns, memories: Idle::default(), sums: Shared::default() }
    }
}

/// Looks at the lines of one file of settlement details, each once: what lines come to is added up here, notes hold the rest. It
/// serves one file, because of every line that it is shown the sums are kept.
#[derive(Debug)]
pub struct RowExaminer<'a> {
    rules: &'a RowRules<'a>,
    on: BusinessDate,
    /// A bit per kind of fee.
    columns: u32,
    /// What most lines are added to.
    memories: Idle<Box<Memory>>,
    /// What other lines come to.
    sums: Shared<AlikeKey, Alike>,
}

/// The bit of a kind of fee; there are fewer than 32.
const fn column_bit(kind: FeeKind) -> u32 {
    1 << kind as u32
}

impl Examiner for RowExaminer<'_> {
    type Notes = RowNotes;

    fn examine(&self, pricing: &Pricing<'_>, notes: &mut RowNotes) {
        let (line, key) = (pricing.line, self.key(pricing));
        let mut memory = notes.memory.take().unwrap_or_else(|| self.memories.take());
        match line.entry_type {
            Some(movement) if !movement.is_adjustment() => {
                self.movement(pricing, movement, key, (&mut memory, notes));
            }
            Some(EntryType::Fee) => self.whole_fee(FeeKind::SettlementFee, pricing, key, &mut memory),
            Some(EntryType::Adjustment) if self.is_adjustment_fee(line.raw_type) => {
                self.whole_fee(FeeKind::AdjustmentFee, pricing, key, &mut memory);
            }
            _ => self.add(pricing, key, &mut memory.sums, |_| {}),
        }
        notes.memory = Some(memory);
    }

    fn finish_block(&self, notes: &mut RowNotes) {
        if let Some(memory) = notes.memory.take() {
            self.memories.give_back(memory);
        }
    }

    fn append(&self, notes: &mut RowNotes, mut next: RowNotes) {
        self.finish_block(&mut next);
        notes.append(next);
    }
}

impl RowExaminer<'_> {
    /// Whether the file has the column of a fee.
    const fn has_column(&self, kind: FeeKind) -> bool {
        self.columns & column_bit(kind) != 0
    }

    /// A type of adjustments that is a fee; the other one is a correction.
    fn is_adjustment_fee(&self, raw_type: Symbol) -> bool {
        let rules = self.rules;
        raw_type == rules.adjustment_fee || rules.symbols.text(raw_type).eq_ignore_ascii_case("ADJUSTMENT_FEE")
    }

    /// Which lines a line is alike.
    fn key(&self, pricing: &Pricing<'_>) -> AlikeKey {
        let line = pricing.line;
        AlikeKey {
            batch: BatchKey::of(line),
            raw_type: line.raw_type,
            method: pricing.method,
            brand: pricing.brand,
            country: pricing.country,
            acquirer: pricing.acquirer,
            on: line.at.map_or(self.on, |at| self.rules.cut_off.date_of(at)),
        }
    }

    /// Adds a line to those that it is alike, and counts its fees.
    fn add(
        &self,
        pricing: &Pricing<'_>,
        key: AlikeKey,
        sums: &mut Keyed<AlikeKey, Alike>,
        count: impl FnOnce(&mut Alike),
    ) {
        self.sums.add(
            sums,
            key,
            || Alike::new(pricing.line),
            |alike| {
                alike.add(pricing, key.batch.currency);
                count(alike);
            },
        );
    }

    /// Adds a line that is a fee as a whole.
    fn whole_fee(&self, kind: FeeKind, pricing: &Pricing<'_>, key: AlikeKey, memory: &mut Memory) {
        self.add(pricing, key, &mut memory.sums, |alike| {
            let total = alike.fee(kind, FeeModel::Unknown, key.batch.currency);
            total.count += 1;
            total.charged += i128::from(pricing.line.net);
        });
    }

    /// Adds and judges a line of a movement.
    fn movement(
        &self,
        pricing: &Pricing<'_>,
        movement: EntryType,
        key: AlikeKey,
        (memory, notes): (&mut Memory, &mut RowNotes),
    ) {
        notes.saw_movements = true;
        let currency = key.batch.currency;
        let money = LineMoney::of(pricing, currency);
        let Memory { sums, choices, charges } = memory;
        let known = (choices, &mut notes.without_volume);
        self.charges(pricing, &money, self.choices(pricing, currency, key.on, known), charges);
        self.add(pricing, key, sums, |alike| count(pricing, &money, charges, alike));
        self.judge_both_ways(pricing, movement, &money, charges, notes);
    }

    /// Judges a line with its fees as written, and with the opposite sign where the file's end decides which is right.
    fn judge_both_ways(
        &self,
        pricing: &Pricing<'_>,
        movement: EntryType,
        money: &LineMoney,
        charges: &[Charge],
        notes: &mut RowNotes,
    ) {
        let as_written = self.judge(pricing, movement, money, charges, false);
        let acquirer = pricing.acquirer;
        let has_fee = money.own_fees != 0 || charges.iter().any(|charge| charge.amount != 0);
        // Without any fee both readings find the same, so that a right line is right.
        if acquirer.is_empty() || (!has_fee && as_written.is_none()) {
            notes.findings.extend(as_written);
            return;
        }
        match self.rules.formula.fee_sign(money) {
            FeeSign::Written => {
                notes.sign(acquirer).written += 1;
                notes.findings.extend(as_written);
                return;
            }
            FeeSign::Turned => notes.sign(acquirer).turned += 1,
            FeeSign::Undecided => {}
        }
        let turned = self.judge(pricing, movement, money, charges, true);
        if as_written.is_some() || turned.is_some() {
            let (as_written, turned) = (as_written.map(Box::new), turned.map(Box::new));
            notes.open.push(OpenFinding { acquirer, as_written, turned });
        }
    }

    /// Everything that is wrong with a line, in one reading of its fees.
    fn judge(
        &self,
        pricing: &Pricing<'_>,
        entry_type: EntryType,
        money: &LineMoney,
        charges: &[Charge],
        turned: bool,
    ) -> Option<RowFinding> {
        let (fx, net) = self.rules.formula.judge(pricing, money, turned);
        let mut deviations = self.deviations(charges, money, turned).peekable();
        if fx.is_none() && net.is_none() && !money.foreign && deviations.peek().is_none() {
            return None;
        }
        let mut fees: Vec<_> = deviations.collect();
        fees.sort_by_key(|deviation| (deviation.kind, deviation.fee));
        let line = pricing.line;
        Some(RowFinding {
            place: line.place,
            entry_type,
            currency: money.currency,
            transaction: (line.amount, line.currency),
            rate: money.rate,
            fees,
            foreign: foreign_fees(pricing, money.currency).collect(),
            fx,
            net,
            turned,
        })
    }
}

/// Adds a line's fees and volume to those of the lines that it is alike.
fn count(pricing: &Pricing<'_>, money: &LineMoney, charges: &[Charge], alike: &mut Alike) {
    let base = money.base();
    alike.add_volume(base);
    let model = charges::model(pricing);
    for charge in charges.iter().filter(|charge| charge.amount != 0 || charge.expected.is_some()) {
        let total = alike.fee(charge.kind, model, charge.currency);
        total.count += 1;
        total.charged += i128::from(charge.amount);
        if charge.currency == money.currency {
            total.base += base;
        }
        if let Some(expected) = charge.expected {
            total.judged += 1;
            total.expected += expected;
        }
    }
}
