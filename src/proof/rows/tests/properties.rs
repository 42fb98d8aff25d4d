//! Properties of generated lines; each counts the cases in which it had something to say.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::id::{Symbol, Symbols};
use crate::report::{FeeAmount, FeeKind};

use super::{Owned, currency, lines, prove};

/// A generated line: amounts, which currencies, the quote's digits and decimals, fees, how it is written.
type Seed = (i64, (usize, usize), (u64, u32, bool), Vec<(usize, i64)>, (bool, bool, u8));

const CODES: [&str; 4] = ["USD", "JPY", "KWD", "SGD"];

fn seeds() -> impl Strategy<Value = Seed> {
    (
        -999_999_999_999_i64..=999_999_999_999,
        (0..CODES.len(), 0..CODES.len()),
        (1..=9_999_999_999_u64, 0..=9_u32, any::<bool>()),
        proptest::collection::vec((0..6_usize, -99_999..=99_999_i64), 0..4),
        (any::<bool>(), any::<bool>(), 0..4_u8),
    )
}

/// What the quote makes of an amount, by plain fractions: the generated numbers are small enough for 128 bits.
fn converted(amount: i64, from: u8, to: u8, digits: u64, decimals: u32, multiply: bool) -> i128 {
    let power = |exponent: u32| 10_i128.pow(exponent);
    let magnitude = i128::from(amount).abs();
    let (above, below) = if multiply {
        (magnitude * i128::from(digits) * power(to.into()), power(decimals + u32::from(from)))
    } else {
        (magnitude * power(decimals + u32::from(to)), i128::from(digits) * power(from.into()))
    };
    let (quotient, twice) = (above / below, 2 * (above % below));
    let up = twice > below || (twice == below && quotient % 2 == 1);
    (quotient + i128::from(up)) * i128::from(amount.signum())
}

/// A line that satisfies the formula; none if its net is larger than any amount.
fn right_line(seed: &Seed, number: u32, symbols: &Symbols) -> Option<Owned> {
    let (amount, (from, to), (digits, decimals, multiply), fees, (aggregate, column, party)) = seed;
    let (from, own) = (currency(CODES[*from]), currency(CODES[*to]));
    let word = if *amount < 0 { "REFUND" } else { "PAYMENT" };
    let mut line = Owned::read(&format!("{word} 0 {from} 0 {own}"), number, symbols);
    let is_converted = from != own;
    let gross = if is_converted {
        line.pair = Some(if *multiply { (from, own) } else { (own, from) });
        let text = format!("{digits:0width$}", width = *decimals as usize + 1);
        let (whole, behind) = text.split_at(text.len() - *decimals as usize);
        line.price = if behind.is_empty() { whole.to_owned() } else { format!("{whole}.{behind}") };
        converted(*amount, from.places(), own.places(), *digits, *decimals, *multiply)
    } else {
        (*amount).into()
    };
    let gross = i64::try_from(gross).ok().filter(|gross| gross.abs() < 1 << 60)?;
    line.line.amount = *amount;
    line.converted = (*column && is_converted).then_some((gross, own));
    for (kind, amount) in fees {
        let kind = FeeKind::ALL[*kind];
        if line.fees.iter().all(|fee| fee.kind != kind) {
            line.fees.push(FeeAmount { kind, amount: *amount, currency: own });
        }
    }
    line.aggregate = aggregate.then(|| (line.fees.iter().map(|fee| fee.amount).sum::<i64>() - 7, own));
    line.add_up();
    line.line.net = gross + line.line.fee;
    line.line.party = symbols.intern(&[b's', b'0' + party]);
    Some(line)
}

#[test]
fn lines_that_satisfy_the_formula_are_never_found() {
    let (effective, conversions) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config::with_cases(2_000));
    let outcome = runner.run(&seeds(), |seed| {
        let symbols = Symbols::new();
        let Some(line) = right_line(&seed, 2, &symbols) else { return Ok(()) };
        let is_converted = line.line.currency != line.line.settlement_currency.expect("a currency");
        effective.set(effective.get() + 1);
        conversions.set(conversions.get() + u32::from(is_converted && line.line.amount != 0));
        let proof = prove(std::slice::from_ref(&line), &[], &symbols, None);
        prop_assert_eq!(&proof.findings, &Vec::new());
        // One unit more than what is allowed is always found.
        let mut wrong = line;
        wrong.line.net += if is_converted { 3 } else { 1 };
        prop_assert_eq!(prove(&[wrong], &[], &symbols, None).findings.len(), 1);
        let sum = proof.sums.values().next().expect("a batch");
        prop_assert_eq!(sum.net, sum.gross() + sum.fees() + sum.other());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(effective.get() > 1_500, "only {} lines were right", effective.get());
    assert!(conversions.get() > 800, "only {} lines were converted", conversions.get());
}

#[test]
fn notes_do_not_depend_on_how_lines_are_cut_into_blocks() {
    let effective = Cell::new(0);
    let mut runner = TestRunner::new(Config::with_cases(300));
    let days = (
        proptest::collection::vec((seeds(), -4..=4_i64, 0..3_u8, any::<bool>()), 1..30),
        proptest::collection::vec(1..7_usize, 0..20),
    );
    let outcome = runner.run(&days, |(seeds, blocks)| {
        let symbols = Symbols::new();
        let mut day = lines("SETTLEMENT_FEE 0.00 USD -3.00 USD", &symbols);
        for (number, (seed, off, acquirer, turn)) in (3..).zip(&seeds) {
            let Some(mut line) = right_line(seed, number, &symbols) else { continue };
            line.line.net += off / 3;
            line.acquirer = if *acquirer == 0 { Symbol::EMPTY } else { symbols.intern(&[*acquirer]) };
            if *turn {
                line.line.net -= 2 * line.line.fee;
            }
            day.push(line);
        }
        let whole = prove(&day, &[], &symbols, None);
        effective.set(effective.get() + u32::from(!whole.findings.is_empty() && blocks.len() > 1));
        prop_assert_eq!(prove(&day, &blocks, &symbols, None), whole);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(effective.get() > 100, "only {} days had findings and several blocks", effective.get());
}
