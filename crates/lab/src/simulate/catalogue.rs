//! The catalogue of everything that can go wrong in a simulated world: its name, what it does, and what a correct program must
//! make of it.
//!
//! Wrong values in ledger and reports are those of [`world::faults`](crate::world::faults), under the names of its variants; the
//! books say from the world what must be listed on which day. Everything else is a [`Trouble`] of one day.

use crate::world::faults::Fault as Value;
use std::fmt;

/// What a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Values that disagree.
    Values,
    /// Files that come late, broken, twice or written in another way.
    Deliveries,
    /// Answers of Antom's API that are none.
    Answers,
    /// Connections to the SFTP server.
    Connections,
    /// The job's database.
    Database,
    /// The end of the process.
    Kills,
}

impl Family {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Deliveries => "deliveries",
            Self::Answers => "answers",
            Self::Connections => "connections",
            Self::Database => "database",
            Self::Kills => "kills",
        }
    }
}

/// Something that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Values disagree.
    Value(Value),
    /// A day does not go as it should.
    Trouble(Trouble),
}

macro_rules! troubles {
    ($($name:ident $family:ident $weight:literal $what:literal => $must:literal,)*) => {
        /// Something that goes wrong on one day, besides values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Trouble {
            $(#[doc = $what] $name,)*
        }

        impl Trouble {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it is about.
            #[must_use]
            pub fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)* }
            }

            /// How often it is drawn, compared with the others: what makes the job wait for seconds is rarer.
            pub(super) fn weight(self) -> u64 {
                match self { $(Self::$name => $weight,)* }
            }

            /// What it does.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// What a correct program must make of it.
            #[must_use]
            pub fn must(self) -> &'static str {
                match self { $(Self::$name => $must,)* }
            }
        }
    };
}

troubles! {
    Late Deliveries 8 "no file of the date is there before the next morning"
        => "exit 3 and no outputs; then both dates as if nothing had been",
    GivenUp Deliveries 8 "transaction details come a day late, and the date is run without them"
        => "exit 3; FILE_MISSING and entries in transit; nothing of it after the rerun",
    BalancesMissing Deliveries 8 "ending balances never come"
        => "exit 3; FILE_MISSING with --allow-missing",
    PartialThenWhole Deliveries 8 "transaction details are cut in the middle, and come whole later"
        => "exit 3 and no outputs; then no trace",
    Empty Deliveries 8 "transaction details are an empty file at first"
        => "exit 3 and no outputs; then no trace",
    NoReport Deliveries 8 "a page of HTML stands in place of transaction details at first"
        => "exit 3 and no outputs; then no trace",
    WrongColumns Deliveries 8 "transaction details lack a required column at first"
        => "exit 3 and no outputs; then no trace",
    WrongDirectory Deliveries 8 "transaction details lie in the directory of the date before at first"
        => "exit 3 and no outputs; then no trace",
    ActivityPartial Deliveries 8 "account activity is cut in the middle, and comes whole later"
        => "FILE_INCOMPLETE; nothing of it after the rerun",
    ActivityColumns Deliveries 8 "account activity lacks a required column, and comes right later"
        => "SCHEMA_DRIFT; FILE_RESTATED after the rerun",
    OtherGeneration Deliveries 8 "transaction details come in another generation's columns for a day"
        => "SCHEMA_DRIFT on that date and the next",
    Workbook Deliveries 8 "all reports of the date are XLSX workbooks"
        => "no trace",
    CarriageReturns Deliveries 8 "all reports of the date end their lines with CR LF"
        => "no trace",
    ByteOrderMark Deliveries 8 "all reports of the date begin with a byte order mark"
        => "no trace",
    OtherOrder Deliveries 8 "all reports of the date have their columns in another order"
        => "no trace",
    Early Deliveries 8 "the files of the date are there a day before"
        => "no trace",
    Repeated Deliveries 8 "the same files come again"
        => "an unchanged rerun",
    Duplicated Deliveries 8 "transaction details come under a second name, which is withdrawn later"
        => "DUPLICATE_IN_REPORT for each line; FILE_RESTATED after the rerun",
    RestatedForgotten Deliveries 8 "transaction details come again with lines that were forgotten"
        => "FILE_RESTATED; rows cleared by it",
    RestatedValues Deliveries 8 "transaction details come again with other amounts, a line less, a line repaired"
        => "FILE_RESTATED; rows cleared and listed by it",
    RestatedSettlement Deliveries 8 "settlement details come again with a fee and a quote repaired"
        => "FILE_RESTATED; rows cleared by it",
    Unsigned Answers 8 "answers have no signature"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    WrongKey Answers 8 "answers are signed with a key that is not Antom's"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    Tampered Answers 8 "answers are changed after they were signed"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    LateAnswers Answers 3 "answers come after the time-out"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    ResultUnknown Answers 8 "answers are result U"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    Throttled Answers 8 "all questions are too many"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    ThrottledOnce Answers 8 "the first question is one too many"
        => "asked again: right answers",
    ServerError Answers 8 "answers are HTTP 500"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    Reset Answers 8 "connections are reset in place of answers"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    OtherPayment Answers 8 "answers are about another payment, rightly signed"
        => "UNAVAILABLE, all rows stay; right answers after the rerun",
    Refused Connections 2 "nobody listens at the SFTP server's port"
        => "exit 4 and no outputs; then no trace",
    LoginRefused Connections 8 "the SFTP server refuses the login"
        => "exit 4 and no outputs; then no trace",
    OtherHostKey Connections 8 "the SFTP server has another host key"
        => "exit 5 and no outputs; then no trace",
    LoginCut Connections 6 "the connection breaks in the middle of the login, once"
        => "taken up again: no trace",
    ListingCut Connections 6 "the connection breaks in the middle of a listing, once"
        => "taken up again: no trace",
    FileCut Connections 6 "the connection breaks in the middle of a file, once"
        => "taken up again: no trace",
    FileCutAgain Connections 2 "the connection breaks before the first byte of a file, every time"
        => "exit 4 and no outputs; then no trace",
    Stalled Connections 2 "the server never answers when a file is read"
        => "exit 4 and no outputs; then no trace",
    Locked Database 6 "another process holds the database"
        => "exit 4 and no outputs; then no trace",
    FileInTheWay Database 8 "a file stands in place of the folder of the database"
        => "exit 4 and no outputs; then no trace",
    NoDatabase Database 8 "something else stands in place of the database"
        => "exit 5 and no outputs; then no trace",
    FolderInPlace Database 8 "a folder stands in place of the database"
        => "exit 4 and no outputs; then no trace",
    Killed Kills 16 "SIGKILL at three random times"
        => "nothing half-written; the rerun as if nothing had been",
    Terminated Kills 16 "SIGTERM at a random time"
        => "exit 143 or done, nothing half-written; the rerun as if nothing had been",
}

impl Fault {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let values = Value::ALL.into_iter().filter(|value| *value != Value::ReportRestated).map(Self::Value);
        values.chain(Trouble::ALL.iter().map(|trouble| Self::Trouble(*trouble)))
    }

    /// The fault with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|fault| fault.to_string() == name)
    }

    /// What it is about.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Value(_) => Family::Values,
            Self::Trouble(trouble) => trouble.family(),
        }
    }

    /// What it does.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Value(value) => value.story(),
            Self::Trouble(trouble) => trouble.what(),
        }
    }
}

/// The variant's name in small letters with hyphens.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variant = match self {
            Self::Value(value) => format!("{value:?}"),
            Self::Trouble(trouble) => format!("{trouble:?}"),
        };
        for (index, letter) in variant.char_indices() {
            if index > 0 && letter.is_ascii_uppercase() {
                write!(out, "-")?;
            }
            write!(out, "{}", letter.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Trouble};
    use std::collections::BTreeSet;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        let names: BTreeSet<String> = Fault::all().map(|fault| fault.to_string()).collect();
        assert_eq!(names.len(), Fault::all().count());
        assert!(names.contains("amount-differs-by-one-yen") && names.contains("partial-then-whole"));
        assert!(Fault::all().all(|fault| Fault::named(&fault.to_string()) == Some(fault)));
        assert_eq!(Fault::named("amount-differ"), None);
        assert!(Trouble::ALL.iter().all(|trouble| !trouble.what().is_empty() && trouble.weight() > 0));
    }
}
