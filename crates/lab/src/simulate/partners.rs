//! Antom's servers and the database, when they cannot be reached, break off, or say nothing that can be believed.

use super::catalogue::Trouble;
use super::trouble::{Answers, Troubles};
use crate::api::{ApiFault, RefundRecord, Repeat, Scope};
use crate::audit::Table;
use crate::audit::books::Files;
use crate::quarter::course::Course;
use crate::quarter::desk::SOURCE;
use crate::sftp::{FileFault, Moment, SftpEvent};
use crate::world::book::PaymentRecord;
use crate::world::layout::Report;
use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpSocket;

/// The result of a question that is one too many.
const TOO_MANY: &str = "REQUEST_TRAFFIC_EXCEED_LIMIT";

/// The kinds that the values which are asked about come to.
const ASKED_ABOUT: [&str; 4] = ["MISSING_IN_LEDGER", "MISSING_IN_REPORT", "CURRENCY_MISMATCH", "AMOUNT_MISMATCH"];

/// A host key that nobody has.
const STRANGER: &str = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Later than any time-out.
const FAR_TOO_LATE: Duration = Duration::from_secs(600);

/// A refund with the request id of a payment, so that questions about refunds have another one to be answered with.
fn refund_under(payment: &PaymentRecord) -> RefundRecord {
    RefundRecord {
        refund_id: format!("9{}", payment.payment_id),
        refund_request_id: payment.payment_request_id.clone(),
        status: payment.status.to_owned(),
        amount_minor: payment.amount_minor.unsigned_abs(),
        currency: payment.currency.to_owned(),
        refund_time: payment.payment_time.clone(),
    }
}

impl Troubles<'_> {
    /// Whether Antom must have been asked: not about what a person has accepted meanwhile, which is listed no longer.
    fn is_question(&self, rows: &Table, day: NaiveDate) -> bool {
        let is_about = |row: usize| {
            ASKED_ABOUT.contains(&rows.cell(row, "kind"))
                && ["PAYMENT", "REFUND"].contains(&rows.cell(row, "entry_type"))
        };
        self.drawing.has_question(day) && (0..rows.len()).any(is_about)
    }

    /// A run whose questions lead to nothing, and one more when the API is right again.
    pub(super) fn bad_answers(&self, course: &mut Course<'_, '_>, day: NaiveDate, trouble: Trouble) -> Result<()> {
        course.desk.deliver(course.files(day))?;
        let faults = self.servers.api.faults();
        let repeat = if trouble == Trouble::ThrottledOnce { Repeat::ONCE } else { Repeat::Always };
        faults.plan(Scope::All, self.answer_fault(trouble)?, repeat);
        if trouble == Trouble::LateAnswers {
            course.desk.configure(|text| text.replace("[api]\n", "[api]\ntimeout = \"2s\"\n"))?;
        }
        let before = self.servers.api.log().total();
        if trouble == Trouble::ThrottledOnce {
            let ended = self.done(course, day);
            faults.clear();
            ended?;
            let questions = self.servers.api.log().questions();
            let throttled = questions[before..].iter().filter(|question| question.outcome == TOO_MANY).count();
            let is_again = throttled == 1 && questions.len() > before + 1;
            let rows = Table::read(&course.desk.published(day).join("discrepancies.csv"))?;
            ensure!(is_again || !self.is_question(&rows, day), "no question on {day} was one too many and put again");
            return Ok(());
        }
        self.answers.set(Answers::Worthless);
        let ended = self.lent.idle(|| course.desk.must(&["run", "--date", &day.to_string()], 0));
        faults.clear();
        course.desk.configure(str::to_owned)?;
        ended?;
        course.judge(day, Files::default(), false)?;
        let rows = Table::read(&course.desk.published(day).join("discrepancies.csv"))?;
        if self.is_question(&rows, day) {
            ensure!(self.servers.api.log().total() > before, "nobody was asked on {day}");
            let is_unavailable = (0..rows.len()).any(|row| rows.cell(row, "answer") == "UNAVAILABLE");
            ensure!(is_unavailable, "no row of {day} has the answer `UNAVAILABLE`");
        }
        self.answers.set(Answers::Right);
        self.done(course, day)
    }

    fn answer_fault(&self, trouble: Trouble) -> Result<ApiFault> {
        Ok(match trouble {
            Trouble::WrongKey => ApiFault::WrongKey,
            Trouble::Tampered => ApiFault::TamperedBody,
            Trouble::LateAnswers => ApiFault::Delay(FAR_TOO_LATE),
            Trouble::ResultUnknown => ApiFault::UnknownException,
            Trouble::Throttled | Trouble::ThrottledOnce => ApiFault::Throttled,
            Trouble::ServerError => ApiFault::Http500,
            Trouble::Reset => ApiFault::Reset,
            Trouble::OtherPayment => {
                let is_asked = |id: &str| self.quarter.asked.iter().any(|row| row.request_id.as_deref() == Some(id));
                let mut records = self.quarter.tales.iter().filter_map(|tale| tale.story.record.as_ref());
                let other = records.find(|record| record.status == "SUCCESS" && !is_asked(&record.payment_request_id));
                let other = other.context("nobody paid")?;
                self.servers.api.state().put_refund(refund_under(other));
                ApiFault::AnswerAbout(other.payment_request_id.clone())
            }
            _ => ApiFault::Unsigned,
        })
    }

    /// A run over SFTP that must fail, or must get over it.
    pub(super) fn connection(&self, course: &mut Course<'_, '_>, day: NaiveDate, trouble: Trouble) -> Result<()> {
        course.desk.deliver(course.files(day))?;
        let sections = self.servers.config_sections();
        let (source, _) = sections.split_once("[api]").context("the servers have an API")?;
        // A port that is taken, and at which nobody listens.
        let silent = TcpSocket::new_v4()?;
        silent.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let source = self.source(source, trouble, silent.local_addr()?.port());
        course.desk.configure(|text| text.replacen(SOURCE, &source, 1))?;
        self.strike(course, day, trouble);
        let before = self.servers.sftp.log().events().len();
        let code = match trouble {
            Trouble::LoginCut | Trouble::ListingCut | Trouble::FileCut => 0,
            Trouble::OtherHostKey => 5,
            _ => 4,
        };
        let ended = self.lent.idle(|| course.desk.must(&["run", "--date", &day.to_string()], code));
        let faults = self.servers.sftp.faults();
        faults.clear();
        course.desk.configure(str::to_owned)?;
        ended?;
        self.has_struck(trouble, &self.servers.sftp.log().events()[before..])?;
        if code == 0 {
            return course.judge(day, Files::default(), false);
        }
        super::trouble::nothing_published(course, day)?;
        self.done(course, day)
    }

    /// The server's log of the run says that the fault was there, and where the job gets over it, that it came back.
    fn has_struck(&self, trouble: Trouble, events: &[SftpEvent]) -> Result<()> {
        let count = |wanted: fn(&SftpEvent) -> bool| events.iter().filter(|event| wanted(event)).count();
        let connections = count(|event| *event == SftpEvent::Connected);
        let logins = count(|event| matches!(event, SftpEvent::LoggedIn { .. }));
        let dropped = count(|event| matches!(event, SftpEvent::Dropped(_)));
        let has_struck = match trouble {
            Trouble::LoginCut => count(|event| *event == SftpEvent::Cut(Moment::Login)) == 1 && logins > 0,
            Trouble::ListingCut => count(|event| *event == SftpEvent::Cut(Moment::Listing)) == 1 && logins > 1,
            Trouble::FileCut => dropped == 1 && logins > 1,
            Trouble::FileCutAgain => dropped > 1,
            Trouble::Stalled => count(|event| matches!(event, SftpEvent::Stalled(_))) > 0,
            Trouble::LoginRefused => count(|event| matches!(event, SftpEvent::LoginRefused { .. })) > 0,
            Trouble::OtherHostKey => connections > 0 && logins == 0,
            _ => connections == 0,
        };
        ensure!(has_struck, "`{trouble:?}` did not strike; the server saw {events:?}");
        Ok(())
    }

    /// The section of the configuration, for a job that does not wait for long.
    fn source(&self, section: &str, trouble: Trouble, silent: u16) -> String {
        let mut text = format!("{}connect_timeout = \"5s\"\n", section.trim_end_matches('\n').to_owned() + "\n");
        if trouble == Trouble::Stalled {
            text.push_str("timeout = \"1s\"\n");
        }
        let sftp = &self.servers.sftp;
        match trouble {
            Trouble::OtherHostKey => text.replace(&sftp.host_key_fingerprint(), STRANGER),
            Trouble::Refused => text.replace(&format!("port = {}", sftp.addr().port()), &format!("port = {silent}")),
            _ => text,
        }
    }

    fn strike(&self, course: &Course<'_, '_>, day: NaiveDate, trouble: Trouble) {
        let faults = self.servers.sftp.faults();
        let details = course.files(day).find(|file| file.report == Report::TransactionDetails);
        let (name, half) = details.map_or((String::new(), 0), |file| (file.name().to_owned(), file.bytes.len() / 2));
        let bytes = u64::try_from(half).unwrap_or(0);
        match trouble {
            Trouble::LoginRefused => faults.refuse_logins(true),
            Trouble::LoginCut => faults.cut_at(Moment::Login, Repeat::ONCE),
            Trouble::ListingCut => faults.cut_at(Moment::Listing, Repeat::ONCE),
            Trouble::FileCut => faults.on_file(&name, FileFault::DropAfter { bytes, repeat: Repeat::ONCE }),
            Trouble::FileCutAgain => faults.on_file(&name, FileFault::DropAfter { bytes: 0, repeat: Repeat::Always }),
            Trouble::Stalled => faults.on_file(&name, FileFault::StallAfter { bytes: 0 }),
            _ => {}
        }
    }

    /// A run without its database, and one with it.
    pub(super) fn database(&self, course: &mut Course<'_, '_>, day: NaiveDate, trouble: Trouble) -> Result<()> {
        course.desk.deliver(course.files(day))?;
        let (folder, aside) = (course.desk.path("db"), course.desk.path("db-aside"));
        if trouble == Trouble::Locked {
            self.locked(course, day, &folder.join("antom-recon.db"))?;
            return self.done(course, day);
        }
        fs::rename(&folder, &aside)?;
        let database = folder.join("antom-recon.db");
        match trouble {
            Trouble::FileInTheWay => fs::write(&folder, "a file where a folder was")?,
            Trouble::FolderInPlace => fs::create_dir_all(&database)?,
            _ => {
                fs::create_dir(&folder)?;
                fs::write(&database, "this is no database at all ".repeat(400))?;
            }
        }
        // What is there and is no database is damage, and no job for a retry.
        let code = if trouble == Trouble::NoDatabase { 5 } else { 4 };
        let ended = self.fails(course, day, code);
        if folder.is_dir() {
            fs::remove_dir_all(&folder)?
        } else {
            fs::remove_file(&folder)?
        }
        fs::rename(&aside, &folder)?;
        ended?;
        self.done(course, day)
    }

    /// A run while another process writes, and never ends.
    fn locked(&self, course: &Course<'_, '_>, day: NaiveDate, path: &Path) -> Result<()> {
        let busy = "[database]\nstatement_timeout = \"1s\"\nconnect_timeout = \"1s\"\n";
        course.desk.configure(|text| text.replace("[database]\n", busy))?;
        let options = SqliteConnectOptions::new().filename(path);
        let mut holder = self.tools.runtime.block_on(async {
            let mut holder = options.connect().await?;
            holder.execute("BEGIN IMMEDIATE").await?;
            Ok::<_, sqlx::Error>(holder)
        })?;
        let ended = self.lent.idle(|| self.fails(course, day, 4));
        self.tools.runtime.block_on(async {
            holder.execute("ROLLBACK").await?;
            holder.close().await
        })?;
        course.desk.configure(str::to_owned)?;
        ended
    }
}
