//! Reading a contract's fee schedule from a file.
//!
//! TOML has one `[[rule]]` table per rule, CSV one row with the same names as columns; there, words of a list are separated by
//! `|`, and a tier is `from:percent:fixed`. Decimals are texts, so that they are exact.
#![allow(clippy::disallowed_methods, reason = "the schedule is a file")]

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use crate::calendar::BusinessDate;
use crate::config::nearest::nearest;
use crate::failure::{Failure, Kind, OrFail};
use crate::money::{AmountUnit, Currency, parse_amount};
use crate::movement::EntryType;
use crate::proof::{Percent, Rounding, Rule, Schedule, Tier, TierVolume};
use crate::report::FeeKind;

/// The fields of a rule.
const FIELDS: [&str; 16] = [
    "kind",
    "types",
    "method",
    "brand",
    "country",
    "sub_merchant",
    "currency",
    "valid_from",
    "valid_to",
    "percent",
    "fixed",
    "min",
    "max",
    "rounding",
    "tiers",
    "tier_volume",
];

/// The fields of a tier.
const TIER_FIELDS: [&str; 3] = ["from", "percent", "fixed"];

/// A schedule of more bytes is not one: ten thousand rules take some two megabytes.
const MAX_BYTES: u64 = 1 << 24;

/// Reads a schedule; the file's ending (`.toml` or `.csv`) says how it is written.
///
/// # Errors
/// A [`Failure`] of the configuration that names the file, the rule or line, the field, what was found and what was expected.
pub fn read(path: &Path) -> anyhow::Result<Schedule> {
    let shown = path.display();
    let unreadable = || format!("the fee schedule `{shown}` cannot be read; expected a TOML or CSV file of rules");
    let size = std::fs::metadata(path).or_fail(Kind::Configuration, unreadable)?.len();
    if size > MAX_BYTES {
        let sentence = format!("the fee schedule `{shown}` has {size} bytes; a schedule has at most {MAX_BYTES}");
        return Err(Failure::configuration(sentence).into());
    }
    let bytes = std::fs::read(path).or_fail(Kind::Configuration, unreadable)?;
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    parse(&bytes, &ending).map_err(|problem| Failure::configuration(format!("`{shown}`{problem}")).into())
}

/// Reads the bytes of a schedule. A problem begins with its place, or with a colon.
fn parse(bytes: &[u8], ending: &str) -> Result<Schedule, String> {
    let raw = match ending {
        "toml" => from_toml(bytes)?,
        "csv" => from_csv(bytes)?,
        _ => return Err(format!(": the ending is `{ending}`; expected a fee schedule that ends in `.toml` or `.csv`")),
    };
    if raw.is_empty() {
        return Err(": no rule was found; expected at least one, in TOML as a table `[[rule]]`".to_owned());
    }
    let rules = (1..).zip(&raw).map(|(position, raw)| raw.rule(position)).collect::<Result<Vec<Rule>, String>>()?;
    Schedule::new(rules).map_err(|error| format!(": {error}"))
}

/// A tier as written.
type RawTier = BTreeMap<&'static str, String>;

/// A rule as written: its fields as texts.
#[derive(Debug, Default)]
struct RawRule {
    /// Where it stands: `rule 3` or `line 4`.
    place: String,
    texts: BTreeMap<&'static str, String>,
    types: Vec<String>,
    tiers: Vec<RawTier>,
}

/// The known word, or a sentence with the nearest one.
fn known(found: &str, words: &[&'static str], what: &str) -> Result<&'static str, String> {
    words.iter().find(|word| **word == found).copied().ok_or_else(|| {
        let meant = nearest(found, words.iter().copied()).unwrap_or_default();
        format!("unknown {what} `{found}`; the nearest known one is `{meant}`")
    })
}

/// A text of TOML; numbers are refused, because those with a point would be binary fractions.
fn toml_text(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        // A date without quotes is exact.
        toml::Value::Datetime(date) => Ok(date.to_string()),
        toml::Value::Float(_) | toml::Value::Integer(_) => {
            Err(format!("is the number `{value}`; expected it in quotes (`\"{value}\"`), so that it is exact"))
        }
        other => Err(format!("is of type {}; expected a text in quotes", other.type_str())),
    }
}

fn from_toml(bytes: &[u8]) -> Result<Vec<RawRule>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!(": byte {} is not UTF-8", error.valid_up_to()))?;
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let line = text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        format!(" line {line}: not TOML: {}", error.message().split_whitespace().collect::<Vec<_>>().join(" "))
    })?;
    let mut rules = Vec::new();
    for (name, value) in &table {
        known(name, &["rule"], "key").map_err(|problem| format!(": {problem}"))?;
        let expected = || format!(": `rule` is of type {}; expected tables `[[rule]]`", value.type_str());
        for (position, rule) in (1..).zip(value.as_array().ok_or_else(expected)?) {
            let place = format!("rule {position}");
            let fields = rule.as_table().ok_or_else(expected)?;
            rules.push(toml_rule(fields, &place).map_err(|problem| format!(" {place}: {problem}"))?);
        }
    }
    Ok(rules)
}

fn toml_rule(fields: &toml::Table, place: &str) -> Result<RawRule, String> {
    let mut rule = RawRule { place: place.to_owned(), ..RawRule::default() };
    for (name, value) in fields {
        let name = known(name, &FIELDS, "field")?;
        let wrong = |problem: String| format!("`{name}` {problem}");
        let list =
            || value.as_array().ok_or_else(|| wrong(format!("is of type {}; expected a list", value.type_str())));
        match name {
            "types" if value.is_str() => rule.types = vec![toml_text(value).map_err(wrong)?],
            "types" => rule.types = list()?.iter().map(toml_text).collect::<Result<_, _>>().map_err(wrong)?,
            "tiers" => rule.tiers = list()?.iter().map(toml_tier).collect::<Result<_, _>>().map_err(wrong)?,
            _ => drop(rule.texts.insert(name, toml_text(value).map_err(wrong)?)),
        }
    }
    Ok(rule)
}

fn toml_tier(value: &toml::Value) -> Result<RawTier, String> {
    let expected = "expected tiers such as `{ from = \"10000.00\", percent = \"1.20\" }`";
    let fields = value.as_table().ok_or_else(|| format!("have one of type {}; {expected}", value.type_str()))?;
    let field = |(name, value): (&String, &toml::Value)| {
        let name = known(name, &TIER_FIELDS, "field").map_err(|problem| format!("have an {problem}"))?;
        let text = toml_text(value).map_err(|problem| format!("have one whose `{name}` {problem}"))?;
        Ok((name, text))
    };
    fields.iter().map(field).collect()
}

fn from_csv(bytes: &[u8]) -> Result<Vec<RawRule>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        format!(" line {line}: not CSV: {error}")
    };
    let header = reader.headers().map_err(unreadable)?.clone();
    let columns = header.iter().map(|name| known(name, &FIELDS, "column")).collect::<Result<Vec<_>, _>>();
    let columns = columns.map_err(|problem| format!(" line 1: {problem}"))?;
    if let Some(twice) = (1..columns.len()).find(|at| columns[..*at].contains(&columns[*at])) {
        return Err(format!(" line 1: the column `{}` stands twice; expected it once", columns[twice]));
    }
    let mut rules = Vec::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let place = format!("line {}", row.position().map_or(0, csv::Position::line));
        let mut rule = RawRule { place, ..RawRule::default() };
        for (name, cell) in columns.iter().copied().zip(row.iter()).filter(|(_, cell)| !cell.is_empty()) {
            match name {
                "types" => rule.types = cell.split('|').map(|word| word.trim().to_owned()).collect(),
                "tiers" => rule.tiers = csv_tiers(cell).map_err(|problem| format!(" {}: {problem}", rule.place))?,
                _ => drop(rule.texts.insert(name, cell.to_owned())),
            }
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn csv_tiers(cell: &str) -> Result<Vec<RawTier>, String> {
    let tier = |text: &str| {
        let parts: Vec<&str> = text.split(':').map(str::trim).collect();
        if !(2..=TIER_FIELDS.len()).contains(&parts.len()) {
            return Err(format!("`tiers` have `{text}`; expected `from:percent:fixed`, separated by `|`"));
        }
        let named = TIER_FIELDS.into_iter().zip(parts).filter(|(_, part)| !part.is_empty());
        Ok(named.map(|(name, part)| (name, part.to_owned())).collect())
    };
    cell.split('|').map(tier).collect()
}

/// What an unreadable field says.
fn wrong(field: &str, found: &str, expected: &str) -> String {
    format!("`{field}` is `{found}`; expected {expected}")
}

/// The words that a field may have, for messages.
fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn percent(field: &str, text: &str) -> Result<Percent, String> {
    let expected = "a percentage of at most 100 with at most twelve decimals, such as `2.90`";
    Percent::parse(text).ok_or_else(|| wrong(field, text, expected))
}

fn amount(field: &str, text: &str, currency: Option<Currency>) -> Result<i64, String> {
    let Some(currency) = currency else {
        return Err(format!("`{field}` is an amount of no currency; expected `currency` beside it"));
    };
    parse_amount(text.as_bytes(), currency, AmountUnit::Major)
        .map_err(|error| wrong(field, text, &format!("an amount of {currency} in major units ({error})")))
}

impl RawRule {
    /// The rule; a problem begins with its place.
    fn rule(&self, position: u32) -> Result<Rule, String> {
        self.read(position).map_err(|problem| format!(" {}: {problem}", self.place))
    }

    fn read(&self, position: u32) -> Result<Rule, String> {
        let kind = self.texts.get("kind").ok_or("`kind` is missing; expected the kind of a fee")?;
        let kinds = || words(FeeKind::ALL.iter().map(|kind| kind.as_str()));
        let kind = FeeKind::parse(kind).ok_or_else(|| wrong("kind", kind, &format!("one of {}", kinds())))?;
        let currency = match self.texts.get("currency") {
            Some(code) => Some(
                Currency::parse(code.as_bytes())
                    .ok_or_else(|| wrong("currency", code, "three letters such as `USD`"))?,
            ),
            None => None,
        };
        Ok(Rule {
            types: self.types.iter().map(|word| entry_type(word)).collect::<Result<_, _>>()?,
            method: self.text("method")?,
            brand: self.text("brand")?,
            country: self.text("country")?,
            sub_merchant: self.text("sub_merchant")?,
            currency,
            valid_from: self.date("valid_from")?,
            valid_to: self.date("valid_to")?,
            percent: self.texts.get("percent").map(|text| percent("percent", text)).transpose()?,
            fixed: self.amount("fixed", currency)?,
            min: self.amount("min", currency)?,
            max: self.amount("max", currency)?,
            rounding: self.word("rounding", &Rounding::WORDS)?,
            tiers: self.tiers.iter().map(|tier| read_tier(tier, currency)).collect::<Result<_, _>>()?,
            tier_volume: self.word("tier_volume", &TierVolume::WORDS)?,
            ..Rule::new(position, kind)
        })
    }

    fn text(&self, field: &str) -> Result<Option<String>, String> {
        match self.texts.get(field) {
            Some(text) if text.is_empty() => {
                Err(format!("`{field}` is empty; expected a text, or no `{field}` for lines of any"))
            }
            text => Ok(text.cloned()),
        }
    }

    fn date(&self, field: &str) -> Result<Option<BusinessDate>, String> {
        let read = |text: &String| BusinessDate::from_str(text).map_err(|_| wrong(field, text, "a date, YYYY-MM-DD"));
        self.texts.get(field).map(read).transpose()
    }

    fn amount(&self, field: &str, currency: Option<Currency>) -> Result<Option<i64>, String> {
        self.texts.get(field).map(|text| amount(field, text, currency)).transpose()
    }

    /// One of a field's words; the default if the field is missing.
    fn word<T: Copy + Default>(&self, field: &str, values: &[(&str, T)]) -> Result<T, String> {
        let Some(text) = self.texts.get(field) else { return Ok(T::default()) };
        let known = values.iter().find(|(word, _)| word == text).map(|(_, value)| *value);
        known.ok_or_else(|| wrong(field, text, &format!("one of {}", words(values.iter().map(|(word, _)| *word)))))
    }
}

fn entry_type(word: &str) -> Result<EntryType, String> {
    let known = || words(EntryType::ALL.iter().filter(|known| !known.is_adjustment()).map(|known| known.as_str()));
    EntryType::parse(word).ok_or_else(|| wrong("types", word, &format!("types of movements: {}", known())))
}

fn read_tier(tier: &RawTier, currency: Option<Currency>) -> Result<Tier, String> {
    let from = tier.get("from").ok_or("`tiers` have one without `from`; expected the volume that it begins with")?;
    Ok(Tier {
        from: amount("tiers.from", from, currency)?,
        percent: tier.get("percent").map(|text| percent("tiers.percent", text)).transpose()?,
        fixed: tier.get("fixed").map(|text| amount("tiers.fixed", text, currency)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
        [[rule]]
        kind = "payment_method"
        types = ["PAYMENT", "REFUND"]
        method = "CARD"
        brand = "VISA"
        country = "SG"
        sub_merchant = "s1"
        currency = "USD"
        valid_from = "2026-01-01"
        valid_to = 2026-12-31
        percent = "2.90"
        fixed = "0.30"
        min = "0.50"
        max = "10.00"
        rounding = "half_up"

        [[rule]]
        kind = "processing"
        currency = "JPY"
        fixed = "30"
        tiers = [{ from = "1000000", fixed = "25" }, { from = "5000000", percent = "0.1", fixed = "20" }]
        tier_volume = "month_to_date"
    "#;

    const CSV: &str = "\
        kind,types,method,brand,country,sub_merchant,currency,valid_from,valid_to,percent,fixed,min,max,rounding,tiers,tier_volume\n\
        payment_method,PAYMENT|REFUND,CARD,VISA,SG,s1,USD,2026-01-01,2026-12-31,2.90,0.30,0.50,10.00,half_up,,\n\
        processing,,,,,,JPY,,,,30,,,,1000000::25|5000000:0.1:20,month_to_date\n";

    #[test]
    fn both_ways_of_writing_say_the_same() {
        let schedule = parse(TOML.as_bytes(), "toml").expect("a schedule");
        assert_eq!(parse(CSV.as_bytes(), "csv"), Ok(schedule.clone()));
        let [first, second] = schedule.rules() else { panic!("{schedule:?}") };
        assert_eq!(first.to_string(), "rule 1 (`payment_method`, CARD, VISA, SG, s1, USD)");
        assert_eq!((first.fixed, first.min, first.max), (Some(30), Some(50), Some(1_000)));
        assert_eq!(first.percent.map(|percent| percent.to_string()).as_deref(), Some("2.90"));
        assert_eq!(first.valid_to.map(|date| date.to_string()).as_deref(), Some("2026-12-31"));
        assert_eq!((first.types.len(), first.rounding), (2, Rounding::HalfUp));
        assert_eq!((second.fixed, second.tier_volume), (Some(30), TierVolume::MonthToDate));
        let tiers: Vec<_> = second.tiers.iter().map(|tier| (tier.from, tier.percent.is_some(), tier.fixed)).collect();
        assert_eq!(tiers, [(1_000_000, false, Some(25)), (5_000_000, true, Some(20))]);
    }

    /// Each row: what stands in the one rule, and what the message says.
    #[test]
    fn every_mistake_is_named_with_its_place() {
        let table = r#"
            kind = "tax"~percent = 2.5                 => rule 1: `percent` is the number `2.5`; expected it in quotes (`"2.5"`)
            kind = "tax"~percent = 2                   => rule 1: `percent` is the number `2`; expected it in quotes
            kind = "tax"~percent = "2,5"               => rule 1: `percent` is `2,5`; expected a percentage
            kind = "tax"~percent = "101"               => rule 1: `percent` is `101`; expected a percentage of at most 100
            kind = "taxes"~percent = "1"               => rule 1: `kind` is `taxes`; expected one of `payment_method`
            percent = "1"                              => rule 1: `kind` is missing
            kind = "tax"~precent = "1"                 => rule 1: unknown field `precent`; the nearest known one is `percent`
            kind = "tax"~fixed = "1.00"                => rule 1: `fixed` is an amount of no currency; expected `currency`
            kind = "tax"~fixed = "1.5"~currency="JPY"  => rule 1: `fixed` is `1.5`; expected an amount of JPY in major units (too many
            kind = "tax"~percent = "1"~currency="usd"  => rule 1: `currency` is `usd`; expected three letters
            kind = "tax"~percent = "1"~types = "FEES"  => rule 1: `types` is `FEES`; expected types of movements: `PAYMENT`
            kind = "tax"~percent = "1"~types = 3       => rule 1: `types` is of type integer; expected a list
            kind = "tax"~percent = "1"~types = ["FEE"] => : rule 1 (`tax`): `types` names a type of lines that carry no fees
            kind = "tax"~percent = "1"~method = ""     => rule 1: `method` is empty
            kind = "tax"~percent = "1"~rounding="even" => rule 1: `rounding` is `even`; expected one of `half_even`, `half_up`
            kind = "tax"~percent = "1"~valid_to = "31.12.2026" => rule 1: `valid_to` is `31.12.2026`; expected a date, YYYY-MM-DD
            kind = "tax"~currency="USD"~tiers = [{ from = 5, fixed = "1" }]   => rule 1: `tiers` have one whose `from` is the number `5`
            kind = "tax"~currency="USD"~tiers = [{ form = "5", fixed = "1" }] => rule 1: `tiers` have an unknown field `form`; the nearest known one is `from`
            kind = "tax"~currency="USD"~tiers = [{ fixed = "1" }]             => rule 1: `tiers` have one without `from`
            kind = "settlement_fee"~percent = "1"      => : rule 1 (`settlement_fee`): `kind` stands in lines of its own
            kind = "tax"~percent = "1"~[[rule]]~kind = "tax"~fixed = "1" => rule 2: `fixed` is an amount of no currency
            kind = "tax"~percent = "1"~[[rule]]~kind = "tax"~percent = "2" => : rule 1 (`tax`) and rule 2 (`tax`) fit the same lines
            kind = "tax"~percent = "1"~[[rules]]       => : unknown key `rules`; the nearest known one is `rule`
            kind = "tax" percent                       => line 2: not TOML
        "#;
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let (rule, expected) = row.split_once("=>").expect("two columns");
            let text = format!("[[rule]]\n{}\n", rule.trim().replace('~', "\n"));
            let found = parse(text.as_bytes(), "toml").expect_err(row);
            assert!(found.trim_start().starts_with(expected.trim()), "`{row}`: {found}");
        }
        assert!(parse(b"", "toml").expect_err("no rules").contains("no rule was found"));
        assert!(parse(b"rule = 1", "toml").expect_err("no table").contains("expected tables `[[rule]]`"));
        assert!(parse(b"", "txt").expect_err("an ending").contains("ends in `.toml` or `.csv`"));
    }

    #[test]
    fn mistakes_in_csv_are_named_with_their_line() {
        for (text, expected) in [
            ("kind,percnt\ntax,1\n", " line 1: unknown column `percnt`; the nearest known one is `percent`"),
            ("kind,kind\ntax,tax\n", " line 1: the column `kind` stands twice"),
            ("kind,percent\ntax,1\ntax\n", " line 3: not CSV"),
            ("kind,percent\ntax,1\ntax,x\n", " line 3: `percent` is `x`"),
            ("kind,currency,tiers\ntax,USD,5\n", " line 2: `tiers` have `5`; expected `from:percent:fixed`"),
            ("kind,percent\n", ": no rule was found"),
        ] {
            let found = parse(text.as_bytes(), "csv").expect_err(text);
            assert!(found.starts_with(expected), "`{text}`: {found}");
        }
        assert!(parse("\u{feff}kind , percent\n tax , 1 \n".as_bytes(), "csv").is_ok());
    }

    #[test]
    fn files_are_read_by_their_ending() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fees.CSV");
        std::fs::write(&path, CSV).expect("written");
        assert_eq!(read(&path).expect("a schedule").rules().len(), 2);
        let missing = read(&folder.path().join("none.toml")).expect_err("no file");
        assert_eq!(Failure::of(&missing), Kind::Configuration);
        assert!(format!("{missing:#}").contains("none.toml"));
        std::fs::write(folder.path().join("bad.toml"), "[[rule]]\nkind = \"tax\"\n").expect("written");
        let bad = read(&folder.path().join("bad.toml")).expect_err("no charge");
        assert_eq!(Failure::of(&bad), Kind::Configuration);
        assert!(bad.to_string().ends_with("expected one of them, or tiers from 0 on"), "{bad}");
    }
}
