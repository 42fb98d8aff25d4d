//! `antom-recon explain`: everything that is known about an id.

use std::io::{BufRead, BufReader, Write};

use super::{open_store, session};
use crate::calendar::BusinessDate;
use crate::config::Config;
use crate::discrepancy::Discrepancy;
use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::{Digest, DigestError, FetchError};
use crate::kind::Answer;
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
        for id in &ids {
            for entry in store.find_entries(id).await.or_kind()? {
                found = true;
                writeln!(
                    out,
                    "entry     {}  {} {} {} {}  request `{}`  antom `{}`  sub-merchant `{}`  {}",
                    entry.entry_id,
                    entry.entry_type,
                    entry.status,
                    entry.amount_minor,
                    entry.currency,
                    entry.request_id,
                    entry.antom_id,
                    entry.sub_merchant_id,
                    entry.occurred_at
                )?;
            }
        }
        found |= lines(config, &store, &merchant, &ids, &history, out).await?;
        for happening in &history {
            found = true;
            tell(happening, out)?;
        }
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
            let finders: Vec<_> = ids.iter().map(|id| memchr::memmem::Finder::new(id.as_bytes())).collect();
            let mut number = 0_u64;
            for line in reader.split(b'\n') {
                number += 1;
                let line = line.map_err(|error| FetchError::from_read(error, &archive.path_of(digest))).or_kind()?;
                if finders.iter().any(|finder| finder.find(&line).is_some()) {
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
