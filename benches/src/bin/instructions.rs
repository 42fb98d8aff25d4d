//! Does one part of the work on a fixed day, on one thread, for a program that counts its instructions.
//!
//! `instructions PART PAYMENTS`: every part does what those before it do, so that the difference of two counts is that of one part.

#![allow(clippy::disallowed_methods, reason = "this is where the arguments are read")]

use std::process::ExitCode;

use benches::day::{Parsed, Texts, parsed_ledger, parsed_report};
use benches::id::Symbols;
use benches::matching::State;
use benches::movement::ReportKind;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let [_, part, payments] = &words[..] else { return ExitCode::from(2) };
    let Ok(payments) = payments.parse::<u64>() else { return ExitCode::from(2) };
    // The threads of a pool take turns as they like; one that works itself always does the same.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    let Ok(pool) = pool else { return ExitCode::from(2) };
    let right = pool.install(|| done(part, payments));
    if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether the part came to what it must.
fn done(part: &str, payments: u64) -> bool {
    let texts = Texts::of(payments);
    let (symbols, rows) = (Symbols::new(), usize::try_from(payments).unwrap_or_default());
    match part {
        "texts" => texts.ledger.len() > rows,
        "transactions" => {
            parsed_report(&texts.transactions, ReportKind::TransactionDetails, &symbols).lines.len() == rows
        }
        "settlements" => parsed_report(&texts.settlements, ReportKind::SettlementDetails, &symbols).lines.len() == rows,
        "ledger" => parsed_ledger(&texts.ledger, &symbols).entries.len() == rows,
        "parsed" => Parsed::of(&texts).ledger.entries.len() == rows,
        "matched" => {
            let found = Parsed::of(&texts).matched();
            let matched = found.ledger.iter().filter(|state| **state == State::Matched).count();
            matched + found.findings.len() == rows && !found.findings.is_empty()
        }
        _ => false,
    }
}
