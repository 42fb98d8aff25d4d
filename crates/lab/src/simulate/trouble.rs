//! The days on which something goes wrong besides values: what is done, and what the job must make of it.

use super::catalogue::{Family, Fault, Trouble};
use super::draw::Drawing;
use super::{Lent, Tools};
use crate::audit::Table;
use crate::audit::books::Files;
use crate::quarter::course::{Course, Detour};
use crate::serve::Running;
use crate::world::calendar::{after, before, compact};
use crate::world::layout::Report;
use crate::world::quarter::Quarter;
use crate::world::rng::Rng;
use crate::world::writer::ReportFile;
use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What the API's answers are worth in the run that is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// Nobody is asked.
    None,
    /// Whatever is asked is answered rightly.
    Right,
    /// Nothing that comes is evidence.
    Worthless,
}

/// The troubles of one world.
pub(super) struct Troubles<'t> {
    pub(super) tools: &'t Tools<'t>,
    pub(super) lent: &'t Lent<'t>,
    pub(super) servers: &'t Running,
    pub(super) quarter: &'t Quarter,
    pub(super) drawing: &'t Drawing,
    days: BTreeMap<NaiveDate, Trouble>,
    pub(super) answers: Cell<Answers>,
    /// How long the latest run took.
    pub(super) took: &'t Cell<Duration>,
}

impl<'t> Troubles<'t> {
    pub(super) fn new(
        (tools, lent): (&'t Tools<'t>, &'t Lent<'t>),
        took: &'t Cell<Duration>,
        servers: &'t Running,
        quarter: &'t Quarter,
        drawing: &'t Drawing,
    ) -> Self {
        let days = drawing.faults.iter().filter_map(|drawn| match drawn.fault {
            Fault::Trouble(trouble) => Some((drawn.day, trouble)),
            Fault::Value(_) => None,
        });
        let answers = Cell::new(if drawing.asks { Answers::Right } else { Answers::None });
        Self { tools, lent, servers, quarter, drawing, days: days.collect(), answers, took }
    }

    /// Chance for what happens on a day.
    pub(super) fn rng(&self, day: NaiveDate) -> Rng {
        let days = u64::try_from((day - self.quarter.plan.first_day).num_days()).unwrap_or(0);
        Rng::new(self.drawing.plan.seed.rotate_left(17) ^ (days + 1))
    }
}

impl Detour for Troubles<'_> {
    fn day(&self, course: &mut Course<'_, '_>, day: NaiveDate) -> Result<bool> {
        let Some(trouble) = self.days.get(&day).copied() else { return Ok(false) };
        if trouble == Trouble::OtherGeneration {
            // The columns change, and change back.
            for on in [day, after(day, 1)] {
                let changed = course.files(on).filter(|file| file.report == Report::TransactionDetails);
                let rows = changed.map(|file| ("SCHEMA_DRIFT", file.name().to_owned())).collect();
                course.books.note(on, rows);
            }
        }
        match trouble.family() {
            Family::Deliveries => self.delivery(course, day, trouble),
            Family::Answers => self.bad_answers(course, day, trouble).map(|()| true),
            Family::Connections => self.connection(course, day, trouble).map(|()| true),
            Family::Database => self.database(course, day, trouble).map(|()| true),
            Family::Kills => self.kills(course, day, trouble).map(|()| true),
            Family::Values => Ok(false),
        }
    }

    fn look(&self, date: NaiveDate, outputs: &Path) -> Result<Vec<String>> {
        let rows = Table::read(&outputs.join("discrepancies.csv"))?;
        let mut problems = Vec::new();
        for row in 0..rows.len() {
            let (answer, id) = (rows.cell(row, "answer"), rows.cell(row, "discrepancy_id"));
            let is_possible = match self.answers.get() {
                Answers::None => answer.is_empty(),
                Answers::Right => answer != "UNAVAILABLE",
                Answers::Worthless => matches!(answer, "" | "UNAVAILABLE"),
            };
            if !is_possible {
                problems.push(format!("discrepancies.csv: `{id}` has the answer `{answer}` on {date}"));
            }
        }
        problems.extend(self.known_answers(&rows));
        Ok(problems)
    }
}

impl Troubles<'_> {
    /// Rows whose answer the world knows have it, or none that is worth anything.
    fn known_answers(&self, rows: &Table) -> Vec<String> {
        let mut problems = Vec::new();
        for want in &self.quarter.asked {
            let Some(request_id) = &want.request_id else { continue };
            let is_it = |row: &usize| {
                rows.cell(*row, "kind") == want.kind
                    && rows.cell(*row, "request_id") == request_id
                    && want.stage.is_none_or(|stage| rows.cell(*row, "stage") == stage)
            };
            let right = match self.answers.get() {
                Answers::None => "",
                Answers::Right => want.answer.unwrap_or_default(),
                Answers::Worthless => "UNAVAILABLE",
            };
            for row in (0..rows.len()).filter(is_it) {
                let is = rows.cell(row, "answer");
                if is != right {
                    problems.push(format!("{} `{request_id}` has the answer `{is}`; expected `{right}`", want.kind));
                }
            }
        }
        problems
    }

    /// Runs the date, which must be done, and compares.
    pub(super) fn done(&self, course: &mut Course<'_, '_>, day: NaiveDate) -> Result<()> {
        course.desk.must(&["run", "--date", &day.to_string()], 0)?;
        course.judge(day, Files::default(), false)
    }

    /// Runs the date, which must end with this code and publish nothing.
    pub(super) fn fails(&self, course: &Course<'_, '_>, day: NaiveDate, code: u8) -> Result<()> {
        course.desk.must(&["run", "--date", &day.to_string()], code)?;
        nothing_published(course, day)
    }

    fn delivery(&self, course: &mut Course<'_, '_>, day: NaiveDate, trouble: Trouble) -> Result<bool> {
        let (report, optional) = match trouble {
            Trouble::PartialThenWhole
            | Trouble::Empty
            | Trouble::NoReport
            | Trouble::WrongColumns
            | Trouble::WrongDirectory => (Report::TransactionDetails, None),
            Trouble::ActivityPartial => (Report::AccountActivity, Some("FILE_INCOMPLETE")),
            Trouble::ActivityColumns => (Report::AccountActivity, Some("SCHEMA_DRIFT")),
            Trouble::Late => {
                course.waits(day)?;
                return Ok(true);
            }
            // The world has these days, and an ordinary day goes through them.
            _ => return Ok(false),
        };
        course.desk.deliver(course.files(day).filter(|file| file.report != report))?;
        let files: Vec<&ReportFile> = course.files(day).filter(|file| file.report == report).collect();
        let file = *files.first().with_context(|| format!("{day} has no {report:?}"))?;
        let (path, bytes) = broken(file, trouble, &mut self.rng(day));
        course.desk.deliver_as(&path, &bytes)?;
        match optional {
            None => self.fails(course, day, 3)?,
            Some(kind) => {
                course.books.note(day, vec![(kind, file.name().to_owned())]);
                self.done(course, day)?;
                // What had its end was seen, and is another file now; what had none was never one.
                let restated = trouble == Trouble::ActivityColumns;
                let rows = restated.then(|| ("FILE_RESTATED", file.name().to_owned()));
                course.books.note(day, rows.into_iter().collect());
            }
        }
        if path != file.path {
            course.desk.withdraw(&path)?;
        }
        course.desk.deliver(files.into_iter())?;
        self.done(course, day)?;
        Ok(true)
    }
}

/// Outputs of the date are not there.
pub(super) fn nothing_published(course: &Course<'_, '_>, day: NaiveDate) -> Result<()> {
    ensure!(!course.desk.published(day).exists(), "outputs of {day} are there, though its run could not be");
    Ok(())
}

/// Where a file comes at first, and with what in it.
fn broken(file: &ReportFile, trouble: Trouble, rng: &mut Rng) -> (String, Vec<u8>) {
    let whole = &file.bytes;
    let bytes = match trouble {
        Trouble::PartialThenWhole | Trouble::ActivityPartial => {
            let length = u64::try_from(whole.len().saturating_sub(8)).unwrap_or(1);
            whole[..usize::try_from(1 + rng.below(length)).unwrap_or(1)].to_vec()
        }
        Trouble::Empty => Vec::new(),
        Trouble::NoReport => b"<html><body>502 Bad Gateway</body></html>\n<END>\n".to_vec(),
        Trouble::WrongColumns => renamed(whole, "transactionAmountValue"),
        Trouble::ActivityColumns => renamed(whole, "transDirection"),
        _ => whole.clone(),
    };
    let path = match trouble {
        Trouble::WrongDirectory => {
            let [its, other] = [file.day, before(file.day, 1)].map(|day| format!("/{}/", compact(day)));
            file.path.replace(&its, &other)
        }
        _ => file.path.clone(),
    };
    (path, bytes)
}

/// The file with another word in its header.
fn renamed(bytes: &[u8], column: &str) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replacen(column, "sum", 1).into_bytes()
}
