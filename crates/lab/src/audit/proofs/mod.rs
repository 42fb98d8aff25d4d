//! Proofs, computed a second time: from Antom's files alone, with a reader, decimals and rules of their own, and compared with
//! what the job says about them.
//!
//! | Module | Holds |
//! |---|---|
//! | `money` | currencies, amounts, fractions, conversion |
//! | `words` | Antom's columns and types |
//! | `sheet`, `workbook` | the files of a day |
//! | `detail`, `statements` | their lines |
//! | `formula` | the formula of one line |
//! | `schedule`, `fees` | the contract's fees, and the lines' against them |
//! | `batches`, `payouts`, `balances` | details against summaries, summaries against movements, movements against balances |
//! | `wanted` | a row that must be there |
//! | `compare`, `output_rows` | the job's outputs against all of it |
//!
//! Nothing of the job is used, so that an error of the job is not hidden by the same error here.

mod balances;
mod batches;
mod compare;
mod detail;
mod fees;
mod formula;
mod money;
mod output_rows;
mod payouts;
mod schedule;
mod sheet;
mod statements;
mod wanted;
mod words;
mod workbook;

use anyhow::Result;
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use balances::{AccountKey, Held, HeldKey, Reports};
use batches::{BatchKey, BatchSum, Figure, SummaryKey};
use detail::{Detail, details};
use fees::{FeeTotals, Judge};
use formula::{Issue, issues, turned_acquirers};
use schedule::{Day, Schedule};
use sheet::{Report, Tree};
use statements::{BalanceLine, activity, balances, summaries};
use wanted::Wanted;

/// What is audited, and what of the job's configuration bears on it. Tolerances and the days within which a payout is due are the
/// defaults: two smallest units, and the same day.
#[derive(Debug, Clone, Copy)]
pub struct Audited<'a> {
    /// The folder of Antom's files: the one that holds `v1/settlements`.
    pub remote: &'a Path,
    /// The marketplace's id.
    pub platform: &'a str,
    /// The fee schedule, in TOML; without one fees are not judged.
    pub schedule: Option<&'a Path>,
    /// The business date.
    pub date: NaiveDate,
    /// The days before of which settlement lines are remembered: for what is held, and for the volumes of tiers.
    pub days_before: &'a [NaiveDate],
    /// The words of `transType` that are payouts; empty if the configuration names none.
    pub payout_types: &'a [&'a str],
    /// Whether the reports' amounts are in smallest units.
    pub minor_units: bool,
}

/// Everything that the proofs of a date come to.
#[derive(Debug, Clone)]
pub struct Proofs {
    wanted: Vec<Wanted>,
    sums: BTreeMap<BatchKey, BatchSum>,
    figures: BTreeMap<SummaryKey, Figure>,
    /// Whether the date has summaries and none of them knows parties.
    without_parties: bool,
    paid: BTreeMap<SummaryKey, i128>,
    accounts: BTreeMap<AccountKey, balances::Account>,
    has_balances: bool,
    held: BTreeMap<HeldKey, Held>,
    fees: FeeTotals,
    remarks: Vec<String>,
}

impl Proofs {
    /// Files that were not read, and proofs that could not be run and why.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// How many lines of settlement details were read.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.sums.values().map(|sum| sum.lines).sum()
    }

    /// The discrepancies that must be listed, one line each and sorted: kind, stage, id, sub-merchant, currency, recomputed and
    /// reported amount, place. `?` is what the design leaves open, `-` what must be empty.
    #[must_use]
    pub fn discrepancies(&self) -> String {
        let mut lines: Vec<String> = self.wanted.iter().map(described).collect();
        lines.sort();
        lines.join("\n")
    }
}

fn described(row: &Wanted) -> String {
    let open = |text: &Option<String>| text.clone().map_or_else(|| "?".to_owned(), |text| or_dash(&text));
    let mut text = format!("{} {} {}", row.kind, row.stage, or_dash(&row.antom_id));
    let party = or_dash(&row.sub_merchant_id);
    let (ledger, report) = (open(&row.ledger_amount), open(&row.report_amount));
    let _ = write!(text, " {party} {} {ledger} {report}", open(&row.currency));
    if let Some(place) = &row.place {
        let _ = write!(text, " {}:{}", place.file, place.line);
    }
    text
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// Computes the proofs of a date and compares them with the job's outputs in the folder `outputs`: the rows of stage `proof` and
/// the control totals in `discrepancies.csv`, `settlement_batches.csv`, `balances.csv` and `fees.csv`. Returns everything that
/// disagrees, one sentence each.
///
/// # Errors
///
/// If a file cannot be read, an output is missing, or the schedule is wrong.
pub fn audit_proofs(audited: &Audited<'_>, outputs: &Path) -> Result<Vec<String>> {
    let proofs = prove(audited)?;
    compare::compare(&proofs, audited.date, outputs)
}

/// Computes the proofs of a date.
///
/// # Errors
///
/// If a file cannot be read, or the schedule is wrong.
pub fn prove(audited: &Audited<'_>) -> Result<Proofs> {
    let tree = Tree { remote: audited.remote, platform: audited.platform, minor_units: audited.minor_units };
    let mut remarks = Vec::new();
    let schedule = audited.schedule.map(Schedule::read).transpose()?;
    let lines = details(&tree.sheets(Report::Details, audited.date, &mut remarks)?);
    let history = history(&tree, audited)?;
    let turned = turned_acquirers(&lines);
    for (file, acquirer) in &turned {
        remarks.push(format!("`{file}`: the fees of `{acquirer}` have the opposite sign"));
    }
    let sign = |line: &Detail| {
        if turned.contains(&(line.place.file.clone(), line.acquirer.clone())) { -1 } else { 1 }
    };
    let judge = Judge { schedule: schedule.as_ref(), on: audited.date, history: &history };
    let mut fees = FeeTotals::new();
    let mut wanted = Vec::new();
    for line in &lines {
        wanted.extend(of_line(line, sign(line), &judge, &mut fees)?);
    }
    let sums = batches::sums(&lines, sign);
    let files = tree.sheets(Report::Summary, audited.date, &mut remarks)?;
    let rows = summaries(&files);
    let figures = batches::figures(&rows);
    let without_parties = !files.is_empty() && !files.iter().any(|file| file.has("referenceMerchantId"));
    if files.is_empty() {
        remarks.push("batches are not proved without a settlement summary".to_owned());
    } else {
        wanted.extend(batches::batch_totals(&sums, &figures, !without_parties));
        wanted.extend(batches::control_totals(&rows));
    }
    let held = balances::held(&lines, audited.date, &history);
    let mut proofs = Proofs {
        wanted,
        sums,
        figures,
        without_parties,
        paid: BTreeMap::new(),
        accounts: BTreeMap::new(),
        has_balances: false,
        held,
        fees,
        remarks,
    };
    prove_accounts(&tree, audited, &lines, &mut proofs)?;
    Ok(proofs)
}

/// The one row about a line: the first kind in the contract's order.
fn of_line(line: &Detail, sign: i128, judge: &Judge<'_>, fees: &mut FeeTotals) -> Result<Option<Wanted>> {
    let mut found: Vec<Issue> = judge.line(line, sign, fees)?;
    if line.is_movement() {
        found.extend(issues(line, sign));
    }
    Ok(found.first().map(|(kind, expected, reported, currency)| {
        let row = Wanted::proof(kind, &line.transaction_id, &line.party, *currency);
        let row = row.amounts(*expected, *reported, *currency).at(Some(&line.place));
        let row = row.entry_type(line.entry_type.unwrap_or(""));
        Wanted { request_id: Some(line.request_id.clone()), ..row }
    }))
}

/// Settlement lines of the days before, in the order of the days.
fn history(tree: &Tree<'_>, audited: &Audited<'_>) -> Result<Vec<Day>> {
    let mut days: Vec<NaiveDate> = audited.days_before.iter().copied().filter(|day| *day < audited.date).collect();
    days.sort();
    days.dedup();
    let mut ignored = Vec::new();
    days.into_iter().map(|day| Ok((day, details(&tree.sheets(Report::Details, day, &mut ignored)?)))).collect()
}

/// Movements, payouts and balances.
fn prove_accounts(tree: &Tree<'_>, audited: &Audited<'_>, lines: &[Detail], proofs: &mut Proofs) -> Result<()> {
    let files = tree.sheets(Report::Activity, audited.date, &mut proofs.remarks)?;
    let (movements, repeated) = balances::without_repetitions(activity(&files));
    proofs.wanted.extend(repeated);
    let movements = (!files.is_empty()).then_some(movements);
    match &movements {
        Some(movements) => {
            let payouts = payouts::payouts(&proofs.figures, movements, lines, audited.payout_types);
            proofs.paid = payouts.paid;
            proofs.wanted.extend(payouts.wanted);
        }
        None => proofs.remarks.push("payouts are not proved without account activity".to_owned()),
    }
    let before = match audited.date.checked_sub_days(Days::new(1)) {
        Some(day) => balances_of(tree, day, &mut proofs.remarks)?,
        None => None,
    };
    let ending = balances_of(tree, audited.date, &mut proofs.remarks)?;
    let reports = Reports { before: before.as_deref(), activity: movements.as_deref(), ending: ending.as_deref() };
    proofs.accounts = reports.accounts();
    proofs.has_balances = reports.activity.is_some() || reports.ending.is_some();
    let rolls = reports.rolls(&mut proofs.remarks);
    proofs.wanted.extend(rolls);
    Ok(())
}

/// The balances at the end of a day; `None` if there is no report of it. Rows of other days are left out.
fn balances_of(tree: &Tree<'_>, day: NaiveDate, remarks: &mut Vec<String>) -> Result<Option<Vec<BalanceLine>>> {
    let files = tree.sheets(Report::Balance, day, remarks)?;
    let (own, others): (Vec<_>, Vec<_>) = balances(&files).into_iter().partition(|line| line.on == day);
    if !others.is_empty() {
        remarks.push(format!("{} balances in the directory of {day} are of other days", others.len()));
    }
    Ok((!files.is_empty()).then_some(own))
}
