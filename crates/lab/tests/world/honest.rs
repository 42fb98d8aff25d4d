//! An honest world adds up: ledger, transaction details, settlement details and the API tell one story.

use crate::reading::{Row, all, decimals, honest_week, ledger, micros};
use lab::world::Plan;
use lab::world::layout::{Layout, Report};
use std::collections::{BTreeMap, BTreeSet};

/// Amounts of both sides per movement: type and the id that the layout shares with the ledger.
type Sums = BTreeMap<(String, String), i128>;

fn add(sums: &mut Sums, key: (&str, &str), amount: i128) {
    *sums.entry((key.0.to_owned(), key.1.to_owned())).or_default() += amount;
}

fn minor(row: &Row) -> i128 {
    let unit = 10_i128.pow(6 - decimals(&row["transactionCurrency"]));
    micros(&row["transactionAmountValue"]) / unit
}

#[test]
fn every_booked_movement_is_reported_with_its_amount_and_nothing_else_is() {
    for layout in [Layout::Marketplace, Layout::Gen1, Layout::Gen2] {
        let world = honest_week(Plan { layout, traps: false, ..Plan::one_week(11) });
        let (mut booked, mut reported) = (Sums::new(), Sums::new());
        for entry in ledger(&world) {
            let kind = entry["entry_type"].as_str();
            if !matches!(kind, "SETTLEMENT" | "FEE" | "REFUND_REVERSAL") {
                add(&mut booked, (kind, &entry["antom_id"]), entry["amount_minor"].parse().unwrap());
            }
        }
        for line in all(&world, Report::TransactionDetails) {
            let kind = line["transactionType"].replace("RAPID_DISPUTE_RESOLUTION", "DISPUTE");
            add(&mut reported, (&kind, &line["transactionId"]), minor(&line));
        }
        assert_eq!(booked, reported, "{layout:?}");
        let kinds: BTreeSet<&str> = booked.keys().map(|(kind, _)| kind.as_str()).collect();
        let all_kinds =
            ["AUTHORIZATION", "CANCEL", "CAPTURE", "DISPUTE", "DISPUTE_REVERSAL", "PAYMENT", "REFUND", "VOID"];
        assert_eq!(kinds, BTreeSet::from(all_kinds), "{layout:?}");
    }
}

#[test]
fn shares_add_up_to_their_payment_and_to_the_ledgers_settlement_entries() {
    let world = honest_week(Plan { traps: false, ..Plan::one_week(12) });
    let reported: BTreeMap<(String, String), i128> = all(&world, Report::TransactionDetails)
        .iter()
        .map(|line| ((line["transactionType"].clone(), line["transactionId"].clone()), minor(line)))
        .collect();
    let (mut settled, mut parties, mut several) = (Sums::new(), Sums::new(), 0);
    for line in all(&world, Report::SettlementDetails) {
        let kind = line["transactionType"].as_str();
        if reported.contains_key(&(kind.to_owned(), line["transactionId"].clone())) {
            add(&mut settled, (kind, &line["transactionId"]), minor(&line));
        }
        if matches!(kind, "PAYMENT" | "CAPTURE") {
            let original = &line["originalTransactionId"];
            let payment = if original.is_empty() { &line["transactionId"] } else { original };
            let key = (payment.as_str(), line["referenceMerchantId"].as_str());
            several += usize::from(parties.contains_key(&(key.0.to_owned(), key.1.to_owned())));
            add(&mut parties, key, minor(&line));
        }
    }
    assert!(settled.len() > 100);
    for (movement, amount) in &settled {
        assert_eq!(reported[movement], *amount, "{movement:?}");
    }
    assert!(several > 0, "some payment has several captures");
    let last = world.plan.last_day();
    let mut booked = Sums::new();
    for entry in ledger(&world).iter().filter(|entry| entry["entry_type"] == "SETTLEMENT") {
        // The paymentId begins with Antom's day of the payment.
        let day = chrono::NaiveDate::parse_from_str(&entry["original_antom_id"][..8], "%Y%m%d").unwrap();
        if world.plan.settlement_day(day) <= last {
            let key = (entry["original_antom_id"].as_str(), entry["sub_merchant_id"].as_str());
            add(&mut booked, key, entry["amount_minor"].parse().unwrap());
        }
    }
    assert!(booked.len() > 100 && booked == parties);
}

/// Every settlement line obeys net = gross + fees, with the quote in either direction, at the currency's own places.
#[test]
fn settlement_lines_obey_the_formula_in_every_layout() {
    for layout in Layout::ALL {
        let world = honest_week(Plan { layout, ..Plan::one_week(13) });
        let mut converted = 0;
        for line in all(&world, Report::SettlementDetails).iter().filter(|line| !line["transactionCurrency"].is_empty())
        {
            let fees: i128 =
                line.iter().filter(|(column, _)| is_counted_fee(column, layout)).map(|(_, cell)| micros(cell)).sum();
            let gross = gross(line);
            converted += usize::from(!line["quotePrice"].is_empty());
            assert_eq!(micros(&line["settlementAmountValue"]), gross + fees, "{layout:?} {line:?}");
        }
        assert!(converted > 20, "{layout:?}");
    }
}

/// Where there is an aggregate, its parts are not counted again (`antom.md`, 3.3).
fn is_counted_fee(column: &str, layout: Layout) -> bool {
    if column == "disputeHandlingFee" {
        return true;
    }
    match layout {
        Layout::Gen1 | Layout::Gen2 => column == "feeAmountValue",
        Layout::Marketplace | Layout::Gen3 => {
            column.ends_with("FeeAmountValue") || column == "acquirerMarkupAmountValue"
        }
    }
}

fn gross(line: &Row) -> i128 {
    let amount = micros(&line["transactionAmountValue"]);
    let Some((left, _)) = line["quoteCurrencyPair"].split_once('/') else { return amount };
    let price = micros(&line["quotePrice"]);
    let unit = 10_i128.pow(6 - decimals(&line["settlementCurrency"]));
    let (numerator, denominator) =
        if line["transactionCurrency"] == left { (amount * price, 1_000_000) } else { (amount * 1_000_000, price) };
    let denominator = denominator * unit;
    let (quotient, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = rest * 2 > denominator || (rest * 2 == denominator && quotient % 2 != 0);
    (quotient + i128::from(up)) * unit
}

#[test]
fn batches_are_of_one_date_and_currency_and_have_fees_and_reserves_of_their_own() {
    let world = honest_week(Plan::one_week(14));
    for batch in &world.batches {
        assert!(lab::world::calendar::is_business_day(batch.on), "{}", batch.title());
        assert!(batch.lines.iter().all(|line| line.on == batch.on && line.payout.currency == batch.currency));
    }
    let kinds: BTreeSet<String> =
        all(&world, Report::SettlementDetails).iter().map(|line| line["transactionType"].clone()).collect();
    for kind in ["SETTLEMENT_FEE", "RESERVE_WITHHOLDING", "RESERVE_RELEASE", "REFUND_REVERSAL"] {
        assert!(kinds.contains(kind), "{kind}");
    }
    assert!(!kinds.contains("AUTHORIZATION") && !kinds.contains("VOID"), "these never settle");
    let old = honest_week(Plan { layout: Layout::Gen1, ..Plan::one_week(14) });
    assert!(all(&old, Report::SettlementDetails).iter().all(|line| !line["transactionType"].contains("RESERVE")));
}

#[test]
fn currencies_of_0_2_and_3_decimals_are_written_with_their_places() {
    let world = honest_week(Plan::one_week(15));
    let mut seen = BTreeSet::new();
    for line in all(&world, Report::TransactionDetails) {
        let places = line["transactionAmountValue"].split_once('.').map_or(0, |(_, fraction)| fraction.len());
        assert_eq!(u32::try_from(places).unwrap(), decimals(&line["transactionCurrency"]), "{line:?}");
        seen.insert(places);
    }
    assert_eq!(seen, BTreeSet::from([0, 2, 3]));
}

#[test]
fn refund_sources_share_request_and_currency_and_the_api_knows_their_sum() {
    let world = honest_week(Plan::one_week(16));
    let mut sources: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for entry in ledger(&world).into_iter().filter(|entry| entry["entry_type"] == "REFUND") {
        sources.entry(entry["request_id"].clone()).or_default().push(entry);
    }
    let from: BTreeSet<&str> = sources.values().flatten().map(|entry| entry["refund_from"].as_str()).collect();
    assert_eq!(from, BTreeSet::from(["MARKETPLACE", "SELLER", "UNSETTLED_FUNDS"]));
    assert!(sources.values().any(|entries| entries.len() == 2));
    for (request_id, entries) in &sources {
        let booked: i64 = entries.iter().map(|entry| entry["amount_minor"].parse::<i64>().unwrap()).sum();
        let known = world.book.payments.iter().flat_map(|payment| &payment.transactions);
        let told = known.into_iter().find(|told| told.transaction_request_id == *request_id).unwrap();
        assert_eq!((told.amount_minor, told.currency), (-booked, entries[0]["currency"].as_str()));
    }
}
