//! A story for people: a line per moment, which begins with what it is.

use std::io::{self, Write};

use crate::discrepancy::Discrepancy;
use crate::kind::Answer;
use crate::ledger::EntryText;
use crate::money::Currency;
use crate::pipeline::story::{Batch, Moment, Searched, Story, StoryLine, What};
use crate::store::{Event, Happening, StoredAnswer, StoredDecision};

/// Writes it.
pub fn write(story: &Story, id: &str, out: &mut dyn Write) -> io::Result<()> {
    if story.moments.is_empty() {
        writeln!(out, "nothing is known about `{id}`")?;
        return searched(&story.searched, out);
    }
    if let Some(batch) = &story.batch {
        write_batch(batch, out)?;
    }
    for moment in &story.moments {
        tell(moment, story, out)?;
    }
    if story.entries_not_told > 0 {
        writeln!(out, "entries   {} more in the ledger, which are not told", story.entries_not_told)?;
    }
    if story.lines_not_told > 0 {
        writeln!(out, "lines     {} more; see `--limit`", story.lines_not_told)?;
    }
    searched(&story.searched, out)
}

fn tell(moment: &Moment, story: &Story, out: &mut dyn Write) -> io::Result<()> {
    match &moment.what {
        What::Entry(entry, line) => tell_entry(entry, *line, out),
        What::Line(StoryLine { date, file, line, raw, in_force, .. }) => {
            let restated = if *in_force { "" } else { " (restated since)" };
            writeln!(out, "line      {date}  {file} line {line}: {}{restated}", raw.trim_end())
        }
        What::Match { rows: [one, other], rule, period_crossing } => {
            let crossing = if *period_crossing { "; period_crossing" } else { "" };
            writeln!(out, "match     {one} and {other}: {rule}{crossing}")
        }
        What::Run(happening) => tell_run(happening, out),
        What::Answer(answer) => tell_answer(answer, out),
        What::Decision(stored) => tell_decision(stored, out),
        What::State { row, state } => {
            let as_of = story.as_of.map(|date| date.to_string()).unwrap_or_default();
            writeln!(out, "state     {as_of}  {row}: {state}")
        }
    }
}

/// An amount in major units, or as it is written if it is none.
pub(super) fn amount_of(entry: &EntryText) -> String {
    match (Currency::parse(entry.currency.as_bytes()), entry.amount_minor.parse()) {
        (Some(currency), Ok(minor)) => currency.major(minor).to_string(),
        _ => entry.amount_minor.clone(),
    }
}

fn tell_entry(entry: &EntryText, line: Option<u32>, out: &mut dyn Write) -> io::Result<()> {
    let EntryText { entry_id, entry_type, status, currency, request_id, antom_id, sub_merchant_id, .. } = entry;
    let amount = amount_of(entry);
    write!(
        out,
        "entry     {entry_id}  {entry_type} {status} {amount} {currency}  request `{request_id}`  antom `{antom_id}`"
    )?;
    for (name, text) in [
        ("original", &entry.original_request_id),
        ("original antom", &entry.original_antom_id),
        ("order", &entry.order_id),
        ("settle to", &entry.settle_to),
        ("refund from", &entry.refund_from),
        ("batch", &entry.settlement_batch_id),
    ] {
        if !text.is_empty() {
            write!(out, "  {name} `{text}`")?;
        }
    }
    let place = line.map(|line| format!("  ledger line {line}")).unwrap_or_default();
    writeln!(out, "  sub-merchant `{sub_merchant_id}`  {}{place}", entry.occurred_at)
}

/// What one run said.
fn tell_run(happening: &Happening, out: &mut dyn Write) -> io::Result<()> {
    let superseded = if happening.superseded { ", superseded" } else { "" };
    let run = format!("run       {} (revision {}{superseded})", happening.run_date, happening.revision);
    match &happening.event {
        Event::InTransit(item) => writeln!(
            out,
            "{run}  in transit: {} {} {}, waits for {} until {}",
            item.entry_type,
            item.currency.major(item.amount),
            item.currency,
            item.waits_for,
            item.due_on
        ),
        Event::Listed(row) => {
            writeln!(out, "{run}  {} {} ({}): {}", row.discrepancy_id, row.kind, row.severity, said(row))
        }
        Event::Cleared(row) => writeln!(out, "{run}  cleared {}: {}", row.item_id, row.cleared_by),
    }
}

/// The explanation, with Antom's answer.
fn said(row: &Discrepancy) -> String {
    match row.answer {
        None => row.explanation.clone(),
        Some(answer) => format!("{}; Antom: {} {}", row.explanation, Answer::as_str(answer), row.answer_status),
    }
}

fn tell_answer(answer: &StoredAnswer, out: &mut dyn Write) -> io::Result<()> {
    let body = String::from_utf8_lossy(&answer.body);
    let (date, asked) = (answer.run_date, answer.asked_at.rfc3339());
    writeln!(out, "answer    {date}  {} at {asked}: {} {body}", answer.question, answer.outcome)
}

fn tell_decision(stored: &StoredDecision, out: &mut dyn Write) -> io::Result<()> {
    let (taken, decision) = (&stored.taken, &stored.taken.decision);
    let approved = match decision.approved_by.as_str() {
        "" => String::new(),
        name => format!(", approved by `{name}`"),
    };
    let (at, file, line) = (taken.decided_at.rfc3339(), &taken.file_sha256, taken.line);
    let id = &decision.discrepancy_id;
    let what = format!("{id} {} by `{}`{approved}: {}", decision.kind, decision.decided_by, decision.told());
    writeln!(out, "decision  {at}  {what} (after the run of {}, file {file} line {line})", taken.decided_on)
}

/// Sums by party and currency, then what the outputs said.
fn write_batch(batch: &Batch, out: &mut dyn Write) -> io::Result<()> {
    for ((party, currency), sum) in &batch.sums {
        let [gross, fees, other, net] = [sum.gross, sum.fees, sum.other, sum.net].map(|sum| currency.major(sum));
        let lines = sum.lines;
        writeln!(
            out,
            "batch     party `{party}`  {lines} lines  gross {gross}  fees {fees}  other {other}  net {net} {currency}"
        )?;
    }
    let Some((date, columns, rows)) = &batch.published else { return Ok(()) };
    for row in rows {
        let named = columns.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
        let cells: Vec<String> = named.map(|(column, cell)| format!("{column} {cell}")).collect();
        writeln!(out, "output    {date}  settlement_batches.csv: {}", cells.join("  "))?;
    }
    Ok(())
}

fn searched(searched: &Searched, out: &mut dyn Write) -> io::Result<()> {
    let dates = match searched.dates {
        Some((first, last)) => format!(", of {first} to {last}"),
        None => String::new(),
    };
    let rest = if searched.files < searched.of { "; `--all` searches every one" } else { "" };
    let Searched { files, of, bytes, .. } = searched;
    writeln!(out, "searched  {files} of {of} archived reports, {} MiB{dates}{rest}", bytes >> 20)?;
    searched.not.iter().try_for_each(|why| writeln!(out, "          not {why}"))
}
