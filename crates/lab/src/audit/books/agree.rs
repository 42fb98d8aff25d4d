//! The job's outputs against the books.

use super::item::{IN_TRANSIT, Item};
use super::roll::{Roll, Sum, roll};
use super::view::age;
use super::{Day, Open};
use crate::audit::{Table, conservation, exact, form};
use anyhow::Result;
use std::path::Path;

/// The columns of `roll_forward.csv`.
const ROLL: [&str; 11] = [
    "kind",
    "currency",
    "age_bucket",
    "opening_count",
    "opening_amount",
    "new_count",
    "new_amount",
    "cleared_count",
    "cleared_amount",
    "closing_count",
    "closing_amount",
];

/// Cells of an item that its row in `cleared.csv` repeats.
const CLEARED: [&str; 5] = ["entry_type", "request_id", "antom_id", "currency", "business_date"];

impl Day {
    /// Compares the outputs in `folder` with what the run must come to; gives everything that disagrees, one sentence each.
    ///
    /// # Errors
    ///
    /// If an output is missing or is no CSV file.
    pub fn compare(&self, folder: &Path) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        let read = |name: &str| Table::read(&folder.join(name));
        let rows = read("discrepancies.csv")?;
        form::discrepancies(&rows, &mut problems);
        conservation::prove(&read("control_totals.csv")?, &mut problems);
        for name in form::OUTPUTS {
            form::no_formulas(&read(name)?, name, &mut problems);
        }
        let is_transit = |open: &&Open| open.item.kind == IN_TRANSIT;
        let listed: Vec<&Open> = self.closing.iter().filter(|open| !is_transit(open)).collect();
        let waiting: Vec<&Open> = self.closing.iter().filter(is_transit).collect();
        self.rows("discrepancies.csv", &rows, &listed, &mut problems);
        self.rows("in_transit.csv", &read("in_transit.csv")?, &waiting, &mut problems);
        self.cleared(&read("cleared.csv")?, &mut problems);
        self.roll_forward(&read("roll_forward.csv")?, &mut problems);
        Ok(problems)
    }

    /// How the rows of `discrepancies.csv` agree with what must be listed, one by one.
    ///
    /// # Errors
    ///
    /// If it is missing or is no CSV file.
    pub fn told(&self, folder: &Path) -> Result<Vec<Told>> {
        let rows = Table::read(&folder.join("discrepancies.csv"))?;
        let listed: Vec<&Open> = self.closing.iter().filter(|open| open.item.kind != IN_TRANSIT).collect();
        let wanted: Vec<Cells> = listed.iter().map(|open| self.cells(open)).collect();
        let found = assign(&rows, &wanted);
        let of_item = |(index, open): (usize, &&Open)| Told {
            kind: open.item.kind.to_owned(),
            key: Some(open.item.key.clone()),
            is_right: found.contains(&Some(index)),
        };
        let unexplained = found.iter().enumerate().filter(|(_, index)| index.is_none());
        let of_row = |(row, _): (usize, &Option<usize>)| Told {
            kind: rows.cell(row, "kind").to_owned(),
            key: None,
            is_right: false,
        };
        Ok(listed.iter().enumerate().map(of_item).chain(unexplained.map(of_row)).collect())
    }

    /// Every item has a row, and every row an item.
    fn rows(&self, name: &str, rows: &Table, open: &[&Open], problems: &mut Vec<String>) {
        let wanted: Vec<Cells> = open.iter().map(|open| self.cells(open)).collect();
        let items: Vec<&Item> = open.iter().map(|open| &open.item).collect();
        differences(name, rows, &items, &wanted, problems);
    }

    /// All cells that a row of an open item must have.
    fn cells(&self, open: &Open) -> Cells {
        let mut cells = open.item.cells.clone();
        cells.push(("first_seen_on", open.first_seen_on.to_string()));
        cells.push(("age_days", age(open.first_seen_on, self.date).to_string()));
        if let Some((file, line)) = open.item.line.and_then(|line| self.places.get(&line)) {
            cells.push(("report_file", file.clone()));
            cells.push(("report_line", line.to_string()));
        }
        cells
    }

    fn cleared(&self, rows: &Table, problems: &mut Vec<String>) {
        let cells = |open: &Open| {
            let is_transit = open.item.kind == IN_TRANSIT;
            let repeats = |column: &str| CLEARED.contains(&column) || (is_transit && column != "kind");
            let mut cells: Cells = open.item.cells.iter().filter(|(column, _)| repeats(column)).cloned().collect();
            cells.push(("cleared_on", self.date.to_string()));
            cells.push(("first_seen_on", open.first_seen_on.to_string()));
            cells.push(("age_days", age(open.first_seen_on, self.date).to_string()));
            cells
        };
        let wanted: Vec<Cells> = self.cleared.iter().map(cells).collect();
        let items: Vec<&Item> = self.cleared.iter().map(|open| &open.item).collect();
        differences("cleared.csv", rows, &items, &wanted, problems);
    }

    fn roll_forward(&self, rows: &Table, problems: &mut Vec<String>) {
        form::columns(rows, &ROLL, "roll_forward.csv", problems);
        let mut wanted = roll(self);
        for row in 0..rows.len() {
            let key = ["kind", "currency", "age_bucket"].map(|column| rows.cell(row, column).to_owned());
            let name = key.join(" ");
            let is = written(rows, row);
            match (wanted.remove(&key.into()), is) {
                (Some(must), Some(is)) if must == is => {}
                (must, _) => {
                    let cells = rows.rows()[row].join(",");
                    let must = must.map_or_else(|| "nothing".to_owned(), |roll| text(&roll));
                    problems.push(format!("roll_forward.csv: `{name}` is `{cells}`; expected {must}"));
                }
            }
        }
        let absent = wanted.into_iter();
        problems.extend(absent.map(|(key, roll)| format!("roll_forward.csv lacks {key:?} {}", text(&roll))));
        let place = |row: usize| form::precedence(rows.cell(row, "kind")).unwrap_or(usize::MAX);
        if !(0..rows.len()).is_sorted_by_key(place) {
            problems.push("roll_forward.csv is not in the order of the kinds".to_owned());
        }
    }
}

/// The sums of a row of `roll_forward.csv`.
fn written(rows: &Table, row: usize) -> Option<Roll> {
    let sum = |name: &str| -> Option<Sum> {
        let count = rows.cell(row, &format!("{name}_count")).parse().ok()?;
        let amount = rows.cell(row, &format!("{name}_amount"));
        // What has no currency has no amount.
        let micros =
            if rows.cell(row, "currency").is_empty() && amount.is_empty() { Some(0) } else { exact::micros(amount) };
        Some((count, micros?))
    };
    Some(Roll { opening: sum("opening")?, new: sum("new")?, cleared: sum("cleared")?, closing: sum("closing")? })
}

fn text(roll: &Roll) -> String {
    let sum = |(count, micros): Sum| format!("{count}, {}", exact::text(micros));
    let Roll { opening, new, cleared, closing } = *roll;
    [opening, new, cleared, closing].map(sum).join("; ")
}

/// How one run told of one discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its kind.
    pub kind: String,
    /// Its key in the books; `None` for a row that nothing explains.
    pub key: Option<String>,
    /// Whether a row says of it what it must.
    pub is_right: bool,
}

/// Cells that a row must have.
type Cells = Vec<(&'static str, String)>;

/// For each row the index of the wanted cells that it has; none answers for two rows. The most demanding ones choose first.
fn assign(rows: &Table, wanted: &[Cells]) -> Vec<Option<usize>> {
    let mut found = vec![None; rows.len()];
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(wanted[*index].len()));
    for index in order {
        let fits = |row: &usize| wanted[index].iter().all(|(column, text)| rows.cell(*row, column) == text);
        if let Some(row) = (0..rows.len()).filter(|row| found[*row].is_none()).find(fits) {
            found[row] = Some(index);
        }
    }
    found
}

/// Names the items without a row and the rows without an item.
fn differences(name: &str, rows: &Table, items: &[&Item], wanted: &[Cells], problems: &mut Vec<String>) {
    let found = assign(rows, wanted);
    for (index, (item, cells)) in items.iter().zip(wanted).enumerate() {
        if !found.contains(&Some(index)) {
            problems.push(format!("{name} lacks {}", described(item, cells)));
        }
    }
    for (row, _) in found.iter().enumerate().filter(|(_, index)| index.is_none()) {
        problems.push(format!("{name} has {}", shown(rows, row)));
    }
}

fn described(item: &Item, cells: &[(&str, String)]) -> String {
    let cells: Vec<String> = cells.iter().map(|(column, text)| format!("{column}={text}")).collect();
    format!("{} `{}`: {}", item.kind, item.key, cells.join(" "))
}

fn shown(rows: &Table, row: usize) -> String {
    let cells: Vec<String> = rows
        .header()
        .iter()
        .zip(&rows.rows()[row])
        .filter(|(_, text)| !text.is_empty())
        .map(|(column, text)| format!("{column}={text}"))
        .collect();
    format!("a row that nothing explains: {}", cells.join(" "))
}
