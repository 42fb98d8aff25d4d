//! Death at every named place of the code, on both databases: the next run ends as if nothing had happened.

use std::time::{Duration, Instant};

use antom_recon::calendar::CutOff;
use antom_recon::clock;
use antom_recon::points::Point;
use lab::world::Plan;
use lab::world::faults::Fault;

use super::antom::{Antom, day_with};
use super::desk::{Desk, Outputs};
use super::rows;

/// The commands in which the places lie, each on a desk that is prepared for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// The first command ever: there is no database yet.
    Migrate,
    /// The ledger is empty.
    Import,
    /// The first run of a date.
    Run,
    /// A second one, which has something else to say.
    Revise,
    /// The same again, after somebody wrote in its outputs.
    Restore,
    /// A run that finds what a killed one had ready.
    Recover,
    /// Decisions about what is open.
    Decide,
    /// A prune after some days.
    Prune,
}

const COURSES: [Course; 8] = [
    Course::Migrate,
    Course::Import,
    Course::Run,
    Course::Revise,
    Course::Restore,
    Course::Recover,
    Course::Decide,
    Course::Prune,
];

/// Where a place is reached, and the how many-eth time is deadly: all of them where each is another place, else the first and
/// one in the middle.
fn deaths(point: Point) -> &'static [(Course, &'static [u32])] {
    use Course::{Decide, Import, Migrate, Prune, Recover, Restore, Revise, Run};
    match point {
        Point::MigrationBegun => &[(Migrate, &[1])],
        Point::MigrationApplied => &[(Migrate, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])],
        Point::LeaseTaken | Point::LeaseEnding | Point::LeaseEnded => &[(Run, &[1]), (Decide, &[1]), (Prune, &[1])],
        Point::LeaseRenewed => &[(Run, &[1, 2]), (Decide, &[1]), (Prune, &[1])],
        Point::FetchListed => &[(Run, &[1])],
        Point::FetchPartReceived | Point::ArchiveFileBegun => &[(Run, &[1, 3])],
        Point::ArchiveFileFlushed | Point::ArchiveFileRenamed | Point::ArchiveFileKept => &[(Run, &[1, 3])],
        Point::LedgerPartRead => &[(Run, &[1])],
        Point::LedgerRead => &[(Run, &[1])],
        Point::StageDone => &[(Run, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])],
        Point::AnswerReceived | Point::AnswerKept => &[(Run, &[1, 3])],
        Point::RecordBegun | Point::RecordRunInserted | Point::RecordFilesSeen => &[(Run, &[1]), (Revise, &[1])],
        Point::RecordTableInserted => &[(Run, &[1, 2, 3, 4, 5, 6, 7, 8, 9])],
        Point::RecordChained | Point::RecordCommitted => &[(Run, &[1]), (Revise, &[1])],
        Point::PublicationBegun | Point::PublicationFlushed => &[(Run, &[1]), (Revise, &[1]), (Restore, &[1])],
        Point::PublicationOutputWritten => &[(Run, &[1, 9])],
        Point::PublicationReady | Point::PublicationVisible => &[(Run, &[1]), (Revise, &[1]), (Restore, &[1])],
        Point::PublicationSetAside => &[(Revise, &[1]), (Restore, &[1]), (Recover, &[1])],
        Point::PublicationNoting | Point::PublicationNoted => {
            &[(Run, &[1]), (Revise, &[1]), (Restore, &[1]), (Recover, &[1])]
        }
        Point::PublicationRecovered => &[(Recover, &[1])],
        Point::MemoryFileFlushed | Point::MemoryFileKept => &[(Run, &[1, 2, 3])],
        Point::ImportBegun | Point::ImportPartInserted | Point::ImportCommitted => &[(Import, &[1])],
        Point::DecideClaimed | Point::DecideInserted | Point::DecideCommitted => &[(Decide, &[1])],
        Point::PruneNoted => &[(Prune, &[1])],
        Point::PruneDeleted => &[(Prune, &[1, 2])],
    }
}

/// What somebody writes in an output.
const EDIT: &str = "called the seller\r\n";

/// What a command leaves.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    outputs: Option<Outputs>,
    rows: Vec<String>,
    out: Vec<String>,
    archive: Vec<String>,
}

/// A desk, and its database if that is on the server.
struct Site {
    desk: Desk,
    url: Option<String>,
    date: String,
}

impl Site {
    fn copy(&self) -> Self {
        let mut desk = self.desk.copy();
        let url = self.url.as_deref().map(rows::copy_of_postgres);
        if let Some(url) = &url {
            desk.set("DATABASE_URL", url);
        }
        Self { desk, url, date: self.date.clone() }
    }

    fn left(&self) -> Left {
        let rows = match &self.url {
            None => rows::of_sqlite(&self.desk.path("antom-recon.db")),
            Some(url) => rows::of_postgres(url),
        };
        let outputs = self.desk.published(&self.date).exists().then(|| self.desk.outputs(&self.date));
        Left { outputs, rows, out: self.desk.out_tree(), archive: self.desk.archived() }
    }

    /// The output that somebody writes in.
    fn edited(&self) -> std::path::PathBuf {
        self.desk.published(&self.date).join("discrepancies.csv")
    }

    /// Whether what somebody wrote stands there.
    fn is_edited(&self) -> bool {
        std::fs::read_to_string(self.edited()).is_ok_and(|text| text.ends_with(EDIT))
    }

    /// Verifies after a death: an edit is found for as long as what replaces it is not noted.
    fn verify(&self, point: Point) {
        if self.is_edited() && point != Point::PublicationNoted {
            self.desk.run("verify").with_code(5).says(&["discrepancies.csv` has the digest"]);
        } else {
            self.done("verify");
        }
    }

    /// Runs to the end after a death. A server may need a moment to notice that the connections of the dead are gone.
    fn done(&self, words: &str) {
        let started = Instant::now();
        loop {
            let ended = self.desk.run(words);
            if ended.code != Some(6) {
                ended.with_code(0);
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(10), "the lock of a dead run is still held");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Desks for every course.
struct Stage {
    antom: Antom,
    quiet: Antom,
    on_postgres: bool,
}

impl Stage {
    fn of(seed: u64, on_postgres: bool) -> Self {
        // Three days on which all is well, so that nothing needs the first one's files any more.
        let quiet = Plan {
            payments: 4,
            days: 3,
            traps: false,
            settlement_due_days: 0,
            pending_max_days: 0,
            ..Plan::one_day(seed)
        };
        let faults: Vec<Fault> = Fault::ALL.into_iter().step_by(4).collect();
        Self { antom: Antom::of(day_with(seed, &faults)), quiet: Antom::of(quiet), on_postgres }
    }

    fn command(&self, course: Course) -> String {
        match course {
            Course::Migrate => "migrate".to_owned(),
            Course::Import => "ledger import ledger.csv".to_owned(),
            Course::Run | Course::Revise | Course::Restore | Course::Recover => self.antom.run(),
            Course::Decide => "decide decided.csv".to_owned(),
            Course::Prune => format!("prune --before {}", self.quiet.date()),
        }
    }

    fn site(&self, course: Course) -> Site {
        let antom = if course == Course::Prune { &self.quiet } else { &self.antom };
        let mut desk = antom.desk();
        let url = self.on_postgres.then(|| rows::new_postgres().unwrap());
        if let Some(url) = &url {
            desk.set("DATABASE_URL", url);
        }
        desk.set("MATCHING_LOOKBACK_DAYS", if course == Course::Prune { "1" } else { "35" });
        let site = Site { desk, url, date: antom.date() };
        match course {
            Course::Migrate => {}
            Course::Import => site.done("migrate"),
            Course::Run => site.done("ledger import ledger.csv"),
            Course::Revise => revise(&site, &self.antom.run()),
            Course::Restore => {
                site.done("ledger import ledger.csv");
                site.done(&self.antom.run());
                let path = site.edited();
                std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + EDIT).unwrap();
            }
            Course::Recover => {
                revise(&site, &self.antom.run());
                let dies = site.desk.start_doomed(&self.antom.run(), Point::PublicationReady.as_str()).dies();
                assert!(dies && site.desk.out().join(format!(".ready-{}", site.date)).exists());
            }
            Course::Decide => decide(&site, &self.antom.run()),
            Course::Prune => {
                site.done("ledger import ledger.csv");
                let days = self.quiet.world.plan.all_days();
                site.done(&format!("run --from {} --to {}", days[0], days[days.len() - 1]));
            }
        }
        site
    }
}

/// A run, and then one entry more, so that the next run has something else to say.
fn revise(site: &Site, run: &str) {
    site.done("ledger import ledger.csv");
    site.done(run);
    let ledger = std::fs::read_to_string(site.desk.path("ledger.csv")).unwrap();
    let line = ledger.lines().find(|line| line.contains(",PAYMENT,")).unwrap();
    let (header, (_, rest)) = (ledger.lines().next().unwrap(), line.split_once(',').unwrap());
    std::fs::write(site.desk.path("late.csv"), format!("{header}\nLATE-1,{rest}\n")).unwrap();
    site.done("ledger import late.csv");
}

/// A run, and decisions about its first two rows.
fn decide(site: &Site, run: &str) {
    site.done("ledger import ledger.csv");
    site.done(run);
    let mut reader = csv::Reader::from_path(site.desk.published(&site.date).join("discrepancies.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut decided = csv::Writer::from_path(site.desk.path("decided.csv")).unwrap();
    decided.write_record(&header).unwrap();
    for row in reader.records().take(2).map(Result::unwrap) {
        let cells = header.iter().zip(row.iter()).map(|(column, cell)| match column {
            "decision" => "comment",
            "decided_by" => "anna",
            "reason" => "looked at",
            _ => cell,
        });
        decided.write_record(cells).unwrap();
    }
    decided.flush().unwrap();
}

/// Dies at every place of a course, and compares with a command that nothing happened to.
fn every_death(stage: &Stage, course: Course) -> u32 {
    let (prepared, words) = (stage.site(course), stage.command(course));
    let undisturbed = prepared.copy();
    undisturbed.done(&words);
    let expected = undisturbed.left();
    assert!(!expected.rows.iter().any(|row| row.starts_with("lease|")), "{:?}", expected.rows);
    let mut count = 0;
    for &point in Point::ALL {
        for &(_, numbers) in deaths(point).iter().filter(|(of, _)| *of == course) {
            for number in numbers {
                let (site, place) = (prepared.copy(), format!("{point}#{number}"));
                assert!(site.desk.start_doomed(&words, &place).dies(), "{course:?}: `{place}` was not reached");
                nothing_half_written(&site, &prepared, &expected);
                site.verify(point);
                site.done(&words);
                let left = site.left();
                assert_eq!(left, expected, "{course:?}: died at `{place}`");
                site.done("verify");
                count += 1;
            }
        }
    }
    count
}

/// Before anything is repaired, a folder is as it was before or as it will be, or on its way and not there.
fn nothing_half_written(site: &Site, before: &Site, expected: &Left) {
    let now = site.desk.published(&site.date).exists().then(|| site.desk.outputs(&site.date));
    if let Some(now) = now {
        let older = before.desk.published(&site.date).exists().then(|| before.desk.outputs(&site.date));
        assert!(Some(&now) == expected.outputs.as_ref() || Some(now) == older, "a folder that is neither old nor new");
    }
}

#[test]
fn on_sqlite() {
    let stage = Stage::of(77, false);
    let count: u32 = COURSES.into_iter().map(|course| every_death(&stage, course)).sum();
    assert!(count > 60, "{count}");
    stage.antom.assert_only_read();
}

#[test]
fn on_postgres() {
    if rows::new_postgres().is_none() {
        return;
    }
    let stage = Stage::of(77, true);
    let count: u32 = COURSES.into_iter().map(|course| every_death(&stage, course)).sum();
    assert!(count > 60, "{count}");
}

/// The day goes on with the next date: what the dead run had ready is published and noted all the same, and what it had only
/// recorded is asked for.
#[test]
fn when_the_next_run_is_of_another_date() {
    let antom = Antom::of(Plan { payments: 4, days: 2, ..Plan::one_day(78) });
    let [first, second] = [0, 1].map(|at| antom.world.plan.all_days()[at].to_string());
    let words = format!("run --date {first}");
    let undisturbed = antom.csv_desk();
    undisturbed.done(&words);
    let expected = undisturbed.outputs(&first);
    for point in [Point::PublicationReady, Point::PublicationNoted, Point::PublicationVisible] {
        let desk = antom.csv_desk();
        assert!(desk.start_doomed(&words, point.as_str()).dies(), "{point}");
        desk.done(&format!("run --date {second}"));
        assert_eq!(desk.outputs(&first), expected, "{point}");
        let verified = desk.done("verify").shows(&["2 runs", "2 published folders"]);
        assert!(!verified.stdout.contains("without noted outputs"), "{point}: {}", verified.stdout);
    }
    let desk = antom.csv_desk();
    assert!(desk.start_doomed(&words, Point::RecordCommitted.as_str()).dies());
    let told = format!("the run of {first} is recorded, but its outputs were never published");
    desk.done(&format!("run --date {second}")).says(&[&told]);
    desk.done(&words);
    assert_eq!(desk.outputs(&first), expected);
    let ended = desk.done(&format!("run --date {second}"));
    assert!(!ended.stderr.contains("never published"), "{}", ended.stderr);
}

/// Without dates, a run goes on with what the dead one had not published: cron's next call needs nobody to name the date.
#[test]
fn when_the_next_run_catches_up() {
    let yesterday = CutOff::parse("+08:00").unwrap().date_of(clock::now()).minus_days(1);
    let antom = Antom::of(Plan { payments: 4, first_day: yesterday.to_string().parse().unwrap(), ..Plan::one_day(80) });
    let (words, date) = (antom.run(), antom.date());
    let undisturbed = antom.csv_desk();
    undisturbed.done(&words);
    let expected = undisturbed.outputs(&date);
    for point in [
        Point::RecordCommitted,
        Point::PublicationBegun,
        Point::PublicationFlushed,
        Point::PublicationReady,
        Point::PublicationNoted,
    ] {
        let desk = antom.csv_desk();
        assert!(desk.start_doomed(&words, point.as_str()).dies(), "{point}");
        assert!(!desk.published(&date).exists(), "{point}");
        desk.done("status").shows(&["; not published: run the date again"]);
        let ended = desk.run("run");
        assert!(ended.stdout.contains(&date), "{point}: {} {}", ended.stdout, ended.stderr);
        assert_eq!(desk.outputs(&date), expected, "{point}");
        assert!(!ended.stderr.contains("never published"), "{point}: {}", ended.stderr);
        assert!(!desk.done("status").stdout.contains("not published"), "{point}");
    }
}

/// Killed at random while the schema is made, which no place inside a version can be.
#[test]
fn while_the_schema_is_made() {
    let antom = Antom::of(Plan { payments: 1, ..Plan::one_day(79) });
    let longest = antom.desk().done("migrate").took;
    let mut rng = lab::world::rng::Rng::new(79);
    for on_postgres in [false, true] {
        let mut desk = antom.desk();
        if on_postgres {
            let Some(url) = rows::new_postgres() else { return };
            desk.set("DATABASE_URL", url);
        }
        for _ in 0..12 {
            let delay = longest.mul_f64(f64::from(u32::try_from(rng.below(1000)).unwrap()) / 1000.0);
            desk.start("migrate").kill_after(delay);
        }
        desk.done("migrate").shows(&["has schema version"]);
        desk.done("ledger import ledger.csv");
        desk.done(&antom.run());
    }
}
