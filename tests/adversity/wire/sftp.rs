//! A bad line to the SFTP server: the laboratory's and OpenSSH's.

use std::net::SocketAddr;
use std::sync::Mutex;

use lab::wire::{Connections, Disturbance, Wire};
use lab::world::Plan;
use lab::world::faults::Fault;

use super::{cut, flip, half_open, late, reset, stall, trickle};
use crate::adversity::antom::{Antom, day_with};
use crate::adversity::desk::{Desk, Outputs};
use crate::adversity::whole_day::over_openssh;
use crate::fetch::sshd::{self, Sshd};

/// A day whose files are large enough to be cut in the middle.
fn antom(seed: u64) -> Antom {
    Antom::of(Plan { payments: 300, ..day_with(seed, &[Fault::PaymentNotBooked]) })
}

/// Whose server it is.
enum Server<'a> {
    Laboratory,
    OpenSsh(&'a Sshd),
}

/// How many programs run at the same time: most of each run is waiting, but they must not keep each other from ending in time.
const AT_ONCE: usize = 4;

/// A desk that fetches over a wire, one file at a time, with time for what must pass.
fn desk(antom: &Antom, server: &Server<'_>, wire: &Wire) -> Desk {
    let mut desk = antom.csv_desk();
    if let Server::OpenSsh(sshd) = server {
        over_openssh(antom, &mut desk, sshd);
    }
    desk.set("SOURCE_PORT", wire.addr().port().to_string());
    desk.set("SOURCE_CONNECTIONS", "1");
    time_out_after(&mut desk, "10s");
    desk
}

/// Ends connecting and silence after so long: for a line that never gets better, soon.
fn time_out_after<'a>(desk: &'a mut Desk, long: &str) -> &'a mut Desk {
    desk.set("SOURCE_CONNECT_TIMEOUT", long).set("SOURCE_TIMEOUT", long)
}

/// A line and what must come of it.
struct Case {
    name: &'static str,
    /// None is a line that refuses.
    disturbance: Option<Disturbance>,
    code: i32,
    says: &'static str,
    /// A key of the configuration that the case needs.
    set: Option<(&'static str, &'static str)>,
}

impl Case {
    /// Trouble that passes: the same run gets over it.
    fn passes(name: &'static str, disturbance: Disturbance) -> Self {
        Self { name, disturbance: Some(disturbance), code: 0, says: "", set: None }
    }

    /// Trouble that stays: every attempt fails.
    fn stays(name: &'static str, disturbance: Disturbance) -> Self {
        Self { name, disturbance: Some(disturbance), code: 4, says: "failed 5 times", set: None }
    }
}

/// Bytes of an SSH connection at which something is under way: see [`landmarks`].
struct Landmarks {
    /// In the middle of the handshake.
    handshake: u64,
    /// In the first answer with bytes of a file: nothing of it arrives.
    block: u64,
    /// In the middle of the files.
    file: u64,
}

fn cases(at: &Landmarks) -> Vec<Case> {
    let once = |disturbance: Disturbance| disturbance.on(Connections::First(1));
    vec![
        Case::passes("cut in the handshake", once(cut(at.handshake))),
        Case::passes("cut in a file", once(cut(at.file))),
        Case::passes("reset in a file", once(reset(at.file))),
        Case::passes("half open in a file", once(half_open(at.file))),
        Case::passes("a bit turned in the handshake", once(flip(at.handshake))),
        Case::passes("a bit turned in a file", once(flip(at.file))),
        Case::passes("stalled once", once(stall())),
        Case::passes("requests cut", once(reset(at.handshake).to_server())),
        Case::passes("a bit turned in a request", once(flip(at.handshake + 1500).to_server())),
        // Every connection breaks, and each gets further than the one before.
        Case::passes("reset again and again", reset(at.file)),
        Case::passes("late", late(30)),
        Case::stays("stalled", stall()),
        Case::stays("half open from the start", half_open(0)),
        Case::stays("half open in the handshake", half_open(at.handshake)),
        Case::stays("half open in a file", half_open(at.block)),
        Case::stays("reset in a file", reset(at.block)),
        Case::stays("requests cut", cut(at.handshake).to_server()),
        Case::stays("a bit turned in a file", flip(at.block)),
        Case::stays("drops of a few bytes", trickle(100)),
        Case { disturbance: None, ..Case::stays("refused", stall()) },
        Case {
            says: "fetching was not done within 4 seconds",
            set: Some(("SOURCE_TOTAL_TIMEOUT", "4s")),
            ..Case::stays("too slow in all", trickle(20_000))
        },
    ]
}

/// Where things are, from a run over a line in order, with that run's outputs.
fn undisturbed(antom: &Antom, server: &Server<'_>, address: SocketAddr) -> (Landmarks, Outputs) {
    let wire = Wire::start(address).unwrap();
    let desk = desk(antom, server, &wire);
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
    let first = wire.traffic()[0];
    assert!(first.to_client > 100_000, "{first:?}");
    // The server's banner, its algorithms and keys are some 2,000 bytes, all of its words up to the first file less than 10,000;
    // a file comes in answers of up to 30,000 bytes.
    let landmarks = Landmarks { handshake: 700, block: 20_000, file: first.to_client / 2 };
    (landmarks, desk.outputs(&antom.date()))
}

/// Runs every case, a few at the same time.
fn over_bad_lines(antom: &Antom, server: &Server<'_>, address: SocketAddr) {
    let (landmarks, expected) = undisturbed(antom, server, address);
    let work = Mutex::new(cases(&landmarks));
    let one_after_the_other = || {
        while let Some(case) = { work.lock().unwrap().pop() } {
            over_a_bad_line(antom, server, address, case, &expected);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(one_after_the_other);
        }
    });
    antom.assert_only_read();
}

/// Runs a case, and one that fails once more over a line in order.
fn over_a_bad_line(antom: &Antom, server: &Server<'_>, address: SocketAddr, case: Case, expected: &Outputs) {
    let name = case.name;
    let mut wire = Wire::refusing(address, 0).unwrap();
    if let Some(disturbance) = case.disturbance {
        wire.disturb(disturbance);
        wire.open().unwrap();
    }
    let mut desk = desk(antom, server, &wire);
    if case.code != 0 {
        time_out_after(&mut desk, "2s");
    }
    if let Some((key, value)) = case.set {
        desk.set(key, value);
    }
    let ended = desk.run(&antom.run());
    assert_eq!(ended.code, Some(case.code), "{name}: {}", ended.stderr);
    assert_eq!(desk.archive_leftovers(), [""; 0], "{name}");
    if case.code == 0 {
        assert_eq!(desk.outputs(&antom.date()), *expected, "{name}");
        return;
    }
    let place = format!("127.0.0.1:{}", wire.addr().port());
    ended.says(&["unreachable: ", &place, case.says]).hides(lab::serve::PASSWORD);
    assert_eq!(desk.out_tree(), [""; 0], "{name}");
    wire.mend();
    wire.open().unwrap();
    time_out_after(&mut desk, "10s").set("SOURCE_TOTAL_TIMEOUT", "1h");
    desk.done(&antom.run());
    assert_eq!(desk.outputs(&antom.date()), *expected, "{name}, mended");
    assert_eq!(desk.archive_leftovers(), [""; 0], "{name}, mended");
}

#[test]
fn every_fault_of_the_line_to_the_laboratorys_server_ends_in_time_and_does_no_damage() {
    let antom = antom(61);
    over_bad_lines(&antom, &Server::Laboratory, antom.sftp().addr());
}

#[test]
fn every_fault_of_the_line_to_openssh_ends_in_time_and_does_no_damage() {
    let antom = antom(62);
    let Some(sshd) = sshd::start(antom.root()) else { return };
    over_bad_lines(&antom, &Server::OpenSsh(&sshd), sshd.address());
}
