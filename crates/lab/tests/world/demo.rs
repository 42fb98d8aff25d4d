//! The demonstration with an actor in place of the job: one who knows the right answer, and worse ones.

use lab::demo::{Options, run};
use lab::world::World;
use lab::world::expected::Expected;
use lab::world::layout::Layout;
use lab::world::plan::PROOFS;
use lab::world::style::Style;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const SEED: u64 = 41;
const PAYMENTS: u32 = 12;

/// The order of rows: stages, then kinds as the contract has them.
const STAGES: [&str; 5] = ["file", "transactions", "settlement", "splits", "proof"];
const KINDS: [&str; 35] = [
    "FILE_MISSING",
    "FILE_INCOMPLETE",
    "FILE_RESTATED",
    "SCHEMA_DRIFT",
    "CONTROL_TOTAL",
    "REJECTED_LINE",
    "UNKNOWN_TYPE",
    "DUPLICATE_IN_REPORT",
    "DUPLICATE_IN_LEDGER",
    "SETTLED_TWICE",
    "AMBIGUOUS",
    "UNKNOWN_SUB_MERCHANT",
    "MISSING_IN_LEDGER",
    "MISSING_IN_REPORT",
    "SETTLED_NOT_REPORTED",
    "NOT_SETTLED",
    "ORPHAN_REVERSAL",
    "CURRENCY_MISMATCH",
    "AMOUNT_MISMATCH",
    "STATUS_MISMATCH",
    "SUB_MERCHANT_MISMATCH",
    "SPLIT_MISMATCH",
    "REFUND_EXCEEDS_PAYMENT",
    "CAPTURE_EXCEEDS_AUTHORIZATION",
    "FEE_OVERCHARGED",
    "FEE_UNDERCHARGED",
    "FEE_WITHOUT_RULE",
    "FEE_CURRENCY",
    "FX_VARIANCE",
    "NET_FORMULA",
    "BATCH_TOTAL",
    "BALANCE_ROLL",
    "PAYOUT_MISSING",
    "PAYOUT_AMOUNT",
    "UNEXPLAINED_ADJUSTMENT",
];

fn words(command: &[OsString]) -> Vec<&str> {
    command.iter().map(|word| word.to_str().unwrap()).collect()
}

fn folder(command: &[OsString]) -> PathBuf {
    let words = words(command);
    let flag = words.iter().position(|word| *word == "--config").unwrap();
    let config = Path::new(words[flag + 1]);
    let text = fs::read_to_string(config).unwrap();
    for key in ["kind = \"sftp\"", "host_key = \"SHA256:", "[api]", "gateway = \"http://127.0.0.1:", "[sub_merchants]"]
    {
        assert!(text.contains(key), "{text}");
    }
    let folder = config.parent().unwrap().to_owned();
    assert!(text.contains("[fees]\nschedule = \"fees.toml\"") && folder.join("fees.toml").exists(), "{text}");
    folder
}

fn discrepancy(index: usize, want: &Expected) -> String {
    let cell = |text: &Option<String>| text.clone().unwrap_or_default();
    let (ledger, report) = (cell(&want.ledger_amount), cell(&want.report_amount));
    let number = |text: &str| text.replace('.', "").parse::<i64>().unwrap_or(0);
    let decimals = [&ledger, &report].iter().find_map(|text| text.split_once('.')).map_or(0, |(_, part)| part.len());
    let difference = number(&report) - number(&ledger);
    let delta = match (want.kind, ledger.is_empty() && report.is_empty()) {
        ("CURRENCY_MISMATCH", _) | (_, true) => String::new(),
        _ => {
            let sign = if difference < 0 { "-" } else { "" };
            let digits = format!("{:0>width$}", difference.abs(), width = decimals + 1);
            let (whole, fraction) = digits.split_at(digits.len() - decimals);
            format!("{sign}{whole}{}{fraction}", if decimals > 0 { "." } else { "" })
        }
    };
    format!(
        "D{index},{},medium,{},2026-11-20,0,,{},{},{},,{},{ledger},{report},{delta},,,{},,,,,{},{},{}",
        want.kind,
        want.business_date.map(|date| date.to_string()).unwrap_or_default(),
        want.entry_type.unwrap_or_default(),
        cell(&want.request_id),
        cell(&want.antom_id),
        want.currency.unwrap_or_default(),
        want.answer.unwrap_or_default(),
        cell(&want.report_file),
        want.report_line.map(|line| line.to_string()).unwrap_or_default(),
        want.stage.unwrap_or("transactions"),
    )
}

fn act(command: &[OsString], forget: usize) -> u8 {
    let folder = folder(command);
    let words = words(command);
    if words[1] == "ledger" {
        assert!(Path::new(words[3]).exists());
        return 0;
    }
    let world = World::generate(options(&folder).plan());
    let outputs = folder.join("out").join(&world.plan.platform).join(words[3]);
    let again = outputs.exists();
    fs::create_dir_all(&outputs).unwrap();
    let is_last = words[3] == world.plan.last_day().to_string();
    let mut rows: Vec<String> = Vec::new();
    let mut waiting =
        String::from("item_id,request_id,antom_id,entry_type,currency,amount,side,business_date,due_on\n");
    if is_last {
        let mut wanted = world.expected.clone();
        if again {
            wanted.extend(world.later_expected.clone());
        }
        let mut made: Vec<_> =
            wanted.iter().enumerate().map(|(index, want)| (want, discrepancy(index, want))).collect();
        made.sort_by_cached_key(|(want, row)| {
            let place = |list: &[&str], word: &str| list.iter().position(|one| *one == word).unwrap();
            let stage = want.stage.unwrap_or("transactions");
            (place(&STAGES, stage), place(&KINDS, want.kind), want.business_date, row.clone())
        });
        rows = made.into_iter().map(|(_, row)| row).collect();
        rows.truncate(rows.len() - forget);
        for item in &world.waiting {
            waiting.push_str(&format!("W,{},,PAYMENT,USD,1.00,ledger,2026-11-20,2026-11-23\n", item.request_id));
        }
    }
    let header = "discrepancy_id,kind,severity,business_date,first_seen_on,age_days,sub_merchant_id,entry_type,\
                  request_id,antom_id,order_id,currency,ledger_amount,report_amount,delta,ledger_status,report_status,\
                  answer,answer_status,answer_amount,explanation,ledger_entry_id,report_file,report_line,stage";
    fs::write(outputs.join("discrepancies.csv"), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    fs::write(outputs.join("in_transit.csv"), waiting).unwrap();
    let totals = "side,file,entry_type,currency,count,debit,credit,matched,in_transit,discrepancies,excluded,rejected,\
                  matched_sum,in_transit_sum,discrepancies_sum,excluded_sum,rejected_sum\n\
                  ledger,,PAYMENT,USD,1,1.00,0.00,1,0,0,0,0,1.00,0.00,0.00,0.00,0.00\n";
    fs::write(outputs.join("control_totals.csv"), totals).unwrap();
    for name in ["cleared.csv", "rejected_lines.csv", "settlement_batches.csv"] {
        fs::write(outputs.join(name), "one\n").unwrap();
    }
    0
}

fn options(place: &Path) -> Options {
    Options {
        seed: SEED,
        dir: Some(place.join("demo")),
        payments: PAYMENTS,
        layout: Layout::Gen3,
        style: Style::default(),
        // The job of these tests writes what finance opens, and no more.
        proofs_again: false,
    }
}

#[test]
fn the_right_answer_is_told_to_be_right() {
    let place = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    let right = run(&options(place.path()), |command| act(&command, 0), &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(right, "{said}");
    let world = World::generate(options(place.path()).plan());
    let right = format!("Right: {} discrepancies", world.expected.len() + world.later_expected.len());
    for part in ["$ antom-recon ledger import", "$ antom-recon run --date 2026-11-20", &right] {
        assert!(said.contains(part), "{said}");
    }
    assert!(said.contains("two booked disputes, one line"), "{said}");
}

#[test]
fn a_forgotten_discrepancy_is_told_with_its_story() {
    let place = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    assert!(!run(&options(place.path()), |command| act(&command, 1), &mut out).unwrap());
    let said = String::from_utf8(out).unwrap();
    let last = if PROOFS { "UNEXPLAINED_ADJUSTMENT" } else { "SPLIT_MISMATCH" };
    assert!(said.contains("NOT RIGHT") && said.contains(&format!("missing: {last}")), "{said}");
}

#[test]
fn an_exit_code_other_than_zero_ends_it() {
    let place = tempfile::tempdir().unwrap();
    let error = run(&options(place.path()), |_| 3, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "`antom-recon ledger import` ended with exit code 3");
}
