//! From a finding to a row that an analyst can act on: ids, amounts, and an explanation that says what was found where, what
//! was expected, and which other kinds apply.

use crate::calendar::BusinessDate;
use crate::id::DiscrepancyId;
use crate::kind::{DiscrepancyKind, Severity, Stage};
use crate::ledger::EntryText;
use crate::matching::Finding;
use crate::money::Currency;
use crate::movement::{EntryType, Status};
use crate::report::{LineText, Reject};

use super::{Discrepancy, Names, SeverityRule};

/// A line with its text and its place in words.
#[derive(Debug, Clone, Default)]
pub struct LineEvidence {
    /// Its ids.
    pub text: LineText,
    /// The file's name.
    pub file: String,
    /// The physical line.
    pub line: u32,
}

/// An entry with its text.
pub type EntryEvidence = EntryText;

/// Turns findings into discrepancies.
#[derive(Debug)]
pub struct Describer<'a> {
    /// Makes the ids.
    pub names: &'a Names,
    /// Makes the severities.
    pub severity: &'a SeverityRule,
    /// The date of the run.
    pub today: BusinessDate,
}

/// The request id of the payment that a row belongs to: a payment's own, else that of the original that it names, else its own again.
#[must_use]
pub fn payment_request_id<'a>(entry_type: Option<EntryType>, own: &'a str, original: &'a str) -> &'a str {
    let is_payment = matches!(entry_type, Some(EntryType::Payment | EntryType::Authorization));
    if is_payment || original.is_empty() { own } else { original }
}

impl LineEvidence {
    fn place(&self) -> String {
        format!("`{}` line {}", self.file, self.line)
    }
}

impl Describer<'_> {
    /// A finding in words. `candidates` are the places or entry ids of the finding's candidates.
    #[must_use]
    pub fn describe(
        &self,
        finding: &Finding,
        line: Option<&LineEvidence>,
        entry: Option<&EntryEvidence>,
        candidates: &[String],
    ) -> Discrepancy {
        let ids = Ids::of(finding, line, entry);
        let currency = finding.report.or(finding.ledger).map(|(_, currency)| currency);
        let ledger_currency = finding.ledger.map(|(_, currency)| currency);
        let id = self.id(finding, &ids, line, entry);
        let mut row = Discrepancy {
            sub_merchant_id: ids.sub_merchant_id,
            entry_type: ids.entry_type,
            typed: finding.entry_type,
            request_id: ids.request_id,
            antom_id: ids.antom_id,
            original_request_id: ids.original_request_id,
            original_antom_id: ids.original_antom_id,
            order_id: ids.order_id,
            currency,
            ledger_currency,
            ledger_amount: finding.ledger.map(|(amount, _)| amount),
            report_amount: finding.report.map(|(amount, _)| amount),
            ledger_status: finding.ledger_status.map_or_else(String::new, |status| status.to_string()),
            report_status: report_status(finding, line),
            explanation: explain(finding, line, entry, candidates),
            ledger_entry_id: entry.map(|known| known.entry_id.clone()).unwrap_or_default(),
            report_file: line.map(|known| known.file.clone()).unwrap_or_default(),
            report_line: line.map(|known| known.line),
            ..self.blank(id, finding.kind, finding.stage, finding.business_date)
        };
        row.severity = self.severity.of(row.kind, row.at_stake(), row.currency);
        row
    }

    /// A rejected line or ledger row in words. `entry` is the entry whose line it was, where the ids could be read.
    #[must_use]
    pub fn rejected(
        &self,
        reject: &Reject,
        stage: Stage,
        file: &str,
        date: BusinessDate,
        repetition: u32,
        entry: Option<&EntryEvidence>,
    ) -> Discrepancy {
        let text = &reject.text;
        let column = if reject.column.is_empty() { String::new() } else { format!(", column `{}`", reject.column) };
        let place = if file.is_empty() { "the ledger".to_owned() } else { format!("`{file}`") };
        let explanation = format!("{place} line {}{column}: {}", reject.place.line, reject.reason);
        let repetition = repetition.to_string();
        let id = self.names.discrepancy(stage, &["REJECTED_LINE", file, &reject.raw], &[&repetition]);
        let mut row = Discrepancy {
            sub_merchant_id: text.sub_merchant_id.clone(),
            entry_type: reject.entry_type.map_or_else(|| text.raw_type.clone(), |known| known.to_string()),
            typed: reject.entry_type,
            request_id: text.request_id.clone(),
            antom_id: text.antom_id.clone(),
            original_request_id: text.original_request_id.clone(),
            original_antom_id: text.original_antom_id.clone(),
            order_id: text.order_id.clone(),
            currency: reject.currency,
            explanation,
            ledger_entry_id: entry.map(|known| known.entry_id.clone()).unwrap_or_default(),
            report_file: file.to_owned(),
            report_line: (!file.is_empty()).then_some(reject.place.line),
            ..self.blank(id, DiscrepancyKind::RejectedLine, stage, date)
        };
        row.severity = self.severity.of(row.kind, row.at_stake(), row.currency);
        row
    }

    /// A discrepancy about a whole file.
    #[must_use]
    pub fn about_file(&self, kind: DiscrepancyKind, path: &str, digest: &str, explanation: String) -> Discrepancy {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let id = super::file_discrepancy_id(self.names, kind, path, digest);
        let severity = self.severity.of(kind, 0, None);
        Discrepancy { severity, explanation, report_file: name, ..self.blank(id, kind, Stage::File, self.today) }
    }

    /// A discrepancy that says nothing yet but what it is.
    pub(super) fn blank(
        &self,
        id: DiscrepancyId,
        kind: DiscrepancyKind,
        stage: Stage,
        business_date: BusinessDate,
    ) -> Discrepancy {
        Discrepancy {
            discrepancy_id: id,
            kind,
            severity: Severity::Info,
            business_date,
            first_seen_on: self.today,
            age_days: 0,
            sub_merchant_id: String::new(),
            entry_type: String::new(),
            typed: None,
            request_id: String::new(),
            antom_id: String::new(),
            original_request_id: String::new(),
            original_antom_id: String::new(),
            order_id: String::new(),
            currency: None,
            ledger_currency: None,
            ledger_amount: None,
            report_amount: None,
            ledger_status: String::new(),
            report_status: String::new(),
            answer: None,
            answer_status: String::new(),
            answer_amount: None,
            answer_currency: None,
            explanation: String::new(),
            ledger_entry_id: String::new(),
            report_file: String::new(),
            report_line: None,
            stage,
        }
    }

    /// The id: from the movement and the stage, with what tells repetitions and parties apart.
    fn id(
        &self,
        finding: &Finding,
        ids: &Ids,
        line: Option<&LineEvidence>,
        entry: Option<&EntryEvidence>,
    ) -> DiscrepancyId {
        let place = line.map(|known| (known.file.clone(), known.line.to_string())).unwrap_or_default();
        let amount = money(finding.report.or(finding.ledger));
        let identity: Vec<&str> = if !ids.request_id.is_empty() {
            vec![&ids.entry_type, "request", &ids.request_id]
        } else if !ids.antom_id.is_empty() && ids.antom_id != ids.original_antom_id {
            vec![&ids.entry_type, "antom", &ids.antom_id]
        } else if !ids.original_request_id.is_empty() || !ids.original_antom_id.is_empty() {
            vec![&ids.entry_type, "original", &ids.original_request_id, &ids.original_antom_id, &amount]
        } else if let Some(entry) = entry {
            vec![&ids.entry_type, "entry", &entry.entry_id]
        } else {
            vec![&ids.entry_type, "place", &place.0, &place.1]
        };
        let occurrence = finding.occurrence.to_string();
        let mut distinction: Vec<&str> = Vec::new();
        if finding.occurrence > 1 || finding.kind == DiscrepancyKind::Ambiguous {
            distinction.extend([finding.kind.as_str(), occurrence.as_str(), ids.sub_merchant_id.as_str()]);
        }
        // Captures share their payment's request id in some layouts, and shares do always.
        if matches!(finding.entry_type, Some(EntryType::Capture | EntryType::Void)) {
            distinction.push(&ids.antom_id);
        }
        if finding.stage == Stage::Splits {
            distinction.push(&ids.sub_merchant_id);
        }
        self.names.discrepancy(finding.stage, &identity, &distinction)
    }
}

/// The ids of a row: the report's where there is a line, completed by the ledger's.
struct Ids {
    entry_type: String,
    request_id: String,
    antom_id: String,
    original_request_id: String,
    original_antom_id: String,
    order_id: String,
    sub_merchant_id: String,
}

impl Ids {
    fn of(finding: &Finding, line: Option<&LineEvidence>, entry: Option<&EntryEvidence>) -> Self {
        let text = line.map(|known| known.text.clone()).unwrap_or_default();
        let booked = entry.cloned().unwrap_or_default();
        let first = |one: String, other: String| if one.is_empty() { other } else { one };
        let entry_type = finding.entry_type.map_or_else(|| text.raw_type.clone(), |known| known.to_string());
        if finding.stage == Stage::Splits {
            return Self::of_share(entry_type, text, booked);
        }
        // A capture's line may carry its payment's request id: the ledger's own is the better one.
        let prefers_entry = matches!(finding.entry_type, Some(EntryType::Capture | EntryType::Void));
        let request_id = match prefers_entry {
            true => first(booked.request_id, text.request_id),
            false => first(text.request_id, booked.request_id),
        };
        Self {
            entry_type,
            request_id,
            antom_id: first(text.antom_id, booked.antom_id),
            original_request_id: first(text.original_request_id, booked.original_request_id),
            original_antom_id: first(text.original_antom_id, booked.original_antom_id),
            order_id: first(text.order_id, booked.order_id),
            sub_merchant_id: match line {
                Some(_) => first(text.sub_merchant_id, booked.sub_merchant_id),
                None => booked.sub_merchant_id,
            },
        }
    }

    /// A share has its payment's ids: the line of a payment has them as its own, that of a capture as its original's.
    fn of_share(entry_type: String, text: LineText, booked: EntryText) -> Self {
        let first = |one: &String, other: &String| if one.is_empty() { other.clone() } else { one.clone() };
        let is_capture = text.raw_type == EntryType::Capture.as_str();
        let named =
            |original: &String, own: &String| if is_capture { first(original, own) } else { first(own, original) };
        let party = if booked.settle_to == "MARKETPLACE" { String::new() } else { booked.sub_merchant_id.clone() };
        let booked_request = first(&booked.original_request_id, &booked.request_id);
        let booked_antom = first(&booked.original_antom_id, &booked.antom_id);
        let request_id = first(&named(&text.original_request_id, &text.request_id), &booked_request);
        let antom_id = first(&named(&text.original_antom_id, &text.antom_id), &booked_antom);
        Self {
            entry_type,
            original_request_id: request_id.clone(),
            original_antom_id: antom_id.clone(),
            request_id,
            antom_id,
            order_id: first(&text.order_id, &booked.order_id),
            sub_merchant_id: first(&text.sub_merchant_id, &party),
        }
    }
}

/// The status as a word of the contract, or as written if it is not one.
fn report_status(finding: &Finding, line: Option<&LineEvidence>) -> String {
    match (finding.report_status, finding.report) {
        (Some(status), _) => status.to_string(),
        (None, Some(_)) => line.map(|known| known.text.raw_status.clone()).unwrap_or_default(),
        (None, None) => String::new(),
    }
}

fn money(amount: Option<(i128, Currency)>) -> String {
    amount.map_or_else(|| "nothing".to_owned(), |(minor, currency)| format!("{} {currency}", currency.major(minor)))
}

/// The sentence of each kind.
fn explain(
    finding: &Finding,
    line: Option<&LineEvidence>,
    entry: Option<&EntryEvidence>,
    candidates: &[String],
) -> String {
    let mut text = sentence(finding, line, entry, candidates);
    if finding.period_crossing {
        text.push_str("; the two sides fall on different business dates (period_crossing)");
    }
    if !finding.also.is_empty() {
        let others: Vec<&str> = finding.also.iter().map(|kind| kind.as_str()).collect();
        text.push_str(&format!("; also {}", others.join(", ")));
    }
    text
}

fn sentence(
    finding: &Finding,
    line: Option<&LineEvidence>,
    entry: Option<&EntryEvidence>,
    candidates: &[String],
) -> String {
    let place = line.map_or_else(|| "the reports".to_owned(), LineEvidence::place);
    let booked = entry.map_or_else(|| "the ledger".to_owned(), |known| format!("entry `{}`", known.entry_id));
    let (ledger, report) = (money(finding.ledger), money(finding.report));
    let status = |known: Option<Status>| known.map_or("unknown", Status::as_str);
    let kind = finding.entry_type.map_or("line", EntryType::as_str);
    let due = finding.due_on.map(|due_on| format!("; the window ended on {due_on}")).unwrap_or_default();
    let raw_type = line.map(|known| known.text.raw_type.as_str()).unwrap_or_default();
    let first = candidates.first().map_or("", String::as_str);
    match finding.kind {
        DiscrepancyKind::UnknownType => {
            format!("{place} has the type `{raw_type}`, which is not known; it was kept and not matched")
        }
        DiscrepancyKind::DuplicateInReport => format!("{place} repeats the {kind} of {first}"),
        DiscrepancyKind::DuplicateInLedger => format!("{booked} repeats the {kind} of {first}"),
        DiscrepancyKind::SettledTwice => {
            let batch = line.map(|known| known.text.batch_id.as_str()).unwrap_or_default();
            format!("{place} settles in batch `{batch}` what {first} has settled already")
        }
        DiscrepancyKind::Ambiguous => {
            let row = if line.is_some() { &place } else { &booked };
            let more = match finding.more_candidates {
                0 => String::new(),
                count => format!(", and {count} more"),
            };
            format!("{row} fits more than one candidate: {}{more}; none was chosen", candidates.join(", "))
        }
        DiscrepancyKind::UnknownSubMerchant => {
            let party = line.map(|known| known.text.sub_merchant_id.as_str()).unwrap_or_default();
            format!("{place} names the sub-merchant `{party}`, which is not registered successfully")
        }
        DiscrepancyKind::MissingInLedger => format!("{place} has {report}; the ledger has no such {kind}"),
        DiscrepancyKind::MissingInReport => format!("{booked} has {ledger}; no line reports such a {kind}"),
        DiscrepancyKind::SettledNotReported => {
            format!("{place} settles {report} that transaction details never had within the lookback")
        }
        DiscrepancyKind::NotSettled => match line {
            Some(_) => format!("{place} was reported and has not been settled{due}"),
            None => format!("{booked} expects {ledger}, which has not been settled{due}"),
        },
        DiscrepancyKind::OrphanReversal => {
            let named = line.map(|known| (&known.text.original_antom_id, &known.text.original_request_id));
            let named = named.or(entry.map(|known| (&known.original_antom_id, &known.original_request_id)));
            let (antom, request) = named.map(|ids| (ids.0.as_str(), ids.1.as_str())).unwrap_or_default();
            let row = if line.is_some() { place } else { booked };
            format!(
                "{row} refers to the original `{antom}{}{request}`, which is in no report, entry or earlier day",
                if antom.is_empty() || request.is_empty() { "" } else { " / " }
            )
        }
        DiscrepancyKind::CurrencyMismatch | DiscrepancyKind::AmountMismatch | DiscrepancyKind::SplitMismatch => {
            let expected =
                if finding.stage == Stage::Settlement && finding.entry_type.is_some_and(EntryType::is_transaction) {
                    "transaction details say"
                } else {
                    "the ledger says"
                };
            format!("{place} says {report}, {expected} {ledger}")
        }
        DiscrepancyKind::StatusMismatch => {
            let reported = if finding.report.is_some() { status(finding.report_status) } else { "nothing" };
            format!("the ledger says {}, the report says {reported}{due}", status(finding.ledger_status))
        }
        DiscrepancyKind::SubMerchantMismatch => {
            let (ours, theirs) = (
                entry.map(|known| known.sub_merchant_id.as_str()),
                line.map(|known| known.text.sub_merchant_id.as_str()),
            );
            format!(
                "{place} names the sub-merchant `{}`, {booked} names `{}`",
                theirs.unwrap_or_default(),
                ours.unwrap_or_default()
            )
        }
        DiscrepancyKind::RefundExceedsPayment => {
            format!("with {place} the payment's refunds come to {report}, its limit is {ledger}")
        }
        DiscrepancyKind::CaptureExceedsAuthorization => {
            format!("with {place} the captures come to {report}, the authorisation's amount is {ledger}")
        }
        DiscrepancyKind::UnexplainedAdjustment => format!("{place} moves {report}, which the ledger does not book"),
        other => format!("{other} at {place}"),
    }
}
