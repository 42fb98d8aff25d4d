//! What went out of the parties' accounts on the days before, on which payouts may have left that are judged today: a movement of such an
//! amount is not guessed to be a payout.

use super::lines::{Remembered, read_some};
use crate::movement::ReportKind;
use crate::pipeline::{Job, options};
use crate::proof::Outgoing;
use crate::report::Line;

/// The outgoing lines of the settlement details of these days, whether they were matched long ago or not.
pub(super) fn before(job: &Job<'_>, files: &[Remembered]) -> anyhow::Result<Outgoing> {
    let from = options::due_from(job.config.proof()?.payout_due_days, &options::calendar(job.config)?, job.today);
    let mut outgoing = Outgoing::default();
    let is_wanted =
        |file: &&Remembered| file.kind == ReportKind::SettlementDetails && (from..job.today).contains(&file.date);
    for file in files.iter().filter(is_wanted) {
        let of_block = |_: &[u32], lines: Vec<Line>| Outgoing::of_lines(&lines);
        read_some((&file.extract, file.file), 0..file.extract.lines(), of_block, |part| {
            outgoing.merge(part);
            Ok(())
        })?;
    }
    Ok(outgoing)
}
