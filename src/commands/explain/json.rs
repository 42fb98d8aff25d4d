//! A story for machines: one object. Amounts are texts in major units.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::text::amount_of;
use crate::pipeline::story::{Batch, Moment, Story, StoryLine, What};
use crate::store::{Event, Happening, StoredAnswer, StoredDecision};

/// Writes it, indented, members in a fixed order.
pub fn write(story: &Story, id: &str, out: &mut dyn Write) -> io::Result<()> {
    let searched = &story.searched;
    let value = json!({
        "id": id,
        "ids": story.ids,
        "as_of": story.as_of.map(|date| date.to_string()),
        "batch": story.batch.as_ref().map(batch),
        "story": story.moments.iter().map(moment).collect::<Vec<Value>>(),
        "entries_not_told": story.entries_not_told,
        "lines_not_told": story.lines_not_told,
        "searched": {
            "reports": searched.files,
            "of": searched.of,
            "bytes": searched.bytes,
            "from": searched.dates.map(|(first, _)| first.to_string()),
            "to": searched.dates.map(|(_, last)| last.to_string()),
            "not_searched": searched.not,
        },
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

fn moment(moment: &Moment) -> Value {
    let (what, details) = match &moment.what {
        What::Entry(entry, line) => ("entry", {
            json!({
                "entry_id": entry.entry_id, "entry_type": entry.entry_type, "status": entry.status,
                "amount": amount_of(entry), "currency": entry.currency, "request_id": entry.request_id,
                "antom_id": entry.antom_id, "original_request_id": entry.original_request_id,
                "original_antom_id": entry.original_antom_id, "order_id": entry.order_id,
                "sub_merchant_id": entry.sub_merchant_id, "occurred_at": entry.occurred_at,
                "settle_to": entry.settle_to, "refund_from": entry.refund_from,
                "settlement_batch_id": entry.settlement_batch_id, "ledger_line": line,
            })
        }),
        What::Line(StoryLine { date, kind, file, line, raw, in_force }) => (
            "line",
            json!({
                "business_date": date.to_string(), "report": kind.as_str(), "file": file, "line": line, "raw": raw,
                "restated_since": !in_force,
            }),
        ),
        What::Match { rows, rule, period_crossing } => {
            ("match", json!({ "rows": rows, "rule": rule, "period_crossing": period_crossing }))
        }
        What::Run(happening) => ("run", run(happening)),
        What::Answer(known) => ("answer", answer(known)),
        What::Decision(stored) => ("decision", decision(stored)),
        What::State { row, state } => ("state", json!({ "row": row, "state": state })),
    };
    json!({ "at": moment.at.rfc3339(), "what": what, what: details })
}

fn run(happening: &Happening) -> Value {
    let said = match &happening.event {
        Event::InTransit(item) => json!({
            "in_transit": item.item_id, "entry_type": item.entry_type.as_str(),
            "amount": item.currency.major(item.amount).to_string(), "currency": item.currency.code(),
            "side": item.side.as_str(), "business_date": item.business_date.to_string(),
            "due_on": item.due_on.to_string(), "waits_for": item.waits_for,
        }),
        Event::Listed(row) => {
            let amount = |amount: Option<i128>| {
                row.currency.zip(amount).map(|(currency, amount)| currency.major(amount).to_string())
            };
            json!({
                "discrepancy_id": row.discrepancy_id.as_str(), "kind": row.kind.as_str(),
                "severity": row.severity.as_str(), "stage": row.stage.as_str(), "explanation": row.explanation,
                "currency": row.currency.map(|currency| currency.code().to_owned()),
                "report_amount": amount(row.report_amount), "delta": amount(row.delta()),
                "answer": row.answer.map(|answer| answer.as_str()), "answer_status": row.answer_status,
                "first_seen_on": row.first_seen_on.to_string(),
            })
        }
        Event::Cleared(row) => json!({
            "cleared": row.item_id, "cleared_by": row.cleared_by, "cleared_on": row.cleared_on.to_string(),
        }),
    };
    json!({
        "business_date": happening.run_date.to_string(), "revision": happening.revision,
        "superseded": happening.superseded, "said": said,
    })
}

fn answer(answer: &StoredAnswer) -> Value {
    json!({
        "run_date": answer.run_date.to_string(), "question": answer.question, "endpoint": answer.endpoint,
        "answered_at": answer.answered_at.map(|at| at.rfc3339()), "http_status": answer.http_status,
        "signature": answer.signature, "outcome": answer.outcome, "body": String::from_utf8_lossy(&answer.body),
    })
}

fn decision(stored: &StoredDecision) -> Value {
    let (taken, decision) = (&stored.taken, &stored.taken.decision);
    json!({
        "discrepancy_id": decision.discrepancy_id.as_str(), "decision": decision.kind.as_str(),
        "decided_by": decision.decided_by, "approved_by": decision.approved_by, "assigned_to": decision.assigned_to,
        "reason": decision.reason, "after_run_of": taken.decided_on.to_string(), "file_sha256": taken.file_sha256,
        "line": taken.line,
    })
}

fn batch(batch: &Batch) -> Value {
    let sums = batch.sums.iter().map(|((party, currency), sum)| {
        let amount = |sum| currency.major(sum).to_string();
        json!({
            "sub_merchant_id": party, "currency": currency.code(), "lines": sum.lines, "gross": amount(sum.gross),
            "fees": amount(sum.fees), "other": amount(sum.other), "net": amount(sum.net),
        })
    });
    let published = batch.published.as_ref().map(|(date, columns, rows)| {
        let row =
            |row: &Vec<String>| columns.iter().cloned().zip(row.iter().map(|cell| json!(cell))).collect::<Value>();
        json!({ "business_date": date, "rows": rows.iter().map(row).collect::<Vec<Value>>() })
    });
    json!({ "sums": sums.collect::<Vec<Value>>(), "settlement_batches": published })
}
