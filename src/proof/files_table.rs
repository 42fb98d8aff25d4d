//! Worlds for the tests of proofs: files, read from a block of text.
//!
//! ```text
//!   today 03-03                         the date (2026); `due 2`, `types PAYOUT`, `last 02-27`, `incomplete NAME`, `unread B1 2`
//!   merchant_per_party                  the details are of the marketplace layout
//!   D 03-03 d.csv                       settlement details: type, batch, party, settlement amount, fee=, cur=
//!     PAYMENT B1 m1/S1 90.00 fee=-1.00
//!   S 03-03 s.csv                       a summary that names parties: batch, party, amount, cur=
//!     B1 m1/S1 90.00
//!   G 03-03 g.csv                       one that does not: batch, customer, type, amount, count=, fees by kind, cur=
//!     B1 c1 TOTAL 7.25 count=2 total=-0.25 tax=-0.10/EUR
//!   A 03-03 a.csv rejects=2             activity: log id, account, party, direction, amount, type=, batch=, cur=
//!     l1 acc1 m1/S1 OUT -90.00
//!   B 03-03 b.csv                       balances: account, party, balance, on=, cur=
//!     acc1 m1/S1 10.00
//!   =                                   what must come of it, a line each
//! ```
//!
//! Amounts are USD unless `cur=` says otherwise. `m1/S1` is a merchant and a reference, `m1` the marketplace. Line 2 is the first
//! of a file. `#` begins a comment.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::calendar::{BusinessDate, SettlementCalendar};
use crate::id::{KeyMaker, Symbol, Symbols};
use crate::matching::DayReport;
use crate::money::{AmountUnit, Currency, parse_amount};
use crate::movement::ReportKind;
use crate::report::{
    ActivityLine, BalanceLine, FeeAmount, FeeKind, Layout, Line, LineText, ParsedReport, Place, Reject, Statement,
    SummaryLine, SummaryRole, entry_type,
};

/// Everything that a block of text says.
pub(super) struct World {
    pub(super) today: BusinessDate,
    pub(super) due_days: u32,
    pub(super) payouts_from: BusinessDate,
    pub(super) types: Vec<String>,
    pub(super) last_before: Option<BusinessDate>,
    pub(super) incomplete: Vec<String>,
    pub(super) merchant_per_party: bool,
    pub(super) unread: BTreeMap<String, u64>,
    pub(super) calendar: SettlementCalendar,
    pub(super) symbols: Symbols,
    keys: KeyMaker,
    pub(super) names: Vec<String>,
    pub(super) logs: HashMap<Place, String>,
    pub(super) details: Vec<DayReport>,
    pub(super) summaries: Vec<DayStatement<SummaryLine>>,
    pub(super) activity: Vec<DayStatement<ActivityLine>>,
    pub(super) balances: Vec<DayStatement<BalanceLine>>,
    pub(super) expected: Vec<String>,
}

/// The words of a row: those without `=` in their order, and those with.
struct Words<'a>(Vec<&'a str>, HashMap<&'a str, &'a str>);

impl<'a> Words<'a> {
    fn of(row: &'a str) -> Self {
        let (named, plain): (Vec<&str>, Vec<&str>) = row.split_whitespace().partition(|word| word.contains('='));
        Self(plain, named.into_iter().map(|word| word.split_once('=').unwrap()).collect())
    }

    fn currency(&self) -> Currency {
        Currency::parse(self.1.get("cur").unwrap_or(&"USD").as_bytes()).unwrap()
    }
}

pub(super) fn day(text: &str) -> BusinessDate {
    format!("2026-{text}").parse().unwrap()
}

fn amount(text: &str, currency: Currency) -> i64 {
    parse_amount(text.as_bytes(), currency, AmountUnit::Major).unwrap()
}

fn statement<L>(kind: ReportKind, names_party: bool, rejects: Vec<Reject>) -> Statement<L> {
    let (unknown_columns, remarks, layout) = (Vec::new(), Vec::new(), Layout::default());
    Statement { kind, lines: Vec::new(), rejects, unknown_columns, remarks, names_party, layout }
}

fn rejects(file: u32, words: &Words<'_>) -> Vec<Reject> {
    let (count, batch) =
        words.1.get("rejects").unwrap_or(&"0").split_once('/').unwrap_or((words.1.get("rejects").unwrap_or(&"0"), ""));
    let place = Place { file, line: 99, offset: 0, length: 0 };
    let text = LineText { batch_id: batch.to_owned(), ..LineText::default() };
    let reject = Reject {
        place,
        raw: String::new(),
        column: String::new(),
        reason: "unreadable".to_owned(),
        entry_type: None,
        currency: None,
        by_request: crate::id::Key::NONE,
        by_antom: crate::id::Key::NONE,
        text,
    };
    vec![reject; count.parse().unwrap()]
}

impl World {
    fn new() -> Self {
        Self {
            today: day("03-03"),
            due_days: 0,
            payouts_from: day("01-01"),
            types: Vec::new(),
            last_before: None,
            incomplete: Vec::new(),
            merchant_per_party: false,
            unread: BTreeMap::new(),
            calendar: SettlementCalendar::default(),
            symbols: Symbols::new(),
            keys: KeyMaker::new(7),
            names: Vec::new(),
            logs: HashMap::new(),
            details: Vec::new(),
            summaries: Vec::new(),
            activity: Vec::new(),
            balances: Vec::new(),
            expected: Vec::new(),
        }
    }

    pub(super) fn read(text: &str) -> Self {
        let mut world = Self::new();
        let (mut kind, mut line) = (' ', 1);
        for row in text.lines().map(|row| row.split('#').next().unwrap().trim()).filter(|row| !row.is_empty()) {
            let words = Words::of(row);
            match (kind, words.0.as_slice()) {
                ('=', _) => world.expected.push(row.split_whitespace().collect::<Vec<_>>().join(" ")),
                (_, []) if row == "=" => kind = '=',
                (_, [file @ ("D" | "S" | "G" | "A" | "B"), date, name]) => {
                    kind = file.chars().next().unwrap();
                    line = 1;
                    world.open(kind, day(date), name, &words);
                }
                (' ', _) => world.set(&words),
                _ => {
                    line += 1;
                    let file = u32::try_from(world.names.len()).unwrap() - 1;
                    world.push(kind, &words, Place { file, line, offset: u64::from(line) * 100, length: 99 });
                }
            }
        }
        world
    }

    fn set(&mut self, words: &Words<'_>) {
        match words.0.as_slice() {
            ["today", date] => self.today = day(date),
            ["due", days] => self.due_days = days.parse().unwrap(),
            ["from", date] => self.payouts_from = day(date),
            ["types", types @ ..] => self.types = types.iter().map(ToString::to_string).collect(),
            ["last", date] => self.last_before = Some(day(date)),
            ["merchant_per_party"] => self.merchant_per_party = true,
            ["incomplete", name] => self.incomplete.push((*name).to_owned()),
            ["unread", batch, count] => drop(self.unread.insert((*batch).to_owned(), count.parse().unwrap())),
            other => panic!("`{other:?}` is no setting"),
        }
    }

    fn open(&mut self, kind: char, date: BusinessDate, name: &str, words: &Words<'_>) {
        let file = u32::try_from(self.names.len()).unwrap();
        self.names.push(name.to_owned());
        let (name, rejects) = (name.to_owned(), rejects(file, words));
        match kind {
            'D' => {
                let parsed = ParsedReport {
                    kind: ReportKind::SettlementDetails,
                    lines: Vec::new(),
                    originals: Vec::new(),
                    rejects,
                    totals: BTreeMap::new(),
                    unknown_columns: Vec::new(),
                    remarks: Vec::new(),
                    layout: Layout::default(),
                };
                self.details.push(DayReport { date, name, parsed });
            }
            'S' | 'G' => {
                let parsed = statement(ReportKind::SettlementSummary, kind == 'S', rejects);
                self.summaries.push(DayStatement { date, name, parsed });
            }
            'A' => {
                let parsed = statement(ReportKind::AccountActivity, true, rejects);
                self.activity.push(DayStatement { date, name, parsed });
            }
            _ => {
                let parsed = statement(ReportKind::DailyEndingBalance, true, rejects);
                self.balances.push(DayStatement { date, name, parsed });
            }
        }
    }

    fn symbol(&self, text: &str) -> Symbol {
        self.symbols.intern(text.as_bytes())
    }

    fn party(&self, text: &str) -> (Symbol, Symbol) {
        let (merchant, party) = text.split_once('/').unwrap_or((text, ""));
        (self.symbol(merchant), self.symbol(party))
    }

    fn push(&mut self, kind: char, words: &Words<'_>, place: Place) {
        let currency = words.currency();
        match (kind, words.0.as_slice()) {
            ('D', [word, batch, party, net]) => {
                let line = self.details_line(word, batch, party, amount(net, currency), words, place);
                self.details.last_mut().unwrap().parsed.lines.push(line);
            }
            ('S', [batch, party, net]) => {
                let line = self.summary_line(batch, party, "", amount(net, currency), words, place);
                self.summaries.last_mut().unwrap().parsed.lines.push(line);
            }
            ('G', [batch, party, word, net]) => {
                let line = self.summary_line(batch, party, word, amount(net, currency), words, place);
                self.summaries.last_mut().unwrap().parsed.lines.push(line);
            }
            ('A', [log, account, party, direction, value]) => {
                let (merchant, party) = self.party(party);
                self.logs.insert(place, (*log).to_owned());
                let line = ActivityLine {
                    place,
                    log: self.keys.key(0, log.as_bytes()),
                    merchant,
                    party,
                    account: self.symbol(account),
                    raw_type: self.symbol(words.1.get("type").unwrap_or(&"")),
                    batch: self.symbol(words.1.get("batch").unwrap_or(&"")),
                    amount: amount(value, currency),
                    currency,
                    out: *direction == "OUT",
                };
                self.activity.last_mut().unwrap().parsed.lines.push(line);
            }
            ('B', [account, party, value]) => {
                let (merchant, party) = self.party(party);
                let (account, balance) = (self.symbol(account), amount(value, currency));
                let file = self.balances.last_mut().unwrap();
                let on = words.1.get("on").map_or(file.date, |on| day(on));
                file.parsed.lines.push(BalanceLine { place, merchant, party, account, balance, currency, on });
            }
            (kind, other) => panic!("`{other:?}` is no line of `{kind}`"),
        }
    }

    fn details_line(&self, word: &str, batch: &str, party: &str, net: i64, words: &Words<'_>, place: Place) -> Line {
        let (merchant, party) = self.party(party);
        let currency = words.currency();
        Line {
            place,
            by_request: crate::id::Key::NONE,
            by_antom: crate::id::Key::NONE,
            amount: net,
            net,
            fee: words.1.get("fee").map_or(0, |fee| amount(fee, currency)),
            at: None,
            currency,
            settlement_currency: Some(currency),
            party,
            merchant,
            batch: self.symbol(batch),
            raw_type: self.symbol(word),
            original: None,
            entry_type: entry_type(word.as_bytes()),
            status: None,
            names_party: true,
        }
    }

    fn summary_line(
        &self,
        batch: &str,
        party: &str,
        word: &str,
        net: i64,
        words: &Words<'_>,
        place: Place,
    ) -> SummaryLine {
        let (merchant, party) = self.party(party);
        let currency = words.currency();
        let fee = |(kind, text): (&&str, &&str)| {
            let kind = FeeKind::parse(kind)?;
            let (text, code) = text.split_once('/').unwrap_or((text, currency.code()));
            let currency = Currency::parse(code.as_bytes()).unwrap();
            Some(FeeAmount { kind, amount: amount(text, currency), currency })
        };
        let role = match word {
            "" | "-" => SummaryRole::Party,
            "TOTAL" => SummaryRole::Total,
            "DEFAULT" => SummaryRole::Correction,
            _ => SummaryRole::Type,
        };
        SummaryLine {
            place,
            batch: self.symbol(batch),
            merchant,
            party,
            raw_type: self.symbol(word),
            role,
            count: words.1.get("count").map(|count| count.parse().unwrap()),
            net,
            currency,
            fees: words.1.iter().filter_map(fee).collect(),
        }
    }

    fn spot(&self, place: Option<Place>) -> String {
        place.map_or("-".to_owned(), |place| {
            format!("{}:{}", self.names[usize::try_from(place.file).unwrap()], place.line)
        })
    }

    pub(super) fn party_text(&self, merchant: Symbol, party: Symbol) -> String {
        let (merchant, party) = (self.symbols.text(merchant), self.symbols.text(party));
        if party.is_empty() { merchant } else { format!("{merchant}/{party}") }
    }

    /// Kind, id, party, currency, expected, reported, place, and what tells it apart.
    pub(super) fn show(&self, finding: &ProofFinding) -> String {
        let currency = finding.currency.unwrap();
        let text = format!(
            "{} {} {} {currency} {} {} {} {}",
            finding.kind,
            finding.antom_id,
            self.party_text(finding.merchant, finding.party),
            shown(finding.expected, currency),
            shown(finding.reported, currency),
            self.spot(finding.place),
            finding.distinction
        );
        text.trim().to_owned()
    }
}

/// An amount in major units, or `-`.
pub(super) fn shown(amount: Option<i128>, currency: Currency) -> String {
    amount.map_or("-".to_owned(), |amount| currency.major(amount).to_string())
}

/// Where the lines of files ended: `+` holds, `!` fails, `?` was not judged.
pub(super) fn shown_places<L>(files: &[DayStatement<L>], places: &Places) -> Vec<String> {
    let mark = |proved: &Proved| match proved {
        Proved::NotRun => '?',
        Proved::Holds => '+',
        Proved::Fails => '!',
    };
    let shown = |(file, marks): (&DayStatement<L>, &Vec<Proved>)| {
        format!("@ {} {}", file.name, marks.iter().map(mark).collect::<String>())
    };
    files.iter().zip(places).map(shown).collect()
}

/// Reads worlds that are divided by lines of `---`, and compares what comes of each with what it says.
#[track_caller]
pub(super) fn check(cases: &str, of: impl Fn(&mut World) -> Vec<String>) {
    for case in cases.split("---") {
        let mut world = World::read(case);
        let found = of(&mut world);
        assert_eq!(found, world.expected, "\n{case}\nfound:\n{}", found.join("\n"));
    }
}

/// Today's of these files, and those of earlier days.
pub(super) fn divide<L>(files: Vec<DayStatement<L>>, today: BusinessDate) -> [Vec<DayStatement<L>>; 2] {
    let (todays, earlier) = files.into_iter().partition(|file| file.date == today);
    [todays, earlier]
}

/// The same world with its blocks of files and their lines in another order, which the numbers choose.
pub(super) fn shuffled(settings: &str, blocks: &[(String, Vec<String>)], choices: &[u32]) -> String {
    let mut choices = choices.iter().copied().cycle();
    let mut blocks = blocks.to_vec();
    shuffle(&mut blocks, &mut choices);
    let mut text = settings.to_owned();
    for (header, mut rows) in blocks {
        shuffle(&mut rows, &mut choices);
        text.push_str(&format!("\n{header}\n{}", rows.join("\n")));
    }
    text
}

fn shuffle<T>(items: &mut [T], choices: &mut impl Iterator<Item = u32>) {
    for at in (1..items.len()).rev() {
        let other = usize::try_from(choices.next().unwrap()).unwrap() % (at + 1);
        items.swap(at, other);
    }
}
