//! The configuration file: from TOML to settings that remember their line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Key, Shape};
use super::nearest::nearest;
use super::settings::{Origin, Setting, Value};
use crate::failure::Failure;

/// A configuration is a few kilobytes, with every alias of every report some dozens; a larger file is not one.
const MAX_BYTES: u64 = 1 << 20;

/// The settings of a file.
pub type Found = Vec<(&'static Key, Setting)>;

/// Reads the file. All problems are named at once, in the order of their lines.
pub fn read(path: &Path) -> Result<Found, Failure> {
    let text = text(path)?;
    let reader = Reader { path: path.to_owned(), text: &text };
    let table = DeTable::parse(&text).map_err(|error| {
        // Only the parser's words: its full rendering quotes the line, which may hold a password.
        let line = reader.line(error.span().map_or(0, |span| span.start));
        Failure::configuration(format!("`{}` line {line}: not TOML: {}", path.display(), one_line(error.message())))
    })?;
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    reader.section("", table.get_ref(), &mut found, &mut problems);
    if problems.is_empty() {
        return Ok(found);
    }
    problems.sort();
    let sentences: Vec<String> = problems.into_iter().map(|(_, sentence)| sentence).collect();
    Err(Failure::configuration(sentences.join("\n  also: ")))
}

/// The file's text.
fn text(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let advice = "name another with `--config`, or begin with `antom-recon config example`";
    let cannot = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::configuration(format!("the configuration `{shown}` does not exist; {advice}"))
        }
        _ => Failure::configuration(format!("the configuration `{shown}` cannot be read: {error}; {advice}")),
    };
    let length = std::fs::metadata(path).map_err(cannot)?.len();
    if length > MAX_BYTES {
        let sentence = format!("`{shown}` has {length} bytes; a configuration has at most {MAX_BYTES}; {advice}");
        return Err(Failure::configuration(sentence));
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::configuration(format!("`{shown}`: byte {at} is not UTF-8; save the file as UTF-8"))
    })
}

/// A parser's message on one line.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A problem with its line.
type Problem = (usize, String);

/// Walks the parsed file.
struct Reader<'a> {
    path: PathBuf,
    text: &'a str,
}

impl Reader<'_> {
    /// The line of a byte, the first being 1.
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    /// Reads a section and those below it.
    fn section(&self, section: &str, table: &DeTable<'_>, found: &mut Found, problems: &mut Vec<Problem>) {
        for (name, value) in table {
            let line = self.line(name.span().start);
            let below = if section.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{section}.{name}", name = name.get_ref())
            };
            if let Some(key) = keys::find(section, name.get_ref()) {
                let line = self.line(name.span().start.max(value.span().start.min(name.span().end)));
                match read_value(key, value) {
                    Some(value) => {
                        let origin = Origin::File { path: self.path.clone(), line };
                        found.push((key, Setting { value, origin }));
                    }
                    None => problems.push((line, self.wrong_shape(line, key, value.get_ref()))),
                }
            } else if let (true, Some(table)) = (keys::is_section(&below), value.get_ref().as_table()) {
                self.section(&below, table, found, problems);
            } else {
                problems.push((line, self.unknown(line, section, name.get_ref(), value.get_ref())));
            }
        }
    }

    fn wrong_shape(&self, line: usize, key: &Key, value: &DeValue<'_>) -> String {
        let (path, section, name) = (self.path.display(), &key.section, &key.name);
        let found = value.type_str();
        format!("`{path}` line {line}: `[{section}] {name}` is of type {found}; expected {}", key.shape)
    }

    fn unknown(&self, line: usize, section: &str, name: &str, value: &DeValue<'_>) -> String {
        let path = self.path.display();
        if value.is_table() {
            let below = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
            let known = nearest(&below, keys::all().iter().map(|key| key.section.as_str())).unwrap_or_default();
            return format!("`{path}` line {line}: unknown section `[{below}]`; the nearest known one is `[{known}]`");
        }
        if keys::is_section(name) && section.is_empty() {
            let found = value.type_str();
            return format!(
                "`{path}` line {line}: `{name}` is of type {found}; expected a section `[{name}]` with keys"
            );
        }
        let place = if section.is_empty() { "outside of any section".to_owned() } else { format!("in `[{section}]`") };
        let within: Vec<&str> =
            keys::all().iter().filter(|key| key.section == section).map(|key| key.name.as_str()).collect();
        let known = match nearest(name, within) {
            Some(known) => format!("`{known}`"),
            None => nearest(name, keys::all().iter().map(|key| key.name.as_str()))
                .and_then(|known| keys::all().iter().find(|key| key.name == known))
                .map(|key| format!("`{}` in `[{}]`", key.name, key.section))
                .unwrap_or_default(),
        };
        format!("`{path}` line {line}: unknown key `{name}` {place}; the nearest known key is {known}")
    }
}

/// The value, if it has the key's shape.
fn read_value(key: &Key, value: &Spanned<DeValue<'_>>) -> Option<Value> {
    let value = value.get_ref();
    match key.shape {
        Shape::Text | Shape::Address => value.as_str().map(|text| Value::Text(text.to_owned())),
        Shape::Number => {
            let number = value.as_integer()?;
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Number)
        }
        Shape::Flag => value.as_bool().map(Value::Flag),
        Shape::Words => read_words(value).map(Value::Words),
        Shape::Table => {
            let rows = value.as_table()?.iter();
            let read = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let name: &std::borrow::Cow<'_, str> = name.get_ref();
                Some((name.to_string(), read_words(value.get_ref())?))
            };
            rows.map(read).collect::<Option<BTreeMap<_, _>>>().map(Value::Table)
        }
    }
}

/// A list of texts, or one text.
fn read_words(value: &DeValue<'_>) -> Option<Vec<String>> {
    if let Some(text) = value.as_str() {
        return Some(vec![text.to_owned()]);
    }
    value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}
