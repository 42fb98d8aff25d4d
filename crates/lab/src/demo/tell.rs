//! What the demonstration says.

use crate::audit::{Verdict, micros_text};
use crate::print::{Sheet, thousands};
use crate::world::World;
use crate::world::calendar::after;
use crate::world::layout::Report;
use std::io::{self, Write};
use std::path::Path;

fn count(number: usize) -> String {
    thousands(u64::try_from(number).unwrap_or(u64::MAX))
}

/// What was made.
pub(super) fn world(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let plan = &world.plan;
    let sellers = world.merchants.sellers.len();
    writeln!(
        out,
        "A marketplace with {sellers} sub-merchants, {} to {}: {} ledger entries, {} files from Antom (layout {}), \
         {} faults. Seed {}.\n",
        plan.first_day,
        plan.last_day(),
        count(world.ledger.len()),
        count(world.files.len()),
        plan.layout.name(),
        world.expected.len(),
        plan.seed
    )?;
    let mut sheet =
        Sheet::new(&["day", ">ledger entries", ">lines reported", ">lines settled", ">batches", ">movements"]);
    for day in plan.all_days() {
        let from = crate::world::calendar::instant(day, 0);
        let until = crate::world::calendar::instant(after(day, 1), 0);
        let entries = world.ledger.iter().filter(|entry| (from..until).contains(&entry.occurred_at)).count();
        let lines = |report| {
            let files = world.files.iter().filter(|file| file.day == day && file.report == report);
            files.map(|file| file.positions.len()).sum::<usize>()
        };
        let batches = world.batches.iter().filter(|batch| batch.on == day).count();
        let (reported, settled) = (lines(Report::TransactionDetails), lines(Report::SettlementDetails));
        let (moved, day) = (lines(Report::AccountActivity), day.to_string());
        sheet.row([day, count(entries), count(reported), count(settled), count(batches), count(moved)]);
    }
    sheet.write(out)
}

/// What the job found, per kind, and where each fault was found.
pub(super) fn result(world: &World, verdict: &Verdict, questions: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nWhat the run of {} found, with the sum of report less ledger:\n", world.plan.last_day())?;
    let mut kinds: Vec<(String, u64, Vec<String>)> = Vec::new();
    for (kind, currency, total) in verdict.totals() {
        if kinds.last().is_none_or(|(last, ..)| *last != kind) {
            kinds.push((kind, 0, Vec::new()));
        }
        let Some((_, rows, sums)) = kinds.last_mut() else { continue };
        *rows += total.count;
        if total.delta_micros != 0 {
            sums.push(format!("{} {currency}", micros_text(total.delta_micros)));
        }
    }
    let mut sheet = Sheet::new(&["kind", ">rows", "difference"]);
    for (kind, rows, sums) in kinds {
        sheet.row([kind, rows.to_string(), sums.join(", ")]);
    }
    sheet.write(out)?;
    writeln!(out, "\nWhere each fault was found ({} questions were put to Antom's API):\n", count(questions))?;
    let mut sheet = Sheet::new(&["what was wrong", "found as", "where", "Antom says"]);
    let expected = world.expected.iter().chain(&world.later_expected);
    for (want, found) in expected.zip(&verdict.found) {
        let cell = |column| found.map_or("", |row| verdict.rows.cell(row, column));
        let place = match (cell("report_file"), cell("report_line"), cell("ledger_entry_id")) {
            ("", "", "") => cell("antom_id").to_owned(),
            ("", "", entry) => format!("entry {entry}"),
            (file, "", _) => short(file),
            (file, line, _) => format!("{}:{line}", short(file)),
        };
        let kind = if found.is_some() { want.kind.to_owned() } else { format!("{} NOT FOUND", want.kind) };
        sheet.row([want.fault.story().to_owned(), kind, place, cell("answer").to_owned()]);
    }
    sheet.write(out)
}

/// A file name without the long middle of its batch id.
fn short(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut parts = name.splitn(3, '_');
    let (Some(report), Some(currency), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return name.to_owned();
    };
    if !report.starts_with("settlement") {
        return name.to_owned();
    }
    let end = name.char_indices().rev().nth(10).map_or(name, |(index, _)| &name[index..]);
    format!("{report}_{currency}_…{end}")
}

/// The verdict, the folder, and what to try next.
pub(super) fn next_steps(folder: &Path, world: &World, verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    if verdict.is_right() {
        let count = verdict.rows.len();
        writeln!(out, "\nRight: {count} discrepancies, exactly those that were injected, and every count adds up.")?;
    } else {
        writeln!(out, "\nNOT RIGHT. The job's outputs differ from what was injected:\n{verdict}")?;
    }
    let date = world.plan.last_day();
    let place = folder.display();
    writeln!(out, "\nThe files are in {place}")?;
    let mut sheet = Sheet::new(&["look at", "for"]);
    let outputs = format!("out/{}/{date}", world.plan.platform);
    for (what, why) in [
        (format!("{outputs}/discrepancies.csv"), "what finance opens"),
        (format!("{outputs}/control_totals.csv"), "the proof that nothing was lost"),
        ("remote/v1/settlements/".to_owned(), "Antom's files"),
        ("antom-recon.toml".to_owned(), "the configuration of the job"),
    ] {
        sheet.row([what, why.to_owned()]);
    }
    sheet.write(out)?;
    let id = world.expected.iter().find_map(|want| want.request_id.as_deref()).unwrap_or_default();
    writeln!(out, "\nTry next:")?;
    writeln!(out, "  cargo run --release -- explain {id} --config {place}/antom-recon.toml")?;
    writeln!(out, "  cargo run --release -p lab -- demo --seed {} --layout gen3", world.plan.seed + 1)?;
    writeln!(out, "  cargo run --release -p lab -- serve    (both servers stay up, to try things by hand)")
}
