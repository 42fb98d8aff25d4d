//! What is wrong with the day's files as a whole: missing, not whole, refused, restated, or under another header.

use std::collections::BTreeMap;

use crate::discrepancy::{Describer, Discrepancy};
use crate::fetch::Fetched;
use crate::kind::DiscrepancyKind;
use crate::movement::ReportKind;
use crate::report::{drift, moved_only};
use crate::store::AcceptedHeader;

use super::sources::Refused;
use super::{Intake, Reports, expected, refusal};
use crate::pipeline::Job;
use crate::pipeline::folds::OrKind;

/// Files that are refused: exit code 3 where their report is expected, else a discrepancy.
pub(super) fn refuse(
    job: &Job<'_>,
    refused: &[Refused],
    allow_missing: bool,
    describer: &Describer<'_>,
    fetched: &Fetched,
    reports: &mut Reports,
) -> anyhow::Result<()> {
    let expected = expected(job.config, job.today)?;
    let in_the_way: Vec<String> = refused
        .iter()
        .filter(|file| expected.contains(&file.kind))
        .map(|Refused { kind, name, problem }| {
            let advice = if problem.is_schema() {
                format!(" (if Antom changed its layout, name the new columns in `[reports.{kind}] aliases`)")
            } else {
                String::new()
            };
            format!("`{}/{name}`: {problem}{advice}", fetched.directory)
        })
        .collect();
    if !in_the_way.is_empty() && !allow_missing {
        return Err(refusal(in_the_way.into_iter()));
    }
    for Refused { name, problem, .. } in refused {
        let kind = if problem.is_schema() { DiscrepancyKind::SchemaDrift } else { DiscrepancyKind::FileIncomplete };
        let path = format!("{}/{name}", fetched.directory);
        let sentence = format!("`{name}` was refused and nothing of it was used: {problem}");
        reports.discrepancies.push(describer.about_file(kind, &path, "", sentence));
    }
    Ok(())
}

/// Holds the header of each of the day's files against those of the last accepted files of its kind, and says what changed.
pub(super) async fn drifted(
    job: &Job<'_>,
    fetched: &Fetched,
    describer: &Describer<'_>,
    reports: &mut Reports,
) -> anyhow::Result<()> {
    let before = job.store.last_headers(job.merchant.as_str(), job.today).await.or_kind()?;
    let mut found = Vec::new();
    for file in reports.inputs.iter().filter(|file| file.date == job.today) {
        let Some(known) = before.get(&file.kind) else { continue };
        let columns = file.layout.names();
        let path = format!("{}/{}", fetched.directory, file.name);
        if let Some(change) = drift(known, columns) {
            let sentence = format!("`{}` has another header than the last {}: {change}", file.name, file.kind);
            found.push(describer.about_file(DiscrepancyKind::SchemaDrift, &path, "", sentence));
            continue;
        }
        let moved = moved_only(known, columns);
        if !moved.is_empty() {
            let remark = format!("`{}`: columns stand elsewhere than before: `{}`", file.name, moved.join("`, `"));
            reports.remarks.push(remark);
        }
    }
    found.sort_by(|one, other| one.report_file.cmp(&other.report_file));
    reports.discrepancies.extend(found);
    Ok(())
}

/// The distinct headers of the day's files, which the next day's are held against.
pub fn accepted_headers(job: &Job<'_>, reports: &Reports) -> Vec<AcceptedHeader> {
    let mut headers = BTreeMap::<ReportKind, Vec<Vec<String>>>::new();
    for file in reports.inputs.iter().filter(|file| file.date == job.today) {
        let known = headers.entry(file.kind).or_default();
        let columns = file.layout.names().to_vec();
        if !known.contains(&columns) {
            known.push(columns);
        }
    }
    let of_kind = |(kind, mut known): (ReportKind, Vec<Vec<String>>)| {
        known.sort_unstable();
        known.into_iter().map(move |columns| AcceptedHeader { kind, columns })
    };
    headers.into_iter().flat_map(of_kind).collect()
}

/// Expected reports that are missing, and files that are not whole.
pub(super) fn file_discrepancies(intake: &Intake, describer: &Describer<'_>, reports: &mut Reports) {
    let fetched = &intake.fetched;
    for &kind in &intake.absent {
        if fetched.incomplete.iter().all(|file| file.kind != kind) {
            let sentence = format!("{kind} is expected in `{}` and is not there", fetched.directory);
            let path = format!("{}/{kind}", fetched.directory);
            let row = describer.about_file(DiscrepancyKind::FileMissing, &path, "", sentence);
            reports.discrepancies.push(Discrepancy { report_file: String::new(), ..row });
        }
    }
    for file in &fetched.incomplete {
        let sentence = format!("{file}; nothing of it was used");
        let kind = DiscrepancyKind::FileIncomplete;
        reports.discrepancies.push(describer.about_file(kind, &file.path, "", sentence));
    }
}
