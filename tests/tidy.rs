//! The rules of the architecture, held by reading the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use antom_recon::cli::Cli;
use antom_recon::config::{Config, Flags};
use antom_recon::environment::Environment;
use clap::Parser;

/// Which part of the job a module belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Core,
    Shell,
    Assembly,
}
use Block::{Assembly, Core, Shell};

/// The modules in reading and import order.
const ORDER: [(&str, Block); 28] = [
    ("money", Core),
    ("movement", Core),
    ("kind", Core),
    ("id", Core),
    ("calendar", Core),
    ("records", Core),
    ("workbook", Core),
    ("report", Core),
    ("ledger", Core),
    ("matching", Core),
    ("proof", Core),
    ("discrepancy", Core),
    ("decision", Core),
    ("conservation", Core),
    ("fetch", Shell),
    ("memory", Shell),
    ("store", Shell),
    ("requery", Shell),
    ("export", Shell),
    ("clock", Assembly),
    ("environment", Assembly),
    ("failure", Assembly),
    ("progress", Assembly),
    ("signal", Assembly),
    ("config", Assembly),
    ("pipeline", Assembly),
    ("commands", Assembly),
    ("cli", Assembly),
];

/// Imports against the order, each with its reason.
const IMPORT_EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// Files that may be longer than [`MAX_LINES`], each with its reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// The longest file.
const MAX_LINES: usize = 500;

/// The longest `main.rs`.
const MAX_MAIN_LINES: usize = 30;

/// What the core must not use: crates that do I/O, wait, or serialise.
const NOT_IN_CORE: [&str; 9] =
    ["tokio::", "sqlx::", "serde::", "serde_json::", "toml::", "tracing::", "anyhow::", "reqwest::", "ssh2::"];

/// Paths and names of calls that move money (class names of Antom's SDK for Java, package `marketplace` and `pay`).
const MOVES_MONEY: [&str; 12] = [
    "payments/pay",
    "payments/settle",
    "payments/refund",
    "payments/capture",
    "payments/cancel",
    "payments/createPaymentSession",
    "funds/createTransfer",
    "funds/createPayout",
    "createTransfer",
    "createPayout",
    "merchants/register",
    "settlementInfo/update",
];

/// Calls of `ssh2` that write to or delete from a server.
const WRITES_TO_SERVER: [&str; 12] = [
    ".unlink(",
    ".mkdir(",
    ".rmdir(",
    ".setstat(",
    ".open_mode(",
    ".symlink(",
    "sftp.create(",
    "sftp.rename(",
    ".scp_send(",
    ".exec(",
    ".shell(",
    "OpenFlags::WRITE",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder of the project, sorted; none if there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(items) = fs::read_dir(&folder) else { continue };
        for item in items.map(|item| item.unwrap().path()) {
            if item.is_dir() && item.file_name().is_none_or(|name| name != "target") {
                folders.push(item);
            } else if item.is_file() {
                found.push(item);
            }
        }
    }
    found.sort();
    found
}

/// A file of Rust source.
struct Source {
    /// Relative to the project, with slashes.
    path: String,
    /// The module of the job, for files in `src`.
    module: String,
    /// The text as it is.
    text: String,
    /// The text without comments.
    code: String,
}

/// All Rust files below a folder.
fn sources(folder: &str) -> Vec<Source> {
    let rust = files(folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let sources: Vec<Source> = rust.map(|path| source(&path)).collect();
    assert!(!sources.is_empty(), "no source in `{folder}`");
    sources
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let module = path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs").to_owned();
    let code = text.lines().map(|line| without_comment(line).to_owned() + "\n").collect();
    Source { path, module, text, code }
}

/// A line without its comment. `//` inside a text (addresses) is no comment.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let bytes = line.as_bytes();
    for at in 0..bytes.len() {
        match bytes[at] {
            b'"' if at == 0 || bytes[at - 1] != b'\\' => quoted = !quoted,
            b'/' if !quoted && bytes.get(at + 1) == Some(&b'/') => return &line[..at],
            _ => {}
        }
    }
    line
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|(name, _)| *name == module)
}

fn block(module: &str) -> Option<Block> {
    rank(module).map(|at| ORDER[at].1)
}

/// The job's modules that a text names, as `crate::module`, `crate::{module, …}` or `super::module` at the top.
fn imports(code: &str, nested: bool) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, path) in code.match_indices("crate::") {
        // `$crate::`, `mycrate::`: only the first names this crate, and macros of one module belong to it.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group_members(group).iter().map(|member| word(member))),
            None => drop(found.insert(word(rest))),
        }
    }
    let up = if nested { "super::super::" } else { "super::" };
    found.extend(code.split(up).skip(1).map(word).filter(|name| rank(name).is_some()));
    found.retain(|name| !name.is_empty());
    found
}

/// The members of `{a, b::{c, d}, e}`, its first brace cut off.
fn group_members(group: &str) -> Vec<String> {
    let (mut depth, mut members) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(String::new()),
            c if depth == 0 && !c.is_whitespace() => members.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    members
}

/// Fails with all problems at once.
#[track_caller]
fn none(problems: &[String], rule: &str) {
    assert!(problems.is_empty(), "{rule}:\n  {}", problems.join("\n  "));
}

/// Lines of code that contain one of the words, as problems.
fn lines_with(source: &Source, words: &[&str]) -> Vec<String> {
    let found = |line: &str| words.iter().find(|word| line.contains(*word)).copied();
    let named = source.code.lines().enumerate().filter_map(|(at, line)| Some((at + 1, found(line)?)));
    named.map(|(line, word)| format!("{}:{line} has `{word}`", source.path)).collect()
}

/// Files of `src` that belong to modules, `lib.rs` and `main.rs` apart.
fn module_sources() -> Vec<Source> {
    sources("src").into_iter().filter(|source| source.module != "lib" && source.module != "main").collect()
}

#[test]
fn every_module_stands_in_the_order_and_in_the_picture() {
    let declared: BTreeSet<String> = source(&root().join("src/lib.rs"))
        .code
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").or(line.strip_prefix("mod ")))
        .map(|line| line.trim_end_matches(';').to_owned())
        .collect();
    let ordered: BTreeSet<String> = ORDER.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(declared, ordered, "src/lib.rs and the order in tests/tidy.rs name different modules");
    let picture = picture();
    let pictured: BTreeSet<String> = picture.iter().cloned().collect();
    assert_eq!(pictured, ordered, "the picture in src/lib.rs and the order in tests/tidy.rs name different modules");
    let blocks: Vec<Vec<&str>> = [Core, Shell, Assembly]
        .map(|block| ORDER.iter().filter(|(_, of)| *of == block).map(|(name, _)| *name).collect())
        .into();
    assert_eq!(picture, blocks.concat(), "the picture in src/lib.rs has another order");
}

/// The modules of the picture: first words, followed by two spaces, of the lines of the second text block in `src/lib.rs`.
fn picture() -> Vec<String> {
    let lib = source(&root().join("src/lib.rs")).text;
    let comments: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("//!")).collect();
    let after = comments.iter().skip_while(|line| !line.contains("Modules, in reading and import order"));
    let block = after.skip_while(|line| !line.contains("```text")).skip(1).take_while(|line| !line.contains("```"));
    let name = |line: &&str| line.trim().split_once("  ").map(|(name, _)| name.to_owned());
    block.filter_map(name).collect()
}

#[test]
fn imports_go_up_the_order_only() {
    let mut problems = Vec::new();
    let mut edges = 0;
    for source in module_sources() {
        let Some(here) = rank(&source.module) else { continue };
        // `super` is the crate in `src/x.rs` and `src/x/mod.rs`, the module itself deeper down.
        let nested = source.path.matches('/').count() > 1 && !source.path.ends_with("/mod.rs");
        for import in imports(&source.code, nested) {
            let Some(there) = rank(&import) else { continue };
            edges += 1;
            let siblings = ORDER[here].1 == Shell && ORDER[there].1 == Shell && here != there;
            let allowed = |(from, to, _): &(&str, &str, &str)| *from == source.module && *to == import;
            if (there > here || siblings) && !IMPORT_EXCEPTIONS.iter().any(allowed) {
                problems.push(format!("{}: `{}` imports `{import}`", source.path, source.module));
            }
        }
    }
    assert!(edges > 20, "only {edges} imports were found: the reader of this test is broken");
    none(&problems, "imports go up the list in src/lib.rs, and siblings of the shell do not import each other");
}

#[test]
fn only_pipeline_and_commands_see_the_configuration() {
    let sees = |source: &&Source| imports(&source.code, false).contains("config");
    let allowed = ["config", "pipeline", "commands"];
    let problems: Vec<String> = module_sources()
        .iter()
        .filter(sees)
        .filter(|source| !allowed.contains(&source.module.as_str()))
        .map(|source| source.path.clone())
        .collect();
    none(&problems, "only `pipeline` and `commands` see `config`; every other module receives its own options");
}

#[test]
fn anyhow_is_for_the_assembly() {
    let below = module_sources().into_iter().filter(|source| block(&source.module) != Some(Assembly));
    let problems: Vec<String> = below.flat_map(|source| lines_with(&source, &["anyhow"])).collect();
    none(&problems, "`anyhow` is for the assembly; below it, errors are typed and have positions");
}

#[test]
fn the_core_is_pure() {
    let core = module_sources().into_iter().filter(|source| block(&source.module) == Some(Core));
    let mut problems = Vec::new();
    for source in core {
        problems.extend(lines_with(&source, &NOT_IN_CORE));
        problems
            .extend(lines_with(&source, &["std::fs", "std::env", "std::net", "std::process", "async fn", ".await"]));
        problems.extend(lines_with(&source, &["clippy::disallowed"]));
    }
    none(&problems, "the core has no I/O, no async, no serialisation, and does not climb the fence of .clippy.toml");
}

#[test]
fn no_binary_floating_point() {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut problems = Vec::new();
    for source in sources("src") {
        for (at, line) in source.code.lines().enumerate() {
            if line.split(|c| !is_word(c)).any(|word| word == "f32" || word == "f64") {
                problems.push(format!("{}:{}", source.path, at + 1));
            }
        }
    }
    none(&problems, "no binary floating point");
}

#[test]
fn files_are_short() {
    let mut problems = Vec::new();
    let mut long = BTreeSet::new();
    for source in sources("src").into_iter().chain(sources("crates")) {
        let lines = source.text.lines().count();
        let is_test = source.path.contains("/tests/") || source.path.ends_with("/tests.rs");
        if lines > MAX_LINES && !is_test {
            long.insert(source.path.clone());
            if !LONG_FILES.iter().any(|(path, _)| *path == source.path) {
                problems.push(format!("{} has {lines} lines", source.path));
            }
        }
    }
    let stale = LONG_FILES.iter().filter(|(path, _)| !long.contains(*path));
    problems.extend(stale.map(|(path, _)| format!("{path} is no longer long: take it off the list")));
    none(&problems, "a file has at most 500 lines; divide it");
    let main = source(&root().join("src/main.rs")).text.lines().count();
    assert!(main < MAX_MAIN_LINES, "src/main.rs has {main} lines");
}

#[test]
fn the_job_moves_no_money() {
    let problems: Vec<String> = sources("src").iter().flat_map(|source| lines_with(source, &MOVES_MONEY)).collect();
    none(&problems, "the job never calls what moves money");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let api: Vec<&str> = manifest.lines().filter(|line| line.starts_with("antom-api")).collect();
    assert_eq!(api.len(), 1);
    assert!(!api[0].contains("features"), "the job uses the inquiries of antom-api only: {}", api[0]);
}

#[test]
fn nothing_is_written_to_the_server() {
    let fetch = module_sources().into_iter().filter(|source| source.module == "fetch");
    let problems: Vec<String> = fetch.flat_map(|source| lines_with(&source, &WRITES_TO_SERVER)).collect();
    none(&problems, "nothing is ever written to or deleted from the SFTP server");
    let elsewhere = module_sources().into_iter().filter(|source| source.module != "fetch");
    let problems: Vec<String> = elsewhere.flat_map(|source| lines_with(&source, &["ssh2::"])).collect();
    none(&problems, "only `fetch` speaks SFTP");
}

#[test]
fn one_reader_of_clock_and_environment() {
    let mut problems = Vec::new();
    for source in module_sources() {
        // Tests may measure; what counts is the code that ships.
        let shipped = source.code.split("#[cfg(test)]").next().unwrap().to_owned();
        let source = Source { code: shipped, ..source };
        if source.module != "clock" {
            problems.extend(lines_with(&source, &["SystemTime", "Instant::now", "Utc::now", "Local::now"]));
        }
        if source.module != "environment" {
            problems.extend(lines_with(&source, &["env::var", "env::vars"]));
        }
    }
    none(&problems, "only `clock` reads the time, only `environment` the environment");
}

/// The whole text of all Rust sources, by path.
fn all_sources() -> BTreeMap<String, String> {
    ["src", "tests", "crates"].into_iter().flat_map(sources).map(|source| (source.path, source.text)).collect()
}

#[test]
fn every_fixture_is_used() {
    let sources = all_sources();
    let is_named = |name: &str| sources.iter().any(|(path, text)| path != "tests/tidy.rs" && text.contains(name));
    let mut problems = Vec::new();
    for path in files("fixtures") {
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let file_name = path.rsplit('/').next().unwrap().to_owned();
        // A folder of scenarios is used as a whole: naming the folder names what is in it.
        let folders = path.match_indices('/').skip(1).map(|(end, _)| path[..end].to_owned());
        let mut names = folders.chain([file_name]);
        if !names.any(|name| is_named(&name)) && !path.ends_with(".md") {
            problems.push(path);
        }
    }
    none(&problems, "no test names these fixtures");
}

#[test]
fn every_snapshot_is_used() {
    let sources = all_sources();
    let mut problems = Vec::new();
    for path in ["src", "tests", "crates"].into_iter().flat_map(files) {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        if shown.ends_with(".snap.new") || shown.contains(".pending-snap") {
            problems.push(format!("{shown} waits to be accepted"));
        } else if let Some(stem) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".snap") {
            let text = fs::read_to_string(&path).unwrap();
            let of = text.lines().find_map(|line| line.strip_prefix("source: ")).unwrap_or_default();
            let name = stem.rsplit("__").next().unwrap().trim_end_matches(|c: char| c.is_ascii_digit());
            let name = name.trim_end_matches('-');
            // A subject's tests may be spread over the files of its folder.
            let folder = of.trim_matches('"').rsplit_once('/').map_or("", |(folder, _)| folder);
            let mut subject = sources.iter().filter(|(path, _)| path.contains(folder));
            if !subject.any(|(_, text)| text.contains(name)) {
                problems.push(format!("{shown}: `{name}` is not in `{of}`"));
            }
        }
    }
    none(&problems, "no test makes these snapshots");
}

/// Command lines of this program in a text: in code blocks of Markdown, and anywhere in other files.
fn commands(path: &Path, text: &str) -> Vec<String> {
    let markdown = path.extension().is_some_and(|end| end == "md");
    let mut inside = !markdown;
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if markdown && line.starts_with("```") {
            inside = !inside;
        } else if inside {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            let begins = line.starts_with("antom-recon ");
            // A crontab line begins with times and a user; a manifest runs `exec antom-recon …`.
            let within = line.find("/antom-recon ").map(|at| at + 1).filter(|_| !markdown && !line.starts_with('#'));
            found.extend(begins.then_some(0).or(within).map(|at| line[at..].to_owned()));
            // The arguments of a container.
            let list = line.strip_prefix("args: ").and_then(|list| serde_json::from_str::<Vec<String>>(list).ok());
            found.extend(list.map(|words| format!("antom-recon {}", words.join(" "))));
        }
    }
    found
}

#[test]
fn commands_in_documents_are_right() {
    let documents = [root().join("README.md"), root().join("crates/lab/README.md")].into_iter();
    let mut count = 0;
    for path in documents.chain(files("cron")).filter(|path| path.is_file()) {
        let text = fs::read_to_string(&path).unwrap();
        for line in commands(&path, &text) {
            let ends = [" > ", " >> ", " | ", " && ", " ; ", " # ", " 2>"];
            let end = ends.iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
            let words = line[..end].split_whitespace().map(|word| word.trim_matches(['"', '\'']));
            if let Err(error) = Cli::try_parse_from(words) {
                assert!(!error.use_stderr(), "{}: `{line}`:\n{error}", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} commands were found in README.md and cron/");
}

#[test]
fn the_configuration_of_the_cluster_loads() {
    let manifest = fs::read_to_string(root().join("cron/configmap.yaml")).unwrap();
    let block = manifest.lines().skip_while(|line| !line.trim().starts_with("antom-recon.toml: |")).skip(1);
    let toml: String = block.map(|line| line.trim_start().to_owned() + "\n").collect();
    assert!(toml.contains("[merchant]"), "no configuration in cron/configmap.yaml");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("antom-recon.toml");
    fs::write(&path, toml).unwrap();
    let config =
        Config::load(Some(&path), &Environment::default(), &Flags::default()).unwrap_or_else(|f| panic!("{f}"));
    config.merchant().unwrap();
    config.matching().unwrap();
    config.expect().unwrap();
}

#[test]
fn what_ci_runs_is_what_the_readme_says() {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(script.contains("README.md"), ".ci/run takes the test command from README.md");
    assert!(!script.contains("cargo test"), ".ci/run has a test command of its own");
}

#[test]
fn the_readers_of_this_file_read() {
    let code = "use crate::money::{Currency, Money};\nuse crate::{id::Key, calendar};\nlet x = crate::ledger::X;\nuse super::fetch;";
    let expected = ["calendar", "fetch", "id", "ledger", "money"].map(str::to_owned);
    assert_eq!(imports(code, false), expected.into());
    assert_eq!(without_comment("let a = \"http://x\"; // why"), "let a = \"http://x\"; ");
    let found = commands(Path::new("a.md"), "antom-recon no\n```\n$ antom-recon run --date yesterday\n```\n");
    assert_eq!(found, ["antom-recon run --date yesterday"]);
    let found =
        commands(Path::new("crontab"), "0 10 * * * recon /usr/local/bin/antom-recon status\n# /x/antom-recon no\n");
    assert_eq!(found, ["antom-recon status"]);
}
