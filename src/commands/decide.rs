//! `antom-recon decide`: people's decisions, taken back from the discrepancy file.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the file of the command line is read here")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use super::{open_store, session};
use crate::calendar::Instant;
use crate::clock;
use crate::config::Config;
use crate::decision::{self, ApprovalRule, DecisionKind, FileError, Known, Problem, Sheet, Verdict};
use crate::export;
use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::Digest;
use crate::id::DiscrepancyId;
use crate::pipeline::OrKind;
use crate::store::{NewDecision, NewDecisions, RunId, RunLock, Store, StoredDecision};

/// Take decisions about discrepancies back from a file
///
/// The file is discrepancies.csv with the columns decision, decided_by and reason filled in, or any CSV with discrepancy_id,
/// decision, decided_by and reason; approved_by and assigned_to may stand beside them. Decisions are accept, write_off, reopen,
/// assign and comment; rows without one are skipped. All or nothing: if a row is wrong, was changed by a later run or lacks an
/// approval, every such row is named with its line and nothing is applied. The next run shows what was decided.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// CSV file with the decisions
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Check the file and apply nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A file of more bytes is not one: a million rows with long explanations take some 500 MB.
const MAX_BYTES: u64 = 1 << 30;

/// Applies the decisions and says on `out` how many of each there were.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let merchant = config.merchant()?.platform_merchant_id;
    let above = config.approve_above()?;
    let approval = ApprovalRule { from_minor: [0, 1, 2, 3, 4].map(|places| above.above_in_minor(places)) };
    let bytes = read(args)?;
    let refused = |error: FileError| Failure::configuration(format!("`{}`: {error}", args.file.display()));
    let sheet = decision::read(&bytes, export::unshielded).map_err(refused)?;
    let sha256 = Digest::of(&bytes).to_string();
    session(async {
        let store = open_store(config).await?;
        let now = clock::now();
        let desk = Desk { args, merchant: &merchant, sha256: &sha256, approval: &approval };
        let mut lock = match args.dry_run {
            true => None,
            false => Some(store.lock(&merchant, clock::now).await.or_kind()?),
        };
        let told = desk.decide(&store, lock.as_mut(), &sheet, now).await?;
        if let Some(lock) = lock {
            lock.release().await.or_kind()?;
        }
        out.write_all(told.as_bytes())?;
        store.close().await;
        Ok(())
    })
}

fn read(args: &Args) -> anyhow::Result<Vec<u8>> {
    let unreadable = || format!("`{}` cannot be read; expected a CSV file of decisions", args.file.display());
    let mut bytes = Vec::new();
    let file = File::open(&args.file).or_fail(Kind::Usage, unreadable)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).or_fail(Kind::Usage, unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        let sentence =
            format!("`{}` has more than {MAX_BYTES} bytes; expected a discrepancy file", args.file.display());
        return Err(Failure::usage(sentence).into());
    }
    Ok(bytes)
}

/// What a file is decided with.
struct Desk<'a> {
    args: &'a Args,
    merchant: &'a str,
    sha256: &'a str,
    approval: &'a ApprovalRule,
}

impl Desk<'_> {
    /// Checks the decisions, applies them unless it is a trial, which needs no lock, and tells what came of it.
    async fn decide(
        &self,
        store: &Store,
        lock: Option<&mut RunLock>,
        sheet: &Sheet,
        now: Instant,
    ) -> anyhow::Result<String> {
        let file = self.args.file.display();
        if let Some(at) = store.decided_file(self.merchant, self.sha256).await.or_kind()? {
            return Ok(format!("`{file}` was applied on {} already; nothing was applied\n", at.rfc3339()));
        }
        let newest = store.runs_overview(self.merchant, 1).await.or_kind()?;
        let Some(newest) = newest.first().map(|newest| &newest.run) else {
            let sentence = format!("`{file}`: there is no run yet whose discrepancies could be decided on");
            return Err(Failure::configuration(sentence).into());
        };
        let open = store.discrepancies_of(newest.run_id).await.or_kind()?;
        let stored = store.decisions(self.merchant).await.or_kind()?;
        let row_runs = row_runs(&stored);
        let known = Known {
            run_on: newest.business_date,
            open: &open.iter().map(|row| (row.discrepancy_id.as_str(), row)).collect(),
            standing: &decision::standing(stored.into_iter().map(|stored| stored.taken)),
            approval: self.approval,
        };
        let verdict = decision::check(&sheet.handed, &known);
        self.refuse(&sheet.problems, &verdict.problems)?;
        let row_run = |id: &DiscrepancyId| row_runs.get(id).copied().unwrap_or(newest.run_id);
        let new: Vec<NewDecision<'_>> = verdict
            .checked
            .iter()
            .map(|checked| {
                let decision = &checked.handed.decision;
                let row_run = if checked.is_open { newest.run_id } else { row_run(&decision.discrepancy_id) };
                NewDecision { decision, line: checked.handed.line, row_run }
            })
            .collect();
        if let Some(lock) = lock.filter(|_| !new.is_empty()) {
            lock.verify().await.or_kind()?;
            self.apply(store, newest.run_id, &new, now).await?;
        }
        Ok(self.told(sheet, &verdict))
    }

    /// Puts the decisions into the database.
    async fn apply(&self, store: &Store, run: RunId, new: &[NewDecision<'_>], now: Instant) -> anyhow::Result<()> {
        let name = self.args.file.file_name().unwrap_or_default().to_string_lossy();
        let decisions = NewDecisions {
            platform_merchant_id: self.merchant,
            sha256: self.sha256,
            name: &name,
            decided_at: now,
            run,
            decisions: new,
        };
        if store.apply_decisions(&decisions).await.or_kind()? {
            return Ok(());
        }
        // The lock keeps others away, so only a lock that was lost lets this happen.
        let sentence = format!("`{}` was applied by another process meanwhile", self.args.file.display());
        Err(Failure::new(Kind::Integrity, sentence).into())
    }

    /// All that is wrong, each with its line; nothing was applied.
    fn refuse(&self, of_rows: &[Problem], of_decisions: &[Problem]) -> Result<(), Failure> {
        let mut problems: Vec<&Problem> = of_rows.iter().chain(of_decisions).collect();
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by_key(|problem| problem.line);
        let (file, count) = (self.args.file.display(), problems.len());
        let mut text = format!("`{file}`: {count} decisions cannot be applied, nothing was applied:");
        for problem in problems {
            text.push_str(&format!("\n  {problem}"));
        }
        Err(Failure::configuration(text))
    }

    /// How many of each were applied.
    fn told(&self, sheet: &Sheet, verdict: &Verdict<'_>) -> String {
        let (applied, count) = (!self.args.dry_run, verdict.checked.len());
        let verb = if applied { "applied" } else { "to apply (nothing was applied)" };
        let mut text = format!("{count} decisions {verb}\n");
        for kind in DecisionKind::ALL {
            let count = verdict.checked.iter().filter(|checked| checked.handed.decision.kind == *kind).count();
            if count > 0 {
                let _ = writeln!(text, "  {:<10} {count:>6}", kind.as_str());
            }
        }
        for (what, count) in [("unchanged", verdict.unchanged), ("undecided", sheet.undecided)] {
            if count > 0 {
                let _ = writeln!(text, "  {what:<10} {count:>6}");
            }
        }
        text
    }
}

/// The run that lists what was decided on last, by discrepancy.
fn row_runs(stored: &[StoredDecision]) -> BTreeMap<DiscrepancyId, RunId> {
    let settling = stored.iter().filter(|stored| stored.taken.decision.kind.settles());
    settling.map(|stored| (stored.taken.decision.discrepancy_id.clone(), stored.row_run)).collect()
}
