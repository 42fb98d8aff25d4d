//! A month in which nobody errs: every day of it, in every layout, ends without a discrepancy, and every proof that the auditor
//! computes from Antom's files comes to the same.

use std::path::Path;

use antom_recon::cli::run_with;
use antom_recon::environment::Environment;
use lab::demo;
use lab::world::layout::Layout;
use lab::world::{Plan, World};

fn nothing_is_found(layout: Layout) {
    let plan = Plan { layout, payments: 8, ..Plan::one_month(81) };
    let world = World::generate(plan);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    world.write(here).unwrap();
    let config = here.join("antom-recon.toml");
    std::fs::write(&config, demo::configuration(&world.plan, "[source]\nkind = \"directory\"\npath = \"remote\"\n"))
        .unwrap();
    let run = |args: &[&str]| {
        let words = [&["antom-recon"], args, &["--config", config.to_str().unwrap()]].concat();
        let mut page = Vec::new();
        let code = run_with(words.iter().map(std::ffi::OsString::from), &Environment::default(), &mut page);
        assert_eq!(code, 0, "{args:?}: {}", String::from_utf8_lossy(&page));
    };
    run(&["ledger", "import", here.join("ledger.csv").to_str().unwrap()]);
    let days = world.plan.all_days();
    assert!(days.len() > 28, "{} days", days.len());
    for day in days {
        let date = day.to_string();
        run(&["run", "--date", &date]);
        let outputs = here.join("out").join(&world.plan.platform).join(&date);
        let verdict = demo::judge(&world, here, day, &outputs, &[], &[]).unwrap();
        assert!(verdict.is_right(), "{} {date}:\n{verdict}", layout.name());
        every_proof_holds(&outputs, &date);
    }
}

/// Proofs are run, and hold: one that is never run would find nothing either.
fn every_proof_holds(outputs: &Path, date: &str) {
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(outputs.join("summary.json")).unwrap()).unwrap();
    let state = |name: &str| {
        let proofs = summary["proofs"].as_array().unwrap();
        proofs.iter().find(|proof| proof["proof"] == name).unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("balances"), "holds", "{date}");
    let has_batches = summary["inputs"].as_array().unwrap().iter().any(|input| input["role"] == "settlement_details");
    for name in ["row_formula", "fees", "batches", "payouts"] {
        assert_eq!(state(name) == "holds", has_batches, "{date}: {name}");
    }
}

#[test]
fn nothing_is_found_in_a_clean_month_of_the_marketplace() {
    nothing_is_found(Layout::Marketplace);
}

#[test]
fn nothing_is_found_in_a_clean_month_of_the_first_layout() {
    nothing_is_found(Layout::Gen1);
}

#[test]
fn nothing_is_found_in_a_clean_month_of_the_second_layout() {
    nothing_is_found(Layout::Gen2);
}

#[test]
fn nothing_is_found_in_a_clean_month_of_the_newest_layout() {
    nothing_is_found(Layout::Gen3);
}
