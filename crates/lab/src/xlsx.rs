//! Rows of text as an Office Open XML workbook: one sheet, stored without compression.

use std::fmt::Write as _;

/// The bytes of a workbook whose first sheet holds `rows`. Plain decimals in the columns `numbers` (counted from 0) become
/// numeric cells, other texts inline strings, empty ones nothing. The declared dimension is too small.
#[must_use]
pub fn workbook(rows: &[Vec<String>], numbers: &[usize]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let sheet = format!(
        "<worksheet xmlns=\"{main}\"><dimension ref=\"A1:B2\"/><sheetData>{}</sheetData></worksheet>",
        cells(rows, numbers)
    );
    let book = format!(
        "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/>\
         </sheets></workbook>"
    );
    let link = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{office}/{kind}\" \
             Target=\"{target}\"/></Relationships>"
        )
    };
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let types = format!(
        "<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override \
         PartName=\"/xl/workbook.xml\" ContentType=\"{kind}.sheet.main+xml\"/><Override \
         PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{kind}.worksheet+xml\"/></Types>"
    );
    archive(&[
        ("[Content_Types].xml", types),
        ("_rels/.rels", link("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", link("worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

fn cells(rows: &[Vec<String>], numbers: &[usize]) -> String {
    let mut text = String::new();
    for (row, number) in rows.iter().zip(1_u64..) {
        write!(text, "<row r=\"{number}\">").expect("writing to a string cannot fail");
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let place = format!("{}{number}", letters(column));
            let cell = if numbers.contains(&column) && is_decimal(cell) {
                format!("<c r=\"{place}\"><v>{cell}</v></c>")
            } else {
                let text = cell.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                format!("<c r=\"{place}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
            };
            text.push_str(&cell);
        }
        text.push_str("</row>");
    }
    text
}

/// The letters of a column, counted from 0.
fn letters(column: usize) -> String {
    let letter = |index: usize| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index % 26]);
    if column < 26 { letter(column).to_string() } else { format!("{}{}", letter(column / 26 - 1), letter(column)) }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A ZIP archive of stored entries (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16).
fn archive(entries: &[(&str, String)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let offset = length(bytes.len());
        let size = length(content.len()).to_le_bytes();
        let mut header = vec![20, 0, 0, 0, 0, 0, 0, 0, 33, 0];
        header.extend(checksum(content.as_bytes()).to_le_bytes());
        header.extend(size);
        header.extend(size);
        header.extend(&length(name.len()).to_le_bytes()[..2]);
        header.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&header);
        bytes.extend(name.as_bytes());
        bytes.extend(content.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (length(bytes.len()), length(entries.len()).to_le_bytes());
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
    bytes.extend(&count[..2]);
    bytes.extend(&count[..2]);
    bytes.extend(length(directory.len()).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("reports of a world are far below 4 GiB")
}

/// CRC-32 as ZIP uses it.
fn checksum(bytes: &[u8]) -> u32 {
    let mut rest = u32::MAX;
    for byte in bytes {
        rest ^= u32::from(*byte);
        for _ in 0..8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ 0xEDB8_8320 } else { rest >> 1 };
        }
    }
    !rest
}

#[cfg(test)]
mod tests {
    use super::{checksum, letters};

    #[test]
    fn the_checksum_is_that_of_the_published_sample() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn columns_after_z_have_two_letters() {
        assert_eq!([0, 25, 26, 51, 52].map(letters), ["A", "Z", "AA", "AZ", "BA"]);
    }
}
