//! Kinds of failure, and for each its prefix, its exit code and whether a retry helps, in one table.
//!
//! Code that knows what a failure means says so with [`OrFail::or_fail`]; everything above passes it on unchanged, and
//! [`Failure::of`] finds it again at the very end. Where several stand in one chain, the outermost decides: it was said last,
//! by the code that saw most.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;

use crate::calendar::Instant;

/// What kind of failure ended a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command did its work; discrepancies reach the severity of `--fail-on`.
    Discrepancies,
    /// The command line makes no sense.
    Usage,
    /// The configuration, or a file that it names, is missing or wrong, or a folder that it names is not to be used.
    Configuration,
    /// An expected report is missing or incomplete.
    NotReady,
    /// A partner or the database could not be reached.
    Unreachable,
    /// Something that must agree does not: conservation, a digest, a host key, a fatal control total.
    Integrity,
    /// Another run holds the lock.
    Locked,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
    /// Nobody foresaw it: a full disk, a defect of this program. It shares the exit code of [`Kind::Integrity`], because a
    /// failure that has no name must be looked at by a person and never be retried into silence.
    Unforeseen,
}

/// Kind, prefix of the message, exit code, whether a retry helps.
const TABLE: [(Kind, &str, u8, &str); 10] = [
    (Kind::Discrepancies, "discrepancies", 1, "no"),
    (Kind::Usage, "usage", 2, "no"),
    (Kind::Configuration, "configuration", 2, "no"),
    (Kind::NotReady, "inputs not ready", 3, "later"),
    (Kind::Unreachable, "unreachable", 4, "yes"),
    (Kind::Integrity, "integrity", 5, "no"),
    (Kind::Locked, "locked", 6, "later"),
    (Kind::Interrupted, "interrupted", 130, "yes"),
    (Kind::Terminated, "terminated", 143, "yes"),
    (Kind::Unforeseen, "unforeseen", 5, "no"),
];

impl Kind {
    /// The row of the table.
    fn row(self) -> (&'static str, u8, &'static str) {
        let row = TABLE.iter().find(|row| row.0 == self).expect("the table has a row per kind, a test looks");
        (row.1, row.2, row.3)
    }

    /// What it is that a folder which the configuration names cannot be used: its fault, where this user has no right to it or where it
    /// is no folder, or something that nobody foresaw, such as a full disk.
    #[must_use]
    pub const fn of_folder(problem: ErrorKind) -> Self {
        match problem {
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::AlreadyExists
            | ErrorKind::InvalidFilename => Self::Configuration,
            _ => Self::Unforeseen,
        }
    }

    /// The first words of the message.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        self.row().0
    }

    /// The exit code of the contract.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self.row().1
    }

    /// Whether the same command may succeed when it is tried again: `yes`, `later` or `no`.
    #[must_use]
    pub fn retry(self) -> &'static str {
        self.row().2
    }
}

/// A failure whose kind is known: where, what was found, what was expected, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    kind: Kind,
    message: String,
}

impl Failure {
    /// A failure of this kind. The message is a sentence without a full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A failure of the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A failure of the configuration.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Kind::Configuration, message)
    }

    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The kind of an error: that of the outermost [`Failure`] in its chain, else [`Kind::Unforeseen`].
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Kind {
        // A context is not an item of the chain that can be downcast, so anyhow is asked first: it knows contexts.
        let outermost = error.downcast_ref::<Self>();
        let within = || error.chain().find_map(|cause| cause.downcast_ref::<Self>());
        outermost.or_else(within).map_or(Kind::Unforeseen, Self::kind)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// Says what kind of failure an error is.
pub trait OrFail<T> {
    /// Wraps the error in a [`Failure`] of this kind, whose message says what could not be done; the error stays its cause.
    ///
    /// # Errors
    /// The error, wrapped.
    fn or_fail<M: Into<String>>(self, kind: Kind, message: impl FnOnce() -> M) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_fail<M: Into<String>>(self, kind: Kind, message: impl FnOnce() -> M) -> anyhow::Result<T> {
        self.map_err(|error| error.into().context(Failure::new(kind, message())))
    }
}

/// How a failure is written: logs are for people or for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// The words of `--log-format`.
    pub const WORDS: [&str; 2] = ["text", "json"];

    /// The format of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The messages of a chain, outermost first. A cause whose words stand in the message above it is not said twice. What was said
/// above the failure, such as the business date, leads its sentence: the first line must say what is wrong.
fn sentences(error: &anyhow::Error) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for cause in error.chain() {
        let sentence = cause.to_string();
        if !sentences.last().is_some_and(|above| above.contains(&sentence)) {
            sentences.push(sentence);
        }
    }
    let within = || error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    let failure = error.downcast_ref::<Failure>().or_else(within);
    let at = failure.and_then(|failure| sentences.iter().position(|sentence| sentence == failure.message()));
    if let Some(at) = at {
        let first = sentences.drain(..=at).collect::<Vec<_>>().join(": ");
        sentences.insert(0, first);
    }
    sentences
}

/// Renders an error: for people, the kind and the message on the first line and a line per cause; for machines, one object in
/// the shape of the other log lines. Ends with a line break.
#[must_use]
pub fn render(error: &anyhow::Error, format: LogFormat, now: Instant) -> String {
    let kind = Failure::of(error);
    let sentences = sentences(error);
    let (message, causes) = sentences.split_first().expect("a chain has at least one error");
    match format {
        LogFormat::Text => {
            let causes = causes.iter().fold(String::new(), |text, cause| format!("{text}  caused by: {cause}\n"));
            format!("{}: {message}\n{causes}", kind.prefix())
        }
        LogFormat::Json => {
            let fields = serde_json::json!({
                "message": message, "causes": causes,
                "kind": kind.prefix(), "exit_code": kind.exit_code(), "retry": kind.retry(),
            });
            let line = serde_json::json!({ "timestamp": now.rfc3339(), "level": "ERROR", "fields": fields });
            format!("{line}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    const ALL: [Kind; 10] = [
        Kind::Discrepancies,
        Kind::Usage,
        Kind::Configuration,
        Kind::NotReady,
        Kind::Unreachable,
        Kind::Integrity,
        Kind::Locked,
        Kind::Interrupted,
        Kind::Terminated,
        Kind::Unforeseen,
    ];

    fn io_error() -> std::io::Error {
        std::io::Error::other("connection refused")
    }

    #[test]
    fn exit_codes_are_those_of_the_contract() {
        assert_eq!(ALL.map(Kind::exit_code), [1, 2, 2, 3, 4, 5, 6, 130, 143, 5]);
        assert_eq!(ALL.map(|kind| kind.prefix().is_empty()), [false; 10]);
        assert_eq!(Kind::Locked.retry(), "later");
    }

    #[test]
    fn a_failure_is_found_wherever_it_stands() {
        let inner = Err::<(), _>(io_error()).or_fail(Kind::Unreachable, || "the server does not answer");
        let outer = inner.context("fetching").context("running").expect_err("it failed");
        assert_eq!(Failure::of(&outer), Kind::Unreachable);
        assert_eq!(Failure::of(&anyhow::Error::from(Failure::usage("no")).context("parsing")), Kind::Usage);
        assert_eq!(Failure::of(&anyhow::Error::from(io_error())), Kind::Unforeseen);
    }

    #[test]
    fn the_outermost_failure_decides() {
        let inner = anyhow::Error::from(Failure::new(Kind::Unreachable, "no route"));
        let outer = inner.context(Failure::new(Kind::NotReady, "the report is missing"));
        assert_eq!(Failure::of(&outer), Kind::NotReady);
    }

    #[test]
    fn people_read_one_line_per_cause_and_no_cause_twice() {
        let error = anyhow::Error::from(io_error())
            .context("cannot connect: connection refused")
            .context(Failure::new(Kind::Unreachable, "`sftp.example.com:22` does not answer"));
        let text = render(&error, LogFormat::Text, Instant::from_millis(0));
        assert_eq!(
            text,
            "unreachable: `sftp.example.com:22` does not answer\n  caused by: cannot connect: connection refused\n"
        );
    }

    #[test]
    fn what_leads_to_a_failure_stands_before_it_and_its_causes_below() {
        let error = Err::<(), _>(io_error()).or_fail(Kind::Unreachable, || "the server does not answer");
        let error = error.context("business date 2026-03-02").expect_err("it failed");
        assert_eq!(
            render(&error, LogFormat::Text, Instant::from_millis(0)),
            "unreachable: business date 2026-03-02: the server does not answer\n  caused by: connection refused\n"
        );
    }

    #[test]
    fn machines_read_one_object() {
        let error = anyhow::Error::from(io_error()).context(Failure::new(Kind::Integrity, "the key changed"));
        let line = render(&error, LogFormat::Json, Instant::from_millis(0));
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["fields"]["exit_code"], 5);
        assert_eq!(value["fields"]["message"], "the key changed");
        assert_eq!(value["fields"]["causes"][0], "connection refused");
        assert_eq!(value["timestamp"], "1970-01-01T00:00:00Z");
        assert_eq!(line.matches('\n').count(), 1);
    }
}
