//! What batches, fees and volumes come to.

use rayon::prelude::*;

use crate::id::Symbols;
use crate::movement::EntryType;
use crate::proof::{BatchKey, FeeTotals, RowNotes, RowProof, RowRules};
use crate::report::{Examiner as _, FeeKind};

use super::{Owned, currency, cut_off, date, lines, prove};

const DAY: &str = "
    PAYMENT 100.00 USD 96.00 USD agg=-4.00 interchange=-1.00 scheme=-2.00 method=CARD brand=VISA party=s1
    PAYMENT 10.00 USD 9.70 USD payment_method=-0.30 method=WALLET party=s1
    REFUND -10.00 USD -9.90 USD payment_method=0.10 method=WALLET party=s1
    CAPTURE 100.00 USD 135.00 SGD pair=USD/SGD price=1.35 tax=-1.00:USD method=CARD brand=VISA country=SG party=s2
    PAYMENT 20.00 USD 19.40 USD payment_method=-0.60 method=WALLET party=s1 country=SG at=2026-03-01T15:59:59Z
    PAYMENT 20.00 USD 19.40 USD payment_method=-0.60 method=WALLET party=s1 country=SG at=2026-03-01T16:00:00Z
    SETTLEMENT_FEE 0.00 USD -3.00 USD party=s1
    adjustment_fee 0.00 USD 1.00 USD party=s1
    DEFAULT 0.00 USD -0.50 USD party=s1
    RESERVE 0.00 USD -7.00 USD party=s1
    RESERVE_RELEASE 0.00 USD 6.00 USD party=s1
    COLLATERAL_WITHHOLDING 0.00 USD -5.00 USD party=s1
    COLLATERAL_RELEASE 0.00 USD 4.00 USD party=s1
    COMMISSION 0.00 USD 0.25 USD party=s1
";

fn day(symbols: &Symbols) -> RowProof {
    prove(&lines(DAY, symbols), &[3], symbols, None)
}

#[test]
fn batches() {
    let symbols = Symbols::new();
    let proof = day(&symbols);
    let key = |party: &str, code| {
        let symbol = |text: &str| symbols.intern(text.as_bytes());
        BatchKey { batch: symbol("B"), merchant: symbol("M"), party: symbol(party), currency: currency(code) }
    };
    assert_eq!(proof.sums.len(), 2);
    let sum = &proof.sums[&key("s1", "USD")];
    assert_eq!((sum.lines, sum.first.map(|first| first.line)), (13, Some(2)));
    let gross = [(EntryType::Payment, 15_000), (EntryType::Refund, -1_000)];
    assert_eq!(sum.gross, gross.into_iter().collect());
    let fees = [
        (FeeKind::PaymentMethod, -140),
        (FeeKind::Interchange, -100),
        (FeeKind::Scheme, -200),
        (FeeKind::Total, -100),
        (FeeKind::SettlementFee, -300),
    ];
    assert_eq!(sum.fees, fees.into_iter().collect());
    assert_eq!((sum.corrections, sum.unknown), (50, 25));
    assert_eq!((sum.reserve_taken, sum.reserve_given), (-700, 600));
    assert_eq!((sum.collateral_taken, sum.collateral_given), (-500, 400));
    assert_eq!(sum.net, sum.gross() + sum.fees() + sum.other());
    let of_type = sum.types[&symbols.intern(b"PAYMENT")];
    assert_eq!((of_type.lines, of_type.net), (4, 9_600 + 970 + 2 * 1_940));
    // A fee in another currency stays part of the gross.
    let other = &proof.sums[&key("s2", "SGD")];
    assert_eq!((other.gross(), other.fees(), other.net), (13_500, 0, 13_500));
}

#[test]
fn sums_pass_64_bits() {
    let symbols = Symbols::new();
    let line = "PAYMENT 9000000000000000.00 USD 9000000000000000.00 USD\n".repeat(40);
    let proof = prove(&lines(&line, &symbols), &[7, 7], &symbols, None);
    let total = 40 * 900_000_000_000_000_000_i128;
    assert!(total > i128::from(i64::MAX));
    assert_eq!(proof.sums.values().map(|sum| sum.net).collect::<Vec<_>>(), [total]);
    assert_eq!(proof.volumes.values().copied().collect::<Vec<_>>(), [total]);
}

fn text(fees: &FeeTotals) -> Vec<String> {
    fees.iter()
        .map(|(key, total)| {
            let names = [&key.method, &key.brand, &key.sub_merchant].map(|text| text.as_str()).join("/");
            let of = |amount| key.currency.major(amount);
            let (base, charged) = (of(total.base), of(total.charged));
            format!("{} {names} {} {}: {} of {base}: {charged}", key.kind, key.currency, key.model, total.count)
        })
        .collect()
}

#[test]
fn fees_by_kind_method_brand_and_party() {
    let proof = day(&Symbols::new());
    let expected = [
        "payment_method WALLET//s1 USD blended: 4 of 60.00: -1.40",
        "interchange CARD/VISA/s1 USD ic++: 1 of 100.00: -1.00",
        "scheme CARD/VISA/s1 USD ic++: 1 of 100.00: -2.00",
        "tax CARD/VISA/s2 USD unknown: 1 of 0.00: -1.00",
        "total CARD/VISA/s1 USD ic++: 1 of 100.00: -1.00",
        "settlement_fee //s1 USD unknown: 1 of 0.00: -3.00",
        "adjustment_fee //s1 USD unknown: 1 of 0.00: 1.00",
    ];
    assert_eq!(text(&proof.fees), expected);
    assert!(proof.fees.values().all(|total| !total.any_judged()));
}

#[test]
fn volumes_are_of_payments_and_captures_by_business_date() {
    let proof = day(&Symbols::new());
    let found: Vec<String> = proof
        .volumes
        .iter()
        .map(|(key, volume)| {
            let names = [&key.method, &key.brand, &key.country, &key.sub_merchant].map(|text| text.as_str()).join("/");
            format!("{} {names} {} {}", key.on, key.currency.major(*volume), key.currency)
        })
        .collect();
    let expected = [
        "2026-03-01 WALLET//SG/s1 20.00 USD",
        "2026-03-02 CARD/VISA//s1 100.00 USD",
        "2026-03-02 CARD/VISA/SG/s2 135.00 SGD",
        "2026-03-02 WALLET///s1 10.00 USD",
        "2026-03-02 WALLET//SG/s1 20.00 USD",
    ];
    assert_eq!(found, expected);
}

#[test]
fn files_are_put_together() {
    let symbols = Symbols::new();
    let mut both = day(&symbols);
    both.merge(day(&symbols));
    let one = day(&symbols);
    for (key, sum) in &both.sums {
        assert_eq!((sum.net, sum.lines), (2 * one.sums[key].net, 2 * one.sums[key].lines));
    }
    assert_eq!(both.findings.len(), 2 * one.findings.len());
    for (key, total) in &both.fees {
        assert_eq!((total.count, total.charged), (2 * one.fees[key].count, 2 * one.fees[key].charged));
    }
    assert!(both.volumes.iter().all(|(key, volume)| *volume == 2 * one.volumes[key]));
}

#[test]
fn many_parties_on_many_threads_are_as_few_on_one() {
    let symbols = Symbols::new();
    let text: String = (0..2_000)
        .map(|at| {
            let (party, cents) = (at * 7 % 151, at % 100);
            format!("PAYMENT 10.00 USD 9.{cents:02} USD tax=-0.{:02} party=s{party} batch=b{}\n", 100 - cents, at % 3)
        })
        .collect();
    let text = text.replace("tax=-0.100", "tax=-1.00");
    let lines = lines(&text, &symbols);
    let one_by_one = prove(&lines, &vec![1; lines.len()], &symbols, None);
    assert_eq!(one_by_one.findings, []);
    assert_eq!((one_by_one.sums.len(), one_by_one.fees.len()), (3 * 151, 151));
    assert_eq!(prove(&lines, &[], &symbols, None), one_by_one);
    let rules = RowRules::new(&symbols, cut_off());
    let examiner = rules.for_file(date("2026-03-02"), &[]);
    let look = |block: &[Owned]| {
        let mut notes = RowNotes::default();
        block.iter().for_each(|line| line.show(|pricing| examiner.examine(pricing, &mut notes)));
        notes
    };
    let blocks: Vec<RowNotes> = lines.par_chunks(300).map(look).collect();
    let mut notes = RowNotes::default();
    blocks.into_iter().for_each(|next| examiner.append(&mut notes, next));
    assert_eq!(examiner.finish(notes).0, one_by_one);
}
