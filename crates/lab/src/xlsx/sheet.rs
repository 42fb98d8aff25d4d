//! Worksheets and the table of shared strings.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{DECLARATION, Options, number};

/// How elements of the main namespace are named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    /// What stands before each name.
    pub(super) prefix: &'static str,
    /// The declaration of the namespace.
    pub(super) declared: &'static str,
}

impl Names {
    pub(super) const PLAIN: Self =
        Self { prefix: "", declared: "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"" };
    pub(super) const PREFIXED: Self =
        Self { prefix: "x:", declared: "xmlns:x=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"" };
}

/// The shared strings of a workbook, each once, in the order of their first use.
#[derive(Default)]
pub(super) struct Strings {
    texts: Vec<String>,
    places: HashMap<String, usize>,
    uses: usize,
}

impl Strings {
    fn place(&mut self, text: &str) -> usize {
        self.uses += 1;
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    pub(super) fn xml(&self, names: Names, runs: bool) -> String {
        let Names { prefix, declared } = names;
        let mut xml = format!(
            "{DECLARATION}<{prefix}sst {declared} count=\"{}\" uniqueCount=\"{}\">",
            self.uses,
            self.texts.len()
        );
        for text in &self.texts {
            let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
            let content = match text.split_at(middle) {
                (left, right) if runs && !left.is_empty() => [left, right]
                    .map(|part| {
                        format!("<{prefix}r><{prefix}rPr><{prefix}b/></{prefix}rPr>{}</{prefix}r>", t(part, names))
                    })
                    .concat(),
                _ => t(text, names),
            };
            let _ = write!(xml, "<{prefix}si>{content}</{prefix}si>");
        }
        xml + &format!("</{prefix}sst>")
    }
}

/// A text element; spaces at its ends and line breaks are kept.
fn t(text: &str, names: Names) -> String {
    let prefix = names.prefix;
    let space = if text.trim() == text && !text.contains('\n') { "" } else { " xml:space=\"preserve\"" };
    format!("<{prefix}t{space}>{}</{prefix}t>", escaped(text))
}

/// Text as XML has it. Characters that XML 1.0 cannot hold, and what looks like their escape, are written `_xHHHH_`
/// (ECMA-376, part 1, 22.9.2.19).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(letter),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "_x{:04X}_", u32::from(letter));
            }
            '_' if is_escape(&text.as_bytes()[at..]) => out.push_str("_x005F_"),
            other => out.push(other),
        }
    }
    out
}

fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'_', b'x', a, b, c, d, b'_', ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()))
}

/// The letters of a column, counted from 0: `A` to `Z`, `AA` and so on.
fn letters(column: usize) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        letters.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(rest - 1) % 26]));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

pub(super) fn worksheet(
    rows: &[Vec<String>],
    numbers: &[usize],
    options: Options,
    names: Names,
    strings: &mut Strings,
) -> String {
    let Names { prefix, declared } = names;
    let mut xml = format!(
        "{DECLARATION}<{prefix}worksheet {declared}><{prefix}dimension ref=\"A1:A1\"/>\
         <{prefix}sheetViews><{prefix}sheetView workbookViewId=\"0\"/></{prefix}sheetViews><{prefix}sheetData>"
    );
    for (index, row) in rows.iter().enumerate() {
        if row.iter().all(String::is_empty) && !options.without_references {
            continue;
        }
        let place = if options.without_references { String::new() } else { format!(" r=\"{}\"", index + 1) };
        let _ = write!(xml, "<{prefix}row{place}>");
        for (column, text) in row.iter().enumerate() {
            let place = if options.without_references {
                String::new()
            } else {
                format!(" r=\"{}{}\"", letters(column), index + 1)
            };
            if text.is_empty() {
                if options.without_references {
                    let _ = write!(xml, "<{prefix}c/>");
                }
            } else if numbers.contains(&column) && number::is_plain(text) {
                let value = number::written(text, options.numbers);
                let _ = write!(xml, "<{prefix}c{place}><{prefix}v>{value}</{prefix}v></{prefix}c>");
            } else if (index + column) % 2 == 0 {
                let shared = strings.place(text);
                let _ = write!(xml, "<{prefix}c{place} t=\"s\"><{prefix}v>{shared}</{prefix}v></{prefix}c>");
            } else {
                let inline = t(text, names);
                let _ = write!(xml, "<{prefix}c{place} t=\"inlineStr\"><{prefix}is>{inline}</{prefix}is></{prefix}c>");
            }
        }
        let _ = write!(xml, "</{prefix}row>");
    }
    xml + &format!("</{prefix}sheetData></{prefix}worksheet>")
}

#[cfg(test)]
mod tests {
    use super::{escaped, letters};

    #[test]
    fn columns_are_counted_in_letters() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        assert_eq!(escaped("<END>"), "&lt;END&gt;");
        assert_eq!(escaped("a & \"b\""), "a &amp; &quot;b&quot;");
        assert_eq!(escaped("one\r\ntwo\u{1}"), "one_x000D_\ntwo_x0001_");
        assert_eq!(escaped("_x0041_ and _x41_"), "_x005F_x0041_ and _x41_");
    }
}
