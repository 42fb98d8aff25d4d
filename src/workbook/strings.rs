//! The texts of a workbook: rich text and escapes. Those that cells share are kept in [`shared`](super::shared).

use super::WorkbookError;
use super::bounds::{Limits, MAX_CELL_BYTES};
use super::xml::{Node, Xml};

/// Appends the text of a string item, the element that was opened last: its own text or its runs one after the other, without
/// the pronunciation that East Asian texts carry beside them (`rPh`).
pub(super) fn rich_text(xml: &mut Xml<'_>, out: &mut String, limits: &Limits) -> Result<(), WorkbookError> {
    let start = out.len();
    let mut runs = 0;
    loop {
        match xml.next()? {
            Node::Open(tag) if tag.name() == "r" => runs += 1,
            Node::Open(tag) if tag.name() == "t" => {
                let [space] = tag.attributes(["xml:space"])?;
                let is_kept = space.is_some_and(|space| space == "preserve");
                plain_text(xml, is_kept, out, limits)?;
            }
            Node::Open(_) => xml.skip()?,
            Node::Close if runs == 0 => break,
            Node::Close => runs -= 1,
            Node::Text(_) | Node::Nothing | Node::End => {}
        }
        check_length(xml.part(), &out[start..], limits)?;
    }
    Ok(())
}

/// Appends the text of the element that was opened last. White space around it counts only if it `is_kept`.
pub(super) fn plain_text(
    xml: &mut Xml<'_>,
    is_kept: bool,
    out: &mut String,
    limits: &Limits,
) -> Result<(), WorkbookError> {
    let start = out.len();
    xml.text(out, MAX_CELL_BYTES)?;
    if !is_kept {
        let is_space = |character: char| matches!(character, ' ' | '\t' | '\r' | '\n');
        out.truncate(start + out[start..].trim_end_matches(is_space).len());
        let blank = out.len() - start - out[start..].trim_start_matches(is_space).len();
        out.drain(start..start + blank);
    }
    if out[start..].contains("_x") {
        let unescaped = unescape(&out[start..]);
        out.truncate(start);
        out.push_str(&unescaped);
    }
    check_length(xml.part(), &out[start..], limits)
}

fn check_length(part: &str, text: &str, limits: &Limits) -> Result<(), WorkbookError> {
    // Counting is for the few texts that may be too long.
    if text.len() <= limits.cell_chars || text.chars().count() <= limits.cell_chars {
        return Ok(());
    }
    let (what, most) = ("characters in a cell", limits.cell_chars as u64);
    Err(WorkbookError::Bound { place: format!("part `{part}`"), what, most })
}

/// Resolves `_xHHHH_`, which stands for a UTF-16 unit that XML cannot hold (ISO/IEC 29500-1, `ST_Xstring`); a lone half of a
/// pair stays as it is written.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let one = unit(escape);
        let two = one.and_then(|high| Some([high, unit(escape.get(ESCAPE_BYTES..)?)?]));
        let character = |units: &[u16]| char::decode_utf16(units.iter().copied()).next()?.ok();
        if let Some(character) = one.and_then(|one| character(&[one])) {
            out.push(character);
            rest = &escape[ESCAPE_BYTES..];
        } else if let Some(character) = two.and_then(|two| character(&two)) {
            out.push(character);
            rest = &escape[2 * ESCAPE_BYTES..];
        } else {
            out.push_str("_x");
            rest = &escape[2..];
        }
    }
    out.push_str(rest);
    out
}

/// Bytes of `_x000D_`.
const ESCAPE_BYTES: usize = 7;

/// The unit that a text begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.get(..ESCAPE_BYTES)?.strip_prefix("_x")?.strip_suffix('_')?;
    // `from_str_radix` takes a sign.
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        for (text, expected) in [
            ("a_x000D_b", "a\rb"),
            ("a_x000d__x000a_b", "a\r\nb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_x", "_xD83D_x"),
            ("_x_x0041_", "_xA"),
            ("_x+041_", "_x+041_"),
            ("_x00é_", "_x00é_"),
            ("order_x1", "order_x1"),
            ("_x", "_x"),
        ] {
            assert_eq!(unescape(text), expected, "`{text}`");
        }
    }
}
