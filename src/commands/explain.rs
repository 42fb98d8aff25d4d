//! `antom-recon explain`: everything that is known about an id.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the ledger may be a file")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};

use memchr::memmem::Finder;

use super::{open_store, session};
use crate::calendar::BusinessDate;
use crate::config::{Config, Ledger};
use crate::discrepancy::Discrepancy;
use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::{Digest, DigestError, FetchError};
use crate::id::DiscrepancyId;
use crate::kind::Answer;
use crate::ledger::{EntryText, Import};
use crate::money::Currency;
use crate::movement::ReportKind;
use crate::pipeline::{OrKind, archive};
use crate::requery::{Endpoint, Question};
use crate::store::{Event, Happening, Store};

/// Tell everything that is known about an id
///
/// Lines with file and line number, entries, Antom's answers, and what became of them day by day. Archived reports of the
/// lookback are searched for the id.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A request id, an Antom id, a discrepancy id or an item id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Writes all that is known about the id to `out`.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    if args.id.is_empty() {
        return Err(Failure::usage("the id is empty; expected a request id, an Antom id or a discrepancy id").into());
    }
    let merchant = config.merchant()?.platform_merchant_id;
    session(async {
        let store = open_store(config).await?;
        let history = store.history(&merchant, &args.id).await.or_kind()?;
        let ids = ids_behind(&args.id, &history);
        let mut found = false;
        for entry in entries(config, &store, &ids).await?.values() {
            found = true;
            tell_entry(entry, out)?;
        }
        found |= lines(config, &store, &merchant, &ids, &history, out).await?;
        for happening in &history {
            found = true;
            tell(happening, out)?;
        }
        found |= decisions(&store, &merchant, &args.id, &history, out).await?;
        found |= answers(&store, &merchant, &ids, out).await?;
        if !found {
            writeln!(out, "nothing is known about `{}`", args.id)?;
        }
        store.close().await;
        Ok(())
    })
}

/// The id itself, and the request and Antom ids of the items that have it.
fn ids_behind(id: &str, history: &[Happening]) -> Vec<String> {
    let mut ids = vec![id.to_owned()];
    for happening in history {
        let (request_id, antom_id) = match &happening.event {
            Event::InTransit(item) => (&item.request_id, &item.antom_id),
            Event::Listed(row) => (&row.request_id, &row.antom_id),
            Event::Cleared(row) => (&row.request_id, &row.antom_id),
        };
        ids.extend([request_id, antom_id].into_iter().filter(|known| !known.is_empty()).cloned());
    }
    ids.sort();
    ids.dedup();
    ids
}

/// The entries that have one of the ids, by `entry_id`: of the built-in table or the CSV file. A query is the owner's to ask.
async fn entries(config: &Config, store: &Store, ids: &[String]) -> anyhow::Result<BTreeMap<String, EntryText>> {
    let mut found = BTreeMap::new();
    match config.ledger()? {
        Ledger::Table => {
            for id in ids {
                let entries = store.find_entries(id).await.or_kind()?;
                found.extend(entries.into_iter().map(|entry| (entry.entry_id.clone(), entry)));
            }
        }
        Ledger::Csv(path) => {
            let unreadable =
                || format!("ledger.path: `{}` cannot be read; expected a CSV file of entries", path.display());
            let file = File::open(&path).or_fail(Kind::Configuration, unreadable)?;
            let mut rows = Import::start(BufReader::new(file)).or_fail(Kind::Configuration, unreadable)?;
            while let Some(batch) = rows.next_batch().or_fail(Kind::Configuration, unreadable)? {
                let has_id = |entry: &EntryText| {
                    [&entry.entry_id, &entry.request_id, &entry.antom_id].into_iter().any(|id| ids.contains(id))
                };
                let entries = batch.into_iter().map(|row| row.text).filter(has_id);
                found.extend(entries.map(|entry| (entry.entry_id.clone(), entry)));
            }
        }
        Ledger::Query { .. } => {}
    }
    Ok(found)
}

/// One entry.
fn tell_entry(entry: &EntryText, out: &mut dyn Write) -> anyhow::Result<()> {
    let currency = Currency::parse(entry.currency.as_bytes());
    let amount = match (currency, entry.amount_minor.parse()) {
        (Some(currency), Ok(minor)) => currency.major(minor).to_string(),
        _ => entry.amount_minor.clone(),
    };
    writeln!(
        out,
        "entry     {}  {} {} {amount} {}  request `{}`  antom `{}`  sub-merchant `{}`  {}",
        entry.entry_id,
        entry.entry_type,
        entry.status,
        entry.currency,
        entry.request_id,
        entry.antom_id,
        entry.sub_merchant_id,
        entry.occurred_at
    )
    .or_fail(Kind::Unforeseen, || "cannot write the result")
}

/// Whether a line has one of the ids as a cell of its own, and not as a part of a longer one.
fn has_cell(line: &[u8], finders: &[Finder<'_>]) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b',' | b'"' | b'\r'));
    finders.iter().any(|finder| {
        finder.find_iter(line).any(|start| {
            let end = start + finder.needle().len();
            is_edge(start.checked_sub(1).and_then(|before| line.get(before))) && is_edge(line.get(end))
        })
    })
}

/// Searches the archived reports, from a lookback before the first run that knew the id to the newest run.
async fn lines(
    config: &Config,
    store: &Store,
    merchant: &str,
    ids: &[String],
    history: &[Happening],
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let (archive, lookback) = (archive(config)?, config.matching()?.lookback_days);
    let runs = store.runs_overview(merchant, 1).await.or_kind()?;
    let Some(newest) = runs.first().map(|newest| newest.run.business_date) else { return Ok(false) };
    let oldest = history.iter().map(|happening| happening.run_date).min().unwrap_or(newest).minus_days(lookback);
    let mut found = false;
    for date in store.completed_dates(merchant, oldest, newest).await.or_kind()? {
        for file in store.files_of(merchant, date).await.or_kind()? {
            if ReportKind::parse(&file.kind).is_none() || file.name.ends_with(".xlsx") {
                continue;
            }
            let digest: Digest = file.sha256.parse().map_err(|error: DigestError| {
                Failure::new(Kind::Integrity, format!("the run of {date} names `{}` under {error}", file.path))
            })?;
            let reader = BufReader::with_capacity(1 << 20, archive.read(digest).or_kind()?);
            let finders: Vec<Finder<'_>> = ids.iter().map(|id| Finder::new(id.as_bytes())).collect();
            let mut number = 0_u64;
            for line in reader.split(b'\n') {
                number += 1;
                let line = line.map_err(|error| FetchError::from_read(error, &archive.path_of(digest))).or_kind()?;
                if has_cell(&line, &finders) {
                    found = true;
                    let text = String::from_utf8_lossy(&line);
                    writeln!(out, "line      {date}  {} line {number}: {}", file.name, text.trim_end())?;
                }
            }
        }
    }
    Ok(found)
}

/// What one run said.
fn tell(happening: &Happening, out: &mut dyn Write) -> anyhow::Result<()> {
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
    .or_fail(Kind::Unforeseen, || "cannot write the result")
}

/// The explanation, with Antom's answer.
fn said(row: &Discrepancy) -> String {
    match row.answer {
        None => row.explanation.clone(),
        Some(answer) => format!("{}; Antom: {} {}", row.explanation, Answer::as_str(answer), row.answer_status),
    }
}

/// What people decided about the discrepancy, or about those of the request or Antom id, in the order in which they did.
async fn decisions(
    store: &Store,
    merchant: &str,
    id: &str,
    history: &[Happening],
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let listed = history.iter().filter_map(|happening| match &happening.event {
        Event::Listed(row) => Some(row.discrepancy_id.clone()),
        Event::InTransit(_) | Event::Cleared(_) => None,
    });
    let ids: BTreeSet<DiscrepancyId> = listed.chain([DiscrepancyId::new(id)]).collect();
    let mut found = false;
    for id in ids {
        for stored in store.decisions_about(merchant, &id).await.or_kind()? {
            found = true;
            let (taken, decision) = (&stored.taken, &stored.taken.decision);
            let approved = match decision.approved_by.as_str() {
                "" => String::new(),
                name => format!(", approved by `{name}`"),
            };
            let (at, file, line) = (taken.decided_at.rfc3339(), &taken.file_sha256, taken.line);
            let what = format!("{id} {} by `{}`{approved}: {}", decision.kind, decision.decided_by, decision.told());
            writeln!(out, "decision  {at}  {what} (after the run of {}, file {file} line {line})", taken.decided_on)?;
        }
    }
    Ok(found)
}

/// What Antom was asked about the ids, and what it said.
async fn answers(store: &Store, merchant: &str, ids: &[String], out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut found = false;
    for id in ids {
        for endpoint in Endpoint::ALL {
            let questions = [Question::by(*endpoint, id, ""), Question::by(*endpoint, "", id)];
            for question in questions.into_iter().flatten() {
                for answer in store.answers_to(merchant, &question.key()).await.or_kind()? {
                    found = true;
                    let date: BusinessDate = answer.run_date;
                    let body = String::from_utf8_lossy(&answer.body);
                    let asked = answer.asked_at.rfc3339();
                    writeln!(out, "answer    {date}  {} at {asked}: {} {body}", answer.question, answer.outcome)?;
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_as_a_cell_and_not_inside_another() {
        for (line, expected) in [
            ("r1,x", true),
            ("x,r1", true),
            ("x,\"r1\",y", true),
            ("x,r1\r", true),
            ("r11,x", false),
            ("x,ar1", false),
            ("r11,r1,r12", true),
            ("", false),
        ] {
            assert_eq!(has_cell(line.as_bytes(), &[Finder::new("r1")]), expected, "`{line}`");
        }
    }
}
