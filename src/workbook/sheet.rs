//! The cells of a worksheet, one after the other.

use std::io::{Read, Seek, Write};

use super::bounds::{Limits, MAX_CELL_BYTES};
use super::contents::Sheet;
use super::dates::write_date;
use super::error::quoted;
use super::lines::Lines;
use super::number::{Decimal, Exactness};
use super::shared::SharedStrings;
use super::strings::{plain_text, rich_text};
use super::styles::Styles;
use super::xml::{Node, Tag, Xml};
use super::{Loss, LossyCell, WorkbookError};

/// What the cells of a sheet refer to.
pub(super) struct Context<'a, S> {
    pub(super) sheet: &'a Sheet,
    pub(super) strings: &'a mut SharedStrings<S>,
    pub(super) styles: &'a Styles,
    pub(super) from_1904: bool,
    pub(super) limits: &'a Limits,
}

/// What a cell's value is (ISO/IEC 29500-1, `ST_CellType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellType {
    Number,
    Shared,
    Inline,
    /// The result of a formula that is a text.
    Text,
    Truth,
    /// The text of an error such as `#N/A`, or a date by ISO 8601: written as it stands.
    Verbatim,
}

/// Where a cell is and how it is to be read.
struct Place {
    column: u32,
    cell_type: CellType,
    style: usize,
}

/// Reads a sheet into lines.
pub(super) struct SheetReader<'a, W: Write, S> {
    context: Context<'a, S>,
    lines: &'a mut Lines<W>,
    lossy: Vec<LossyCell>,
    /// The current row, counted from 1; 0 before the first.
    row: u32,
    /// The text at hand.
    text: String,
}

impl<'a, W: Write, S: Read + Seek> SheetReader<'a, W, S> {
    pub(super) const fn new(context: Context<'a, S>, lines: &'a mut Lines<W>) -> Self {
        Self { context, lines, lossy: Vec::new(), row: 0, text: String::new() }
    }

    /// Reads the whole sheet. The cells whose value the workbook does not hold come back.
    pub(super) fn read(mut self, mut xml: Xml<'_>) -> Result<Vec<LossyCell>, WorkbookError> {
        open_rows(&mut xml)?;
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == "row" => {
                    let [number] = tag.attributes(["r"])?;
                    self.begin_row(number.as_deref())?;
                    self.cells(&mut xml)?;
                    self.lines.end_row()?;
                }
                Node::Open(_) => xml.skip()?,
                Node::Close | Node::End => break,
                Node::Text(_) | Node::Nothing => {}
            }
        }
        xml.finish()?;
        Ok(self.lossy)
    }

    fn begin_row(&mut self, number: Option<&str>) -> Result<(), WorkbookError> {
        let before = self.row;
        self.row = before + 1;
        if let Some(text) = number {
            let number = text.trim().parse().ok().filter(|number| *number > before);
            let wrong = || self.wrong_cell("row", format!("the number `{}`", quoted(text)), "one above the row before");
            self.row = number.ok_or_else(wrong)?;
        }
        self.bounded(self.row, self.context.limits.rows, "rows")
    }

    fn cells(&mut self, xml: &mut Xml<'_>) -> Result<(), WorkbookError> {
        let mut next = 0;
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == "c" => {
                    let place = self.place(&tag, next)?;
                    next = place.column + 1;
                    self.cell(xml, &place)?;
                }
                Node::Open(_) => xml.skip()?,
                Node::Close => return Ok(()),
                Node::Text(_) | Node::Nothing | Node::End => {}
            }
        }
    }

    /// Where a cell is: where its reference says, or after the one before, which ended before `next`.
    fn place(&self, tag: &Tag<'_>, next: u32) -> Result<Place, WorkbookError> {
        let [reference, cell_type, style] = tag.attributes(["r", "t", "s"])?;
        let mut column = next;
        if let Some(text) = reference.as_deref().map(str::trim) {
            let wrong = || {
                let expected = "a cell of this row, after the one before";
                self.wrong_cell("row", format!("a cell at `{}`", quoted(text)), expected)
            };
            column = column_of(text, self.row).filter(|column| *column >= next).ok_or_else(wrong)?;
        }
        self.bounded(column.saturating_add(1), self.context.limits.columns, "columns")?;
        let cell_type = match cell_type.as_deref() {
            None | Some("n") => CellType::Number,
            Some("s") => CellType::Shared,
            Some("inlineStr") => CellType::Inline,
            Some("str") => CellType::Text,
            Some("b") => CellType::Truth,
            Some("e" | "d") => CellType::Verbatim,
            Some(other) => {
                let found = format!("a cell of the type `{}`", quoted(other));
                return Err(self.wrong_cell(&name_of(column), found, "b, d, e, inlineStr, n, s or str"));
            }
        };
        let style = style.and_then(|style| style.trim().parse().ok()).unwrap_or(0);
        Ok(Place { column, cell_type, style })
    }

    /// Reads what is in a cell and writes it.
    fn cell(&mut self, xml: &mut Xml<'_>, place: &Place) -> Result<(), WorkbookError> {
        self.text.clear();
        let (mut has_formula, mut has_value) = (false, false);
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == "f" => {
                    has_formula = true;
                    xml.skip()?;
                }
                Node::Open(tag) if tag.name() == "v" && place.cell_type == CellType::Text => {
                    has_value = true;
                    let [space] = tag.attributes(["xml:space"])?;
                    let is_kept = space.is_some_and(|space| space == "preserve");
                    plain_text(xml, is_kept, &mut self.text, self.context.limits)?;
                }
                Node::Open(tag) if tag.name() == "v" && place.cell_type != CellType::Inline => {
                    xml.text(&mut self.text, MAX_CELL_BYTES)?;
                }
                Node::Open(tag) if tag.name() == "is" && place.cell_type == CellType::Inline => {
                    has_value = true;
                    rich_text(xml, &mut self.text, self.context.limits)?;
                }
                Node::Open(_) => xml.skip()?,
                Node::Close => break,
                Node::Text(_) | Node::Nothing | Node::End => {}
            }
        }
        // Only a text can be saved as nothing.
        if has_formula && !has_value && self.text.trim().is_empty() {
            return self.write_loss(place, Loss::Formula);
        }
        self.write(place)
    }

    fn write(&mut self, place: &Place) -> Result<(), WorkbookError> {
        let raw = self.text.trim();
        match place.cell_type {
            CellType::Text | CellType::Inline => {}
            _ if raw.is_empty() => return Ok(()),
            CellType::Number => return self.write_number(place),
            CellType::Shared => {
                // What is no number is none of any string.
                let number = raw.parse().unwrap_or(usize::MAX);
                if let Some(text) = self.context.strings.get(number)? {
                    return self.lines.cell(self.row - 1, place.column, text);
                }
                let found = format!("the shared string `{}`", quoted(raw));
                let has_none = self.context.strings.len() == 0;
                let expected = if has_none { "no shared string, as there are none" } else { "one that exists" };
                return Err(self.wrong_cell(&name_of(place.column), found, expected));
            }
            CellType::Truth => {
                let word = match raw {
                    "1" | "true" => "TRUE",
                    "0" | "false" => "FALSE",
                    other => other,
                };
                return self.lines.cell(self.row - 1, place.column, word);
            }
            CellType::Verbatim => return self.lines.cell(self.row - 1, place.column, raw),
        }
        self.lines.cell(self.row - 1, place.column, &self.text)
    }

    /// Writes a number or a date. What is no number is written as it stands: the report's reader will say what is wrong with it.
    fn write_number(&mut self, place: &Place) -> Result<(), WorkbookError> {
        let raw = self.text.trim();
        let Some(number) = Decimal::parse(raw) else {
            return self.lines.cell(self.row - 1, place.column, raw);
        };
        let mut shown = String::new();
        if !(self.context.styles.is_date(place.style) && write_date(&number, self.context.from_1904, &mut shown)) {
            match number.exactness() {
                Exactness::Exact(number) => number.write(&mut shown),
                Exactness::Lost(digits) => return self.write_loss(place, Loss::Digits(digits)),
            }
        }
        self.lines.cell(self.row - 1, place.column, &shown)
    }

    /// Notes a cell whose value is not there, and writes a sentence in its place.
    fn write_loss(&mut self, place: &Place, loss: Loss) -> Result<(), WorkbookError> {
        self.lossy.push(LossyCell { row: self.row, column: place.column, loss });
        let most = self.context.limits.lossy_cells;
        if self.lossy.len() > most {
            return Err(WorkbookError::Lossy { first: self.lossy[0], most });
        }
        self.lines.cell(self.row - 1, place.column, &loss.to_string())
    }

    fn bounded(&self, count: u32, most: u32, what: &'static str) -> Result<(), WorkbookError> {
        if count <= most {
            return Ok(());
        }
        let place = format!("sheet `{}`", self.context.sheet.name);
        Err(WorkbookError::Bound { place, what, most: u64::from(most) })
    }

    /// An error at a cell of the current row, or at the row itself.
    fn wrong_cell(&self, column: &str, found: String, expected: &'static str) -> WorkbookError {
        let place = if column == "row" { format!("row {}", self.row) } else { format!("cell {column}{}", self.row) };
        WorkbookError::Cell { sheet: self.context.sheet.name.clone(), place, found, expected }
    }
}

/// Whether a sheet has a cell with a value; the rest of it is not read.
pub(super) fn has_values(mut xml: Xml<'_>) -> Result<bool, WorkbookError> {
    open_rows(&mut xml)?;
    let mut inside = 1;
    while inside > 0 {
        match xml.next()? {
            Node::Open(tag) if inside == 3 && matches!(tag.name(), "v" | "is") => return Ok(true),
            Node::Open(_) => inside += 1,
            Node::Close => inside -= 1,
            Node::End => break,
            Node::Text(_) | Node::Nothing => {}
        }
    }
    Ok(false)
}

/// Goes on to the rows of a sheet. What the sheet says before them, such as its dimension, is often wrong (antom.md 5) and never
/// believed.
fn open_rows(xml: &mut Xml<'_>) -> Result<(), WorkbookError> {
    xml.root("worksheet")?;
    loop {
        match xml.next()? {
            Node::Open(tag) if tag.name() == "sheetData" => return Ok(()),
            Node::Open(_) => xml.skip()?,
            Node::Close | Node::End => {
                let found = "no `sheetData`".to_owned();
                return Err(WorkbookError::Part {
                    part: xml.part().to_owned(),
                    found,
                    expected: "the rows of a sheet",
                });
            }
            Node::Text(_) | Node::Nothing => {}
        }
    }
}

/// The column of a reference such as `AB12`, counted from 0; none if it is in another row or no reference.
fn column_of(reference: &str, row: u32) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = reference.split_at(letters);
    // Four letters are beyond any sheet.
    if letters.is_empty() || letters.len() > 4 || digits.parse() != Ok(row) {
        return None;
    }
    let value = |byte: u8| u32::from(byte.to_ascii_uppercase() - b'A') + 1;
    Some(letters.bytes().fold(0, |column, byte| column * 26 + value(byte)) - 1)
}

/// The letters of a column that is counted from 0.
pub(super) fn name_of(column: u32) -> String {
    let letter = |number: u32| char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    let (mut name, mut rest) = (String::new(), column);
    name.push(letter(rest));
    while rest >= 26 {
        rest = rest / 26 - 1;
        name.insert(0, letter(rest));
    }
    name
}
