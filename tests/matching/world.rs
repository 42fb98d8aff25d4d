//! Random cases: plausible days with faults in them, and rows of nothing but few ids, where everything collides.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};

/// The text of a case, shown as text when a property fails.
#[derive(Clone)]
pub struct CaseText {
    pub settings: Vec<String>,
    /// Lines of transaction details and of settlement details, with the day of their file.
    pub transactions: Vec<(u8, String)>,
    pub settlements: Vec<(u8, String)>,
    pub entries: Vec<String>,
}

impl CaseText {
    /// As `Case::read` reads it, with runs of the three days.
    pub fn text(&self) -> String {
        let mut text = self.settings.join("\n");
        for (side, rows) in [("T", &self.transactions), ("S", &self.settlements)] {
            for day in 2..5 {
                // A day without transaction details is a missing report; one without settlement is a day like others.
                if side == "S" && rows.iter().all(|row| row.0 != day) {
                    continue;
                }
                text.push_str(&format!("\n{side} 03-0{day}"));
                rows.iter().filter(|row| row.0 == day).for_each(|row| text.push_str(&format!("\n  {}", row.1)));
            }
        }
        text.push_str("\nL\n");
        self.entries.iter().for_each(|entry| text.push_str(&format!("  {entry}\n")));
        text + "= 03-02\n= 03-03\n= 03-04\n"
    }
}

impl fmt::Debug for CaseText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.text())
    }
}

/// What goes wrong with a movement.
const FAULTS: [&str; 12] = [
    "",
    "",
    "",
    "no line",
    "no entry",
    "amount",
    "currency",
    "status",
    "party",
    "settled amount",
    "twice settled",
    "entry twice",
];

/// Movements of a payment that happened on the day before.
const PARTS: [&str; 6] = ["", "", "REFUND", "CANCEL", "DISPUTE", "REFUND_REVERSAL"];

/// A payment, what follows it on the next day, and what goes wrong with each.
type Movement = (u8, u32, &'static str, &'static str, &'static str, bool);

fn movement() -> impl Strategy<Value = Movement> {
    let (faults, parts) = (select(FAULTS.to_vec()), select(PARTS.to_vec()));
    (2_u8..4, 1_u32..9, faults.clone(), parts, faults, any::<bool>())
}

/// Days as they could be: every movement has ids of its own, and most have no fault.
pub fn plausible() -> impl Strategy<Value = CaseText> {
    (prop::collection::vec(movement(), 1..8), any::<bool>()).prop_map(|(movements, splits)| {
        let mut case = CaseText {
            settings: vec![if splits { "splits on" } else { "splits off" }.to_owned(), "registry S1 S2 S3!".to_owned()],
            transactions: Vec::new(),
            settlements: Vec::new(),
            entries: Vec::new(),
        };
        for (at, (day, amount, fault, part, part_fault, settled)) in movements.into_iter().enumerate() {
            let id = Ids { request: format!("r{at}"), antom: format!("a{at}"), of: String::new() };
            case.add(day, "PAYMENT", &id, &format!("{amount}.00"), fault, settled);
            if splits && settled {
                case.entries.push(format!("s{at} 03-0{day} SETTLEMENT q{at} - {amount}.00 of=r{at}/a{at}"));
            }
            let of = format!(" of=r{at}/a{at}");
            let id = match part {
                "" => continue,
                "CANCEL" => Ids { request: format!("r{at}"), antom: format!("a{at}"), of },
                "DISPUTE" => Ids { request: "-".to_owned(), antom: format!("d{at}"), of },
                _ => Ids { request: format!("f{at}"), antom: format!("b{at}"), of },
            };
            let sign = if part == "REFUND_REVERSAL" { "" } else { "-" };
            case.add(day + 1, part, &id, &format!("{sign}{amount}.00"), part_fault, settled);
        }
        case
    })
}

struct Ids {
    request: String,
    antom: String,
    of: String,
}

impl CaseText {
    /// A movement on all sides, with its fault.
    fn add(&mut self, day: u8, entry_type: &str, id: &Ids, amount: &str, fault: &str, settled: bool) {
        let Ids { request, antom, of } = id;
        let row = |amount: &str| format!("{entry_type} {request} {antom} {amount}{of}");
        let line = match fault {
            "amount" => row(&amount.replace(".00", ".50")),
            "currency" => row(&format!("{amount}EUR")),
            "party" => format!("{} by=S3", row(amount)),
            _ => row(amount),
        };
        if fault != "no line" && entry_type != "REFUND_REVERSAL" {
            self.transactions.push((day, line));
        }
        if settled {
            let settled = if fault == "settled amount" { row(&amount.replace(".00", ".25")) } else { row(amount) };
            self.settlements.push((day, format!("{settled} at=03-0{day}")));
            if fault == "twice settled" {
                self.settlements.push((day, format!("{settled} batch=B2 at=03-0{day}")));
            }
        }
        let status = if fault == "status" { " status=FAILED" } else { "" };
        for _ in 0..match fault {
            "no entry" => 0,
            "entry twice" => 2,
            _ => 1,
        } {
            let number = self.entries.len();
            self.entries.push(format!("e{number:02} 03-0{day} {}{status}", row(amount)));
        }
    }
}

/// Types as reports write them, and as the ledger does.
const TYPES: [(&str, &str); 14] = [
    ("PAYMENT", "PAYMENT"),
    ("PAYMENT", "PAYMENT"),
    ("PAYMENT", "SETTLEMENT"),
    ("AUTHORIZATION", "AUTHORIZATION"),
    ("CAPTURE", "CAPTURE"),
    ("VOID", "VOID"),
    ("CANCEL", "CANCEL"),
    ("REFUND", "REFUND"),
    ("REFUND_REVERSAL", "REFUND_REVERSAL"),
    ("DISPUTE", "DISPUTE"),
    ("DISPUTE_REVERSAL", "DISPUTE_REVERSAL"),
    ("SETTLEMENT_FEE", "FEE"),
    ("RESERVE", "RESERVE"),
    ("COMMISSION", "TRANSFER"),
];

/// A row of few ids, and on which sides it stands.
type Colliding = ((&'static str, &'static str), String, (u8, u8), (bool, bool, bool));

/// Type, ids, amount and attributes from small sets. Outgoing and incoming amounts are not told apart.
fn row() -> impl Strategy<Value = Colliding> {
    let words = |words: &[&'static str]| select(words.to_vec());
    let text = (
        words(&["r1", "r2", "r3", "-"]),
        words(&["a1", "a2", "a3", "-"]),
        words(&["1.00", "1.00", "-1.00", "-2.00", "1.00EUR"]),
        words(&["", "of=r1/a1", "of=/a1", "of=/a2", "of=r2"]),
        words(&["by=S1", "by=S1", "by=S2", "by=-"]),
        words(&["", "", "", "status=FAILED", "status=PENDING", "from=SELLER", "from=MARKETPLACE"]),
        words(&["at=10:00", "at=10:00", "at=23:55"]),
    );
    let text = text.prop_map(|(request, antom, amount, of, by, more, at)| {
        format!("{request} {antom} {amount} {of} {by} {more} {at}")
    });
    (select(TYPES.to_vec()), text, (2_u8..5, 0_u8..2), any::<(bool, bool, bool)>())
}

/// Rows of few ids: duplicates, ambiguities and contradictions everywhere. Each row may stand on several sides.
pub fn colliding() -> impl Strategy<Value = CaseText> {
    let settings = select(vec!["splits on", "splits off", "layout gen3", "adjustments ledger"]);
    (settings, prop::collection::vec(row(), 1..10)).prop_map(|(setting, rows)| {
        let (transactions, settlements, entries) = (Vec::new(), Vec::new(), Vec::new());
        let mut case = CaseText { settings: vec![setting.to_owned()], transactions, settlements, entries };
        for ((reported, booked), text, (day, later), (is_reported, is_settled, is_booked)) in rows {
            if is_reported {
                case.transactions.push((day, format!("{reported} {text}")));
            }
            if is_settled {
                case.settlements.push((4.min(day + later), format!("{reported} {text}")));
            }
            if is_booked {
                case.entries.push(format!("e{:02} 03-0{day} {booked} {text}", case.entries.len()));
            }
        }
        case
    })
}

/// Runs a property on `cases` values, always the same ones, and fails if fewer than `at_least` of them could have refuted it:
/// the property says of each whether it could.
pub fn holds<S: Strategy>(
    cases: u32,
    at_least: u32,
    strategy: &S,
    property: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) {
    let effective = std::cell::Cell::new(0_u32);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(strategy, |value| -> TestCaseResult {
        effective.set(effective.get() + u32::from(property(value)?));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    assert!(effective.get() >= at_least, "only {} of {cases} cases were effective", effective.get());
}
