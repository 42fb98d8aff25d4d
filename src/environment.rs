//! The only reader of the process environment. Everything else is handed this map, so that tests bring their own.
#![allow(clippy::disallowed_methods, reason = "this is where the environment is read")]

pub mod memory;

use std::collections::BTreeMap;

/// What every variable of this program begins with.
pub const PREFIX: &str = "ANTOM_RECON_";

/// The variable, without the prefix, that holds the filter of log lines (`ANTOM_RECON_LOG=debug`).
pub const LOG: &str = "LOG";

/// The variable, without the prefix, that names the place at which the process ends, and how often it is passed before
/// (`ANTOM_RECON_DIE_AT="stage: done#3"`). Only builds with debug assertions know it; see [`crate::points`].
#[cfg(debug_assertions)]
pub const DIE_AT: &str = "DIE_AT";

/// The variable, without the prefix, that names the place at which the process computes for ever, as a stage without an end would.
/// Known to the same builds as [`DIE_AT`].
#[cfg(debug_assertions)]
pub const HANG_AT: &str = "HANG_AT";

/// The variables that are no keys of the configuration.
pub const NO_KEYS: &[&str] = &[
    LOG,
    #[cfg(debug_assertions)]
    DIE_AT,
    #[cfg(debug_assertions)]
    HANG_AT,
];

/// What glibc's allocator reads when a process begins, and what saves memory: two heaps for all threads instead of eight for each core, so
/// that what one thread gives back, another takes; and buffers of 128 KiB and more by themselves, which go back to the system when they
/// are given up, instead of from a heap as soon as one was.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const SPARING: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "131072")];

/// Lets this process begin anew with an allocator that is sparing, so that a limit of memory is not spent on what nobody uses. What the
/// environment says already stays. Returns if there is nothing to set, or if the system does not allow it, which costs memory and
/// nothing else.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(clippy::disallowed_types, reason = "the process becomes itself, with another environment")]
pub fn begin_sparing() {
    use std::os::unix::process::CommandExt;
    let unset = SPARING.iter().copied().filter(|(name, _)| std::env::var_os(name).is_none());
    let unset: Vec<(&str, &str)> = unset.collect();
    if unset.is_empty() {
        take_name();
        return;
    }
    let mut args = std::env::args_os();
    let mut anew = std::process::Command::new("/proc/self/exe");
    if let Some(name) = args.next() {
        anew.arg0(name);
    }
    let refused = anew.args(args).envs(unset).exec();
    tracing::debug!("the process keeps its heaps: {refused}");
}

/// What began anew through `/proc/self/exe` is called `exe` by the system, under which nobody looks for it: it takes its program's name
/// again. To begin by the program's path would keep the name, but run whatever was put into its place meanwhile.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn take_name() {
    const NAME: &str = "/proc/self/comm";
    let is_lost = std::fs::read(NAME).is_ok_and(|name| name == b"exe\n");
    let program = std::env::args_os().next().filter(|_| is_lost);
    let named = program.as_deref().and_then(|path| std::path::Path::new(path).file_name());
    if let Some(Err(refused)) = named.map(|name| std::fs::write(NAME, name.as_encoded_bytes())) {
        tracing::debug!("the process keeps the name `exe`: {refused}");
    }
}

/// Other allocators have no such setting.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn begin_sparing() {}

/// The variables whose name begins with [`PREFIX`], under the rest of their name. Values may be secret: no `Debug`.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the process environment. A value that is not UTF-8 keeps its readable part; what needs it then says what is wrong.
    #[must_use]
    pub fn read() -> Self {
        let readable = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self::of(std::env::vars_os().map(|(name, value)| (readable(name), readable(value))))
    }

    /// An environment with these variables, under their whole names.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |(name, value): (String, String)| Some((name.strip_prefix(PREFIX)?.to_owned(), value));
        Self(variables.into_iter().filter_map(ours).collect())
    }

    /// The value of a variable, named without the prefix. An empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The names without the prefix, sorted, of the variables that are not empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str())
    }
}
