//! Reading a header: which column stands where.

use std::collections::{BTreeMap, HashMap};

use crate::movement::ReportKind;
use crate::records::Cells;

use super::columns::{self, ALIASES, ONLY_TRANSACTION_DETAILS, STANDS_FOR, names_of};
use super::{Column, Layout, ReportOptions};

/// Why a header is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Two columns of the same name.
    #[error("the header names `{name}` twice, in columns {first} and {second}")]
    DuplicateColumn {
        /// The name, as written first.
        name: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second.
        second: usize,
    },
    /// Columns that are required and not there.
    #[error("the header lacks {}", list(missing))]
    MissingColumns {
        /// All of them.
        missing: Vec<MissingColumn>,
    },
    /// An alias of the configuration stands for a column that does not exist.
    #[error("the column alias `{alias}` stands for `{target}`, which is no column that is known")]
    AliasTarget {
        /// The name in the file.
        alias: String,
        /// What it should stand for.
        target: String,
    },
    /// No report that is known has such a header.
    #[error(
        "the header is that of no report that is known: expected `transactionType` and `transactionId` among its columns, \
         `settlementBatchId` and `settlementAmountValue`, `accountLogId`, or `balance` and `accountDate`"
    )]
    UnknownReport,
}

/// A required column that a header lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingColumn {
    /// Its canonical name.
    pub name: String,
    /// The column of the header whose name is nearest, if one is near.
    pub nearest: Option<String>,
}

/// Joins missing columns for the message.
fn list(missing: &[MissingColumn]) -> String {
    let each = missing.iter().map(|column| match &column.nearest {
        Some(nearest) => format!("`{}` (nearest is `{nearest}`)", column.name),
        None => format!("`{}`", column.name),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// The names of a header, cut and trimmed, and the number of empty cells behind them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headings(Vec<String>, usize);

/// A header understood.
#[derive(Debug, Clone)]
pub struct Header {
    /// Where the columns stand.
    pub layout: Layout,
    /// Columns that no rule knows, in file order.
    pub unknown: Vec<String>,
    /// What the operator should know.
    pub remarks: Vec<String>,
}

/// Where each canonical name stands.
pub(super) type Positions = HashMap<&'static str, usize>;

impl Headings {
    /// The names of a header that was read before.
    pub(in crate::report) const fn of(names: Vec<String>, surplus: usize) -> Self {
        Self(names, surplus)
    }

    /// Cuts a header line; empty cells at its end are no columns.
    ///
    /// # Errors
    /// A name that stands twice, whatever its case.
    pub fn read(record: &[u8]) -> Result<Self, HeaderError> {
        let mut cells = Cells::default();
        let row = cells.cut(record);
        let mut names: Vec<String> = row.iter().map(|cell| String::from_utf8_lossy(cell.trim_ascii()).into()).collect();
        let cells = names.len();
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        let surplus = cells - names.len();
        let mut seen = HashMap::new();
        for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = seen.insert(name.to_ascii_lowercase(), at + 1) {
                return Err(HeaderError::DuplicateColumn { name: names[first - 1].clone(), first, second: at + 1 });
            }
        }
        Ok(Self(names, surplus))
    }

    /// The names, in file order.
    #[must_use]
    pub fn into_names(self) -> Vec<String> {
        self.0
    }

    /// Finds out which report it is; `options` gives the aliases of each kind. What only one report has decides first: the id or the
    /// direction of an account's movement, then an account's balance.
    ///
    /// # Errors
    /// A header that fits none.
    pub fn kind(&self, options: impl Fn(ReportKind) -> ReportOptions) -> Result<ReportKind, HeaderError> {
        use ReportKind::*;
        let has = |kind, column: Column| -> Result<bool, HeaderError> {
            Ok(self.resolve(kind, &options(kind))?.0.contains_key(column.as_str()))
        };
        if has(AccountActivity, Column::AccountLogId)? || has(AccountActivity, Column::Direction)? {
            return Ok(AccountActivity);
        }
        let of_accounts = has(DailyEndingBalance, Column::AccountNo)? || has(DailyEndingBalance, Column::AccountDate)?;
        if of_accounts && has(DailyEndingBalance, Column::Balance)? {
            return Ok(DailyEndingBalance);
        }
        let of_transactions =
            has(TransactionDetails, Column::TransactionType)? || has(TransactionDetails, Column::TransactionId)?;
        if of_transactions {
            let only_transactions =
                ONLY_TRANSACTION_DETAILS.iter().any(|name| self.0.iter().any(|found| found == name));
            let settles = has(SettlementDetails, Column::BatchId)? || has(SettlementDetails, Column::SettlementAmount)?;
            let timed = has(SettlementDetails, Column::SettlementTime)?;
            return Ok(if settles && (timed || !only_transactions) { SettlementDetails } else { TransactionDetails });
        }
        let settles = has(SettlementSummary, Column::BatchId)? && has(SettlementSummary, Column::SettlementAmount)?;
        if settles || has(SettlementSummary, Column::SummaryType)? {
            return Ok(SettlementSummary);
        }
        Err(HeaderError::UnknownReport)
    }

    /// Understands the header as that of a report.
    ///
    /// # Errors
    /// Missing columns, and aliases that stand for nothing.
    pub fn understand(&self, kind: ReportKind, options: &ReportOptions) -> Result<Header, HeaderError> {
        let (positions, mut remarks) = self.resolve(kind, options)?;
        let known: Vec<usize> = positions.values().copied().collect();
        let documented = |name: &str| {
            let aliases = ALIASES.iter().flat_map(|(_, others)| others.iter().copied());
            names_of(kind).chain(aliases).any(|known| known.eq_ignore_ascii_case(name))
        };
        let unknown: Vec<usize> = (self.0.iter().enumerate())
            .filter(|(at, name)| !name.is_empty() && !known.contains(at) && !documented(name))
            .map(|(at, _)| at)
            .collect();
        self.require(kind, options, &positions)?;
        if self.kind(|_| options.clone()).is_ok_and(|found| found != kind) {
            remarks.push(format!("read as {kind} although the header looks like another report's"));
        }
        let names = unknown.iter().map(|&at| self.0[at].clone()).collect();
        let layout = Layout::new(kind, (self.0.clone(), self.1), &positions, unknown, options.id_rule);
        Ok(Header { layout, unknown: names, remarks })
    }

    /// Finds the position of every column that is known. A name of the configuration comes first, then the canonical name, then
    /// the names of other generations; names in another case come last.
    fn resolve(&self, kind: ReportKind, options: &ReportOptions) -> Result<(Positions, Vec<String>), HeaderError> {
        let mut ranked: BTreeMap<&'static str, Vec<(usize, usize)>> = BTreeMap::new();
        let names = Names::new(kind, options)?;
        for (at, heading) in self.0.iter().enumerate() {
            for &(name, canonical, rank) in &names.0 {
                if name == heading {
                    ranked.entry(canonical).or_default().push((rank, at));
                } else if name.eq_ignore_ascii_case(heading) {
                    ranked.entry(canonical).or_default().push((rank + Names::OTHER_CASE, at));
                }
            }
        }
        let mut positions = Positions::new();
        let mut remarks = Vec::new();
        for (canonical, mut found) in ranked {
            found.sort_unstable();
            let (_, chosen) = found[0];
            positions.insert(canonical, chosen);
            for (_, other) in found.into_iter().skip(1).filter(|&(_, other)| other != chosen) {
                let (chosen, other) = (&self.0[chosen], &self.0[other]);
                remarks.push(format!("`{chosen}` and `{other}` mean the same; `{chosen}` is read"));
            }
        }
        Ok((positions, remarks))
    }

    fn require(&self, kind: ReportKind, options: &ReportOptions, positions: &Positions) -> Result<(), HeaderError> {
        let required = match &options.required {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => columns::required(kind),
        };
        let stood_for = |name: &str| {
            STANDS_FOR.iter().any(|(other, column)| column.as_str() == name && positions.contains_key(other.as_str()))
        };
        let is_there = |name: &str| positions.contains_key(name) || stood_for(name);
        let missing: Vec<MissingColumn> = (required.into_iter().filter(|name| !is_there(name)))
            .map(|name| MissingColumn { name: name.to_owned(), nearest: self.nearest(name, positions) })
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(HeaderError::MissingColumns { missing }) }
    }

    /// The unknown column whose name differs from this one in at most a third of its letters.
    fn nearest(&self, name: &str, positions: &Positions) -> Option<String> {
        let free = self.0.iter().enumerate().filter(|(at, _)| !positions.values().any(|taken| taken == at));
        let near = free.map(|(_, found)| (distance(found, name), found)).min()?;
        (near.0 <= name.len() / 3).then(|| near.1.clone())
    }
}

/// All names a column may have: name, canonical name, rank (lower wins).
struct Names<'a>(Vec<(&'a str, &'static str, usize)>);

impl<'a> Names<'a> {
    /// Added to the rank of a name that differs in case.
    const OTHER_CASE: usize = 100;

    fn new(kind: ReportKind, options: &'a ReportOptions) -> Result<Self, HeaderError> {
        let mut names = Vec::new();
        for (alias, target) in &options.column_aliases {
            let canonical = names_of(kind).find(|known| known == target);
            let unknown = || HeaderError::AliasTarget { alias: alias.clone(), target: target.clone() };
            names.push((alias.as_str(), canonical.ok_or_else(unknown)?, 0));
        }
        // A name that the configuration gives away keeps no meaning of its own.
        let given = |name: &str| options.column_aliases.contains_key(name);
        names.extend(names_of(kind).filter(|name| !given(name)).map(|name| (name, name, 1)));
        for (canonical, others) in ALIASES {
            names.extend(others.iter().filter(|name| !given(name)).map(|&name| (name, canonical, 2)));
        }
        Ok(Self(names))
    }
}

/// Number of letters to change, add or drop to get from one name to the other, whatever their case.
pub(super) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
