//! The schedule of fees, read with a TOML reader and applied with integers.

use crate::reading::{Row, decimals, micros};
use toml::{Table, Value};

/// The contract: its rules, as they stand in the file.
pub struct Contract(Vec<Table>);

/// Fee kinds with the column that holds them. Interchange and scheme are passed on without a rule.
const COLUMNS: [(&str, &str); 6] = [
    ("total", "feeAmountValue"),
    ("payment_method", "paymentMethodFeeAmountValue"),
    ("acquirer_markup", "acquirerMarkupAmountValue"),
    ("processing", "processingFeeAmountValue"),
    ("tax", "taxFeeAmountValue"),
    ("dispute_handling", "disputeHandlingFee"),
];

/// `numerator / denominator` rounded half to even; `denominator` must be positive.
pub fn half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = rest * 2 > denominator || (rest * 2 == denominator && quotient % 2 != 0);
    quotient + i128::from(up)
}

fn word<'r>(rule: &'r Table, key: &str) -> Option<&'r str> {
    rule.get(key).map(|value| value.as_str().unwrap())
}

impl Contract {
    pub fn read(text: &str) -> Self {
        let file: Table = text.parse().unwrap();
        let rules = file["rule"].as_array().unwrap().iter();
        Self(rules.map(|rule| rule.as_table().unwrap().clone()).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The first fee of a line that is not the contract's: kind, what it should be, what it is, in millionths.
    pub fn judge(&self, line: &Row, gross: i128) -> Option<(&'static str, Option<i128>, i128)> {
        let mut worst = Vec::new();
        for (kind, column) in COLUMNS {
            let Some(cell) = line.get(column) else { continue };
            let charged = micros(cell);
            match self.best(kind, line) {
                None if charged != 0 => worst.push(("FEE_WITHOUT_RULE", None, charged)),
                None => {}
                Some(rule) => {
                    let due = due(rule, line, gross);
                    match charged.cmp(&due) {
                        std::cmp::Ordering::Less => worst.push(("FEE_OVERCHARGED", Some(due), charged)),
                        std::cmp::Ordering::Greater => worst.push(("FEE_UNDERCHARGED", Some(due), charged)),
                        std::cmp::Ordering::Equal => {}
                    }
                }
            }
        }
        worst.sort_by_key(|(kind, ..)| {
            ["FEE_OVERCHARGED", "FEE_UNDERCHARGED", "FEE_WITHOUT_RULE"].map(|one| one != *kind)
        });
        worst.into_iter().next()
    }

    /// The rule that names the most; no two may name as much.
    fn best(&self, kind: &str, line: &Row) -> Option<&Table> {
        let mut fitting: Vec<(usize, &Table)> =
            self.0.iter().filter(|rule| word(rule, "kind") == Some(kind)).filter_map(|rule| fits(rule, line)).collect();
        fitting.sort_by_key(|(named, _)| std::cmp::Reverse(*named));
        if let [(first, _), (second, _), ..] = fitting[..] {
            assert!(first > second, "a tie: {line:?}");
        }
        fitting.first().map(|(_, rule)| *rule)
    }
}

/// How much a rule names, if it applies to the line.
fn fits<'r>(rule: &'r Table, line: &Row) -> Option<(usize, &'r Table)> {
    let is = match line["transactionType"].as_str() {
        // Rules name the contract's entry types.
        "RAPID_DISPUTE_RESOLUTION" => "DISPUTE",
        other => other,
    };
    let types = rule.get("types").and_then(Value::as_array);
    let types =
        types.map_or(vec!["PAYMENT", "CAPTURE"], |types| types.iter().map(|one| one.as_str().unwrap()).collect());
    let (none, today) = (String::new(), "2026-11-01");
    let ended = word(rule, "valid_to").is_some_and(|day| day < today);
    let begins = word(rule, "valid_from").is_some_and(|day| day > today);
    if !types.contains(&is) || ended || begins {
        return None;
    }
    let mut named = 0;
    for (key, column) in [
        ("method", "paymentMethodType"),
        ("brand", "cardBrand"),
        ("sub_merchant", "referenceMerchantId"),
        ("currency", "settlementCurrency"),
    ] {
        if let Some(wanted) = word(rule, key) {
            if line.get(column).unwrap_or(&none) != wanted {
                return None;
            }
            named += 1;
        }
    }
    Some((named, rule))
}

/// What the report should show, in millionths.
fn due(rule: &Table, line: &Row, gross: i128) -> i128 {
    let unit = 10_i128.pow(6 - decimals(&line["settlementCurrency"]));
    let amount = |key| word(rule, key).map(micros);
    let percent = amount("percent").unwrap_or(0);
    // Millionths of a percent of millionths.
    let exact = percent * gross.abs() + amount("fixed").unwrap_or(0) * 100_000_000;
    let least = amount("min").map_or(exact, |min| exact.max(min * 100_000_000));
    let bounded = amount("max").map_or(least, |max| least.min(max * 100_000_000));
    -half_even(bounded, 100_000_000 * unit) * unit
}
