//! The layers, overlaid: what is set, and where.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Flags;
use super::file::Found;
use super::keys::{self, Key, Shape};
use super::nearest::{distance, nearest};
use super::units::parse_duration;
use crate::environment::{Environment, NO_KEYS, PREFIX};
use crate::failure::Failure;

/// A value as it was written.
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A flag.
    Flag(bool),
    /// A list of texts.
    Words(Vec<String>),
    /// A table of lists.
    Table(BTreeMap<String, Vec<String>>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Words(words) => write!(f, "{words:?}"),
            Self::Table(table) => write!(f, "{table:?}"),
        }
    }
}

/// Where a value was written.
#[derive(Clone)]
pub enum Origin {
    /// In the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, the first being 1.
        line: usize,
    },
    /// In this environment variable.
    Variable(String),
    /// On the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "`{}` line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable `{name}`"),
            Self::Flag(name) => write!(f, "flag `{name}`"),
        }
    }
}

/// A value and where it was written.
pub struct Setting {
    /// What.
    pub value: Value,
    /// Where.
    pub origin: Origin,
}

/// All that is set.
pub struct Settings {
    file: PathBuf,
    values: BTreeMap<(String, String), Setting>,
}

impl Settings {
    /// Nothing is set yet; relative paths start at the folder of `file`.
    pub fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), values: BTreeMap::new() }
    }

    /// The configuration file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folder at which relative paths start.
    pub fn folder(&self) -> PathBuf {
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
    }

    fn set(&mut self, key: &Key, setting: Setting) {
        self.values.insert((key.section.clone(), key.name.clone()), setting);
    }

    /// Overlays the file.
    pub fn add_file(&mut self, found: Found) {
        for (key, setting) in found {
            self.set(key, setting);
        }
    }

    /// Overlays the flags.
    pub fn add_flags(&mut self, flags: &Flags) {
        if let (Some(threads), Some(key)) = (flags.threads, keys::find("run", "threads")) {
            self.set(key, Setting { value: Value::Number(threads.into()), origin: Origin::Flag("--threads") });
        }
        if let (Some(size), Some(key)) = (&flags.memory_limit, keys::find("run", "memory_limit")) {
            self.set(key, Setting { value: Value::Text(size.clone()), origin: Origin::Flag("--memory-limit") });
        }
    }

    /// Overlays the environment. A variable of an unknown section may be another program's (Kubernetes sets some for a service
    /// of this name) and is only warned about; an unknown key of a known section, or a name that is nearly a known one, is a mistake.
    pub fn add_environment(&mut self, environment: &Environment) -> Result<(), Failure> {
        let known: Vec<&Key> = keys::all().iter().filter(|key| key.shape != Shape::Table).collect();
        for name in environment.names().filter(|name| !NO_KEYS.contains(name)) {
            let variable = format!("{PREFIX}{name}");
            let Some(key) = known.iter().find(|key| key.variable() == variable) else {
                reject_unknown_variable(&variable, &known)?;
                continue;
            };
            let text = environment.get(name).unwrap_or_default();
            let origin = Origin::Variable(variable);
            let value = match key.shape {
                Shape::Number => text.parse().ok().map(Value::Number),
                Shape::Flag => text.parse().ok().map(Value::Flag),
                Shape::Words => Some(Value::Words(text.split(',').map(|word| word.trim().to_owned()).collect())),
                Shape::Text | Shape::Address | Shape::Table => Some(Value::Text(text.to_owned())),
            };
            let value =
                value.ok_or_else(|| Failure::configuration(format!("{origin} is `{text}`; expected {}", key.shape)))?;
            self.set(key, Setting { value, origin });
        }
        Ok(())
    }

    /// What is set for a key.
    fn get(&self, section: &str, name: &str) -> Option<&Setting> {
        debug_assert!(keys::find(section, name).is_some(), "`[{section}] {name}` stands in no table");
        self.values.get(&(section.to_owned(), name.to_owned()))
    }

    /// What is set in these sections and their subsections, a line each, in order. Not for sections that hold secrets.
    pub fn written(&self, sections: &[&str]) -> String {
        let belongs = |name: &str| sections.contains(&name.split('.').next().unwrap_or(name));
        let set = self.values.iter().filter(|((section, _), _)| belongs(section));
        set.map(|((section, name), setting)| format!("[{section}] {name} = {}\n", setting.value)).collect()
    }

    /// Whether the key is set.
    pub fn is_set(&self, section: &str, name: &str) -> bool {
        self.get(section, name).is_some()
    }

    /// Whether any key of the section is set.
    pub fn has_section(&self, section: &str) -> bool {
        self.values.keys().any(|(set, _)| set == section)
    }

    /// Says that a value is wrong: where, which key, what was found, what is expected and what to do.
    pub fn wrong(&self, section: &str, name: &str, expected: &str) -> Failure {
        let shape = keys::find(section, name).map(|key| key.shape);
        let Some(setting) = self.get(section, name) else { return self.missing(section, name, expected) };
        let found = match &setting.value {
            _ if shape == Some(Shape::Address) => "is not what was expected".to_owned(),
            Value::Text(text) => format!("is `{text}`"),
            Value::Number(number) => format!("is `{number}`"),
            Value::Flag(flag) => format!("is `{flag}`"),
            Value::Words(words) => format!("is `{}`", words.join(", ")),
            Value::Table(_) => "is a table with another content".to_owned(),
        };
        Failure::configuration(format!("{}: `[{section}] {name}` {found}; expected {expected}", setting.origin))
    }

    /// Says that a value is missing.
    pub fn missing(&self, section: &str, name: &str, expected: &str) -> Failure {
        let variable = keys::find(section, name).map(Key::variable).unwrap_or_default();
        Failure::configuration(format!(
            "`{}`: `[{section}] {name}` is not set; expected {expected}; set it there or in the environment variable `{variable}`",
            self.file.display()
        ))
    }

    /// Says where a key is set, for messages about the thing it names.
    pub fn place(&self, section: &str, name: &str) -> String {
        let origin =
            self.get(section, name).map_or_else(|| format!("`{}`", self.file.display()), |s| s.origin.to_string());
        format!("{origin}: `[{section}] {name}`")
    }

    /// A text; an empty one counts as not set.
    pub fn text(&self, section: &str, name: &str) -> Option<&str> {
        match &self.get(section, name)?.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A text that must be set.
    pub fn required(&self, section: &str, name: &str, expected: &str) -> Result<&str, Failure> {
        self.text(section, name).ok_or_else(|| self.missing(section, name, expected))
    }

    /// A list of texts.
    pub fn words(&self, section: &str, name: &str) -> Option<Vec<String>> {
        match &self.get(section, name)?.value {
            Value::Words(words) => Some(words.clone()),
            _ => None,
        }
    }

    /// A table of lists of texts.
    pub fn table(&self, section: &str, name: &str) -> BTreeMap<String, Vec<String>> {
        match self.get(section, name).map(|setting| &setting.value) {
            Some(Value::Table(table)) => table.clone(),
            _ => BTreeMap::new(),
        }
    }

    /// A flag.
    pub fn flag(&self, section: &str, name: &str) -> Option<bool> {
        match self.get(section, name)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// A whole number within bounds.
    pub fn number(&self, section: &str, name: &str, default: u32, from: u32, to: u32) -> Result<u32, Failure> {
        let Some(Setting { value: Value::Number(number), .. }) = self.get(section, name) else { return Ok(default) };
        let within = u32::try_from(*number).ok().filter(|number| (from..=to).contains(number));
        within.ok_or_else(|| self.wrong(section, name, &format!("a whole number from {from} to {to}")))
    }

    /// A duration within bounds.
    pub fn duration(&self, section: &str, name: &str, default: &str, longest: &str) -> Result<Duration, Failure> {
        let text = self.text(section, name).unwrap_or(default);
        let (found, longest_allowed) = (parse_duration(text), parse_duration(longest));
        found.filter(|found| Some(*found) <= longest_allowed).ok_or_else(|| {
            let expected =
                format!("a whole number and a unit (`ms`, `s`, `m`, `h`) such as `{default}`, at most `{longest}`");
            self.wrong(section, name, &expected)
        })
    }

    /// One of a closed list of words.
    pub fn word<T: Copy>(&self, section: &str, name: &str, default: T, allowed: &[(&str, T)]) -> Result<T, Failure> {
        if !self.is_set(section, name) {
            return Ok(default);
        }
        let text = self.text(section, name).unwrap_or_default();
        let found = allowed.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.ok_or_else(|| {
            let words: Vec<String> = allowed.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.wrong(section, name, &format!("one of {}", words.join(", ")))
        })
    }

    /// A path, made absolute from the configuration file's folder.
    pub fn path(&self, section: &str, name: &str) -> Option<PathBuf> {
        self.text(section, name).map(|text| self.folder().join(text))
    }

    /// A path to a file that must exist.
    pub fn existing_file(&self, section: &str, name: &str, what: &str) -> Result<Option<PathBuf>, Failure> {
        self.existing(section, name, what, false)
    }

    /// A path to a folder that must exist.
    pub fn existing_folder(&self, section: &str, name: &str, what: &str) -> Result<Option<PathBuf>, Failure> {
        self.existing(section, name, what, true)
    }

    fn existing(&self, section: &str, name: &str, what: &str, folder: bool) -> Result<Option<PathBuf>, Failure> {
        let Some(path) = self.path(section, name) else { return Ok(None) };
        let metadata = std::fs::metadata(&path).map_err(|error| {
            let reason = match error.kind() {
                std::io::ErrorKind::NotFound => "does not exist".to_owned(),
                _ => format!("cannot be read: {error}"),
            };
            let (place, shown) = (self.place(section, name), path.display());
            Failure::configuration(format!("{place}: `{shown}` {reason}; expected {what}; relative paths start at the folder of the configuration file"))
        })?;
        if metadata.is_dir() != folder {
            let (place, shown) = (self.place(section, name), path.display());
            let found = if metadata.is_dir() { "a folder" } else { "a file" };
            return Err(Failure::configuration(format!("{place}: `{shown}` is {found}; expected {what}")));
        }
        Ok(Some(path))
    }
}

/// How many letters a mistyped name differs from the one that was meant. What Kubernetes sets for a service of the program's name is
/// further away from every key: `SERVICE_HOST` is four letters from `SOURCE_HOST`.
const MISTYPED: usize = 3;

/// An unknown variable is an error if it is of a known section or nearly a known name, and else a warning.
fn reject_unknown_variable(variable: &str, known: &[&Key]) -> Result<(), Failure> {
    let names: Vec<String> = known.iter().map(|key| key.variable()).collect();
    let near = nearest(variable, names.iter().map(String::as_str)).unwrap_or_default();
    let of_section = |key: &&Key| {
        let section = format!("{PREFIX}{}_", key.section.replace('.', "_")).to_uppercase();
        variable.starts_with(&section)
    };
    if known.iter().any(of_section) || distance(variable, near) <= MISTYPED {
        let sentence = format!(
            "unknown environment variable `{variable}`; the nearest known one is `{near}`; correct or unset it"
        );
        return Err(Failure::configuration(sentence));
    }
    tracing::warn!(
        "environment variable `{variable}` names no key of the configuration and is ignored; the nearest known one is `{near}`"
    );
    Ok(())
}
