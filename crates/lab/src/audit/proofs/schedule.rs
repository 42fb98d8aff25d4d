//! The contract's fees: a schedule in TOML, and what it says that a line costs.

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{Datelike as _, NaiveDate};
use std::cmp::Reverse;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

use super::detail::Detail;
use super::formula::gross;
use super::money::{Currency, Fraction, Rounding};
use super::words::is_fee_kind;

/// Settlement details of one day.
pub type Day = (NaiveDate, Vec<Detail>);

/// All rules.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    rules: Vec<Rule>,
}

/// A percentage of the gross and a fixed amount in major units.
#[derive(Debug, Clone, Copy, Default)]
struct Price {
    percent: Option<Fraction>,
    fixed: Option<Fraction>,
}

#[derive(Debug, Clone)]
struct Rule {
    kind: String,
    types: Option<Vec<String>>,
    method: Option<String>,
    brand: Option<String>,
    country: Option<String>,
    sub_merchant: Option<String>,
    currency: Option<Currency>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    price: Price,
    min: Option<Fraction>,
    max: Option<Fraction>,
    rounding: Rounding,
    /// From which volume, in major units, another price holds; ascending.
    tiers: Vec<(Fraction, Price)>,
    month_to_date: bool,
}

impl Schedule {
    /// Reads a schedule.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("schedule `{}` cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| format!("schedule `{}`", path.display()))
    }

    /// Reads the text of a schedule: a table `[[rule]]` for each rule.
    pub fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse().context("no TOML")?;
        if let Some(name) = table.keys().find(|name| *name != "rule") {
            bail!("`{name}` is no list of rules; expected `rule`");
        }
        let list = table.get("rule").context("no rules")?.as_array().context("`rule` is no list of tables")?;
        let mut rules = Vec::new();
        for (index, rule) in list.iter().enumerate() {
            let rule = rule.as_table().context("a rule is no table")?;
            rules.push(Rule::read(rule).with_context(|| format!("rule {}", index + 1))?);
        }
        Ok(Self { rules })
    }

    /// What a line costs under this fee kind. `on` is its business date, `history` the settlement lines of the days before. An error
    /// if two rules name the line alike.
    pub fn judge(&self, kind: &str, line: &Detail, on: NaiveDate, history: &[Day]) -> Result<Judgement> {
        let mut named: Vec<&Rule> =
            self.rules.iter().filter(|rule| rule.kind == kind && rule.names(line) && rule.is_valid(on)).collect();
        named.sort_by_key(|rule| Reverse(rule.fields()));
        let Some(rule) = named.first() else { return Ok(Judgement::NoRule) };
        if named.get(1).is_some_and(|next| next.fields() == rule.fields()) {
            bail!("two rules for `{kind}` name {}:{} alike", line.place.file, line.place.line);
        }
        let price = rule.price_for(on, line.currency, history);
        let needs_gross = price.percent.is_some_and(|percent| percent != Fraction::new(0, 1));
        let gross = if needs_gross { gross(line) } else { Some(0) };
        let Some(gross) = gross else { return Ok(Judgement::Unknown) };
        Ok(Judgement::Expected(-rule.charge(price, gross.abs(), line.currency)))
    }
}

/// What the schedule says about a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing.
    NoRule,
    /// There is a rule, but the line's gross cannot be known.
    Unknown,
    /// This fee in smallest units of the settlement currency, negative if it is charged.
    Expected(i128),
}

impl Rule {
    fn read(table: &Table) -> Result<Self> {
        const KEYS: &str = "kind types method brand country sub_merchant currency valid_from valid_to percent fixed min max \
            rounding tiers tier_volume";
        if let Some(key) = table.keys().find(|key| !KEYS.split_whitespace().any(|known| known == key.as_str())) {
            bail!("`{key}` is no key of a rule");
        }
        let text = |key: &str| table.get(key).map(text).transpose().with_context(|| format!("`{key}`"));
        let number = |key: &str| number(table, key);
        let kind = text("kind")?.context("`kind` is missing")?;
        ensure!(is_fee_kind(&kind), "`{kind}` is no fee kind");
        let currency = text("currency")?.map(|code| Currency::parse(&code).context("`currency`")).transpose()?;
        let types = table.get("types").map(|list| list.as_array().context("`types` is no list")).transpose()?;
        let types = types.map(|list| list.iter().map(self::text).collect::<Result<Vec<_>>>()).transpose()?;
        let day = |key: &str| text(key)?.map(|day| day.parse().with_context(|| format!("`{key}`"))).transpose();
        let rounding = match text("rounding")?.as_deref() {
            None | Some("half_even") => Rounding::HalfEven,
            Some("half_up") => Rounding::HalfUp,
            Some("up") => Rounding::Up,
            Some("down") => Rounding::Down,
            Some(other) => bail!("`{other}` is no rounding"),
        };
        let month_to_date = match text("tier_volume")?.as_deref() {
            None | Some("previous_month") => false,
            Some("month_to_date") => true,
            Some(other) => bail!("`{other}` is no volume of tiers"),
        };
        let (min, max, tiers) = (number("min")?, number("max")?, tiers(table)?);
        let price = Price::read(table)?;
        let in_currency = min.is_some() || max.is_some() || !tiers.is_empty() || price.fixed.is_some();
        ensure!(!in_currency || currency.is_some(), "`currency` is needed beside fixed, min, max and tiers");
        Ok(Self {
            kind,
            types,
            method: text("method")?,
            brand: text("brand")?,
            country: text("country")?,
            sub_merchant: text("sub_merchant")?,
            currency,
            valid_from: day("valid_from")?,
            valid_to: day("valid_to")?,
            price,
            min,
            max,
            rounding,
            tiers,
            month_to_date,
        })
    }

    /// How many fields select lines; the days of validity do not count.
    fn fields(&self) -> usize {
        let texts = [&self.method, &self.brand, &self.country, &self.sub_merchant];
        let texts = texts.iter().filter(|field| field.is_some()).count();
        texts + usize::from(self.types.is_some()) + usize::from(self.currency.is_some())
    }

    fn is_valid(&self, on: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= on) && self.valid_to.is_none_or(|to| on <= to)
    }

    /// Whether all fields but the days select the line.
    fn names(&self, line: &Detail) -> bool {
        let is_type = |word: &str| word.eq_ignore_ascii_case(&line.raw_type) || line.entry_type == Some(word);
        let type_fits = match &self.types {
            None => ["PAYMENT", "CAPTURE"].into_iter().any(is_type),
            Some(types) => types.iter().any(|word| is_type(word)),
        };
        type_fits && self.covers(line)
    }

    /// Whether all fields but the types and the days select the line.
    fn covers(&self, line: &Detail) -> bool {
        let is = |field: &Option<String>, text: &str| {
            field.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(text))
        };
        is(&self.method, &line.method)
            && is(&self.brand, &line.brand)
            && is(&self.country, &line.country)
            && self.sub_merchant.as_ref().is_none_or(|wanted| *wanted == line.party)
            && self.currency.is_none_or(|currency| currency == line.currency)
    }

    /// The price of the highest tier that the volume reaches, completed by the rule's own.
    fn price_for(&self, on: NaiveDate, currency: Currency, history: &[Day]) -> Price {
        if self.tiers.is_empty() {
            return self.price;
        }
        let volume = Fraction::new(self.volume(on, history), 10_i128.pow(currency.places()));
        let tier = self.tiers.iter().rev().find(|(from, _)| *from <= volume);
        tier.map_or(self.price, |(_, price)| Price {
            percent: price.percent.or(self.price.percent),
            fixed: price.fixed.or(self.price.fixed),
        })
    }

    /// What the payments and captures that the rule covers came to in the month that decides, in smallest units.
    fn volume(&self, on: NaiveDate, history: &[Day]) -> i128 {
        let month = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month());
        let wanted = if self.month_to_date { month(on) } else { month(on) - 1 };
        let lines =
            history.iter().flat_map(|(day, lines)| lines.iter().map(|line| (line, line.happened_on.unwrap_or(*day))));
        let counted = lines.filter(|(line, day)| {
            let is_sale = matches!(line.entry_type, Some("PAYMENT" | "CAPTURE"));
            is_sale && *day < on && month(*day) == wanted && self.covers(line)
        });
        counted.filter_map(|(line, _)| gross(line)).map(i128::abs).sum()
    }

    /// The charge on a gross, both in smallest units, above zero if it is charged.
    fn charge(&self, price: Price, gross: i128, currency: Currency) -> i128 {
        let unit = Fraction::new(10_i128.pow(currency.places()), 1);
        let zero = Fraction::new(0, 1);
        let share = Fraction::new(gross, 100).times(price.percent.unwrap_or(zero));
        let mut charge = share.plus(price.fixed.unwrap_or(zero).times(unit));
        if let Some(min) = self.min {
            charge = charge.max(min.times(unit));
        }
        if let Some(max) = self.max {
            charge = charge.min(max.times(unit));
        }
        charge.rounded(self.rounding)
    }
}

impl Price {
    fn read(table: &Table) -> Result<Self> {
        Ok(Self { percent: number(table, "percent")?, fixed: number(table, "fixed")? })
    }
}

/// A decimal, as text; never a binary one.
fn number(table: &Table, key: &str) -> Result<Option<Fraction>> {
    let Some(value) = table.get(key) else { return Ok(None) };
    let text = text(value).with_context(|| format!("`{key}`"))?;
    Ok(Some(Fraction::parse(&text).with_context(|| format!("`{key}` is `{text}`, which is no decimal"))?))
}

fn text(value: &Value) -> Result<String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Datetime(day) => day.to_string(),
        other => bail!("`{other}` is no text; write decimals in quotes"),
    })
}

fn tiers(table: &Table) -> Result<Vec<(Fraction, Price)>> {
    let Some(list) = table.get("tiers") else { return Ok(Vec::new()) };
    let mut tiers = Vec::new();
    for tier in list.as_array().context("`tiers` is no list")? {
        let tier = tier.as_table().context("a tier is no table")?;
        tiers.push((number(tier, "from")?.context("a tier has no `from`")?, Price::read(tier)?));
    }
    tiers.sort_by_key(|(from, _)| *from);
    Ok(tiers)
}
