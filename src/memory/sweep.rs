//! Names of states, and letting go of what no recent run needs.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use super::fresh::{self, NEW};
use super::{Memory, MemoryError, State, entries_name, lines_name};
use crate::movement::ReportKind;

/// How many states are kept: that of the last run and of some before it, so that the last dates can be run again. An older date's
/// rerun reads its window from the archive.
const STATES: usize = 5;

/// The end of the name of a state.
const STATE: &str = ".state";

/// The name of the state after a run: a number that says which is newer, and the run.
pub(super) fn state_name(number: u64, run: &str) -> String {
    format!("{number:012}-{run}{STATE}")
}

/// The run of a state's name.
pub(super) fn run_of(name: &str) -> Option<&str> {
    Some(name.strip_suffix(STATE)?.split_once('-')?.1)
}

impl Memory {
    /// The states by number, with their names.
    pub(super) fn states(&self) -> Result<Vec<(u64, String)>, MemoryError> {
        let mut states: Vec<(u64, String)> = Vec::new();
        for name in self.names()? {
            let number = name.strip_suffix(STATE).and_then(|rest| rest.split_once('-')?.0.parse().ok());
            states.extend(number.map(|number| (number, name)));
        }
        states.sort_unstable();
        Ok(states)
    }

    fn names(&self) -> Result<Vec<String>, MemoryError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(MemoryError::file("list", &self.dir))? {
            let entry = entry.map_err(MemoryError::file("list", &self.dir))?;
            names.extend(entry.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Deletes what killed runs left behind.
    pub(super) fn sweep_unkept(&self) -> Result<(), MemoryError> {
        // A file system without nameless files gives one a name for a moment.
        let is_unkept = |name: &&String| name.ends_with(NEW) || name.starts_with(".tmp");
        self.names()?.iter().filter(is_unkept).try_for_each(|name| fresh::sweep(&self.dir.join(name)))
    }

    /// Deletes a file, if it is there.
    fn delete(&self, name: &str) -> Result<(), MemoryError> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(MemoryError::file("delete", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Deletes all but the newest states, and the lines and entries that none of these names.
    pub(super) fn sweep(&self) -> Result<(), MemoryError> {
        let states = self.states()?;
        let (old, kept) = states.split_at(states.len().saturating_sub(STATES));
        let mut needed: BTreeSet<String> = BTreeSet::new();
        for (_, name) in kept {
            let Some(state) = self.read(name)?.and_then(|bytes| State::from_bytes(&bytes)) else { continue };
            needed.extend(
                state
                    .lines
                    .keys()
                    .flat_map(|(_, _, sha256)| ReportKind::ALL.iter().map(move |&kind| lines_name(sha256, kind))),
            );
            needed.extend(state.entries.values().map(|entries| entries_name(entries)));
        }
        let is_over = |name: &String| {
            let is_part = name.ends_with(".lines") || name.ends_with(".entries");
            (is_part && !needed.contains(name)) || old.iter().any(|(_, known)| known == name)
        };
        self.names()?.iter().filter(|name| is_over(name)).try_for_each(|name| self.delete(name))?;
        self.sweep_unkept()
    }
}
