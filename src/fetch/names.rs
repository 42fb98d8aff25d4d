//! Which report a file is, told by its name alone. The patterns are data; `[reports.<kind>] file` replaces a kind's.

use std::collections::{BTreeMap, BTreeSet};

use super::FetchError;
use super::pattern::{Pattern, Placeholder};
use crate::movement::ReportKind;

/// Every documented name (antom.md 2.0 and 9.4 to 9.6): the marketplace's, the general variants per settlement mode, and the
/// downloads of the Dashboard. Tried in this order.
const DEFAULTS: &[(ReportKind, &str)] = &[
    (ReportKind::TransactionDetails, "transactionItems_<yyyymmdd>_<seq>.<ext>"),
    (ReportKind::TransactionDetails, "TRANSACTION_DETAIL_*.<ext>"),
    (ReportKind::TransactionDetails, "Transaction_Detail_Report*.<ext>"),
    (ReportKind::TransactionDetails, "A_TransactionDetailReport_*.<ext>"),
    (ReportKind::SettlementDetails, "settlementItems_<currency>_<batch>_<seq>.<ext>"),
    (ReportKind::SettlementDetails, "settlementItems_<method>_<currency>_<batch>_<seq>.<ext>"),
    (ReportKind::SettlementDetails, "SETTLEMENT_DETAIL_<batch>_<yyyymmdd>.<ext>"),
    (ReportKind::SettlementDetails, "Settlement_Detail_Report*.<ext>"),
    (ReportKind::SettlementDetails, "SETTLEMENT_DETAIL_*.<ext>"),
    (ReportKind::SettlementDetails, "A_SettlementDetailReport_*.<ext>"),
    (ReportKind::SettlementSummary, "settlementSummary_<currency>_<batch>_<seq>.<ext>"),
    (ReportKind::SettlementSummary, "settlementSummary_<method>_<currency>_<batch>_<seq>.<ext>"),
    (ReportKind::SettlementSummary, "SETTLEMENT_SUMMARY_<batch>_<yyyymmdd>.<ext>"),
    (ReportKind::SettlementSummary, "Settlement_Summary_Report*.<ext>"),
    (ReportKind::SettlementSummary, "SETTLEMENT_SUMMARY_*.<ext>"),
    (ReportKind::SettlementSummary, "A_SettlementSummaryReport_*.<ext>"),
    (ReportKind::AccountActivity, "accountActivity_<yyyymmdd>_<seq>.<ext>"),
    (ReportKind::DailyEndingBalance, "dailyEndingBalance_<yyyymmdd>_<seq>.<ext>"),
];

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Comma-separated text.
    Csv,
    /// An Office Open XML workbook.
    Xlsx,
}

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Which report it is.
    pub kind: ReportKind,
    /// Its form, by the ending of the name.
    pub format: Format,
    /// The number of the part, if the name has one.
    pub sequence: Option<u16>,
    /// The name without the sequence number: what the parts of one set share.
    pub group: String,
    /// The eight digits of a date, if the name has them.
    pub date: Option<String>,
    /// The settlement currency, if the name has it.
    pub currency: Option<String>,
    /// The settlement batch, if the name has it.
    pub batch: Option<String>,
    /// The payment method, wallet or `CONNECTWALLET`, if the name has it.
    pub method: Option<String>,
}

/// The patterns in force.
#[derive(Debug, Clone)]
pub struct Patterns {
    patterns: Vec<(ReportKind, Pattern)>,
}

impl Default for Patterns {
    fn default() -> Self {
        let parse = |&(kind, text): &(ReportKind, &str)| (kind, Pattern::parse(text).expect("a test reads them all"));
        Self { patterns: DEFAULTS.iter().map(parse).collect() }
    }
}

impl Patterns {
    /// Uses these patterns for a report in place of the documented ones. They are tried before those of other reports, in their
    /// order.
    ///
    /// # Errors
    ///
    /// [`FetchError::Configuration`] if one of them is not a pattern.
    pub fn replace(&mut self, kind: ReportKind, patterns: &[impl AsRef<str>]) -> Result<(), FetchError> {
        let parse = |pattern: &str| {
            Pattern::parse(pattern).map(|parsed| (kind, parsed)).map_err(|error| match error {
                FetchError::Configuration(why) => FetchError::Configuration(format!("reports.{kind}.file: {why}")),
                other => other,
            })
        };
        let own = patterns.iter().map(|pattern| parse(pattern.as_ref())).collect::<Result<Vec<_>, _>>()?;
        self.patterns.retain(|(known, _)| *known != kind);
        self.patterns.splice(0..0, own);
        Ok(())
    }

    /// What a name says, or `None` if no pattern fits it.
    #[must_use]
    pub fn recognise(&self, name: &str) -> Option<Recognised> {
        self.patterns.iter().find_map(|(kind, pattern)| {
            let captures = pattern.captures(name)?;
            let range_of = |wanted| captures.iter().find(|(found, _)| *found == wanted).map(|(_, range)| range.clone());
            let text_of = |wanted| range_of(wanted).map(|range| name[range].to_owned());
            let sequence = range_of(Placeholder::Sequence);
            Some(Recognised {
                kind: *kind,
                format: Format::of(name),
                sequence: sequence.clone().and_then(|range| name[range].parse().ok()),
                group: match sequence {
                    Some(range) => format!("{}<seq>{}", &name[..range.start], &name[range.end..]),
                    None => name.to_owned(),
                },
                date: text_of(Placeholder::Date),
                currency: text_of(Placeholder::Currency),
                batch: text_of(Placeholder::Batch),
                method: text_of(Placeholder::Method),
            })
        })
    }
}

impl Format {
    /// The form of a file, by the ending of its name; anything but `.xlsx` is text.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let is_xlsx = name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("xlsx"));
        if is_xlsx { Self::Xlsx } else { Self::Csv }
    }
}

/// The parts that sets lack, by group: a set of one cycle counts from 000 without a gap (antom.md 9.12). That the last part
/// is missing cannot be told from names.
#[must_use]
pub fn missing_parts<'a>(parts: impl IntoIterator<Item = &'a Recognised>) -> BTreeMap<String, Vec<u16>> {
    let mut sets: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for part in parts {
        if let Some(sequence) = part.sequence {
            sets.entry(&part.group).or_default().insert(sequence);
        }
    }
    let gaps = |present: &BTreeSet<u16>| -> Vec<u16> {
        (0..present.last().copied().unwrap_or(0)).filter(|part| !present.contains(part)).collect()
    };
    sets.into_iter()
        .map(|(group, present)| (group.to_owned(), gaps(&present)))
        .filter(|(_, missing)| !missing.is_empty())
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn words(found: Option<Recognised>) -> String {
        let Some(found) = found else { return "-".into() };
        let text = |part: Option<String>| part.unwrap_or_else(|| "-".into());
        let sequence = found.sequence.map(|part| part.to_string());
        let words = [text(sequence), text(found.method), text(found.currency), text(found.batch), text(found.date)];
        format!("{} {}", found.kind, words.join(" "))
    }

    #[test]
    fn documented_names_are_recognised() {
        // name, then: kind, sequence, method, currency, batch, date
        let table = "
            transactionItems_20221024_000.csv                          transaction_details 0 - - - 20221024
            transactionItems_20221024_012.xlsx                         transaction_details 12 - - - 20221024
            settlementItems_USD_2023010112345678_000.csv               settlement_details 0 - USD 2023010112345678 -
            settlementItems_CONNECTWALLET_USD_2018122611021040123_000.csv settlement_details 0 CONNECTWALLET USD 2018122611021040123 -
            settlementItems_KaKaoPay_USD_2018122611021040123_001.csv   settlement_details 1 KaKaoPay USD 2018122611021040123 -
            settlementItems_PAYPAY_JPY_2C2PXXXXXX0101_000.csv          settlement_details 0 PAYPAY JPY 2C2PXXXXXX0101 -
            settlementItems_ALIPAY_CN_USD_2018122611021040123_000.csv  settlement_details 0 ALIPAY_CN USD 2018122611021040123 -
            settlementItems_CUP_USD_2018122611021040123_000.csv        settlement_details 0 CUP USD 2018122611021040123 -
            settlementSummary_USD_2018122611021040123_000.csv          settlement_summary 0 - USD 2018122611021040123 -
            settlementSummary_KaKaoPay_USD_0000000000000000000_000.csv settlement_summary 0 KaKaoPay USD 0000000000000000000 -
            SETTLEMENT_DETAIL_202604271985548486_20260428.xlsx         settlement_details - - - 202604271985548486 20260428
            Settlement_Detail_Report.csv                               settlement_details - - - - -
            A_SettlementDetailReport_xxx.xlsx                          settlement_details - - - - -
            TRANSACTION_DETAIL_202604271985548486_20260428.csv         transaction_details - - - - -
            SETTLEMENT_SUMMARY_202604271985548486_20260428.xlsx        settlement_summary - - - 202604271985548486 20260428
            accountActivity_20221024_000.csv                           account_activity 0 - - - 20221024
            dailyEndingBalance_20221024_000.csv                        daily_ending_balance 0 - - - 20221024
            settlementItems_USD_1_000.csv.filepart                     -
            settlementItems_USD_1_000.csv.gz                           -
            settlementItems_USD_1_0000.csv                             -
            transactionItems_2022102_000.csv                           -
            README.txt                                                 -
        ";
        let patterns = Patterns::default();
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let (name, expected) = row.split_once(' ').unwrap();
            assert_eq!(words(patterns.recognise(name)), expected.trim(), "`{name}`");
        }
    }

    #[test]
    fn a_configured_pattern_replaces_the_documented_ones() {
        let mut patterns = Patterns::default();
        patterns.replace(ReportKind::TransactionDetails, &["acme-tx-<yyyymmdd>-*.csv", "acme_*.csv"]).unwrap();
        assert_eq!(words(patterns.recognise("acme-tx-20260301-final.csv")), "transaction_details - - - - 20260301");
        assert_eq!(words(patterns.recognise("acme_late.csv")), "transaction_details - - - - -");
        assert_eq!(patterns.recognise("transactionItems_20221024_000.csv"), None);
        assert!(patterns.recognise("accountActivity_20221024_000.csv").is_some());
        let message = patterns.replace(ReportKind::AccountActivity, &["<day>"]).unwrap_err().to_string();
        assert!(message.starts_with("reports.account_activity.file: "), "{message}");
    }

    #[test]
    fn gaps_make_a_set_incomplete() {
        let patterns = Patterns::default();
        let names = [
            "settlementItems_USD_1_000.csv",
            "settlementItems_USD_1_003.csv",
            "settlementItems_EUR_2_001.csv",
            "settlementItems_JPY_3_000.csv",
            "settlementItems_JPY_3_001.csv",
            "Settlement_Detail_Report.csv",
        ];
        let parts: Vec<_> = names.iter().map(|name| patterns.recognise(name).unwrap()).collect();
        let missing = missing_parts(&parts);
        let expected = [("settlementItems_EUR_2_<seq>.csv", vec![0]), ("settlementItems_USD_1_<seq>.csv", vec![1, 2])];
        assert_eq!(missing, expected.map(|(group, parts)| (group.to_owned(), parts)).into());
    }
}
