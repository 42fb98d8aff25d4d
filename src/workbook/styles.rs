//! Which cell styles show numbers as dates.

use std::collections::HashMap;

use super::WorkbookError;
use super::dates::{is_builtin_date, is_date_format};
use super::xml::{Node, Tag, Xml};

/// The cell styles of a workbook.
#[derive(Debug, Default)]
pub(super) struct Styles {
    /// By the number that cells name: whether it is a date's.
    dates: Vec<bool>,
}

impl Styles {
    pub(super) fn read(mut xml: Xml<'_>) -> Result<Self, WorkbookError> {
        let mut styles = Self::default();
        let mut formats = HashMap::new();
        xml.root("styleSheet")?;
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == "numFmts" => each(&mut xml, "numFmt", |tag| {
                    let [number, code] = tag.attributes(["numFmtId", "formatCode"])?;
                    let number = number.and_then(|number| number.parse::<u32>().ok());
                    formats.extend(number.zip(code).map(|(number, code)| (number, is_date_format(&code))));
                    Ok(())
                })?,
                Node::Open(tag) if tag.name() == "cellXfs" => each(&mut xml, "xf", |tag| {
                    let [number] = tag.attributes(["numFmtId"])?;
                    let number = number.and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
                    styles.dates.push(formats.get(&number).copied().unwrap_or_else(|| is_builtin_date(number)));
                    Ok(())
                })?,
                Node::Open(_) => xml.skip()?,
                Node::Close => break,
                Node::Text(_) | Node::Nothing | Node::End => {}
            }
        }
        xml.finish()?;
        Ok(styles)
    }

    /// Whether a style, counted from 0, shows numbers as dates.
    pub(super) fn is_date(&self, style: usize) -> bool {
        self.dates.get(style).copied().unwrap_or(false)
    }
}

/// Takes each element of this name in the element that was opened last.
fn each(
    xml: &mut Xml<'_>,
    name: &str,
    mut take: impl FnMut(&Tag<'_>) -> Result<(), WorkbookError>,
) -> Result<(), WorkbookError> {
    loop {
        match xml.next()? {
            Node::Open(tag) => {
                if tag.name() == name {
                    take(&tag)?;
                }
                xml.skip()?;
            }
            Node::Close => return Ok(()),
            Node::Text(_) | Node::Nothing | Node::End => {}
        }
    }
}
