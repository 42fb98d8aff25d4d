//! `kill -9` anywhere: the next run ends as if nothing had happened.

use std::time::{Duration, Instant};

use lab::world::Plan;
use lab::world::rng::Rng;

use super::antom::{Antom, full_day};
use super::desk::{Desk, Outputs};
use super::rows;

/// The stages of a run, in order, as the log names them.
const STAGES: [&str; 8] = ["fetch", "parse", "ledger", "match", "classify", "prove", "ask", "write"];

/// What is left of a run: outputs, rows of the database, and every file below `out/`.
type Left = (Outputs, Vec<String>, Vec<String>);

fn left(antom: &Antom, desk: &Desk, rows: Vec<String>) -> Left {
    assert_eq!(desk.archive_leftovers(), [""; 0], "the archive was swept");
    (desk.outputs(&antom.date()), rows, desk.out_tree())
}

fn left_on_sqlite(antom: &Antom, desk: &Desk) -> Left {
    left(antom, desk, rows::of_sqlite(&desk.path("antom-recon.db")))
}

/// Runs to the end after a kill. A database server may need a moment to notice that the killed run is gone.
fn run_again(desk: &Desk, words: &str) {
    let started = Instant::now();
    loop {
        let ended = desk.run(words);
        if ended.code != Some(6) {
            ended.with_code(0);
            desk.done("verify").shows(&["last digest `"]);
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "the lock of a killed run is still held");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Nobody sees a half-written folder: it is whole or it is not there.
fn assert_nothing_half_written(antom: &Antom, desk: &Desk, expected: &Left) {
    if desk.published(&antom.date()).exists() {
        assert_eq!(desk.outputs(&antom.date()), expected.0);
    }
}

#[test]
fn at_every_stage_on_sqlite() {
    let antom = Antom::of(full_day(71));
    let (run, expected) = undisturbed(&antom);
    for stage in STAGES {
        let desk = antom.filled_desk();
        let done = format!("stage=\"{stage}\"");
        assert!(desk.start_watched(&run).kill_at(&["stage done", &done]), "`{stage}` is never done");
        assert_nothing_half_written(&antom, &desk, &expected);
        run_again(&desk, &run);
        assert_eq!(left_on_sqlite(&antom, &desk), expected, "killed after `{stage}`");
    }
    antom.assert_only_read();
}

/// A run that is never killed, in the configuration of the others: what it is called and what it leaves.
fn undisturbed(antom: &Antom) -> (String, Left) {
    let desk = antom.filled_desk();
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
    let left = left_on_sqlite(antom, &desk);
    assert!(left.1.iter().any(|row| row.starts_with("answer|")) && left.1.iter().any(|row| row.starts_with("run|")));
    assert_eq!(left.2.len(), 10, "{:?}", left.2);
    (antom.run(), left)
}

#[test]
fn at_any_time_on_sqlite() {
    let antom = Antom::of(full_day(72));
    let (run, expected) = undisturbed(&antom);
    let longest = antom.filled_desk().done(&run).took;
    let mut rng = Rng::new(72);
    let mut killed = 0;
    // Every desk is killed several times before it is let through.
    for _ in 0..3 {
        let desk = antom.filled_desk();
        for _ in 0..4 {
            let delay = longest.mul_f64(f64::from(u32::try_from(rng.below(1000)).unwrap()) / 1000.0);
            killed += u32::from(desk.start_watched(&run).kill_after(delay));
            assert_nothing_half_written(&antom, &desk, &expected);
        }
        run_again(&desk, &run);
        assert_eq!(left_on_sqlite(&antom, &desk), expected);
    }
    // The times are shares of one run's; on a machine that became faster since, many end before.
    assert!(killed >= 2, "only {killed} of 12 were killed before their end");
}

#[test]
fn at_every_stage_and_any_time_on_postgres() {
    let Some(url) = rows::new_postgres() else { return };
    let antom = Antom::of(full_day(73));
    let on_postgres = |url: &str| {
        let mut desk = antom.desk();
        desk.set("DATABASE_URL", url);
        desk.done("ledger import ledger.csv");
        desk
    };
    let desk = on_postgres(&url);
    let longest = desk.done(&antom.run()).took;
    antom.audit(&desk.published(&antom.date()));
    let expected = left(&antom, &desk, rows::of_postgres(&url));

    // One desk is killed at each stage in turn, another at random times; then they are let through.
    let (urls, mut rng) = ([0, 1].map(|_| rows::new_postgres().unwrap()), Rng::new(73));
    let desks = urls.each_ref().map(|url| on_postgres(url));
    for stage in STAGES {
        let done = format!("stage=\"{stage}\"");
        let killed = (0..100).any(|_| {
            // Until the server has noticed that the run before is dead, its lock holds.
            let killed = desks[0].start_watched(&antom.run()).kill_at(&["stage done", &done]);
            std::thread::sleep(Duration::from_millis(if killed { 0 } else { 20 }));
            killed
        });
        assert!(killed, "`{stage}` is never done");
        let delay = longest.mul_f64(f64::from(u32::try_from(rng.below(1000)).unwrap()) / 1000.0);
        desks[1].start_watched(&antom.run()).kill_after(delay);
        desks.iter().for_each(|desk| assert_nothing_half_written(&antom, desk, &expected));
    }
    for (desk, url) in desks.iter().zip(&urls) {
        run_again(desk, &antom.run());
        assert_eq!(left(&antom, desk, rows::of_postgres(url)), expected);
    }
}

#[test]
fn in_the_middle_of_a_second_revision() {
    let antom = Antom::of(full_day(74));
    let run = antom.run();
    let revised = || {
        let desk = antom.filled_desk();
        desk.done(&run);
        // One entry more, so that the second run has something to say.
        let ledger = std::fs::read_to_string(desk.path("ledger.csv")).unwrap();
        let line = ledger.lines().find(|line| line.contains(",PAYMENT,")).unwrap();
        let (_, rest) = line.split_once(',').unwrap();
        let header = ledger.lines().next().unwrap();
        std::fs::write(desk.path("late.csv"), format!("{header}\nLATE-1,{rest}\n")).unwrap();
        desk.done("ledger import late.csv");
        desk
    };
    let desk = revised();
    let longest = desk.done(&run).took;
    let expected = left_on_sqlite(&antom, &desk);
    assert_eq!(expected.2.len(), 20, "{:?}", expected.2);
    let mut rng = Rng::new(74);
    for _ in 0..4 {
        let desk = revised();
        // The end of a run is where it moves folders.
        let part = 0.6 + 0.4 * f64::from(u32::try_from(rng.below(1000)).unwrap()) / 1000.0;
        desk.start_watched(&run).kill_after(longest.mul_f64(part));
        run_again(&desk, &run);
        assert_eq!(left_on_sqlite(&antom, &desk), expected);
    }
}

/// What a crash between the two renames of a publication leaves is published by the next run, whatever its date.
#[test]
fn between_the_last_two_renames() {
    let antom = Antom::of(Plan { payments: 4, days: 2, ..Plan::one_day(75) });
    let [first, second] = [0, 1].map(|at| antom.world.plan.all_days()[at].to_string());
    let desk = antom.csv_desk();
    desk.done(&format!("run --date {first}"));
    let expected = desk.outputs(&first);
    std::fs::rename(desk.published(&first), desk.out().join(format!(".ready-{first}"))).unwrap();
    std::fs::create_dir(desk.out().join(format!(".tmp-{first}-a1b2c3"))).unwrap();
    desk.done(&format!("run --date {second}"));
    assert_eq!(desk.outputs(&first), expected);
    desk.done(&format!("run --date {first}")).shows(&["(unchanged)"]);
    let hidden: Vec<_> = std::fs::read_dir(desk.out()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert!(hidden.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{hidden:?}");
}

#[test]
fn during_an_import() {
    let antom = Antom::of(Plan { payments: 1, ..Plan::one_day(76) });
    let desk = antom.desk();
    let header = "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,\
                  sub_merchant_id,amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id\n";
    let count = 20_000;
    let row = |at: i64| format!("E{at},PAYMENT,R{at},,,,,,{at},USD,SUCCESS,2026-11-18T10:00:00+08:00,,,\n");
    let text: String = std::iter::once(header.to_owned()).chain((1..=count).map(row)).collect();
    std::fs::write(desk.path("large.csv"), text).unwrap();
    let longest = {
        let other = antom.desk();
        std::fs::copy(desk.path("large.csv"), other.path("large.csv")).unwrap();
        other.done("ledger import large.csv").took
    };
    let (mut rng, mut killed) = (Rng::new(76), 0);
    desk.done("status");
    for _ in 0..6 {
        let delay = longest.mul_f64(f64::from(u32::try_from(rng.below(1000)).unwrap()) / 1000.0);
        killed += u32::from(desk.start_watched("ledger import large.csv").kill_after(delay));
        let entries = rows::entries_in_sqlite(&desk.path("antom-recon.db"));
        assert!(entries == 0 || entries == count, "{entries} of {count} entries: all or nothing");
    }
    assert!(killed >= 1, "none of 6 was killed before its end");
    desk.done("ledger import large.csv");
    desk.done("ledger import large.csv");
    assert_eq!(rows::entries_in_sqlite(&desk.path("antom-recon.db")), count);
}
