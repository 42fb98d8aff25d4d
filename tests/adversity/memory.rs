//! Looking back by what earlier runs remember: the outputs are those of reading everything again, whatever happens to the ledger, to
//! old reports or to the memory itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use antom_recon::cli::run_with;
use antom_recon::environment::Environment;
use lab::demo;
use lab::world::faults::Fault;
use lab::world::layout::Layout;
use lab::world::rng::Rng;
use lab::world::{Plan, World};
use tempfile::TempDir;

/// Outputs of a day, by name, without the timings.
type Outputs = BTreeMap<String, String>;

/// A marketplace with its own database, archive and memory, over a directory of reports and a ledger in a CSV file.
struct Desk {
    world: World,
    folder: TempDir,
}

impl Desk {
    fn of(plan: &Plan, lookback_days: u32) -> Self {
        let world = World::generate(plan.clone());
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path()).unwrap();
        let source = "[source]\nkind = \"directory\"\npath = \"remote\"\n";
        let config = demo::configuration(&world.plan, source);
        let (table, csv) = ("kind = \"table\"", "kind = \"csv\"\npath = \"ledger.csv\"");
        assert!(config.contains(table) && config.contains("[matching]\n"));
        let config = config.replacen(table, csv, 1);
        let config = config.replacen("[matching]\n", &format!("[matching]\nlookback_days = {lookback_days}\n"), 1);
        fs::write(folder.path().join("antom-recon.toml"), config).unwrap();
        Self { world, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command and gives its exit code and, if it failed, what it said.
    fn ended(&self, words: &[&str]) -> (i32, String) {
        let config = self.path("antom-recon.toml");
        let words = [&["antom-recon"], words, &["--config", config.to_str().unwrap()]].concat();
        let mut page = Vec::new();
        let code = run_with(words.iter().map(std::ffi::OsString::from), &Environment::default(), &mut page);
        (code.into(), String::from_utf8(page).unwrap())
    }

    fn run(&self, date: &str, flags: &[&str]) -> Outputs {
        let words = [&["run", "--date", date], flags].concat();
        assert_eq!(self.ended(&words).0, 0, "{words:?}");
        let folder = self.path("out").join(&self.world.plan.platform).join(date);
        let mut outputs = Outputs::new();
        for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            let text = fs::read_to_string(&file).unwrap();
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let text = if name == "summary.json" { without_timings(&text) } else { text };
            outputs.insert(name, text);
        }
        outputs
    }

    fn memory(&self) -> PathBuf {
        self.path("archive/memory").join(&self.world.plan.platform)
    }

    /// The files of the memory whose names end like this, sorted.
    fn remembered(&self, ending: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.memory()).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
        files.sort();
        files
    }

    fn days(&self) -> Vec<String> {
        self.world.plan.all_days().iter().map(ToString::to_string).collect()
    }
}

fn without_timings(summary: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(summary).unwrap();
    value.as_object_mut().unwrap().remove("timings").unwrap();
    value.to_string()
}

/// What somebody does to the books between two runs: entries vanish, come twice, come late, change their amount or status. Gives how
/// many rows it touched.
fn tamper(ledger: &Path, held_back: &mut Vec<String>, rng: &mut Rng) -> usize {
    let text = fs::read_to_string(ledger).unwrap();
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut touched = 0;
    for _ in 0..3 {
        let at = 1 + usize::try_from(rng.below(rows.len() as u64 - 1)).unwrap();
        match rng.below(6) {
            0 => held_back.push(rows.remove(at)),
            1 => rows.push(rows[at].clone()),
            2 if !held_back.is_empty() => rows.push(held_back.remove(0)),
            3 => {
                let mut cells: Vec<String> = rows[at].split(',').map(str::to_owned).collect();
                cells[8].push('0');
                rows[at] = cells.join(",");
            }
            4 => rows[at] = rows[at].replace(",SUCCESS,", ",FAILED,"),
            _ => rows[at] = rows[at].replace(",FAILED,", ",SUCCESS,"),
        }
        touched += 1;
    }
    rows.push(String::new());
    fs::write(ledger, rows.join("\n")).unwrap();
    touched
}

/// Two desks over the same reports and the same ledger, one with a memory and one that reads everything again.
fn the_same_with_and_without(plan: &Plan, lookback_days: u32) {
    let (with, without) = (Desk::of(plan, lookback_days), Desk::of(plan, lookback_days));
    let mut rng = Rng::new(plan.seed);
    let (mut held_back, mut touched, mut discrepancies) = (Vec::new(), 0, 0);
    for date in with.days() {
        let (remembers, reads) = (with.run(&date, &[]), without.run(&date, &["--without-memory"]));
        for (name, text) in &reads {
            assert_eq!(&remembers[name], text, "seed {}, {date}, {name}, lookback {lookback_days}", plan.seed);
        }
        assert_eq!(remembers.len(), reads.len());
        discrepancies += remembers["discrepancies.csv"].lines().count() - 1;
        touched += tamper(&with.path("ledger.csv"), &mut held_back, &mut rng);
        fs::copy(with.path("ledger.csv"), without.path("ledger.csv")).unwrap();
    }
    assert!(touched > 30 && discrepancies > 100, "{touched} rows touched, {discrepancies} discrepancies listed");
}

fn three_weeks(seed: u64, layout: Layout) -> Plan {
    Plan { layout, payments: 6, days: 15, faults: Fault::ALL.to_vec(), ..Plan::one_month(seed) }
}

#[test]
fn a_long_lookback_gives_the_same_outputs() {
    the_same_with_and_without(&three_weeks(91, Layout::Marketplace), 35);
}

#[test]
fn a_window_that_moves_on_gives_the_same_outputs() {
    the_same_with_and_without(&three_weeks(92, Layout::Marketplace), 4);
}

#[test]
fn lines_without_ids_of_their_own_are_found_again() {
    the_same_with_and_without(&three_weeks(93, Layout::Gen3), 6);
}

#[test]
fn payments_that_are_settled_on_their_day_give_the_same_outputs() {
    for (seed, splits) in [(101, true), (102, false)] {
        the_same_with_and_without(&Plan { settle_after: 0, splits, ..three_weeks(seed, Layout::Marketplace) }, 5);
    }
}

/// Writes the type of payments in another case in all details: such lines mean the same, and are matched in full.
fn spell_otherwise(remote: &Path) {
    let mut lines = 0;
    for name in super::antom::tree(remote).iter().filter(|name| name.contains("Items_")) {
        let text = fs::read_to_string(remote.join(name)).unwrap();
        lines += text.matches(",PAYMENT,").count();
        fs::write(remote.join(name), text.replace(",PAYMENT,", ",Payment,")).unwrap();
    }
    assert!(lines > 100, "{lines} lines");
}

/// How many rows the run of a day matched in full.
fn matched_in_full(desk: &Desk, date: &str) -> u64 {
    let path = desk.path("out").join(&desk.world.plan.platform).join(date).join("summary.json");
    let summary: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    summary["timings"]["match"]["lines"].as_u64().unwrap()
}

/// Whether a line ends in an output as it is written.
const fn shows_its_line(fault: Fault) -> bool {
    use Fault::*;
    matches!(
        fault,
        UnreadableAmount | TooManyDecimals | UnreadableTime | UnreadableCurrency | CutLine | UnreadableSettlementAmount
    )
}

#[test]
fn what_agrees_and_is_left_out_changes_no_output() {
    for (seed, splits) in [(103, true), (104, false)] {
        let faults = Fault::ALL.iter().copied().filter(|fault| !shows_its_line(*fault)).collect();
        let plan = Plan { payments: 20, days: 6, settle_after: 0, splits, faults, ..Plan::one_month(seed) };
        let (few, all) = (Desk::of(&plan, 35), Desk::of(&plan, 35));
        spell_otherwise(&all.path("remote"));
        let mut rng = Rng::new(seed);
        let (mut held_back, mut rows) = (Vec::new(), [0, 0]);
        for date in few.days() {
            let (outputs, expected) = (few.run(&date, &[]), all.run(&date, &[]));
            // The summary has the digests of the reports.
            for (name, text) in expected.iter().filter(|(name, _)| *name != "summary.json") {
                assert_eq!(&outputs[name], text, "splits {splits}, {date}, {name}");
            }
            rows = [rows[0] + matched_in_full(&few, &date), rows[1] + matched_in_full(&all, &date)];
            tamper(&few.path("ledger.csv"), &mut held_back, &mut rng);
            fs::copy(few.path("ledger.csv"), all.path("ledger.csv")).unwrap();
        }
        assert!(rows[0] + 150 < rows[1], "splits {splits}: {rows:?} rows were matched in full");
    }
}

#[test]
fn old_reports_are_not_read_again() {
    let desk = Desk::of(&Plan { payments: 6, days: 8, ..Plan::one_month(94) }, 35);
    let days = desk.days();
    for date in &days[..6] {
        desk.run(date, &[]);
    }
    // Every archived file of details of the first days: a run that reads one of them fails.
    let first = &desk.world.plan.all_days()[0];
    let is_first = |name: &str| name.contains(&first.format("%Y%m%d").to_string());
    let text = fs::read_to_string(desk.path("out").join(&desk.world.plan.platform).join(&days[0]).join("summary.json"));
    let summary: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
    let inputs = summary["inputs"].as_array().unwrap();
    let details = inputs.iter().filter(|input| input["role"] == "transaction_details");
    let mut taken = 0;
    for input in details.filter(|input| is_first(input["name"].as_str().unwrap())) {
        let sha256 = input["sha256"].as_str().unwrap();
        fs::remove_file(desk.path("archive").join(&sha256[..2]).join(format!("{sha256}.zst"))).unwrap();
        taken += 1;
    }
    assert_eq!(taken, 1);
    let remembered = desk.run(&days[6], &[]);
    assert!(!remembered.is_empty());
    let (code, _) = desk.ended(&["run", "--date", &days[7], "--without-memory"]);
    assert_eq!(code, 5, "the archive lacks a file of the window");
}

#[test]
fn a_memory_that_is_lost_or_cut_costs_time_only() {
    let plan = Plan { payments: 6, days: 6, faults: Fault::ALL.to_vec(), ..Plan::one_month(95) };
    let (whole, hurt) = (Desk::of(&plan, 35), Desk::of(&plan, 35));
    for (at, date) in whole.days().iter().enumerate() {
        assert_eq!(whole.run(date, &[]), hurt.run(date, &[]), "{date}");
        match at {
            0 => fs::remove_dir_all(hurt.memory()).unwrap(),
            1 => cut(&hurt.remembered(".state")[0]),
            2 => hurt.remembered(".lines").iter().for_each(|path| cut(path)),
            3 => hurt.remembered(".entries").iter().for_each(|path| cut(path)),
            _ => fs::remove_file(hurt.memory().join("seed")).unwrap(),
        }
    }
}

#[test]
fn an_entry_that_vanishes_is_missed_without_the_list_that_had_it() {
    an_entry_vanishes_with(|hurt| hurt.remembered(".entries").iter().for_each(|path| cut(path)));
}

/// Another seed is made, under which nothing that was remembered means anything.
#[test]
fn an_entry_that_vanishes_is_missed_without_the_seed_of_the_keys() {
    an_entry_vanishes_with(|hurt| fs::remove_file(hurt.memory().join("seed")).unwrap());
}

fn an_entry_vanishes_with(hurt_it: impl FnOnce(&Desk)) {
    let plan = Plan { payments: 6, days: 6, settle_after: 0, splits: false, ..Plan::one_month(98) };
    let (whole, hurt) = (Desk::of(&plan, 35), Desk::of(&plan, 35));
    let days = whole.days();
    for date in &days[..5] {
        assert_eq!(whole.run(date, &[]), hurt.run(date, &[]), "{date}");
    }
    hurt_it(&hurt);
    for desk in [&whole, &hurt] {
        let ledger = fs::read_to_string(desk.path("ledger.csv")).unwrap();
        // Nothing else in the ledger has its id.
        let is_alone = |row: &str| {
            let id = row.split(',').nth(2).unwrap();
            row.contains(",PAYMENT,") && row.contains(",SUCCESS,") && ledger.matches(&format!(",{id},")).count() == 1
        };
        let first = ledger.lines().position(is_alone).unwrap();
        let rows: Vec<&str> = ledger.lines().enumerate().filter(|(at, _)| *at != first).map(|(_, row)| row).collect();
        fs::write(desk.path("ledger.csv"), rows.join("\n") + "\n").unwrap();
    }
    let outputs = whole.run(&days[5], &[]);
    assert_eq!(outputs, hurt.run(&days[5], &[]));
    assert!(outputs["discrepancies.csv"].contains("MISSING_IN_LEDGER"), "{}", outputs["discrepancies.csv"]);
}

#[test]
fn a_share_that_vanishes_is_missed_although_nothing_else_has_its_id() {
    let plan = Plan { payments: 6, days: 4, settle_after: 0, ..Plan::one_month(105) };
    let (with, without) = (Desk::of(&plan, 35), Desk::of(&plan, 35));
    let days = with.days();
    for date in &days[..2] {
        assert_eq!(with.run(date, &[]), without.run(date, &[]), "{date}");
    }
    let ledger = fs::read_to_string(with.path("ledger.csv")).unwrap();
    let request_of = |row: &str| row.split(',').nth(2).unwrap().to_owned();
    let is_alone = |row: &&str| {
        let is_share = row.contains(",SETTLEMENT,") && row.contains(&days[0]);
        is_share && ledger.lines().filter(|other| request_of(other) == request_of(row)).count() == 1
    };
    let share = ledger.lines().find(is_alone).unwrap();
    for desk in [&with, &without] {
        fs::write(desk.path("ledger.csv"), ledger.replace(&format!("{share}\n"), "")).unwrap();
    }
    let outputs = with.run(&days[2], &[]);
    assert_eq!(outputs, without.run(&days[2], &["--without-memory"]));
    let missing = outputs["discrepancies.csv"].lines().filter(|row| row.contains("MISSING_IN_LEDGER")).count();
    assert_eq!(missing, 1, "{}", outputs["discrepancies.csv"]);
}

/// A dispute's line of the newest layout names its payment and nothing else.
#[test]
fn disputes_that_vanish_are_missed_although_their_lines_have_no_ids() {
    let plan = Plan { payments: 120, days: 5, settle_after: 0, layout: Layout::Gen3, ..Plan::one_month(106) };
    let (with, without) = (Desk::of(&plan, 35), Desk::of(&plan, 35));
    let days = with.days();
    for date in &days[..3] {
        assert_eq!(with.run(date, &[]), without.run(date, &[]), "{date}");
    }
    let ledger = fs::read_to_string(with.path("ledger.csv")).unwrap();
    let is_gone = |row: &&str| row.contains(",DISPUTE,") && (row.contains(&days[0]) || row.contains(&days[1]));
    let gone = ledger.lines().filter(is_gone).count();
    assert!(gone > 0, "there is no dispute");
    let rest: Vec<&str> = ledger.lines().filter(|row| !is_gone(row)).collect();
    for desk in [&with, &without] {
        fs::write(desk.path("ledger.csv"), rest.join("\n") + "\n").unwrap();
    }
    let outputs = with.run(&days[3], &[]);
    assert_eq!(outputs, without.run(&days[3], &["--without-memory"]));
    let missing = outputs["discrepancies.csv"].lines().filter(|row| row.contains("MISSING_IN_LEDGER")).count();
    assert!(missing > 0, "{}", outputs["discrepancies.csv"]);
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_memory_that_is_damaged_is_named() {
    let desk = Desk::of(&Plan { payments: 6, days: 3, ..Plan::one_month(96) }, 35);
    let days = desk.days();
    desk.run(&days[0], &[]);
    for path in desk.remembered(".lines") {
        let mut bytes = fs::read(&path).unwrap();
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        // The first block begins with the first byte: the number of its lines, two ids of each, ids of originals, and then the rows.
        let after_ids = 4 + 16 * number(0);
        let rows = after_ids + 4 + 12 * number(after_ids);
        bytes[9] ^= 1;
        bytes[rows + 9] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(desk.ended(&["run", "--date", &days[1]]).0, 5);
    let outputs = desk.run(&days[1], &["--without-memory"]);
    assert!(!outputs.is_empty());
}

#[test]
fn what_no_run_needs_is_swept() {
    let desk = Desk::of(&Plan { payments: 4, days: 12, ..Plan::one_month(97) }, 3);
    let mut most = 0;
    for date in desk.days() {
        desk.run(&date, &[]);
        most = most.max(desk.remembered(".lines").len());
        assert!(desk.remembered(".state").len() <= 5);
        assert!(desk.remembered(".new").is_empty());
    }
    let archived = walk(&desk.path("archive")).len();
    assert!(most > 3 && desk.remembered(".lines").len() < archived, "{most} of {archived}");
}

fn walk(folder: &Path) -> Vec<String> {
    super::antom::tree(folder).into_iter().filter(|name| name.ends_with(".zst")).collect()
}
