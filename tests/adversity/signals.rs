//! While the program waits for somebody who says nothing: SIGTERM, SIGINT, and a second program.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lab::api::{ApiFault, Repeat, Scope};
use lab::sftp::FileFault;
use lab::world::faults::Fault;

use super::antom::{Antom, day_with};
use super::child::Running;
use super::desk::Desk;
use super::rows::new_postgres;

/// The contract of cron and Kubernetes with a program that is told to stop.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Starts a run, waits until it hangs, stops it with each signal.
fn stops(desk: &Desk, words: &str, hangs: impl Fn() -> usize) {
    for (signal, code, name) in [("TERM", 143, "terminated"), ("INT", 130, "interrupted")] {
        let before = hangs();
        let running = Running::start(desk.command(words));
        let started = Instant::now();
        while hangs() == before {
            assert!(started.elapsed() < Duration::from_secs(60), "the program never came to the place where it hangs");
            std::thread::sleep(Duration::from_millis(5));
        }
        let told = Instant::now();
        running.signal(signal);
        running.wait().with_code(code).says(&[&format!("{name}: stopped by SIG{signal}")]);
        assert!(told.elapsed() < AT_ONCE, "SIG{signal}: {:?}", told.elapsed());
        assert_eq!(desk.out_tree(), [""; 0], "nothing half-written is visible");
    }
}

#[test]
fn while_a_file_stalls() {
    let antom = Antom::of(day_with(51, &[]));
    antom.sftp().faults().on_file(antom.transactions().name(), FileFault::StallAfter { bytes: 500 });
    let desk = antom.csv_desk();
    // A client that is gone leaves requests behind that stall as well, so stalls cannot be counted.
    let opened =
        || antom.sftp().log().opened().iter().filter(|path| path.ends_with(antom.transactions().name())).count();
    stops(&desk, &antom.run(), opened);
    stops(&desk, &format!("fetch --date {}", antom.date()), opened);
    antom.sftp().faults().clear();
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
    assert_eq!(desk.archive_leftovers(), [""; 0]);
}

#[test]
fn while_an_answer_does_not_come() {
    let antom = Antom::of(day_with(52, &[Fault::PaymentNotBooked]));
    antom.api().faults().plan(Scope::All, ApiFault::Delay(Duration::from_secs(60)), Repeat::Always);
    let mut desk = antom.csv_desk();
    desk.set("API_TIMEOUT", "2m");
    stops(&desk, &antom.run(), || antom.api().log().total());
    antom.api().faults().clear();
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
}

#[test]
fn while_the_database_says_nothing() {
    let antom = Antom::of(day_with(53, &[]));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let mut desk = antom.desk();
    let port = silent.local_addr().unwrap().port();
    desk.set("DATABASE_URL", format!("postgres://recon@127.0.0.1:{port}/recon?sslmode=disable"));
    let connections = std::cell::RefCell::new(Vec::new());
    let hangs = || {
        connections.borrow_mut().extend(silent.accept());
        connections.borrow().len()
    };
    for words in [antom.run().as_str(), "ledger import ledger.csv", "status"] {
        stops(&desk, words, hangs);
    }
}

/// The number at which a count stays for a second: the first run opens its connections one after the other.
fn settled(count: impl Fn() -> usize) -> usize {
    loop {
        let before = count();
        std::thread::sleep(Duration::from_secs(1));
        if count() == before {
            return before;
        }
    }
}

/// Whoever comes second is told who was first, and nothing is waited for.
#[test]
fn a_second_run_is_refused_while_one_is_under_way() {
    let antom = Antom::of(day_with(54, &[]));
    let opened = || antom.sftp().log().opened().len();
    for url in [Some("sqlite://antom-recon.db".to_owned()), new_postgres()].into_iter().flatten() {
        antom.sftp().faults().on_file(antom.transactions().name(), FileFault::StallAfter { bytes: 500 });
        let mut desk = antom.csv_desk();
        desk.set("DATABASE_URL", &url);
        let before = opened();
        let first = Running::start(desk.command(&antom.run()));
        while opened() == before {
            std::thread::sleep(Duration::from_millis(5));
        }
        let (connections, started) = (settled(|| antom.sftp().log().connections()), Instant::now());
        desk.run(&antom.run()).with_code(6).says(&["locked: ", &first.id().to_string()]);
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        assert_eq!(antom.sftp().log().connections(), connections, "the second one fetches nothing");
        desk.done("status").shows(&[&format!("lock is held by process {} on ", first.id())]);
        antom.sftp().faults().clear();
        assert!(first.kill_after(Duration::ZERO));
        let patience = Instant::now();
        while desk.run(&antom.run()).code == Some(6) {
            assert!(patience.elapsed() < Duration::from_secs(10), "the lock died with its holder");
        }
        antom.audit(&desk.published(&antom.date()));
    }
}
