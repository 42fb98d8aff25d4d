//! What people decided, as it shows in a day: what is settled moves from `discrepancies.csv` to `cleared.csv`.
//!
//! A decision moves rows between outputs and nothing else. The lines and entries behind a settled row stay counted as
//! discrepancies in `control_totals.csv`: what a person accepted has not been matched. A decision holds for the date whose run was
//! the newest when it was taken, and for later ones; a rerun of an older date is what it was.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::decision::{Effect, Standing, Taken, standing};
use crate::discrepancy::{ClearedRow, Discrepancy};
use crate::id::DiscrepancyId;
use crate::store::Carried;

use super::folds::OrKind;
use super::{Day, Job, carry};

/// The decisions that hold for the day.
pub struct Decided {
    standing: BTreeMap<DiscrepancyId, Standing>,
}

/// A row that a decision settles.
type Settled<'a> = (Discrepancy, &'a Taken);

impl Decided {
    /// Reads them.
    pub async fn load(job: &Job<'_>) -> anyhow::Result<Self> {
        let stored = job.store.decisions_for(job.merchant.as_str(), job.today).await.or_kind()?;
        Ok(Self { standing: standing(stored.into_iter().map(|stored| stored.taken)) })
    }

    /// Gives back what was settled and then reopened after the run before: that run does not list it, and what the window no
    /// longer reaches would not come back by itself. Tells which those are: they are new again.
    pub fn carry_reopened(&self, job: &Job<'_>, carried: Option<&mut Carried>) -> BTreeSet<DiscrepancyId> {
        let mut given_back = BTreeSet::new();
        let Some(before) = carried else { return given_back };
        let reopened = self.standing.values().filter_map(|standing| standing.reopened.as_ref());
        let open: HashSet<&DiscrepancyId> = before.discrepancies.iter().map(|row| &row.discrepancy_id).collect();
        let is_given_back = |row: &&Discrepancy| row.first_seen_on < job.today && !open.contains(&row.discrepancy_id);
        let reopened = reopened.filter(|taken| taken.decided_on >= before.run.business_date).map(|taken| &taken.row);
        let back: Vec<Discrepancy> = reopened.filter(is_given_back).cloned().collect();
        given_back.extend(back.iter().map(|row| row.discrepancy_id.clone()));
        before.discrepancies.extend(back);
        before.discrepancies.sort_by(|one, other| one.discrepancy_id.cmp(&other.discrepancy_id));
        given_back
    }

    /// Moves what is settled, marks what is not, and tells what that came to as a text: if it changed, a rerun is another run.
    pub async fn apply(&self, job: &Job<'_>, carried: Option<&Carried>, day: &mut Day) -> anyhow::Result<String> {
        let mut text = String::new();
        let mut settled: Vec<Settled<'_>> = Vec::new();
        // File kinds are listed on their own date only: what was decided about them is told the day after all the same.
        let of_files =
            carried.into_iter().flat_map(|before| &before.discrepancies).filter(|row| row.kind.is_about_file());
        settled.extend(of_files.filter_map(|row| Some((row.clone(), self.settling(row)?))));
        let (decided, mut taken_by) = (&mut day.decided, Vec::new());
        let is_settled = |row: &mut Discrepancy| {
            let Some(standing) = self.standing.get(&row.discrepancy_id) else { return false };
            match standing.effect(row) {
                Effect::Settled(taken) => {
                    taken_by.push(taken);
                    return true;
                }
                Effect::Lapsed(why) if !row.explanation.contains(&why) => {
                    row.explanation =
                        if row.explanation.is_empty() { why } else { format!("{}; {why}", row.explanation) };
                }
                Effect::Lapsed(_) | Effect::Open => {}
            }
            if let Some(shown) = standing.shown() {
                text.push_str(&format!("decision {} {shown:?}\n", row.discrepancy_id));
                decided.insert(row.discrepancy_id.clone(), shown);
            }
            false
        };
        let gone: Vec<Discrepancy> = day.discrepancies.extract_if(.., is_settled).collect();
        settled.extend(gone.into_iter().zip(taken_by));
        for (row, taken) in &settled {
            text.push_str(&format!("decision {} {:?}\n", row.discrepancy_id, taken.cleared_by()));
        }
        let open_before = carried.into_iter().flat_map(|before| &before.discrepancies);
        let open_before: BTreeSet<&DiscrepancyId> = open_before.map(|row| &row.discrepancy_id).collect();
        clear(job, settled, &open_before, day).await?;
        Ok(text)
    }

    /// The decision that settles a row, if one does.
    fn settling(&self, row: &Discrepancy) -> Option<&Taken> {
        match self.standing.get(&row.discrepancy_id)?.effect(row) {
            Effect::Settled(taken) => Some(taken),
            Effect::Lapsed(_) | Effect::Open => None,
        }
    }
}

/// Lists what is settled as cleared, once: not again if a run since the decision has done so, unless it was open again since: a
/// decision lapses while its row says something else.
async fn clear(
    job: &Job<'_>,
    settled: Vec<Settled<'_>>,
    open_before: &BTreeSet<&DiscrepancyId>,
    day: &mut Day,
) -> anyhow::Result<()> {
    let ids: Vec<&str> = settled.iter().map(|(row, _)| row.discrepancy_id.as_str()).collect();
    let since = settled.iter().map(|(_, taken)| taken.decided_on).min().unwrap_or(job.today);
    let cleared = job.store.last_cleared_on(job.merchant.as_str(), since..job.today, &ids).await.or_kind()?;
    for (row, taken) in &settled {
        let is_told = cleared.get(row.discrepancy_id.as_str()).is_some_and(|on| *on >= taken.decided_on);
        if !is_told || open_before.contains(&row.discrepancy_id) {
            let row = carry::cleared_discrepancy(job, row, &BTreeMap::new());
            day.cleared.push(ClearedRow { cleared_by: taken.cleared_by(), ..row });
        }
    }
    carry::sort_cleared(&mut day.cleared);
    Ok(())
}
