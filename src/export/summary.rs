//! `summary.json`: the run on one page, for people and for programs.
//!
//! Everything but `timings` follows from the inputs alone; see [`same_but_for_timings`].

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::csv_out::Hashing;
use super::{OutputDigest, Placed, Written};
use crate::calendar::BusinessDate;
use crate::discrepancy::{Answer, DiscrepancyKind, Severity, Side};
use crate::money::{Currency, Tally};
use crate::movement::closed_words;

/// The member that differs between two runs over the same inputs.
const TIMINGS: &str = "timings";

/// What `summary.json` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The program's version.
    pub program_version: String,
    /// Antom's id of the marketplace.
    pub platform_merchant_id: String,
    /// The date that was reconciled.
    pub business_date: BusinessDate,
    /// Everything that was read, in a stable order.
    pub inputs: Vec<Input>,
    /// What was counted, per side and currency, and where it ended.
    pub totals: Vec<SideTotals>,
    /// Open discrepancies by kind.
    pub discrepancies: BTreeMap<DiscrepancyKind, u64>,
    /// Open discrepancies by severity.
    pub severities: BTreeMap<Severity, u64>,
    /// Discrepancies and waiting items that this run closed.
    pub cleared: u64,
    /// Pairs that matched across the end of the business day.
    pub period_crossings: u64,
    /// Items that a rule excluded, by the rule's name.
    pub excluded: BTreeMap<String, u64>,
    /// Which proofs were run, and what they came to.
    pub proofs: Vec<ProofSummary>,
    /// Discrepancies by what Antom answered; those that nothing was asked about are not counted.
    pub answers: BTreeMap<Answer, u64>,
    /// Columns that no rule knows, by file.
    pub unknown_columns: BTreeMap<String, Vec<String>>,
    /// What an operator should know: a sign rule that was applied, an API that was down, a report that was missing.
    pub remarks: Vec<String>,
    /// The other outputs.
    pub outputs: Vec<OutputDigest>,
    /// How long each stage took, in the order of the stages.
    pub timings: Vec<StageTiming>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it is: a report kind, `ledger`, `sub_merchants`.
    pub role: String,
    /// The file's name, without its directory.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Lines or entries that were read.
    pub lines: u64,
    /// Lines or entries that could not be read.
    pub rejected: u64,
}

/// Totals of one side in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideTotals {
    /// The side.
    pub side: Side,
    /// The currency; none for lines whose currency could not be read, which have counts and no sums.
    pub currency: Option<Currency>,
    /// How many, how much, and where they ended.
    pub placed: Placed,
}

closed_words! {
    /// The proofs of a day.
    ProofName {
        /// Net is gross plus signed fees, line by line.
        RowFormula = "row_formula",
        /// Fees are those of the contract.
        Fees = "fees",
        /// A summary's own totals are the sums of its rows.
        ControlTotals = "control_totals",
        /// The lines of a batch come to what its summary says.
        Batches = "batches",
        /// Yesterday's balance and today's activity give today's balance.
        Balances = "balances",
        /// What a batch pays left the account.
        Payouts = "payouts",
    }
}

closed_words! {
    /// What a proof came to.
    ProofState {
        /// Everything that was judged holds.
        Holds = "holds",
        /// Something does not.
        Fails = "fails",
        /// It could not be run.
        NotRun = "not_run",
    }
}

/// One proof of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofSummary {
    /// Which proof.
    pub proof: ProofName,
    /// What it came to.
    pub state: ProofState,
    /// How many lines, batches, accounts or payouts were judged.
    pub judged: u64,
    /// How many of them do not hold.
    pub failed: u64,
    /// Why it could not be run, or why a part could not be judged.
    pub reason: Option<String>,
}

impl ProofSummary {
    /// A proof that was run: it holds if nothing failed.
    #[must_use]
    pub const fn run(proof: ProofName, judged: u64, failed: u64) -> Self {
        let state = if failed == 0 { ProofState::Holds } else { ProofState::Fails };
        Self { proof, state, judged, failed, reason: None }
    }

    /// A proof that could not be run, and why.
    #[must_use]
    pub fn not_run(proof: ProofName, reason: impl Into<String>) -> Self {
        Self { proof, state: ProofState::NotRun, judged: 0, failed: 0, reason: Some(reason.into()) }
    }
}

/// What a stage cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageTiming {
    /// The stage.
    pub stage: String,
    /// How long it took, written in seconds with milliseconds.
    pub elapsed: Duration,
    /// Lines or entries that went through it.
    pub lines: Option<u64>,
    /// The most memory that the process had held by its end.
    pub peak_memory_bytes: Option<u64>,
}

/// Writes `summary.json`: indented, members in a fixed order, amounts as texts in major units.
///
/// # Errors
/// The sink's.
pub fn summary<W: Write>(sink: W, summary: &Summary) -> io::Result<Written> {
    let mut sink = Hashing::new(io::BufWriter::new(sink));
    serde_json::to_writer_pretty(&mut sink, &wire(summary))?;
    sink.write_all(b"\n")?;
    sink.finish(None)
}

/// Whether two texts of `summary.json` say the same of the same inputs. A text that is no JSON object equals nothing.
pub(super) fn same_but_for_timings(left: &[u8], right: &[u8]) -> bool {
    let read = |text: &[u8]| {
        let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text).ok()?;
        object.remove(TIMINGS);
        Some(object)
    };
    matches!((read(left), read(right)), (Some(left), Some(right)) if left == right)
}

#[derive(Serialize)]
struct WireSummary<'a> {
    program: &'static str,
    version: &'a str,
    platform_merchant_id: &'a str,
    business_date: String,
    inputs: Vec<WireInput<'a>>,
    totals: Vec<WireTotals>,
    discrepancies: BTreeMap<&'static str, u64>,
    discrepancies_by_severity: BTreeMap<&'static str, u64>,
    cleared: u64,
    period_crossings: u64,
    excluded: &'a BTreeMap<String, u64>,
    proofs: Vec<WireProof<'a>>,
    answers: BTreeMap<&'static str, u64>,
    unknown_columns: &'a BTreeMap<String, Vec<String>>,
    remarks: &'a [String],
    outputs: Vec<WireOutput<'a>>,
    timings: WireTimings<'a>,
}

#[derive(Serialize)]
struct WireInput<'a> {
    role: &'a str,
    name: &'a str,
    sha256: &'a str,
    bytes: u64,
    lines: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct WireProof<'a> {
    proof: &'static str,
    state: &'static str,
    judged: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct WireOutput<'a> {
    name: &'static str,
    sha256: &'a str,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
}

#[derive(Serialize)]
struct WireTotals {
    side: &'static str,
    currency: Option<String>,
    all: WireTally,
    matched: WireTally,
    in_transit: WireTally,
    discrepancies: WireTally,
    excluded: WireTally,
    rejected: WireTally,
}

#[derive(Serialize)]
struct WireTally {
    count: u64,
    #[serde(flatten)]
    sums: Option<WireSums>,
}

#[derive(Serialize)]
struct WireSums {
    debit: String,
    credit: String,
    sum: String,
}

struct WireTimings<'a>(&'a [StageTiming]);

#[derive(Serialize)]
struct WireTiming {
    seconds: serde_json::Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory_bytes: Option<u64>,
}

impl Serialize for WireTimings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for timing in self.0 {
            let millis = u64::try_from(timing.elapsed.as_millis()).unwrap_or(u64::MAX);
            // A number with a decimal point, made of its digits.
            let digits = format!("{}.{:03}", millis / 1000, millis % 1000);
            let seconds = serde_json::from_str(&digits).map_err(serde::ser::Error::custom)?;
            let wire = WireTiming { seconds, lines: timing.lines, peak_memory_bytes: timing.peak_memory_bytes };
            map.serialize_entry(&timing.stage, &wire)?;
        }
        map.end()
    }
}

fn wire(summary: &Summary) -> WireSummary<'_> {
    WireSummary {
        program: env!("CARGO_PKG_NAME"),
        version: &summary.program_version,
        platform_merchant_id: &summary.platform_merchant_id,
        business_date: summary.business_date.to_string(),
        inputs: summary.inputs.iter().map(wire_input).collect(),
        totals: summary.totals.iter().map(wire_totals).collect(),
        discrepancies: summary.discrepancies.iter().map(|(kind, &count)| (kind.as_str(), count)).collect(),
        discrepancies_by_severity: summary.severities.iter().map(|(word, &count)| (word.as_str(), count)).collect(),
        cleared: summary.cleared,
        period_crossings: summary.period_crossings,
        excluded: &summary.excluded,
        proofs: summary.proofs.iter().map(wire_proof).collect(),
        answers: summary.answers.iter().map(|(answer, &count)| (answer.as_str(), count)).collect(),
        unknown_columns: &summary.unknown_columns,
        remarks: &summary.remarks,
        outputs: summary.outputs.iter().map(wire_output).collect(),
        timings: WireTimings(&summary.timings),
    }
}

fn wire_input(input: &Input) -> WireInput<'_> {
    let Input { role, name, sha256, bytes, lines, rejected } = input;
    WireInput { role, name, sha256, bytes: *bytes, lines: *lines, rejected: *rejected }
}

fn wire_proof(summary: &ProofSummary) -> WireProof<'_> {
    let ProofSummary { proof, state, judged, failed, reason } = summary;
    let (proof, state, reason) = (proof.as_str(), state.as_str(), reason.as_deref());
    WireProof { proof, state, judged: *judged, failed: *failed, reason }
}

fn wire_output(output: &OutputDigest) -> WireOutput<'_> {
    let Written { sha256, bytes, rows } = &output.written;
    WireOutput { name: output.output.as_str(), sha256, bytes: *bytes, rows: *rows }
}

fn wire_totals(totals: &SideTotals) -> WireTotals {
    let tally = |tally: &Tally| {
        let sums = totals.currency.map(|currency| WireSums {
            debit: currency.major(tally.debit).to_string(),
            credit: currency.major(tally.credit).to_string(),
            sum: currency.major(tally.sum()).to_string(),
        });
        WireTally { count: tally.count, sums }
    };
    WireTotals {
        side: totals.side.as_str(),
        currency: totals.currency.map(|currency| currency.code().to_owned()),
        all: tally(&totals.placed.total),
        matched: tally(&totals.placed.matched),
        in_transit: tally(&totals.placed.in_transit),
        discrepancies: tally(&totals.placed.discrepancies),
        excluded: tally(&totals.placed.excluded),
        rejected: tally(&totals.placed.rejected),
    }
}

#[cfg(test)]
mod tests {
    use super::same_but_for_timings as same;

    #[test]
    fn only_timings_may_differ() {
        assert!(same(br#"{"a":1,"timings":{"x":1}}"#, br#"{"timings":{}, "a":1}"#));
        assert!(!same(br#"{"a":1}"#, br#"{"a":2}"#));
        assert!(!same(b"", b""), "what cannot be read is not the same");
    }
}
