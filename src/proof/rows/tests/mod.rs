//! Lines as text, and what is found wrong with them.
//!
//! A line is `TYPE amount CUR net CUR` and then any of `pair=USD/SGD price=1.35 conv=135.00 coupon=1.00 agg=-3.00`, a fee kind
//! (`interchange=-1.00`), `?name=cell` for an unknown column, `acq= method= brand= country= party= batch= at=`. An amount is in
//! the settlement currency unless one stands behind a colon: `tax=-1.00:EUR`. Underscores in names and prices stand for nothing.

mod contract;
mod formula;
mod properties;
mod signs;
mod sums;

use crate::calendar::{BusinessDate, CutOff, Instant};
use crate::id::{Key, Symbol, Symbols};
use crate::money::{AmountUnit, Currency, parse_amount};
use crate::movement::Status;
use crate::proof::{LineFinding, RowNotes, RowProof, RowRules, Schedule, Volumes, sums_of_lines};
use crate::report::{Examiner as _, FeeAmount, FeeKind, Line, Place, Pricing, Quote, entry_type};

/// A line with everything that an examiner is shown of it.
#[derive(Debug, Clone)]
pub(super) struct Owned {
    pub(super) line: Line,
    pub(super) pair: Option<(Currency, Currency)>,
    pub(super) price: String,
    pub(super) converted: Option<(i64, Currency)>,
    pub(super) coupon: Option<(i64, Currency)>,
    pub(super) aggregate: Option<(i64, Currency)>,
    pub(super) fees: Vec<FeeAmount>,
    pub(super) unknown: Vec<(String, String)>,
    pub(super) method: Symbol,
    pub(super) brand: Symbol,
    pub(super) country: Symbol,
    pub(super) acquirer: Symbol,
}

pub(super) fn currency(code: &str) -> Currency {
    Currency::parse(code.as_bytes()).unwrap_or_else(|| panic!("`{code}` is no currency"))
}

pub(super) fn date(text: &str) -> BusinessDate {
    text.parse().expect("a date")
}

pub(super) fn cut_off() -> CutOff {
    CutOff::parse("+08:00").expect("an offset")
}

fn minor(text: &str, of: Currency) -> i64 {
    parse_amount(text.as_bytes(), of, AmountUnit::Major).unwrap_or_else(|error| panic!("`{text}` {of}: {error}"))
}

fn amount(text: &str, own: Currency) -> (i64, Currency) {
    let (text, of) = text.split_once(':').map_or((text, own), |(text, code)| (text, currency(code)));
    (minor(text, of), of)
}

impl Owned {
    /// Reads a line.
    pub(super) fn read(text: &str, number: u32, symbols: &Symbols) -> Self {
        let mut words = text.split_whitespace();
        let mut word = || words.next().unwrap_or_else(|| panic!("`{text}` is too short"));
        let (raw_type, gross, of, net, own) = (word(), word(), currency(word()), word(), currency(word()));
        let intern = |text: &str| symbols.intern(text.as_bytes());
        let place = Place { file: 0, line: number, offset: u64::from(number) * 100, length: 99 };
        let line = Line {
            place,
            by_request: Key::NONE,
            by_antom: Key::NONE,
            amount: minor(gross, of),
            net: minor(net, own),
            fee: 0,
            at: None,
            currency: of,
            settlement_currency: Some(own),
            party: Symbol::EMPTY,
            merchant: intern("M"),
            batch: intern("B"),
            raw_type: intern(raw_type),
            original: None,
            entry_type: entry_type(raw_type.as_bytes()),
            status: Some(Status::Success),
            names_party: true,
        };
        let mut owned = Self {
            line,
            pair: None,
            price: String::new(),
            converted: None,
            coupon: None,
            aggregate: None,
            fees: Vec::new(),
            unknown: Vec::new(),
            method: Symbol::EMPTY,
            brand: Symbol::EMPTY,
            country: Symbol::EMPTY,
            acquirer: Symbol::EMPTY,
        };
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("`{word}` in `{text}`"));
            owned.set(name, value, own, symbols);
        }
        owned.add_up();
        owned
    }

    fn set(&mut self, name: &str, value: &str, own: Currency, symbols: &Symbols) {
        let symbol = symbols.intern(value.as_bytes());
        match name {
            "pair" => self.pair = value.split_once('/').map(|(left, right)| (currency(left), currency(right))),
            "price" => self.price = value.to_owned(),
            "conv" => self.converted = Some(amount(value, own)),
            "coupon" => self.coupon = Some(amount(value, own)),
            "agg" => self.aggregate = Some(amount(value, own)),
            "acq" => self.acquirer = symbol,
            "method" => self.method = symbol,
            "brand" => self.brand = symbol,
            "country" => self.country = symbol,
            "party" => self.line.party = symbol,
            "batch" => self.line.batch = symbol,
            "at" => self.line.at = Some(Instant::parse(value.as_bytes()).expect("an instant")),
            _ => match name.strip_prefix('?') {
                Some(column) => self.unknown.push((column.to_owned(), value.to_owned())),
                None => {
                    let kind = FeeKind::parse(name).unwrap_or_else(|| panic!("`{name}` is no fee"));
                    let (amount, currency) = amount(value, own);
                    self.fees.push(FeeAmount { kind, amount, currency });
                }
            },
        }
    }

    /// Adds up the fees as the parser does.
    pub(super) fn add_up(&mut self) {
        let own = self.line.settlement_currency;
        let parts = self.fees.iter().filter(|fee| Some(fee.currency) == own).map(|fee| fee.amount).sum();
        self.line.fee = match self.aggregate {
            Some((amount, of)) if Some(of) == own => amount,
            Some(_) => 0,
            None => parts,
        };
    }

    /// Shows the line.
    pub(super) fn show(&self, look: impl FnOnce(&Pricing<'_>)) {
        let unknown: Vec<(&str, &[u8])> =
            self.unknown.iter().map(|(name, cell)| (name.as_str(), cell.as_bytes())).collect();
        look(&Pricing {
            line: &self.line,
            quote: Quote { pair: self.pair, price: self.price.as_bytes() },
            converted: self.converted,
            coupon: self.coupon,
            aggregate: self.aggregate,
            fees: &self.fees,
            unknown: &unknown,
            method: self.method,
            brand: self.brand,
            country: self.country,
            acquirer: self.acquirer,
        });
    }
}

/// The rows of a text table.
pub(super) fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().map(str::trim).filter(|row| !row.is_empty())
}

/// The lines of a text, one per row, numbered from 2 as in a file.
pub(super) fn lines(text: &str, symbols: &Symbols) -> Vec<Owned> {
    (2..).zip(rows(text)).map(|(number, row)| Owned::read(row, number, symbols)).collect()
}

/// A contract to judge by, the volumes of the days before, and the fee columns of the file.
pub(super) type Contract<'a> = (&'a Schedule, &'a Volumes, &'a [FeeKind]);

/// The proof of a file's lines, which are cut into blocks of the given sizes in turn.
pub(super) fn prove(lines: &[Owned], blocks: &[usize], symbols: &Symbols, contract: Option<Contract<'_>>) -> RowProof {
    let rules = RowRules::new(symbols, cut_off());
    let rules = match contract {
        Some((schedule, volumes, _)) => rules.with_schedule(schedule, volumes),
        None => rules,
    };
    let examiner = rules.for_file(date("2026-03-02"), contract.map_or(&[], |(_, _, columns)| columns));
    let (mut notes, mut rest) = (RowNotes::default(), lines);
    for size in blocks.iter().copied().chain(std::iter::repeat(usize::MAX)) {
        let (block, behind) = rest.split_at(size.min(rest.len()));
        let mut next = RowNotes::default();
        for line in block {
            line.show(|pricing| examiner.examine(pricing, &mut next));
        }
        examiner.append(&mut notes, next);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    let (proof, of_lines) = examiner.finish(notes);
    assert_eq!(of_lines, sums_of_lines(lines.iter().map(|line| &line.line)));
    proof
}

/// A finding on one row: kind, expected, reported, currency, what else.
pub(super) fn row(finding: &LineFinding) -> String {
    let side = |amount: Option<i128>| {
        amount.map_or_else(|| "-".to_owned(), |amount| finding.currency.major(amount).to_string())
    };
    let also: String = finding.also.iter().map(|kind| format!(" also {kind}")).collect();
    format!("{} {} {} {}{also}", finding.kind, side(finding.expected), side(finding.reported), finding.currency)
}

/// Checks a table of lines, each behind `=>` with what is found wrong with it alone; `-` is nothing.
#[track_caller]
pub(super) fn check(table: &str, contract: Option<Contract<'_>>) {
    let symbols = Symbols::new();
    for case in rows(table) {
        let (line, expected) = case.split_once("=>").unwrap_or_else(|| panic!("row `{case}`"));
        let proof = prove(&lines(line, &symbols), &[], &symbols, contract);
        let found = proof.findings.first().map_or_else(|| "-".to_owned(), row);
        assert_eq!(found, expected.trim(), "`{case}`: {:?}", proof.findings.first().map(|first| &first.explanation));
        assert!(proof.findings.len() < 2, "`{case}`");
        assert!(proof.findings.iter().all(|finding| !finding.explanation.is_empty()), "`{case}`");
    }
}

/// The explanation of the one finding of a line.
#[track_caller]
pub(super) fn explanation(line: &str, contract: Option<Contract<'_>>) -> String {
    let symbols = Symbols::new();
    let proof = prove(&lines(line, &symbols), &[], &symbols, contract);
    assert_eq!(proof.findings.len(), 1, "`{line}`");
    proof.findings[0].explanation.clone()
}
