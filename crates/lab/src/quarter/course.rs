//! The course of a quarter: day after day files come or do not come, people correct the ledger, the job runs, and the books say
//! whether it was right.

use super::desk::Desk;
use super::tell::Log;
use crate::audit::Table;
use crate::audit::books::{Books, Files};
use crate::audit::proofs::{Audited, audit_proofs};
use crate::world::calendar::{after, instant};
use crate::world::layout::Report;
use crate::world::quarter::{Correction, Quarter, second_name};
use crate::world::story::Entry;
use crate::world::writer::ReportFile;
use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use std::path::Path;

/// By this second of the day after a date, its entries are booked: its run comes in the morning.
const MORNING: i64 = 6 * 3_600;

/// Whoever finance is, and whoever approves.
const DECIDED_BY: &str = "analyst";
const APPROVED_BY: &str = "controller";

/// What is run again, and after how many more dates.
struct Again {
    date: NaiveDate,
    after: usize,
    files: Files,
    why: &'static str,
}

/// Days that go another way than those of a quarter, and more that is looked at after every run.
pub(crate) trait Detour {
    /// Goes through a day in its own way, and says whether it did. The entries are booked already, and nothing is delivered.
    fn day(&self, course: &mut Course<'_, '_>, day: NaiveDate) -> Result<bool>;

    /// Whatever else is wrong with the outputs of a run.
    fn look(&self, date: NaiveDate, outputs: &Path) -> Result<Vec<String>>;
}

/// Everything that is under way.
pub(crate) struct Course<'q, 'p> {
    pub(crate) quarter: &'q Quarter,
    pub(crate) books: Books<'q>,
    pub(crate) desk: Desk<'p>,
    detour: Option<&'p dyn Detour>,
    /// Entries that are not booked yet, latest first.
    to_book: Vec<Entry>,
    /// Corrections that are not made yet, latest first.
    to_correct: Vec<&'q Correction>,
    /// Dates that could not be run yet.
    behind: Vec<NaiveDate>,
    again: Vec<Again>,
    decides_on: NaiveDate,
    pub(crate) log: Log,
}

impl<'q, 'p> Course<'q, 'p> {
    pub(crate) fn new(quarter: &'q Quarter, desk: Desk<'p>) -> Result<Self> {
        desk.write("sub-merchants.csv", &quarter.merchants.registry_csv())?;
        desk.write("fees.toml", &quarter.fees_toml())?;
        // The balances of the day before the first one.
        let first = quarter.plan.first_day;
        desk.deliver(quarter.editions[0].iter().filter(|file| file.day < first))?;
        let mut to_book = quarter.first_entries();
        to_book.sort_by_key(|entry| std::cmp::Reverse(entry.occurred_at));
        let to_correct = quarter.corrections.iter().rev().collect();
        let (books, behind, again) = (Books::new(quarter), Vec::new(), Vec::new());
        let decides_on = quarter.plan.last_day();
        let detour = None;
        Ok(Self { quarter, books, desk, detour, to_book, to_correct, behind, again, decides_on, log: Log::new() })
    }

    /// Lets some days go another way.
    pub(crate) fn with(self, detour: &'p dyn Detour) -> Self {
        Self { detour: Some(detour), ..self }
    }

    /// Runs all days, and gives the desk and what was noted.
    pub(crate) fn run(mut self) -> Result<(Desk<'p>, Log)> {
        for day in self.quarter.plan.all_days() {
            if day == self.decides_on {
                self.decide(day)?;
            }
            self.book(day)?;
            self.one_day(day).with_context(|| format!("business date {day}"))?;
        }
        ensure!(
            self.behind.is_empty() && self.again.is_empty(),
            "the quarter ended before everything was caught up with"
        );
        Ok((self.desk, self.log))
    }

    fn one_day(&mut self, day: NaiveDate) -> Result<()> {
        if let Some(detour) = self.detour
            && detour.day(self, day)?
        {
            return Ok(());
        }
        self.deliver(day)?;
        self.day(day)
    }

    pub(crate) fn files(&self, day: NaiveDate) -> impl Iterator<Item = &'q ReportFile> + use<'q> {
        self.quarter.editions[0].iter().filter(move |file| file.day == day)
    }

    fn is_out(&self, day: NaiveDate) -> bool {
        self.quarter.special.outages.iter().flatten().any(|out| *out == day)
    }

    /// What comes on the morning after `day`.
    fn deliver(&mut self, day: NaiveDate) -> Result<()> {
        let special = &self.quarter.special;
        if self.is_out(day) {
            return Ok(());
        }
        for date in &self.behind {
            self.desk.deliver(self.files(*date))?;
        }
        let comes = |file: &&ReportFile| match file.report {
            Report::TransactionDetails => special.waited_for != Some(day) && special.given_up != Some(day),
            Report::DailyEndingBalance => special.lacking != Some(day),
            _ => true,
        };
        self.desk.deliver(self.files(day).filter(comes))?;
        if special.early == Some(after(day, 1)) {
            self.desk.deliver(self.files(after(day, 1)))?;
            self.log.event("the next day's files are there already");
        }
        if special.doubled == Some(day) {
            for file in self.files(day).filter(|file| file.report == Report::TransactionDetails) {
                self.desk.deliver_as(&second_name(&file.path), &file.bytes)?;
            }
        }
        Ok(())
    }

    /// Books what happened until the morning after `day`, and what is corrected before its run.
    fn book(&mut self, day: NaiveDate) -> Result<()> {
        let until = instant(after(day, 1), MORNING);
        let mut new = Vec::new();
        while self.to_book.last().is_some_and(|entry| entry.occurred_at < until) {
            new.extend(self.to_book.pop());
        }
        let mut changes = Vec::new();
        while self.to_correct.last().is_some_and(|correction| correction.before <= day) {
            let Some(correction) = self.to_correct.pop() else { break };
            self.books.correct(correction);
            changes.push(&correction.change);
        }
        if !changes.is_empty() {
            self.log.event(&format!("{} corrected in the ledger", changes.len()));
        }
        self.desk.book(new, &changes)
    }

    /// The runs of the morning after `day`.
    fn day(&mut self, day: NaiveDate) -> Result<()> {
        let special = &self.quarter.special;
        if self.is_out(day) || special.waited_for == Some(day) {
            let oldest = *self.behind.first().unwrap_or(&day);
            self.refused(oldest)?;
            self.behind.push(day);
            self.log.waits(day);
            return Ok(());
        }
        let mut dates = std::mem::take(&mut self.behind);
        dates.push(day);
        let files = Files {
            lacks_transactions: special.given_up == Some(day),
            doubled: special.doubled == Some(day),
            lacks_balances: special.lacking == Some(day),
            ..Files::default()
        };
        let is_missing = files.lacks_transactions || files.lacks_balances;
        if is_missing {
            self.refused(day)?;
            self.log.event("a report is missing: run without it");
        }
        if files.doubled {
            self.log.event("a report came under two names");
        }
        let (from, to) = (dates[0].to_string(), day.to_string());
        let words: &[&str] = if is_missing { &["--allow-missing"] } else { &[] };
        self.desk.must(&[&["run", "--from", &from, "--to", &to], words].concat(), 0)?;
        for date in &dates {
            self.judge(*date, if *date == day { files } else { Files::default() }, *date != day)?;
        }
        self.plan_again(day);
        self.run_again(dates.len())
    }

    /// A date whose files come with the next one's.
    pub(crate) fn waits(&mut self, day: NaiveDate) -> Result<()> {
        self.refused(day)?;
        self.behind.push(day);
        self.log.waits(day);
        Ok(())
    }

    /// A date whose reports are not there ends with the code that says so, and nothing is published.
    pub(crate) fn refused(&mut self, date: NaiveDate) -> Result<()> {
        self.desk.must(&["run", "--date", &date.to_string()], 3)?;
        ensure!(!self.desk.published(date).exists(), "outputs of {date} are there, though its run could not be");
        self.log.refused();
        Ok(())
    }

    /// What the run of `day` makes necessary later.
    fn plan_again(&mut self, day: NaiveDate) {
        let special = &self.quarter.special;
        let mut again = |after, files, why| self.again.push(Again { date: day, after, files, why });
        let first = Files::default();
        if special.given_up == Some(day) {
            again(1, first, "run again: the missing report came after all");
        }
        if special.repeated == Some(day) {
            again(0, first, "run again: the same files came again");
        }
        if special.doubled == Some(day) {
            again(0, Files { withdrawn: true, ..first }, "run again: the second name was withdrawn");
        }
        for (number, (date, runs)) in special.restatements.iter().enumerate() {
            if *date == day {
                again(*runs, Files { edition: number + 1, ..first }, "run again: its files were restated");
            }
        }
    }

    /// Runs again what is due after so many more dates were run.
    fn run_again(&mut self, dates: usize) -> Result<()> {
        let waiting = std::mem::take(&mut self.again);
        for mut again in waiting {
            let is_new = again.after > 0 && self.log.last_date() == Some(again.date);
            if !is_new {
                again.after = again.after.saturating_sub(dates);
            }
            if again.after > 0 {
                self.again.push(again);
                continue;
            }
            self.once_more(&again)?;
        }
        Ok(())
    }

    fn once_more(&mut self, again: &Again) -> Result<()> {
        let date = again.date;
        let special = &self.quarter.special;
        self.desk.deliver(self.files(date))?;
        self.desk.deliver(self.quarter.restated_files(date, again.files.edition))?;
        if special.doubled == Some(date) {
            for file in self.files(date).filter(|file| file.report == Report::TransactionDetails) {
                self.desk.withdraw(&second_name(&file.path))?;
            }
        }
        let said = self.desk.must(&["run", "--date", &date.to_string()], 0)?;
        let is_unchanged = said.contains("(unchanged)");
        ensure!(is_unchanged == (special.repeated == Some(date)), "the second run of {date} says:\n{said}");
        self.log.event(again.why);
        if is_unchanged { Ok(()) } else { self.judge(date, again.files, true) }
    }

    /// Compares what a run published with what the books say.
    pub(crate) fn judge(&mut self, date: NaiveDate, files: Files, is_late: bool) -> Result<()> {
        let day = self.books.run(date, files);
        let outputs = self.desk.published(date);
        let mut problems = day.compare(&outputs)?;
        problems.extend(self.proofs(date, &outputs)?);
        if let Some(detour) = self.detour {
            problems.extend(detour.look(date, &outputs)?);
        }
        self.log.told(day.told(&outputs)?);
        self.log.day(&day, is_late, problems);
        Ok(())
    }

    /// The proofs of the date, computed a second time from Antom's files.
    fn proofs(&self, date: NaiveDate, outputs: &Path) -> Result<Vec<String>> {
        let days = self.quarter.plan.all_days();
        let days_before: Vec<NaiveDate> = days.into_iter().filter(|day| *day < date).collect();
        let audited = Audited {
            remote: &self.desk.path("remote"),
            platform: &self.quarter.plan.platform,
            schedule: Some(&self.desk.path("fees.toml")),
            date,
            days_before: &days_before,
            payout_types: &[],
            minor_units: self.quarter.plan.style.minor_units,
        };
        audit_proofs(&audited, outputs)
    }

    /// Finance accepts one discrepancy that matching found and one that a proof found.
    fn decide(&mut self, day: NaiveDate) -> Result<()> {
        let Some(last) = self.log.last_date() else { return Ok(()) };
        let rows = Table::read(&self.desk.published(last).join("discrepancies.csv"))?;
        let mut accepted = 0;
        let mut file = String::from("discrepancy_id,decision,decided_by,reason,approved_by\n");
        for stage in ["transactions", "proof"] {
            let of_stage = |(_, item): &(&str, &crate::audit::books::Item)| {
                item.cells.contains(&("stage", stage.to_owned()))
                    && item.cells.iter().any(|(name, _)| *name == "antom_id")
            };
            let mut open = self.books.open_after(last).iter().map(|open| (open.item.key.as_str(), &open.item));
            let Some((key, item)) = open.find(of_stage) else { continue };
            let has = |row: &usize| item.cells.iter().all(|(column, text)| rows.cell(*row, column) == text);
            let row = (0..rows.len()).find(has).with_context(|| format!("`{key}` is in the books and not listed"))?;
            let id = rows.cell(row, "discrepancy_id");
            file.push_str(&format!("{id},accept,{DECIDED_BY},known and small,{APPROVED_BY}\n"));
            let key = key.to_owned();
            self.books.accept(&key);
            accepted += 1;
        }
        if accepted == 0 {
            return Ok(());
        }
        self.desk.write("decisions.csv", &file)?;
        let path = self.desk.path("decisions.csv");
        self.desk.must(&["decide", &path.to_string_lossy()], 0)?;
        self.log.event(&format!("{accepted} discrepancies accepted before {day}"));
        Ok(())
    }
}
