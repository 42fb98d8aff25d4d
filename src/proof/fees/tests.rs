//! Rules and schedules as text: `KIND` and then any of the fields of a schedule file, lists separated by `|`.

use crate::calendar::BusinessDate;
use crate::money::{AmountUnit, Currency, parse_amount};
use crate::movement::EntryType;
use crate::report::FeeKind;

use super::volumes::{KnownMonths, TierVolumes, known_months};
use super::{ChargedLine, Percent, Rounding, Rule, Schedule, ScheduleError, Tier, TierVolume, VolumeKey, Volumes};

fn date(text: &str) -> BusinessDate {
    text.parse().expect("a date")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code.as_bytes()).expect("a known currency")
}

fn percent(text: &str) -> Percent {
    Percent::parse(text).unwrap_or_else(|| panic!("`{text}` is no percentage"))
}

/// Reads a rule.
pub(in crate::proof) fn rule(position: u32, text: &str) -> Rule {
    let mut words = text.split_whitespace();
    let kind = words.next().and_then(FeeKind::parse).unwrap_or_else(|| panic!("`{text}`"));
    let mut rule = Rule::new(position, kind);
    let fields: Vec<(&str, &str)> = words.map(|word| word.split_once('=').expect("a field")).collect();
    rule.currency = fields.iter().find(|(name, _)| *name == "currency").map(|(_, code)| currency(code));
    let own = rule.currency;
    let minor = |text: &str| {
        let own = own.unwrap_or_else(|| currency("USD"));
        parse_amount(text.as_bytes(), own, AmountUnit::Major).expect("an amount")
    };
    for (name, value) in fields {
        match name {
            "currency" => {}
            "types" => rule.types = value.split('|').map(|word| EntryType::parse(word).expect("a type")).collect(),
            "method" => rule.method = Some(value.to_owned()),
            "brand" => rule.brand = Some(value.to_owned()),
            "country" => rule.country = Some(value.to_owned()),
            "sub_merchant" => rule.sub_merchant = Some(value.to_owned()),
            "valid_from" => rule.valid_from = Some(date(value)),
            "valid_to" => rule.valid_to = Some(date(value)),
            "percent" => rule.percent = Some(percent(value)),
            "fixed" => rule.fixed = Some(minor(value)),
            "min" => rule.min = Some(minor(value)),
            "max" => rule.max = Some(minor(value)),
            "rounding" => rule.rounding = Rounding::parse(value).expect("a rounding"),
            "tier_volume" => rule.tier_volume = TierVolume::parse(value).expect("a volume"),
            "tiers" => {
                rule.tiers = value
                    .split('|')
                    .map(|tier| {
                        let [from, rate, fixed] = tier.split(':').collect::<Vec<_>>()[..] else { panic!("`{tier}`") };
                        let (rate, fixed) = ((!rate.is_empty()).then_some(rate), (!fixed.is_empty()).then_some(fixed));
                        Tier { from: minor(from), percent: rate.map(percent), fixed: fixed.map(minor) }
                    })
                    .collect();
            }
            _ => panic!("`{name}` in `{text}`"),
        }
    }
    rule
}

/// Reads a schedule, a rule per row.
pub(in crate::proof) fn schedule(text: &str) -> Result<Schedule, ScheduleError> {
    let rows = text.lines().map(str::trim).filter(|row| !row.is_empty());
    Schedule::new((1..).zip(rows).map(|(position, row)| rule(position, row)).collect())
}

#[test]
fn charges() {
    // Rule; gross in smallest units; what the fee must be.
    let table = "
        tax percent=2.5                                            10000   -250
        tax percent=2.5                                            -       -
        tax percent=0 fixed=0.30 currency=USD                      -       -30
        tax fixed=0.30 currency=USD                                10000   -30
        tax percent=2.9 fixed=0.30 currency=USD                    10000   -320
        tax percent=2.9 fixed=0.30 currency=USD                    1       -30
        tax percent=2.5                                            20      0
        tax percent=2.5                                            60      -2
        tax percent=2.5 rounding=half_even                         100     -2
        tax percent=2.5 rounding=half_up                           100     -3
        tax percent=2.5 rounding=up                                81      -3
        tax percent=2.5 rounding=up                                80      -2
        tax percent=2.5 rounding=down                              119     -2
        tax percent=-2.5 rounding=half_up                          100     3
        tax percent=-2.5 rounding=half_even                        100     2
        tax percent=-2.5 rounding=up                               81      3
        tax percent=-1 fixed=-0.10 currency=USD                    10000   110
        tax percent=1 min=0.50 currency=USD                        4999    -50
        tax percent=1 min=0.50 currency=USD                        5150    -52
        tax percent=1 max=0.50 currency=USD                        5049    -50
        tax percent=1 max=0.50 currency=USD                        900000  -50
        tax percent=1 min=0.50 max=0.50 currency=USD               1       -50
        tax percent=-1 min=-0.50 currency=USD                      900000  50
        tax percent=3.6 currency=JPY                               1000    -36
        tax percent=3.6 currency=JPY                               1001    -36
        tax percent=3.65 currency=JPY rounding=up                  1000    -37
        tax percent=0.000000000001                                 999999999999999999 -10000
        tax percent=99.999999999999 rounding=down                  999999999999999999 -999999999999989999
        tax percent=0.5 fixed=9999999999999999.99 currency=USD     200     -1000000000000000000
    ";
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (text, expected) = row.rsplit_once(' ').expect("columns");
        let (text, gross) = text.trim().rsplit_once(' ').expect("columns");
        let found = rule(1, text).expected(None, gross.parse().ok());
        assert_eq!(found.map_or("-".to_owned(), |fee| fee.to_string()), expected.trim(), "`{row}`");
    }
}

#[test]
fn tiers_take_the_place_of_what_they_name() {
    let tiered = rule(1, "tax percent=3 fixed=0.30 currency=USD tiers=1000.00:2:|5000.00:1:0.10");
    for (volume, tier, fee) in [
        (0, None, -330),
        (99_999, None, -330),
        (100_000, Some(0), -230),
        (499_999, Some(0), -230),
        (500_000, Some(1), -110),
        (i128::MAX, Some(1), -110),
    ] {
        assert_eq!(tiered.tier_of(volume), tier, "{volume}");
        assert_eq!(tiered.expected(tier, Some(10_000)), Some(fee), "{volume}");
    }
}

fn line<'a>(entry_type: &str, method: &'a str, brand: &'a str, party: &'a str, on: &str) -> ChargedLine<'a> {
    ChargedLine {
        entry_type: EntryType::parse(entry_type).expect("a type"),
        method,
        brand,
        country: "SG",
        sub_merchant: party,
        currency: currency("USD"),
        on: date(on),
    }
}

#[test]
fn the_rule_that_names_most_wins() {
    let schedule = schedule(
        "
        tax percent=1
        tax percent=2 method=CARD
        tax percent=3 method=card brand=visa
        tax percent=4 method=CARD brand=VISA sub_merchant=s1
        tax percent=5 types=REFUND
        tax percent=6 method=GIRO valid_from=2026-02-01 valid_to=2026-02-28
        tax percent=7 method=GIRO valid_from=2026-03-01
        tax percent=8 method=QR currency=SGD
        scheme percent=9 country=SG
        ",
    )
    .expect("a schedule");
    let table = "
        PAYMENT WALLET -     s1 2026-03-02 1
        CAPTURE WALLET -     s1 2026-03-02 1
        PAYMENT CARD   AMEX  s1 2026-03-02 2
        PAYMENT Card   Visa  s2 2026-03-02 3
        PAYMENT CARD   VISA  S1 2026-03-02 3
        PAYMENT CARD   VISA  s1 2026-03-02 4
        REFUND  CARD   VISA  s1 2026-03-02 5
        DISPUTE CARD   VISA  s1 2026-03-02 -
        PAYMENT GIRO   -     s1 2026-01-31 1
        PAYMENT GIRO   -     s1 2026-02-01 6
        PAYMENT GIRO   -     s1 2026-02-28 6
        PAYMENT GIRO   -     s1 2026-03-01 7
        PAYMENT QR     -     s1 2026-03-01 1
    ";
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let [word, method, brand, party, on, expected] = row.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("`{row}`");
        };
        let line = line(word, method, brand.trim_matches('-'), party, on);
        let found = schedule.choose(FeeKind::Tax, &line).map(|at| schedule.rules()[at].position.to_string());
        assert_eq!(found.unwrap_or("-".to_owned()), expected, "`{row}`");
    }
    assert_eq!(schedule.kinds(), [FeeKind::Scheme, FeeKind::Tax]);
}

#[test]
fn what_makes_no_schedule_is_named() {
    // Rules separated by semicolons, and what the message says; `-` is a schedule.
    let table = "
        tax percent=1; scheme percent=1                                              => -
        tax percent=1; tax percent=2                                                 => rule 1 (`tax`) and rule 2 (`tax`) fit the same lines
        tax percent=1 method=CARD; tax percent=2 brand=VISA                          => rule 1 (`tax`, CARD) and rule 2 (`tax`, VISA)
        tax percent=1 method=CARD; tax percent=2 brand=VISA; tax percent=3 method=CARD brand=VISA => -
        tax percent=1 method=CARD; tax percent=2 brand=VISA; tax percent=3 method=CARD brand=VISA country=SG => rule 1 (`tax`, CARD) and rule 2
        tax percent=1 method=CARD; tax percent=2 brand=VISA; scheme percent=3 method=CARD brand=VISA => rule 1 (`tax`, CARD) and rule 2
        tax percent=1 method=CARD; tax percent=2 method=card                         => rule 1 (`tax`, CARD) and rule 2 (`tax`, card)
        tax percent=1 method=CARD; tax percent=2 method=WALLET                       => -
        tax percent=1 sub_merchant=s; tax percent=2 sub_merchant=S                   => -
        tax percent=1 currency=USD; tax percent=2 currency=SGD                       => -
        tax percent=1 currency=USD; tax percent=2 method=CARD                        => rule 1 (`tax`, USD) and rule 2 (`tax`, CARD)
        tax percent=1 types=REFUND; tax percent=2 types=DISPUTE|REFUND               => rule 1 (`tax`) and rule 2
        tax percent=1 types=REFUND; tax percent=2 types=DISPUTE                      => -
        tax percent=1 types=PAYMENT; tax percent=2                                   => -
        tax percent=1 valid_to=2026-02-28; tax percent=2 valid_from=2026-03-01       => -
        tax percent=1 valid_to=2026-03-01; tax percent=2 valid_from=2026-03-01       => rule 1 (`tax`) and rule 2
        tax percent=1; tax percent=2 valid_from=2026-03-01                           => rule 1 (`tax`) and rule 2
        tax fixed=1                                                                  => rule 1 (`tax`): `fixed` is an amount of no currency
        tax percent=1 min=1                                                          => rule 1 (`tax`): `min` is an amount of no currency
        tax tiers=0:1:                                                               => rule 1 (`tax`): `tiers` is an amount of no currency
        tax percent=1 min=2 max=1 currency=USD                                       => rule 1 (`tax`, USD): `min` is above `max`
        tax percent=1 valid_from=2026-03-02 valid_to=2026-03-01                      => rule 1 (`tax`): `valid_from` is after `valid_to`
        tax percent=1 tiers=2:1:|2:3: currency=USD                                   => rule 1 (`tax`, USD): `tiers` do not ascend
        tax percent=1 tiers=-1:1: currency=USD                                       => rule 1 (`tax`, USD): `tiers` begin below zero
        tax percent=1 tiers=1:: currency=USD                                         => rule 1 (`tax`, USD): `tiers` have one without
        tax tiers=1:1: currency=USD                                                  => rule 1 (`tax`, USD): `percent` and `fixed` are missing
        tax tiers=0:1: currency=USD                                                  => -
        tax method=CARD                                                              => rule 1 (`tax`, CARD): `percent` and `fixed` are missing
        tax percent=1 tier_volume=month_to_date                                      => rule 1 (`tax`): `tier_volume` decides about no tiers
        tax percent=1 types=RESERVE                                                  => rule 1 (`tax`): `types` names a type
        settlement_fee percent=1                                                     => rule 1 (`settlement_fee`): `kind` stands in lines of its own
        total percent=1                                                              => -
    ";
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (rules, expected) = row.split_once("=>").expect("two columns");
        let found = schedule(&rules.replace(';', "\n")).map_or_else(|error| error.to_string(), |_| "-".to_owned());
        assert!(found.starts_with(expected.trim()), "`{row}`: {found}");
    }
}

#[test]
fn volumes_that_decide_about_tiers() {
    let key = |on: &str, method: &str, party: &str, code: &str| VolumeKey {
        on: date(on),
        method: method.to_owned(),
        brand: String::new(),
        country: "SG".to_owned(),
        sub_merchant: party.to_owned(),
        currency: currency(code),
    };
    let volumes: Volumes = [
        (key("2026-01-31", "CARD", "s1", "USD"), 1),
        (key("2026-02-01", "CARD", "s1", "USD"), 10),
        (key("2026-02-28", "card", "s2", "USD"), 100),
        (key("2026-02-28", "WALLET", "s2", "USD"), 1_000),
        (key("2026-02-28", "CARD", "s2", "SGD"), 10_000),
        (key("2026-03-01", "CARD", "s1", "USD"), 100_000),
        (key("2026-03-02", "CARD", "s1", "USD"), 1_000_000),
        (key("2025-12-31", "WALLET", "s1", "USD"), 7),
    ]
    .into();
    let known: KnownMonths = known_months(&volumes);
    let of = |text: &str, on: &str| {
        let rule = rule(1, text);
        TierVolumes::of(&rule, &volumes).deciding(rule.tier_volume, date(on), &known)
    };
    let previous = "tax method=CARD currency=USD tiers=0:1:";
    let to_date = "tax method=CARD currency=USD tiers=0:1: tier_volume=month_to_date";
    assert_eq!(of(previous, "2026-03-31"), Ok(110));
    assert_eq!(of(previous, "2026-03-01"), Ok(110));
    assert_eq!(of(previous, "2026-02-15"), Ok(1));
    // The month is known, and had no cards.
    assert_eq!(of(previous, "2026-01-15"), Ok(0));
    assert_eq!(of(previous, "2026-05-15"), Err(date("2026-04-01")));
    assert_eq!(of("tax currency=USD sub_merchant=s2 tiers=0:1:", "2026-03-31"), Ok(1_100));
    assert_eq!(of(to_date, "2026-03-01"), Ok(0));
    assert_eq!(of(to_date, "2026-03-02"), Ok(100_000));
    assert_eq!(of(to_date, "2026-03-03"), Ok(1_100_000));
    assert_eq!(of(to_date, "2026-04-01"), Ok(0));
    assert_eq!(of(to_date, "2026-04-02"), Err(date("2026-04-01")));
}
