//! A PostgreSQL that goes away in the middle of a run: the run goes on or ends with exit code 4, never with half of anything, and
//! the next one ends as if nothing had happened.

use std::time::Duration;

use lab::world::rng::Rng;

use super::antom::{Antom, day_with};
use super::desk::{Desk, Outputs};
use super::rows;
use crate::store::postgres::Cluster;
use lab::world::faults::Fault;

/// Runs to the end, some times with a misfortune at a random time; gives what is left.
fn left_after(antom: &Antom, url: &str, times: u32, misfortune: impl Fn()) -> (Outputs, Vec<String>, Vec<String>) {
    let mut desk: Desk = antom.desk();
    desk.set("DATABASE_URL", url);
    desk.done("ledger import ledger.csv");
    let mut rng = Rng::new(91);
    for _ in 0..times {
        let running = desk.start(&antom.run());
        std::thread::sleep(Duration::from_millis(rng.below(700)));
        misfortune();
        let ended = running.wait();
        assert!(matches!(ended.code, Some(0 | 4)), "{ended:?}");
        if ended.code == Some(4) {
            assert!(ended.stderr.contains("unreachable: ") && ended.stderr.contains("postgres://"), "{}", ended.stderr);
        }
    }
    desk.done(&antom.run());
    desk.done("verify").shows(&["1 runs", "1 published folders"]);
    (desk.outputs(&antom.date()), rows::of_postgres(url), desk.out_tree())
}

#[test]
fn connections_that_are_cut_and_a_server_that_restarts() {
    let Some(url) = rows::new_postgres() else { return };
    let faults: Vec<Fault> = Fault::ALL.into_iter().step_by(4).collect();
    let antom = Antom::of(day_with(91, &faults));
    let expected = left_after(&antom, &url, 0, || {});
    assert!(expected.1.iter().any(|row| row.starts_with("answer|")));
    let url = rows::new_postgres().unwrap();
    assert_eq!(left_after(&antom, &url, 8, || rows::cut(&url)), expected, "connections were cut");
    let cluster = Cluster::private("", |_| {}).unwrap();
    assert_eq!(left_after(&antom, &cluster.url("postgres"), 3, || cluster.restart()), expected, "the server restarted");
}
