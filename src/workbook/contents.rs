//! What is in a workbook: its sheets in their order, and where their parts are.

use std::io::{Read, Seek};
use std::rc::Rc;

use super::WorkbookError;
use super::error::quoted;
use super::package::{Package, Use};
use super::xml::{Node, Xml};

/// The part that names the others.
const ROOT_RELATIONSHIPS: &str = "_rels/.rels";

/// What the first part of a workbook says.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The worksheets that are shown, in order.
    pub(super) sheets: Vec<Sheet>,
    /// The part with the number formats.
    pub(super) styles: Option<String>,
    /// The part with the shared strings.
    pub(super) strings: Option<String>,
    /// Whether dates count from 1904.
    pub(super) from_1904: bool,
}

/// A worksheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) name: String,
    /// Very many sheets may name the same part.
    pub(super) part: Rc<str>,
}

/// A relationship between a part and another one.
struct Relation {
    id: String,
    /// The last word of its type, which is the same in both namespaces of the format (transitional and strict).
    kind: String,
    /// The name of the other part; none if it lies outside of the workbook.
    target: Option<Rc<str>>,
}

impl Contents {
    pub(super) fn read(package: &mut Package<impl Read + Seek>) -> Result<Self, WorkbookError> {
        if !package.has(ROOT_RELATIONSHIPS) {
            return Err(WorkbookError::NotAWorkbook { found: format!("a zip archive without `{ROOT_RELATIONSHIPS}`") });
        }
        let root = relations(package, "")?;
        let main = root.into_iter().find(|relation| relation.kind == "officeDocument");
        let Some(main) = main.and_then(|relation| relation.target) else {
            return Err(WorkbookError::NotAWorkbook { found: "an archive that names no document".to_owned() });
        };
        let related = relations(package, &main)?;
        let target =
            |kind: &str| related.iter().find(|relation| relation.kind == kind)?.target.as_deref().map(str::to_owned);
        let mut contents = Self { styles: target("styles"), strings: target("sharedStrings"), ..Self::default() };
        let most = package.limits.entries;
        contents.read_main(package.part(&main, Use::Index)?, &related, most)?;
        Ok(contents)
    }

    fn read_main(&mut self, mut xml: Xml<'_>, related: &[Relation], most: usize) -> Result<(), WorkbookError> {
        let (part, mut sheets) = (xml.part().to_owned(), 0);
        xml.root("workbook")?;
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == "workbookPr" => {
                    let [from_1904] = tag.attributes(["date1904"])?;
                    self.from_1904 = from_1904.is_some_and(|value| is_true(&value));
                }
                Node::Open(tag) if tag.name() == "sheet" => {
                    sheets += 1;
                    bounded(&part, sheets, most as u64, "sheets")?;
                    let [name, state, id] = tag.attributes(["name", "state", ":id"])?;
                    let is_hidden = state.is_some_and(|state| state != "visible");
                    let relation = related.iter().find(|relation| Some(relation.id.as_str()) == id.as_deref());
                    let name = name.map(|name| quoted(&name)).unwrap_or_default();
                    let Some(relation) = relation else {
                        let found = format!("the sheet `{name}` without a relationship");
                        let expected = "a part for every sheet";
                        return Err(WorkbookError::Part { part: xml.part().to_owned(), found, expected });
                    };
                    // Sheets of charts and macros have no cells.
                    if let Some(part) = relation.target.clone().filter(|_| relation.kind == "worksheet" && !is_hidden) {
                        self.sheets.push(Sheet { name, part });
                    }
                }
                Node::End => return Ok(()),
                Node::Open(_) | Node::Close | Node::Text(_) | Node::Nothing => {}
            }
        }
    }
}

/// The relationships of a part; of the workbook as a whole if the name is empty.
fn relations(package: &mut Package<impl Read + Seek>, part: &str) -> Result<Vec<Relation>, WorkbookError> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let name = join(folder, &format!("_rels/{file}.rels"));
    let (mut found, mut bytes) = (Vec::new(), 0);
    let limits = package.limits;
    let mut xml = package.part(&name, Use::Index)?;
    xml.root("Relationships")?;
    loop {
        match xml.next()? {
            Node::Open(tag) if tag.name() == "Relationship" => {
                let [id, kind, target, mode] = tag.attributes(["Id", "Type", "Target", "TargetMode"])?;
                let kind = kind.as_deref().and_then(|kind| kind.rsplit('/').next()).unwrap_or_default().to_owned();
                let is_inside = mode.is_none_or(|mode| mode != "External");
                let target = target.filter(|_| is_inside).map(|target| Rc::from(join(folder, &target)));
                let id = id.unwrap_or_default().into_owned();
                // Each name begins with the folder, however often that is.
                bytes += target.as_deref().map_or(0, str::len) as u64;
                found.push(Relation { id, kind, target });
                bounded(&name, found.len() as u64, limits.entries as u64, "relationships")?;
                bounded(&name, bytes, limits.index_bytes, "bytes in the names of related parts")?;
            }
            Node::End => return Ok(found),
            Node::Open(_) | Node::Close | Node::Text(_) | Node::Nothing => {}
        }
    }
}

fn bounded(part: &str, count: u64, most: u64, what: &'static str) -> Result<(), WorkbookError> {
    if count <= most {
        return Ok(());
    }
    Err(WorkbookError::Bound { place: format!("part `{}`", quoted(part)), what, most })
}

/// The name of a part that another part in `folder` names.
fn join(folder: &str, target: &str) -> String {
    let base = if target.starts_with('/') { "" } else { folder };
    let mut steps: Vec<&str> = Vec::new();
    for step in base.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// A truth value of XML Schema; some programs write `on`.
fn is_true(value: &str) -> bool {
    matches!(value.trim(), "1" | "true" | "on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_from_the_part_that_names_them() {
        for (folder, target, expected) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "../xl/./sheet1.xml", "xl/sheet1.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(join(folder, target), expected, "`{target}` in `{folder}`");
        }
    }
}
