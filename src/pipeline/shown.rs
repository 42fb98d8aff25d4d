//! What lies where a date's outputs are shown: what a run published there, or what somebody made of it since.

use crate::calendar::BusinessDate;
use crate::export::{self, Output, Shown};
use crate::store::PublishedFile;

use super::Job;
use super::folds::OrKind;
use super::outputs::published_files;

/// Compares what is shown of a date with all that was noted as published for it.
///
/// # Errors
/// As the database and the file system say.
pub async fn shown(job: &Job<'_>, on: BusinessDate) -> anyhow::Result<Shown> {
    let folder = export::published_folder(&job.config.output_dir(), &job.merchant, on).or_kind()?;
    let files = tokio::task::block_in_place(|| job.threads.install(|| published_files(&folder)))?;
    let runs = job.store.published_runs(job.merchant.as_str()).await.or_kind()?;
    let of_date = runs.into_iter().filter(|run| run.business_date == on);
    let revisions: Vec<Revision> = of_date.map(|run| (run.revision, run.publications)).collect();
    Ok(told(&files, &revisions))
}

/// The number of a revision, and what was published for it, oldest first.
type Revision = (u32, Vec<Vec<PublishedFile>>);

/// What the files are, by the revisions of their date, oldest first.
fn told(files: &[PublishedFile], revisions: &[Revision]) -> Shown {
    let mut publications = Vec::<(u32, &Vec<PublishedFile>)>::new();
    for (revision, known) in revisions {
        publications.extend(known.iter().map(|files| (*revision, files)));
    }
    let newest = |is_it: &dyn Fn(&Vec<PublishedFile>) -> bool| {
        publications.iter().rev().find(|(_, known)| is_it(known)).map(|(revision, _)| *revision)
    };
    if let Some(revision) = newest(&|known| *known == files) {
        return Shown::Published(revision);
    }
    // No two publications have the same summary, for it says how long each stage took.
    let summary = files.iter().find(|file| file.name == Output::Summary.as_str());
    if let Some(revision) = summary.and_then(|summary| newest(&|known| known.contains(summary))) {
        return Shown::Edited(Some(revision));
    }
    // A run of an older program noted nothing.
    let unnoted = revisions.iter().rev().find(|(_, known)| known.is_empty());
    if let Some((revision, _)) = unnoted.filter(|_| summary.is_some()) {
        return Shown::Published(*revision);
    }
    let shared = |known: &[PublishedFile]| files.iter().filter(|file| known.contains(file)).count();
    let nearest = publications.iter().max_by_key(|(_, known)| shared(known)).filter(|(_, known)| shared(known) > 0);
    Shown::Edited(nearest.map(|(revision, _)| *revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by name and content, as in `discrepancies.csv=a summary.json=1`.
    fn files(text: &str) -> Vec<PublishedFile> {
        let file = |(name, content): (&str, &str)| PublishedFile {
            name: name.to_owned(),
            size: 1,
            sha256: content.repeat(64),
        };
        text.split_whitespace().filter_map(|word| word.split_once('=')).map(file).collect()
    }

    fn revision(number: u32, publications: &[&str]) -> Revision {
        (number, publications.iter().map(|text| files(text)).collect())
    }

    #[test]
    fn what_is_shown_is_told_by_what_was_published() {
        let [first, again, third] = [
            "discrepancies.csv=a cleared.csv=0 summary.json=1",
            "discrepancies.csv=a cleared.csv=0 summary.json=2",
            "discrepancies.csv=c cleared.csv=0 summary.json=3",
        ];
        let noted = [revision(1, &[first, again]), revision(3, &[third])];
        let unnoted = [revision(1, &[first]), revision(2, &[]), revision(3, &[third])];
        let cases: [(&str, &[Revision], Shown); 11] = [
            (first, &noted, Shown::Published(1)),
            (again, &noted, Shown::Published(1)),
            (third, &noted, Shown::Published(3)),
            (first, &unnoted, Shown::Published(1)),
            ("discrepancies.csv=x cleared.csv=0 summary.json=1", &noted, Shown::Edited(Some(1))),
            ("discrepancies.csv=x summary.json=1", &unnoted, Shown::Edited(Some(1))),
            ("discrepancies.csv=a cleared.csv=0 summary.json=x", &noted, Shown::Edited(Some(1))),
            ("discrepancies.csv=b cleared.csv=0 summary.json=x", &unnoted, Shown::Published(2)),
            ("cleared.csv=0", &unnoted, Shown::Edited(Some(3))),
            ("discrepancies.csv=x", &noted, Shown::Edited(None)),
            ("", &noted, Shown::Edited(None)),
        ];
        for (shown, revisions, expected) in cases {
            assert_eq!(told(&files(shown), revisions), expected, "{shown}");
        }
        // Two revisions may publish the same bytes: nothing made room, so it is the newer one's.
        assert_eq!(told(&files(first), &[revision(1, &[first]), revision(2, &[first])]), Shown::Published(2));
    }
}
