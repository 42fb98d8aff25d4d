//! From a discrepancy and an answer to the answer columns. Pure.

use super::ask::{AnswerRecord, Evidence};
use super::facts::{AnswerFacts, Fact};
use super::plan::{Plan, Route};
use super::question::Endpoint;
use super::verdict::{Claim, Verdict, judge, state_of};
use crate::calendar::Instant;
use crate::discrepancy::{Answer, Discrepancy, DiscrepancyKind};
use crate::money::Currency;
use crate::movement::{EntryType, Status};

/// Fills the answer columns of discrepancies from the records of the plan's questions, in the plan's order. What the columns
/// cannot say is added to the explanation.
pub fn apply(discrepancies: &mut [Discrepancy], plan: &Plan, records: &[AnswerRecord]) {
    for (row, route) in discrepancies.iter_mut().zip(&plan.routes) {
        let verdict = match route {
            Route::Nothing => continue,
            Route::SkippedBudget => {
                row.answer = Some(Answer::SkippedBudget);
                continue;
            }
            Route::Ask(at) => match records.get(*at) {
                Some(record) => evaluate(row, record),
                None => Verdict::unavailable("Antom was not asked"),
            },
        };
        if !verdict.note.is_empty() {
            let separator = if row.explanation.is_empty() { "" } else { "; " };
            row.explanation = format!("{}{separator}{}", row.explanation, verdict.note);
        }
        row.answer = Some(verdict.answer);
        row.answer_status = verdict.status;
        row.answer_amount = verdict.amount;
        row.answer_currency = verdict.currency;
    }
}

/// What a record means for a discrepancy.
///
/// | Antom says | Missing on one side | Amounts or currencies differ | States differ |
/// |---|---|---|---|
/// | success, a side's amount | confirms that side | confirms that side | confirms the side that says success |
/// | success, another amount | contradicts both | contradicts both | contradicts both |
/// | failed or cancelled | confirms the side without it | contradicts both | confirms the side that says so |
/// | processing or pending | pending | pending | pending |
/// | not known, or not listed under its payment | not found | not found | not found |
///
/// Shares and disputes have no inquiry: a share stands with its payment (the amount is left open, so that of two amounts neither is
/// found), a dispute is not found unless the payment failed. `NOT_SETTLED` is pending as well while the payment may not be settled
/// yet (`earliestSettlementTime`), and so is a share whose amounts differ. The limits
/// `REFUND_EXCEEDS_PAYMENT` and `CAPTURE_EXCEEDS_AUTHORIZATION` compare the sum of what Antom lists as successful: equal to the
/// reported sum confirms the report, within the limit the ledger. Nothing follows if one of those listed has a state that is not
/// known, no amount, or another currency.
#[must_use]
pub fn evaluate(row: &Discrepancy, record: &AnswerRecord) -> Verdict {
    let facts = match (record.outcome, &record.facts) {
        (Evidence::Found, Some(facts)) => facts,
        (Evidence::NotFound, facts) => return not_known(facts.as_ref()),
        _ => return Verdict::unavailable(why_unavailable(record)),
    };
    match row.kind {
        DiscrepancyKind::RefundExceedsPayment => within_limit(row, facts, "REFUND"),
        DiscrepancyKind::CaptureExceedsAuthorization => within_limit(row, facts, "CAPTURE"),
        _ => match claim_of(row, record.endpoint, facts, record.answered_at) {
            Some(claim) => judge(row, claim),
            None => not_listed(row, facts),
        },
    }
}

/// The same words for the same kind of failure, so that they do not differ from run to run; the record has the details.
fn why_unavailable(record: &AnswerRecord) -> String {
    match record.outcome {
        Evidence::Unreachable => "Antom's API could not be reached".to_owned(),
        Evidence::NotAsked => format!("Antom was not asked: {}", record.reason),
        Evidence::Untrusted => "what answered for Antom's API could not be trusted".to_owned(),
        Evidence::Refused => format!("Antom refused the question: {}", record.reason),
        _ => format!("Antom could not say: {}", record.reason),
    }
}

fn not_known(facts: Option<&AnswerFacts>) -> Verdict {
    let status = facts.map(|facts| facts.result_code.clone()).unwrap_or_default();
    Verdict { answer: Answer::NotFound, status, amount: None, currency: None, note: String::new() }
}

/// Antom knows the payment and says nothing of this movement.
fn not_listed(row: &Discrepancy, facts: &AnswerFacts) -> Verdict {
    let subject = &facts.subject;
    let about = subject.transaction_type.to_ascii_lowercase();
    let note = match row.typed {
        Some(EntryType::Dispute | EntryType::DisputeReversal) => {
            format!("Antom's {about} is `{}`; its API does not tell of disputes", subject.status)
        }
        Some(EntryType::RefundReversal) => {
            format!("Antom's {about} is `{}`; only settlement details tell of bounced refunds", subject.status)
        }
        Some(EntryType::Settlement) => {
            format!("Antom's {about} is `{}`; its API does not tell what a share is worth", subject.status)
        }
        _ => format!("Antom's {about} is `{}` and lists no such {}", subject.status, row.entry_type),
    };
    Verdict { answer: Answer::NotFound, status: String::new(), amount: None, currency: None, note }
}

/// What the answer says about the movement of the row; none if it says nothing.
fn claim_of(row: &Discrepancy, endpoint: Endpoint, facts: &AnswerFacts, answered_at: Instant) -> Option<Claim> {
    use EntryType::*;
    let entry_type = row.typed?;
    let listed = || {
        let word = if entry_type == RefundReversal { Refund } else { entry_type }.as_str();
        if endpoint == Endpoint::InquiryRefund { Some(&facts.subject) } else { find(row, facts, word) }
    };
    let claim = match entry_type {
        Payment | Authorization => claim(entry_type, &facts.subject),
        Settlement => return claim_of_share(row, facts, answered_at),
        Capture | Refund => claim(entry_type, listed()?),
        RefundReversal => bounced(listed()?)?,
        Cancel | Void | PaymentReversal => match listed() {
            Some(fact) => claim(entry_type, fact),
            None => called_off(entry_type, &facts.subject)?,
        },
        Dispute | DisputeReversal => match listed() {
            Some(fact) => claim(entry_type, fact),
            // A payment that failed cannot be disputed; of another one, Antom does not say.
            None if facts.subject.status == "FAIL" => Claim { amount: None, ..claim(entry_type, &facts.subject) },
            None => return None,
        },
        _ => return None,
    };
    Some(if row.kind == DiscrepancyKind::NotSettled { not_before(claim, facts, answered_at) } else { claim })
}

/// What the payment's state says of a share; none if both sides have the share and only its amount is in question.
fn claim_of_share(row: &Discrepancy, facts: &AnswerFacts, answered_at: Instant) -> Option<Claim> {
    use DiscrepancyKind::*;
    let note = "Antom answers for the payment; its shares have no inquiry of their own".to_owned();
    let claim = Claim { amount: None, note, ..claim(EntryType::Settlement, &facts.subject) };
    match row.kind {
        NotSettled => Some(not_before(claim, facts, answered_at)),
        SplitMismatch | CurrencyMismatch | AmountMismatch => {
            Some(not_before(claim, facts, answered_at)).filter(|claim| claim.state != Some(Status::Success))
        }
        _ => Some(claim),
    }
}

/// A claim in Antom's words, signed by the type.
fn claim(entry_type: EntryType, fact: &Fact) -> Claim {
    let sign = if entry_type.is_outgoing() { -1 } else { 1 };
    let amount = fact.amount.map(|(amount, currency)| (amount * sign, currency));
    Claim { word: fact.status.clone(), state: state_of(&fact.status), amount, note: String::new() }
}

/// A refund that failed after all came back, which is what a `REFUND_REVERSAL` is; a successful one may still bounce later, which
/// the API does not tell (pitfall 10 of the fact sheet).
fn bounced(refund: &Fact) -> Option<Claim> {
    let claim = claim(EntryType::RefundReversal, refund);
    match claim.state {
        Some(Status::Success) => None,
        Some(Status::Failed | Status::Cancelled) => Some(Claim { state: Some(Status::Success), ..claim }),
        _ => Some(claim),
    }
}

/// What a payment's state says of its cancel, void or reversal where Antom lists none: cancelled, it happened; failed, there was
/// nothing to call off. A successful payment was not cancelled; of voids and reversals Antom then says nothing.
fn called_off(entry_type: EntryType, payment: &Fact) -> Option<Claim> {
    let claim = claim(entry_type, payment);
    let state = match claim.state {
        Some(Status::Cancelled) => Some(Status::Success),
        Some(Status::Success) if entry_type == EntryType::Cancel => Some(Status::Failed),
        Some(Status::Success) => return None,
        other => other,
    };
    let amount = claim.amount.filter(|_| state == Some(Status::Success));
    Some(Claim { state, amount, ..claim })
}

/// A movement cannot be settled before Antom's earliest time.
fn not_before(claim: Claim, facts: &AnswerFacts, answered_at: Instant) -> Claim {
    match facts.earliest_settlement {
        Some(earliest) if claim.state == Some(Status::Success) && earliest > answered_at => {
            let note = format!("Antom settles the payment from {} on", earliest.rfc3339());
            Claim { state: Some(Status::Pending), note, ..claim }
        }
        _ => claim,
    }
}

/// The transaction that the row speaks of: same type, and same Antom id or else same request id, the payment's own ids not
/// counting. A payment is cancelled or voided once, so a lone cancel or void needs no id.
fn find<'a>(row: &Discrepancy, facts: &'a AnswerFacts, word: &str) -> Option<&'a Fact> {
    let of_type = || facts.transactions.iter().filter(|fact| fact.transaction_type == word);
    let own = |id: &str, payments: &str| !id.is_empty() && id != payments;
    let by_antom =
        || of_type().find(|fact| own(&row.antom_id, &facts.subject.antom_id) && fact.antom_id == row.antom_id);
    let by_request =
        || of_type().find(|fact| own(&row.request_id, &facts.subject.request_id) && fact.request_id == row.request_id);
    let alone = || {
        let (first, second) = (of_type().next(), of_type().nth(1));
        first.filter(|_| second.is_none() && matches!(word, "CANCEL" | "VOID"))
    };
    by_antom().or_else(by_request).or_else(alone)
}

/// Whether what Antom lists as successful goes over the limit. A sum is Antom's only if all that is listed can be counted.
fn within_limit(row: &Discrepancy, facts: &AnswerFacts, word: &str) -> Verdict {
    let (Some(currency), Some(limit), Some(reported)) = (row.currency, row.ledger_amount, row.report_amount) else {
        return Verdict::unavailable("the discrepancy has no amounts to compare");
    };
    let listed: Vec<&Fact> = facts.transactions.iter().filter(|fact| fact.transaction_type == word).collect();
    if listed.is_empty() {
        return not_listed(row, facts);
    }
    if let Some(why) = listed.iter().find_map(|fact| not_countable(fact, currency)) {
        return Verdict { status: facts.subject.status.clone(), ..Verdict::unavailable(why) };
    }
    let of_state = |state| listed.iter().filter(move |fact| state_of(&fact.status) == Some(state));
    let amounts = of_state(Status::Success).filter_map(|fact| fact.amount);
    let sum: u128 = amounts.map(|(amount, _)| amount.unsigned_abs()).sum();
    let answer = if sum == reported.unsigned_abs() {
        Answer::ConfirmsReport
    } else if sum > limit.unsigned_abs() {
        Answer::ContradictsBoth
    } else if of_state(Status::Pending).next().is_some() {
        Answer::Pending
    } else {
        Answer::ConfirmsLedger
    };
    let sign = if reported < 0 { -1 } else { 1 };
    Verdict {
        answer,
        status: facts.subject.status.clone(),
        amount: i128::try_from(sum).ok().map(|sum| sum * sign),
        currency: Some(currency),
        note: String::new(),
    }
}

/// Why a listed movement cannot be counted in this currency; none if it can. One that failed moved nothing, whatever its amount.
fn not_countable(fact: &Fact, currency: Currency) -> Option<String> {
    let what = fact.transaction_type.to_ascii_lowercase();
    match (state_of(&fact.status), fact.amount) {
        (None, _) => {
            let word = fact.status.escape_debug();
            Some(format!("Antom lists a {what} whose state `{word}` is not known to this program"))
        }
        (Some(Status::Failed | Status::Cancelled), _) => None,
        (Some(_), None) => Some(format!("Antom lists a {what} without an amount")),
        (Some(_), Some((_, found))) if found != currency => {
            Some(format!("Antom lists a {what} in {found}, which cannot be added to {currency}"))
        }
        (Some(_), Some(_)) => None,
    }
}
