//! A bad line to Antom's API: nothing is cleared by it, and a run never fails because of it unless that is wanted.

use std::collections::BTreeMap;

use lab::wire::{Disturbance, Wire};
use lab::world::faults::Fault;

use super::{cut, flip, half_open, late, reset, stall, trickle};
use crate::adversity::antom::{Antom, day_with};
use crate::adversity::child::{Ended, Running};
use crate::adversity::desk::Desk;

/// Faults that lead to three questions.
const FAULTS: [Fault; 3] = [Fault::PaymentNotBooked, Fault::NotReportedButTrue, Fault::NotReportedUnknown];

/// How many questions they lead to.
const QUESTIONS: usize = 3;

type Answers = BTreeMap<String, String>;

/// A desk that asks over a wire, with two attempts, and patience.
fn desk(antom: &Antom, wire: &Wire) -> Desk {
    let mut desk = antom.csv_desk();
    desk.set("API_GATEWAY", format!("http://{}", wire.addr()));
    desk.set("API_ATTEMPTS", "2").set("API_TIMEOUT", "60s");
    desk
}

/// The same for a line that does not answer: a second of silence in each attempt.
fn impatient(antom: &Antom, wire: &Wire) -> Desk {
    let mut desk = desk(antom, wire);
    desk.set("API_TIMEOUT", "1s");
    desk
}

fn unavailable(right: &Answers) -> Answers {
    right.keys().map(|id| (id.clone(), "UNAVAILABLE".to_owned())).collect()
}

/// Makes the line good, runs again, and must find what is right.
fn mended(antom: &Antom, desk: &mut Desk, wire: &mut Wire, right: &Answers, name: &str) {
    wire.mend();
    wire.open().unwrap();
    desk.set("API_TIMEOUT", "60s").set("API_TOTAL_TIMEOUT", "10m");
    desk.done(&format!("{} --require-answers", antom.run()));
    assert_eq!(desk.answers(&antom.date()), *right, "{name}, mended");
    antom.audit(&desk.published(&antom.date()));
}

#[test]
fn every_fault_of_the_line_leaves_discrepancies_open_and_ends_in_time() {
    let antom = Antom::of(day_with(63, &FAULTS));
    let wire = Wire::start(antom.api().addr()).unwrap();
    let over_a_good_line = desk(&antom, &wire);
    over_a_good_line.done(&antom.run());
    let (right, expected) = (over_a_good_line.answers(&antom.date()), over_a_good_line.outputs(&antom.date()));
    assert_eq!(right.len(), QUESTIONS);

    // None is a line that refuses.
    let cases: Vec<(&str, Option<Disturbance>)> = vec![
        ("refused", None),
        ("stalled", Some(stall())),
        ("half open from the start", Some(half_open(0))),
        ("half open in an answer", Some(half_open(200))),
        ("cut before an answer", Some(cut(0))),
        ("cut in an answer", Some(cut(200))),
        ("reset in an answer", Some(reset(200))),
        ("cut in a question", Some(cut(200).to_server())),
        ("reset in a question", Some(reset(200).to_server())),
        ("half open in a question", Some(half_open(200).to_server())),
        ("drops of a few bytes", Some(trickle(50))),
    ];
    let runs: Vec<(&str, Wire, Desk, Running)> = cases
        .into_iter()
        .map(|(name, disturbance)| {
            let mut wire = Wire::refusing(antom.api().addr(), 0).unwrap();
            if let Some(disturbance) = disturbance {
                wire.disturb(disturbance);
                wire.open().unwrap();
            }
            let desk = impatient(&antom, &wire);
            let running = desk.start(&format!("{} --require-answers", antom.run()));
            (name, wire, desk, running)
        })
        .collect();
    let ended: Vec<(&str, Wire, Desk, Ended)> =
        runs.into_iter().map(|(name, wire, desk, running)| (name, wire, desk, running.wait())).collect();
    for (name, mut wire, mut desk, ended) in ended {
        assert_eq!(ended.code, Some(4), "{name}: {}", ended.stderr);
        ended.says(&["unreachable: ", "none of 3 questions was answered", "0 of 3 questions were answered"]);
        // The outputs are there all the same, and nothing was cleared.
        assert_eq!(desk.answers(&antom.date()), unavailable(&right), "{name}");
        mended(&antom, &mut desk, &mut wire, &right, name);
        assert_eq!(desk.outputs(&antom.date()).get("discrepancies.csv"), expected.get("discrepancies.csv"), "{name}");
    }
}

#[test]
fn a_bit_that_is_turned_never_makes_another_answer() {
    let antom = Antom::of(day_with(64, &FAULTS));
    let wire = Wire::start(antom.api().addr()).unwrap();
    let over_a_good_line = desk(&antom, &wire);
    over_a_good_line.done(&antom.run());
    let right = over_a_good_line.answers(&antom.date());
    let longest = wire.traffic().iter().map(|passed| passed.to_client).max().unwrap();
    let mut hurt = 0;
    for eighth in 0..8 {
        wire.disturb(flip(longest * eighth / 8));
        let mut desk = impatient(&antom, &wire);
        desk.set("API_IN_FLIGHT", "1").set("API_ATTEMPTS", "1");
        desk.done(&antom.run());
        let found = desk.answers(&antom.date());
        assert_eq!(found.len(), right.len());
        for (id, word) in found {
            assert!(word == right[&id] || word == "UNAVAILABLE", "{id}: {word}");
            hurt += usize::from(word == "UNAVAILABLE");
        }
    }
    assert!(hurt > 3, "only {hurt} of the turned bits hurt");
}

#[test]
fn slow_answers_count_and_the_time_for_all_of_them_ends() {
    let antom = Antom::of(day_with(65, &FAULTS));
    let mut wire = Wire::disturbed(antom.api().addr(), late(300)).unwrap();
    let slow = desk(&antom, &wire);
    slow.done(&format!("{} --require-answers", antom.run()));
    let right = slow.answers(&antom.date());
    assert!(right.values().all(|word| word != "UNAVAILABLE"), "{right:?}");

    // Each attempt alone would be waited for for two minutes.
    wire.disturb(stall());
    let mut desk = desk(&antom, &wire);
    desk.set("API_TOTAL_TIMEOUT", "2s").set("API_IN_FLIGHT", "1");
    desk.done(&antom.run())
        .says(&["0 of 3 questions were answered", "the time for all questions together, 2s, is over"]);
    assert_eq!(desk.answers(&antom.date()), unavailable(&right));
    mended(&antom, &mut desk, &mut wire, &right, "out of time");
}
