//! A case: days of reports, a ledger, a policy, and what each run must find, read from a block of text.
//!
//! ```text
//!   splits on                              a setting; the others are in `Case::set`
//!   registry S1 S2!                        registered sub-merchants; `!` is one that is not successful
//!   T 03-03                                transaction details of a day (2026), a file each; `T 03-03 001` a second part
//!     PAYMENT r1 a1 10.00 by=S2            type, request id, Antom id, amount (USD unless it says so), attributes
//!   S 03-04                                settlement details of a day
//!     PAYMENT r1 a1 10.00 batch=B2
//!   L                                      the ledger: entry id, day, and the same
//!     e1 03-03 PAYMENT r1 a1 10.00
//!   = 03-04                                what the run of this day gives; see `show`
//! ```
//!
//! `-` is an empty cell, `#` begins a comment. Attributes: `of=request/antom` the original, `by=` the sub-merchant (`S1` unless
//! it says so), `at=` the time, `status=`, `batch=`, `net=` the settlement amount, `to=`, `from=`.

use std::collections::BTreeMap;

use antom_recon::calendar::{BusinessDate, CutOff, SettlementCalendar};
use antom_recon::matching::{Adjustments, ItemSide, Policy};

/// Which columns the reports have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    Marketplace,
    Gen3,
}

/// One line or entry.
#[derive(Debug, Clone)]
pub struct Row {
    /// Of an entry.
    pub entry_id: String,
    /// The day of the file, or of the entry.
    pub date: BusinessDate,
    pub entry_type: String,
    pub request: String,
    pub antom: String,
    /// As written, without its currency.
    pub amount: String,
    pub currency: String,
    pub attributes: BTreeMap<String, String>,
}

/// One report file.
#[derive(Debug, Clone)]
pub struct ReportFile {
    pub side: ItemSide,
    pub date: BusinessDate,
    pub name: String,
    pub rows: Vec<Row>,
}

/// Everything that a case says.
#[derive(Debug, Clone)]
pub struct Case {
    pub columns: Columns,
    pub lookback_days: u32,
    pub policy: Policy,
    pub registry: Option<Vec<(String, bool)>>,
    pub files: Vec<ReportFile>,
    pub entries: Vec<Row>,
    pub expected: Vec<(BusinessDate, Vec<String>)>,
}

/// The day of a case: `03-03`.
pub fn day(text: &str) -> BusinessDate {
    format!("2026-{text}").parse().unwrap_or_else(|_| panic!("`{text}` is no day such as `03-03`"))
}

/// Which block a line of a case belongs to.
enum Block {
    Settings,
    File,
    Ledger,
    Expected,
}

impl Case {
    fn new() -> Self {
        let policy = Policy {
            today: day("03-03"),
            cut_off: CutOff::parse("+08:00").unwrap(),
            cutoff_grace_ms: 15 * 60_000,
            settlement_due_days: 7,
            pending_max_days: 3,
            splits: false,
            adjustments: Adjustments::Proved,
            calendar: SettlementCalendar::default(),
            window_start: day("01-01"),
        };
        Self {
            columns: Columns::Marketplace,
            lookback_days: 35,
            policy,
            registry: None,
            files: Vec::new(),
            entries: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// Reads a case.
    pub fn read(text: &str) -> Self {
        let mut case = Self::new();
        let mut block = Block::Settings;
        for line in text.lines().map(|line| line.split('#').next().unwrap_or_default()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                ["T" | "S", ..] if !matches!(block, Block::Expected) => {
                    case.begin_file(&words);
                    block = Block::File;
                }
                ["L"] => block = Block::Ledger,
                ["=", date] => {
                    case.expected.push((day(date), Vec::new()));
                    block = Block::Expected;
                }
                _ => match block {
                    Block::Settings => case.set(&words),
                    Block::File => {
                        let file = case.files.last_mut().unwrap();
                        file.rows.push(Row::read("", file.date, None, &words));
                    }
                    Block::Ledger => case.entries.push(Row::read_entry(&words)),
                    Block::Expected => case.expected.last_mut().unwrap().1.push(words.join(" ")),
                },
            }
        }
        case.files.sort_by(|one, other| (one.date, &one.name).cmp(&(other.date, &other.name)));
        case
    }

    fn begin_file(&mut self, words: &[&str]) {
        let side = if words[0] == "T" { ItemSide::Transactions } else { ItemSide::Settlement };
        let part = words.get(2).copied().unwrap_or_default();
        let name = format!("{}{}{part}", words[0], words[1].replace('-', ""));
        self.files.push(ReportFile { side, date: day(words[1]), name, rows: Vec::new() });
    }

    fn set(&mut self, words: &[&str]) {
        let number = || words[1].parse::<u32>().unwrap();
        let policy = &mut self.policy;
        match words[0] {
            "layout" => self.columns = if words[1] == "gen3" { Columns::Gen3 } else { Columns::Marketplace },
            "lookback" => self.lookback_days = number(),
            "splits" => policy.splits = words[1] == "on",
            "adjustments" => policy.adjustments = Adjustments::parse(words[1]).unwrap(),
            "grace_minutes" => policy.cutoff_grace_ms = i64::from(number()) * 60_000,
            "due" => policy.settlement_due_days = number(),
            "window" => policy.window_start = day(words[1]),
            "pending" => policy.pending_max_days = number(),
            "holidays" => policy.calendar = SettlementCalendar::new(words[1..].iter().map(|text| day(text))),
            "registry" => {
                let names = words[1..].iter().map(|word| (word.trim_end_matches('!').to_owned(), !word.ends_with('!')));
                self.registry = Some(names.collect());
            }
            other => panic!("`{other}` is no setting of a case"),
        }
    }
}

impl Row {
    fn read_entry(words: &[&str]) -> Self {
        let (date, time) = words[1].split_once('T').map_or((words[1], None), |(date, time)| (date, Some(time)));
        Self::read(words[0], day(date), time, &words[2..])
    }

    fn read(entry_id: &str, date: BusinessDate, time: Option<&str>, words: &[&str]) -> Self {
        assert!(words.len() >= 4, "`{}` lacks type, request id, Antom id or amount", words.join(" "));
        let filled = |word: &str| if word == "-" { String::new() } else { word.to_owned() };
        let (amount, currency) = money(words[3]);
        let mut attributes: BTreeMap<String, String> = words[4..]
            .iter()
            .map(|word| word.split_once('=').unwrap_or_else(|| panic!("`{word}` is no attribute")))
            .map(|(name, value)| (name.to_owned(), filled(value)))
            .collect();
        attributes.extend(time.map(|time| ("at".to_owned(), time.to_owned())));
        Self {
            entry_id: entry_id.to_owned(),
            date,
            entry_type: filled(words[0]),
            request: filled(words[1]),
            antom: filled(words[2]),
            amount,
            currency,
            attributes,
        }
    }

    /// An attribute, or what stands in its place.
    pub fn attribute<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        self.attributes.get(name).map_or(otherwise, String::as_str)
    }

    /// Request id and Antom id of the original.
    pub fn original(&self) -> (&str, &str) {
        let of = self.attribute("of", "");
        of.split_once('/').unwrap_or((of, ""))
    }

    /// The instant of the row on its day, if it says one or `otherwise` does.
    pub fn instant(&self, otherwise: &str) -> String {
        match self.attribute("at", otherwise) {
            "" => String::new(),
            text if text.contains('T') => format!("2026-{text}:00+08:00"),
            text if text.contains(':') => format!("{}T{text}:00+08:00", self.date),
            text => format!("2026-{text}T10:00:00+08:00"),
        }
    }
}

/// An amount and its currency: `10.00`, `10.00EUR`, `-`.
pub fn money(word: &str) -> (String, String) {
    let at = word.find(|letter: char| letter.is_ascii_uppercase()).unwrap_or(word.len());
    let currency = if at == word.len() { "USD" } else { &word[at..] };
    let amount = if &word[..at] == "-" { "" } else { &word[..at] };
    (amount.to_owned(), currency.to_owned())
}
