//! A bad line to PostgreSQL: exit code 4 or none, and nothing of it is left in the database after the next run.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lab::wire::{Connections, Disturbance, Wire};
use lab::world::faults::Fault;

use super::{cut, flip, half_open, late, reset, stall, trickle};
use crate::adversity::antom::{Antom, day_with};
use crate::adversity::child::{Ended, Running};
use crate::adversity::desk::{Desk, Outputs};
use crate::adversity::rows;
use crate::store::tls;

/// Reports, discrepancies, open items and answers, so that every table gets rows.
fn antom(seed: u64) -> Antom {
    let faults: Vec<Fault> = Fault::ALL.into_iter().step_by(6).collect();
    Antom::of(day_with(seed, &faults))
}

fn server_of(url: &str) -> SocketAddr {
    let (_, host) = url.split_once('@').unwrap();
    host.split('/').next().unwrap().replace("localhost", "127.0.0.1").parse().unwrap()
}

/// The same database by way of a wire.
fn over(url: &str, wire: &Wire) -> String {
    url.replacen(&format!(":{}/", server_of(url).port()), &format!(":{}/", wire.addr().port()), 1)
}

/// A desk whose ledger is the built-in table.
fn desk(antom: &Antom, url: &str) -> Desk {
    let mut desk = antom.desk();
    desk.set("DATABASE_URL", url);
    desk
}

/// Time-outs for a line that does not answer.
fn impatient(desk: &mut Desk) -> &mut Desk {
    desk.set("DATABASE_CONNECT_TIMEOUT", "2s").set("DATABASE_STATEMENT_TIMEOUT", "1s");
    desk.set("DATABASE_LEDGER_TIMEOUT", "3s")
}

fn patient(desk: &mut Desk) -> &mut Desk {
    desk.set("DATABASE_CONNECT_TIMEOUT", "60s").set("DATABASE_STATEMENT_TIMEOUT", "60s");
    desk.set("DATABASE_LEDGER_TIMEOUT", "10m")
}

/// What must be said of a database that could not be reached, and what must not.
#[track_caller]
fn is_said(ended: &Ended, name: &str) {
    assert!(ended.stderr.contains("unreachable: ") && ended.stderr.contains("postgres://"), "{name}: {}", ended.stderr);
    assert!(!ended.stderr.contains(crate::store::postgres::PASSWORD), "{name}: {}", ended.stderr);
}

/// What is left after a run that nothing disturbed.
struct Left {
    outputs: Outputs,
    rows: Vec<String>,
    tree: Vec<String>,
}

fn left(antom: &Antom, desk: &Desk, url: &str) -> Left {
    desk.done("verify").shows(&["1 runs", "1 published folders"]);
    Left { outputs: desk.outputs(&antom.date()), rows: rows::of_postgres(url), tree: desk.out_tree() }
}

/// Lines that break in each connection of a run in turn, early, in the middle and late.
fn cases(connections: &[lab::wire::Traffic]) -> Vec<Disturbance> {
    let mut cases = Vec::new();
    for (at, passed) in connections.iter().enumerate() {
        let on = |disturbance: Disturbance| disturbance.on(Connections::Nth(at + 1));
        let (down, up) = (passed.to_client, passed.to_server);
        cases.extend([on(reset(down / 3)), on(half_open(down * 2 / 3)), on(cut(down * 9 / 10))]);
        cases.extend([on(half_open(up / 3).to_server()), on(reset(up * 2 / 3).to_server())]);
        cases.extend([on(cut(up / 2).to_server()), on(half_open(up.saturating_sub(10)).to_server())]);
    }
    cases
}

#[test]
fn a_run_over_a_line_that_breaks_anywhere_leaves_nothing_half_done() {
    let antom = antom(66);
    let Some(filled) = rows::new_postgres() else { return };
    desk(&antom, &filled).done("ledger import ledger.csv");

    let url = rows::copy_of_postgres(&filled);
    let wire = Wire::start(server_of(&url)).unwrap();
    let over_a_good_line = desk(&antom, &over(&url, &wire));
    over_a_good_line.done(&antom.run());
    let cases = cases(&wire.traffic());
    assert!(cases.len() > 10, "{:?}", wire.traffic());
    drop(wire);
    let expected = left(&antom, &desk_at(&over_a_good_line, &url), &url);
    assert!(expected.rows.iter().any(|row| row.starts_with("answer|")));

    let databases: Vec<String> = cases.iter().map(|_| rows::copy_of_postgres(&filled)).collect();
    let work = Mutex::new(cases.into_iter().zip(databases).collect::<Vec<_>>());
    let (struck, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one_after_the_other = || {
        while let Some((disturbance, url)) = { work.lock().unwrap().pop() } {
            let name = format!("{disturbance:?}");
            let wire = Wire::disturbed(server_of(&url), disturbance).unwrap();
            let mut desk = desk(&antom, &over(&url, &wire));
            let ended = impatient(&mut desk).run(&antom.run());
            struck.fetch_add(wire.struck(), Ordering::SeqCst);
            match ended.code {
                Some(0) => {}
                Some(4) => {
                    failed.fetch_add(1, Ordering::SeqCst);
                    is_said(&ended, &name);
                }
                _ => panic!("{name}: {ended:?}"),
            }
            // The server notices the end of what was half open.
            drop(wire);
            patient(desk.set("DATABASE_URL", &url)).done(&antom.run());
            let found = left(&antom, &desk, &url);
            assert_eq!(found.outputs, expected.outputs, "{name}");
            assert_eq!(found.rows, expected.rows, "{name}");
            assert_eq!(found.tree, expected.tree, "{name}");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(one_after_the_other);
        }
    });
    let (struck, failed) = (struck.into_inner(), failed.into_inner());
    assert!(struck > 10 && failed > 5, "{struck} lines broke, {failed} runs failed");
}

/// The same desk at the database itself.
fn desk_at(desk: &Desk, url: &str) -> Desk {
    let mut desk = desk.copy();
    desk.set("DATABASE_URL", url);
    desk
}

#[test]
fn a_line_that_never_gets_better_ends_in_time() {
    let antom = antom(67);
    let Some(filled) = rows::new_postgres() else { return };
    desk(&antom, &filled).done("ledger import ledger.csv");
    // None is a line that refuses.
    let cases: Vec<(&str, Option<Disturbance>)> = vec![
        ("refused", None),
        ("stalled", Some(stall())),
        ("half open from the start", Some(half_open(0))),
        ("half open in the login", Some(half_open(100))),
        ("half open after the login", Some(half_open(600))),
        ("cut in the login", Some(cut(100))),
        ("reset after the login", Some(reset(600))),
        ("requests lost", Some(half_open(400).to_server())),
        ("drops of a few bytes", Some(trickle(100))),
    ];
    let runs: Vec<(&str, Wire, Desk, String, Running)> = cases
        .into_iter()
        .map(|(name, disturbance)| {
            let url = rows::copy_of_postgres(&filled);
            let mut wire = Wire::refusing(server_of(&url), 0).unwrap();
            if let Some(disturbance) = disturbance {
                wire.disturb(disturbance);
                wire.open().unwrap();
            }
            let mut desk = desk(&antom, &over(&url, &wire));
            let running = impatient(&mut desk).start(&antom.run());
            (name, wire, desk, url, running)
        })
        .collect();
    let ended: Vec<(&str, Wire, Desk, String, Ended)> =
        runs.into_iter().map(|(name, wire, desk, url, running)| (name, wire, desk, url, running.wait())).collect();
    for (name, wire, mut desk, url, ended) in ended {
        assert_eq!(ended.code, Some(4), "{name}: {}", ended.stderr);
        is_said(&ended, name);
        assert_eq!(desk.out_tree(), [""; 0], "{name}");
        drop(wire);
        patient(desk.set("DATABASE_URL", &url)).done(&antom.run());
        antom.audit(&desk.published(&antom.date()));
    }
}

#[test]
fn a_ledger_whose_line_breaks_is_neither_imported_nor_read_in_part() {
    let antom = antom(68);
    let Some(url) = rows::new_postgres() else { return };
    let mut direct = desk(&antom, &url);
    direct.done("status");
    let entries = || rows::of_postgres(&url).iter().filter(|row| row.starts_with("entry|")).count();
    let wire = Wire::start(server_of(&url)).unwrap();
    let mut importing = desk(&antom, &over(&url, &wire));
    for disturbance in [half_open(6_000).to_server(), reset(6_000).to_server(), cut(6_000).to_server()] {
        wire.disturb(disturbance);
        let ended = impatient(&mut importing).run("ledger import ledger.csv").with_code(4);
        is_said(&ended, "import");
        assert_eq!((entries(), wire.struck() > 0), (0, true), "{disturbance:?}");
    }
    wire.mend();
    patient(&mut importing).done("ledger import ledger.csv");
    assert!(entries() > 20);

    // The same entries by a query, of which a part comes.
    let sql = "SELECT * FROM ledger_entries ORDER BY entry_id";
    let mut asking = antom.desk();
    let section = format!("kind = \"query\"\nurl = \"{}\"\nsql = \"{sql}\"", over(&url, &wire));
    asking.replace("kind = \"table\"", &section);
    for disturbance in [half_open(5_000), trickle(1000), reset(5_000)] {
        wire.disturb(disturbance);
        let ended = impatient(&mut asking).run(&antom.run()).with_code(4);
        is_said(&ended, "query");
        assert_eq!(asking.out_tree(), [""; 0], "{disturbance:?}");
    }
    wire.disturb(late(5));
    patient(&mut asking).done(&antom.run());
    antom.audit(&asking.published(&antom.date()));
    direct.set("DATABASE_URL", &url).done(&antom.run());
    let table = |desk: &Desk| desk.outputs(&antom.date()).remove("discrepancies.csv");
    assert_eq!(table(&asking), table(&direct));
}

#[test]
fn a_bit_that_is_turned_on_an_encrypted_line_is_noticed() {
    let antom = antom(69);
    let certificates = tls::certificates();
    let Some(cluster) = tls::server(certificates.path()) else { return };
    let url = cluster.url("postgres").replace("sslmode=disable", "sslmode=require");
    let wire = Wire::start(server_of(&url)).unwrap();
    let mut desk = desk(&antom, &over(&url, &wire));
    desk.done("ledger import ledger.csv");
    // What a login takes depends on the length of certificates; later than that, statements and rows are under way.
    for disturbance in [flip(1500), flip(4000), flip(3000).to_server()] {
        wire.disturb(disturbance);
        let ended = patient(&mut desk).run(&antom.run()).with_code(4);
        is_said(&ended, "a bit was turned");
    }
    wire.mend();
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
    desk.done("verify").shows(&["1 runs", "1 published folders"]);
}
