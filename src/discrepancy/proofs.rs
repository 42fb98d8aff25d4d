//! From what proofs find to rows: a line's own money, and sums of batches, accounts and payouts.

use crate::calendar::BusinessDate;
use crate::id::DiscrepancyId;
use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::movement::EntryType;
use crate::proof::{LineFinding, ProofFinding};

use super::{Describer, Discrepancy, LineEvidence, Names};

/// The texts of a finding about a sum.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProofTexts<'a> {
    /// `merchantId` of the party.
    pub merchant_id: &'a str,
    /// `referenceMerchantId` of the party.
    pub sub_merchant_id: &'a str,
    /// The file that the row points to; empty if it points to none.
    pub file: &'a str,
}

impl Describer<'_> {
    /// A line whose own money does not hold, in words. Its id comes from the line's ids, its party and its batch, so that it
    /// stays the same when the line is reported again elsewhere in the file.
    #[must_use]
    pub fn line_proof(
        &self,
        finding: &LineFinding,
        entry_type: Option<EntryType>,
        line: &LineEvidence,
        date: BusinessDate,
    ) -> Discrepancy {
        let text = &line.text;
        let word: &str = match entry_type {
            Some(known) => known.as_str(),
            None => &text.raw_type,
        };
        let number = line.line.to_string();
        let named = [&text.request_id, &text.antom_id].into_iter().any(|id| !id.is_empty());
        let place = if named { ["", ""] } else { [line.file.as_str(), number.as_str()] };
        let identity = ["line", word, &text.request_id, &text.antom_id, place[0], place[1]];
        // The new id rule gives a payment and its disputes one id: what they moved tells them apart.
        let original = [text.original_request_id.as_str(), text.original_antom_id.as_str()];
        let distinction = [text.sub_merchant_id.as_str(), &text.batch_id, original[0], original[1]];
        let id = self.names.discrepancy(Stage::Proof, &identity, &distinction);
        let mut explanation = format!("`{}` line {}: {}", line.file, line.line, finding.explanation);
        if !finding.also.is_empty() {
            let others: Vec<&str> = finding.also.iter().map(|kind| kind.as_str()).collect();
            explanation.push_str(&format!("; also {}", others.join(", ")));
        }
        let mut row = Discrepancy {
            sub_merchant_id: text.sub_merchant_id.clone(),
            entry_type: word.to_owned(),
            typed: entry_type,
            request_id: text.request_id.clone(),
            antom_id: text.antom_id.clone(),
            original_request_id: text.original_request_id.clone(),
            original_antom_id: text.original_antom_id.clone(),
            order_id: text.order_id.clone(),
            currency: Some(finding.currency),
            ledger_currency: finding.expected.map(|_| finding.currency),
            ledger_amount: finding.expected,
            report_amount: finding.reported,
            explanation,
            report_file: line.file.clone(),
            report_line: Some(line.line),
            ..self.blank(id, finding.kind, Stage::Proof, date)
        };
        row.severity = self.severity.of(row.kind, difference(&row), row.currency);
        row
    }

    /// A batch, an account, a payout or a total that does not hold, in words.
    #[must_use]
    pub fn proof(&self, finding: &ProofFinding, texts: ProofTexts<'_>, date: BusinessDate) -> Discrepancy {
        let currency = finding.currency.map(|known| known.to_string()).unwrap_or_default();
        // Accounts are proved day by day, batches and payouts once: a difference of an account on another day is another one.
        let day = match finding.kind {
            DiscrepancyKind::BatchTotal | DiscrepancyKind::PayoutMissing | DiscrepancyKind::PayoutAmount => {
                String::new()
            }
            _ => date.to_string(),
        };
        let identity = [subject(finding.kind), finding.antom_id.as_str()];
        let distinction = [texts.merchant_id, texts.sub_merchant_id, &currency, &day, &finding.distinction];
        let id = self.names.discrepancy(finding.stage, &identity, &distinction);
        let mut row = Discrepancy {
            sub_merchant_id: texts.sub_merchant_id.to_owned(),
            antom_id: finding.antom_id.clone(),
            currency: finding.currency,
            ledger_currency: finding.expected.and(finding.currency),
            ledger_amount: finding.expected,
            report_amount: finding.reported,
            explanation: finding.explanation.clone(),
            report_file: texts.file.to_owned(),
            report_line: finding.place.map(|place| place.line),
            ..self.blank(id, finding.kind, finding.stage, date)
        };
        row.severity = self.severity.of(row.kind, difference(&row), row.currency);
        row
    }
}

impl Names {
    /// The id of a `BATCH_TOTAL`, or of a payout that is missing or wrong, as [`Describer::proof`] gives it: of one batch, party
    /// (`merchantId` and `referenceMerchantId`) and currency, on whatever day.
    #[must_use]
    pub fn of_batch(
        &self,
        kind: DiscrepancyKind,
        batch: &str,
        [merchant_id, sub_merchant_id]: [&str; 2],
        currency: Currency,
    ) -> DiscrepancyId {
        let distinction = [merchant_id, sub_merchant_id, &currency.to_string(), "", ""];
        self.discrepancy(Stage::Proof, &[subject(kind), batch], &distinction)
    }
}

/// A payout that is missing and one of another amount are one break, which may change its kind.
const fn subject(kind: DiscrepancyKind) -> &'static str {
    match kind {
        DiscrepancyKind::PayoutMissing | DiscrepancyKind::PayoutAmount => "payout",
        other => other.as_str(),
    }
}

/// What is at stake in a proof: what is missing or too much, not the whole sum.
fn difference(row: &Discrepancy) -> u128 {
    row.delta().map_or(0, i128::unsigned_abs)
}
