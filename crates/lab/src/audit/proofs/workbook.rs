//! The first sheet of a workbook as rows of text: enough of Office Open XML for what [`xlsx`](crate::xlsx) and spreadsheet
//! programs write.

use anyhow::{Context as _, Result, bail};
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// Significant decimal digits that a double holds for certain; more of them are noise of the conversion.
const CERTAIN_DIGITS: usize = 15;

/// The rows of the first sheet with their numbers, counted from 1. Rows are as wide as the widest one.
pub fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).context("no zip archive")?;
    let mut part = |name: &str| -> Result<String> {
        let mut text = String::new();
        archive.by_name(name).with_context(|| format!("no part `{name}`"))?.read_to_string(&mut text)?;
        Ok(text)
    };
    let book = part("xl/workbook.xml")?;
    let links = part("xl/_rels/workbook.xml.rels")?;
    let first = elements(&book).find(|element| element.name == "sheet").context("no sheet")?;
    let id = first.attribute("id").context("a sheet without an id")?;
    let link = elements(&links).find(|element| element.attribute("Id").is_some_and(|own| own == id));
    let target = link.and_then(|link| link.attribute("Target")).context("the first sheet lies nowhere")?;
    let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
    let strings = if links.contains("sharedStrings.xml") { shared(&part("xl/sharedStrings.xml")?) } else { Vec::new() };
    let mut rows = cells(&part(&path)?, &strings)?;
    let width = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    rows.iter_mut().for_each(|(_, cells)| cells.resize(width, String::new()));
    Ok(rows)
}

/// A tag and the text behind it.
struct Element<'x> {
    /// Without the namespace's prefix; `/` before the name of an end tag.
    name: String,
    attributes: &'x str,
    text: &'x str,
    is_empty: bool,
}

impl Element<'_> {
    /// The attribute with this name, whatever its prefix.
    fn attribute(&self, name: &str) -> Option<String> {
        let mut parts = self.attributes.split('"');
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            let key = key.trim().trim_end_matches('=');
            if key.rsplit(':').next() == Some(name) && !key.starts_with("xmlns") {
                return Some(unescaped(value));
            }
        }
        None
    }
}

fn elements(xml: &str) -> impl Iterator<Item = Element<'_>> {
    xml.split('<').skip(1).map(|piece| {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let (full, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let end = if full.starts_with('/') { "/" } else { "" };
        let full = full.trim_matches('/');
        let name = format!("{end}{}", full.rsplit(':').next().unwrap_or(full));
        Element { name, attributes, text, is_empty: tag.ends_with('/') }
    })
}

/// Text without entities and without the `_xHHHH_` escapes of spreadsheets.
fn unescaped(text: &str) -> String {
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    let mut out = String::new();
    let mut rest = plain.as_str();
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let letter = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        out.push_str(&rest[..at]);
        let taken = letter.map_or(2, |_| 7);
        out.push_str(&letter.map_or_else(|| "_x".to_owned(), String::from));
        rest = &rest[at + taken..];
    }
    out + rest
}

/// The shared strings; runs of formatted text are put together, readings of phonetic scripts left out.
fn shared(xml: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut is_reading = false;
    for element in elements(xml) {
        match element.name.as_str() {
            "si" => strings.push(String::new()),
            "rPh" => is_reading = true,
            "/rPh" => is_reading = false,
            "t" if !is_reading => {
                if let Some(last) = strings.last_mut() {
                    last.push_str(&unescaped(element.text));
                }
            }
            _ => {}
        }
    }
    strings
}

/// The cells of a sheet; those without a reference stand behind the one before.
fn cells(xml: &str, strings: &[String]) -> Result<Vec<(u64, Vec<String>)>> {
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    let mut kind = String::new();
    for element in elements(xml) {
        match element.name.as_str() {
            "row" => {
                let next = rows.last().map_or(1, |(number, _)| number + 1);
                let number = element.attribute("r").map_or(Ok(next), |number| number.parse())?;
                rows.push((number, Vec::new()));
            }
            "c" => {
                let (_, row) = rows.last_mut().context("a cell outside of a row")?;
                let column = element.attribute("r").map_or(row.len(), |reference| column(&reference));
                row.resize(column.max(row.len()), String::new());
                row.push(String::new());
                kind = element.attribute("t").unwrap_or_default();
            }
            "v" | "t" if !element.is_empty => {
                let cell = rows.last_mut().and_then(|(_, row)| row.last_mut()).context("a value outside of a cell")?;
                let text = unescaped(element.text);
                match kind.as_str() {
                    "s" => {
                        let place: usize = text.trim().parse()?;
                        cell.push_str(strings.get(place).with_context(|| format!("no shared string {place}"))?);
                    }
                    "inlineStr" | "str" => cell.push_str(&text),
                    "" | "n" => cell.push_str(&number(text.trim())?),
                    other => bail!("a cell of type `{other}`"),
                }
            }
            _ => {}
        }
    }
    Ok(rows)
}

/// The column of a reference such as `AB12`, counted from 0.
fn column(reference: &str) -> usize {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase);
    letters.fold(0, |column, letter| column * 26 + usize::from(letter - b'A') + 1).saturating_sub(1)
}

/// A number as a plain decimal. Whole numbers stay as they are: ids have more digits than a double is certain of.
fn number(text: &str) -> Result<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = digits.split_once(['E', 'e']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse().with_context(|| format!("`{text}` is no number"))?;
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("`{text}` is no number");
    }
    let mut places = i64::try_from(fraction.len())? - exponent;
    let mut significant: u128 = all.parse()?;
    while places > 0 && significant.to_string().len() > CERTAIN_DIGITS {
        // Half up from the exact digits: what is cut off is far from a half.
        let count = u32::try_from(significant.to_string().len() - CERTAIN_DIGITS)?.min(u32::try_from(places)?);
        let unit = 10_u128.pow(count);
        significant = (significant + unit / 2) / unit;
        places -= i64::from(count);
    }
    while places > 0 && significant.is_multiple_of(10) {
        (significant, places) = (significant / 10, places - 1);
    }
    let digits = significant.to_string() + &"0".repeat(usize::try_from(-places).unwrap_or(0));
    let places = usize::try_from(places).unwrap_or(0);
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{sign}{whole}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]
    use super::{number, rows};
    use crate::xlsx::{Numbers, Options, workbook_with};

    #[test]
    fn numbers_lose_the_noise_of_their_conversion_and_nothing_else() {
        let table = "
            1234.5599999999999   1234.56
            -0.29999999999999999 -0.3
            0.050000000000000003 0.05
            1.23456E+3           1234.56
            -3E-1                -0.3
            1E+6                 1000000
            2188120000000001     2188120000000001
            20261118             20261118
            7.00                 7
            0                    0
            0E+0                 0
            100                  100
        ";
        for line in table.lines().filter(|line| !line.trim().is_empty()) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(number(cells[0]).unwrap(), cells[1], "{line}");
        }
        assert!(["", "x", "1.2.3", "1E", "--1"].iter().all(|text| number(text).is_err()));
    }

    #[test]
    fn every_way_of_writing_is_read_alike() {
        let text = |rows: &[&[&str]]| -> Vec<Vec<String>> {
            rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect()
        };
        let table = text(&[
            &["id", "note", "amount"],
            &["2188120000000001", "a & <b> \"c\"\r\n_x0041_ _x", "1234.56"],
            &["2", "", "-0.3"],
            &["<END>"],
        ]);
        let plain = Options::default();
        for options in [
            plain,
            Options { without_references: true, ..plain },
            Options { stored: true, runs: true, ..plain },
            Options { second_sheet: true, prefixed: true, numbers: Numbers::SeventeenDigits, ..plain },
            Options { second_sheet: true, numbers: Numbers::Exponent, ..plain },
        ] {
            let read = rows(&workbook_with(&table, &[0, 2], options)).unwrap();
            assert_eq!(read.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4], "{options:?}");
            let mut cells: Vec<_> = read.into_iter().map(|(_, cells)| cells).collect();
            assert_eq!(cells.pop().unwrap(), ["<END>", "", ""]);
            assert_eq!(cells, table[..3], "{options:?}");
        }
    }
}
