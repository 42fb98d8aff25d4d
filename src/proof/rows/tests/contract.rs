//! Fees against a contract.

use crate::id::Symbols;
use crate::proof::fees::tests::schedule;
use crate::proof::{VolumeKey, Volumes};
use crate::report::FeeKind;

use super::{check, currency, date, explanation, lines, prove, row};

const RULES: &str = "
    payment_method method=CARD percent=2.5 fixed=0.30 currency=USD
    payment_method method=WALLET percent=1
    payment_method types=REFUND percent=-1
    processing fixed=0.10 currency=USD
    acquirer_markup method=CARD percent=0.5 sub_merchant=s1
    tax percent=1 method=LATE valid_from=2026-03-02
";

const COLUMNS: [FeeKind; 3] = [FeeKind::PaymentMethod, FeeKind::AcquirerMarkup, FeeKind::Tax];

#[test]
fn single_fees() {
    let schedule = schedule(RULES).expect("a schedule");
    check(
        "
        PAYMENT 100.00 USD 97.20 USD method=CARD payment_method=-2.80               => -
        PAYMENT 100.00 USD 97.19 USD method=CARD payment_method=-2.81               => FEE_OVERCHARGED -2.80 -2.81 USD
        PAYMENT 100.00 USD 97.21 USD method=CARD payment_method=-2.79               => FEE_UNDERCHARGED -2.80 -2.79 USD
        PAYMENT 100.00 USD 100.00 USD method=CARD                                   => FEE_UNDERCHARGED -2.80 0.00 USD
        PAYMENT 100.00 USD 102.80 USD method=CARD payment_method=2.80               => FEE_UNDERCHARGED -2.80 2.80 USD
        CAPTURE 100.00 USD 99.00 USD method=WALLET payment_method=-1.00             => -
        CAPTURE 0.50 USD 0.50 USD method=WALLET payment_method=0.00                 => -
        CAPTURE 1.50 USD 1.48 USD method=WALLET payment_method=-0.02                => -
        REFUND -50.00 USD -49.50 USD method=WALLET payment_method=0.50              => -
        REFUND -50.00 USD -50.00 USD method=WALLET                                  => FEE_OVERCHARGED 0.50 0.00 USD
        REFUND -50.00 USD -49.00 USD method=WALLET payment_method=1.00              => FEE_UNDERCHARGED 0.50 1.00 USD
        DISPUTE -50.00 USD -50.00 USD method=CARD                                   => -
        DISPUTE -50.00 USD -65.00 USD method=CARD dispute_handling=-15.00           => FEE_WITHOUT_RULE - -15.00 USD
        PAYMENT 100.00 USD 99.40 USD method=CARD party=s2 payment_method=-2.80 interchange=-1.00 scheme=-0.20 => NET_FORMULA 96.00 99.40 USD
        PAYMENT 100.00 USD 96.00 USD method=CARD party=s2 payment_method=-2.80 interchange=-1.00 scheme=-0.20 => -
        PAYMENT 100.00 USD 96.70 USD method=CARD party=s1 payment_method=-2.80 acquirer_markup=-0.50 => -
        PAYMENT 100.00 USD 97.20 USD method=CARD party=s1 payment_method=-2.80      => FEE_UNDERCHARGED -0.50 0.00 USD
        PAYMENT 100.00 USD 96.70 USD method=CARD party=s2 payment_method=-2.80 acquirer_markup=-0.50 => FEE_WITHOUT_RULE - -0.50 USD
        PAYMENT 100.00 USD 97.10 USD method=CARD payment_method=-2.80 processing=-0.10 => -
        PAYMENT 100.00 USD 97.05 USD method=CARD payment_method=-2.80 processing=-0.15 => FEE_OVERCHARGED -0.10 -0.15 USD
        PAYMENT 100.00 USD 96.00 USD method=CARD payment_method=-2.90 processing=-0.05 iof=-1.05 => FEE_OVERCHARGED -2.80 -2.90 USD also FEE_UNDERCHARGED also FEE_WITHOUT_RULE
        PAYMENT 100.00 USD 90.00 USD method=CARD payment_method=-2.90               => FEE_OVERCHARGED -2.80 -2.90 USD also NET_FORMULA
        PAYMENT 100.00 USD 97.20 USD method=CARD payment_method=-2.80:SGD           => FEE_CURRENCY - -2.80 SGD
        PAYMENT 100.00 USD 100.00 USD method=LATE at=2026-03-01T15:59:59Z           => -
        PAYMENT 100.00 USD 100.00 USD method=LATE at=2026-03-01T16:00:00Z           => FEE_UNDERCHARGED -1.00 0.00 USD
        PAYMENT 100.00 USD 100.00 USD method=LATE                                   => FEE_UNDERCHARGED -1.00 0.00 USD
        PAYMENT 100.00 USD 133.65 SGD pair=USD/SGD price=1.35 method=WALLET payment_method=-1.35 => -
        PAYMENT 100.00 USD 134.00 SGD pair=USD/SGD price=1.35 method=WALLET payment_method=-1.00 => FEE_UNDERCHARGED -1.35 -1.00 SGD
        PAYMENT 100.00 USD 135.00 SGD pair=USD/SGD price=1.35 method=CARD           => -
        PAYMENT 100.00 USD 134.00 SGD method=WALLET payment_method=-1.00            => FX_VARIANCE - 135.00 SGD
        SETTLEMENT_FEE 0.00 USD -3.00 USD                                           => -
        COMMISSION 1.00 USD 1.00 USD iof=-1.00                                      => -
        ",
        Some((&schedule, &Volumes::new(), &COLUMNS)),
    );
    let line = "PAYMENT 100.00 USD 96.25 USD method=CARD payment_method=-2.90 iof=-0.85";
    assert_eq!(
        explanation(line, Some((&schedule, &Volumes::new(), &COLUMNS))),
        "the `payment_method` fee is -2.90 USD; expected -2.80 USD by rule 1 (`payment_method`, CARD, USD) of 100.00 USD; the \
         `iof` fee is -0.85 USD; no rule of the fee schedule names it for a PAYMENT"
    );
}

#[test]
fn an_aggregate_and_its_parts() {
    let columns = [FeeKind::Total, FeeKind::Interchange, FeeKind::AcquirerMarkup];
    let of_all = schedule("total percent=4").expect("a schedule");
    check(
        "
        CAPTURE 100.00 HKD 96.00 HKD agg=-4.00 interchange=-1.00 acquirer_markup=-3.00 => -
        CAPTURE 100.00 HKD 95.00 HKD agg=-5.00 acquirer_markup=-1.00                   => FEE_OVERCHARGED -4.00 -5.00 HKD
        CAPTURE 100.00 HKD 96.00 HKD acquirer_markup=-4.00                             => -
        CAPTURE 100.00 HKD 100.00 HKD                                                  => FEE_UNDERCHARGED -4.00 0.00 HKD
        ",
        Some((&of_all, &Volumes::new(), &columns)),
    );
    let of_parts = schedule("acquirer_markup percent=3").expect("a schedule");
    check(
        "
        CAPTURE 100.00 HKD 96.00 HKD agg=-4.00 interchange=-1.00 acquirer_markup=-3.00 => -
        CAPTURE 100.00 HKD 96.00 HKD agg=-4.00 acquirer_markup=-3.00                   => FEE_WITHOUT_RULE - -1.00 HKD
        ",
        Some((&of_parts, &Volumes::new(), &columns)),
    );
}

#[test]
fn what_the_contract_expects_is_added_up() {
    let schedule = schedule("payment_method method=CARD percent=2").expect("a schedule");
    let symbols = Symbols::new();
    let day = lines(
        "
        PAYMENT 100.00 USD 97.00 USD method=CARD payment_method=-3.00
        PAYMENT 100.00 USD 100.00 USD method=CARD
        REFUND -10.00 USD -9.80 USD method=CARD payment_method=0.20
        ",
        &symbols,
    );
    let volumes = Volumes::new();
    let proof = prove(&day, &[1], &symbols, Some((&schedule, &volumes, &[FeeKind::PaymentMethod])));
    let found: Vec<_> = proof
        .fees
        .iter()
        .map(|(key, total)| (key.model.as_str(), total.count, total.judged, total.base, total.charged, total.expected))
        .collect();
    assert_eq!(found, [("blended", 2, 1, 11_000, -280, -200), ("unknown", 1, 1, 10_000, 0, -200)]);
    assert_eq!(proof.findings.len(), 3);
    // Without the column a missing fee is no finding, and the operator is told.
    let proof = prove(&day, &[1], &symbols, Some((&schedule, &volumes, &[])));
    let rows: Vec<String> = proof.findings.iter().map(row).collect();
    assert_eq!(rows, ["FEE_OVERCHARGED -2.00 -3.00 USD", "FEE_WITHOUT_RULE - 0.20 USD"]);
    let remark = "the rules for `payment_method` fees judge no missing fee here: the file has no column \
                  `paymentMethodFeeAmountValue`";
    assert_eq!(proof.remarks, [remark]);
}

#[test]
fn tiers_follow_the_volume_before() {
    let schedule = schedule("tax currency=USD percent=3 tiers=1000.00:2:|5000.00:1:").expect("a schedule");
    let volume = |on: &str, volume: i128| -> Volumes {
        let text = String::new;
        let key = VolumeKey {
            on: date(on),
            method: text(),
            brand: text(),
            country: text(),
            sub_merchant: text(),
            currency: currency("USD"),
        };
        [(key, volume)].into()
    };
    let symbols = Symbols::new();
    let day = lines("PAYMENT 100.00 USD 99.50 USD tax=-0.50\nPAYMENT 100.00 USD 99.50 USD tax=-0.50", &symbols);
    for (volumes, expected, remarks) in [
        (volume("2026-02-10", 99_999), "FEE_UNDERCHARGED -3.00 -0.50 USD", 0),
        (volume("2026-02-10", 100_000), "FEE_UNDERCHARGED -2.00 -0.50 USD", 0),
        (volume("2026-02-10", 500_000), "FEE_UNDERCHARGED -1.00 -0.50 USD", 0),
        (volume("2026-01-10", 500_000), "FEE_UNDERCHARGED -3.00 -0.50 USD", 1),
        (Volumes::new(), "FEE_UNDERCHARGED -3.00 -0.50 USD", 1),
    ] {
        let proof = prove(&day, &[1], &symbols, Some((&schedule, &volumes, &[FeeKind::Tax])));
        assert_eq!(proof.findings.iter().map(row).collect::<Vec<_>>(), [expected, expected]);
        assert_eq!(proof.remarks.len(), remarks, "{:?}", proof.remarks);
        let said = "no volume of 2026-02 is known, so that the lowest tier holds for rule 1 (`tax`, USD)";
        assert!(proof.remarks.iter().all(|remark| remark == said), "{:?}", proof.remarks);
    }
}

#[test]
fn fees_of_an_acquirer_with_the_opposite_sign() {
    let schedule = schedule("total percent=4").expect("a schedule");
    let symbols = Symbols::new();
    let day = lines(
        "
        PAYMENT 100 JPY 96 JPY agg=4 acq=A
        PAYMENT 100 JPY 95 JPY agg=5 acq=A
        PAYMENT 100 JPY 97 JPY agg=3 acq=A
        PAYMENT 100 JPY 100 JPY acq=A
        PAYMENT 100 JPY 96 JPY agg=-4 acq=B
        PAYMENT 10 JPY 10 JPY acq=B
        ",
        &symbols,
    );
    let proof = prove(&day, &[2, 1], &symbols, Some((&schedule, &Volumes::new(), &[FeeKind::Total])));
    let found: Vec<String> =
        proof.findings.iter().map(|finding| format!("{}: {}", finding.place.line, row(finding))).collect();
    let expected = ["3: FEE_OVERCHARGED 4 5 JPY", "4: FEE_UNDERCHARGED 4 3 JPY", "5: FEE_UNDERCHARGED 4 0 JPY"];
    assert_eq!(found, expected);
    let total = proof.fees.values().next().expect("a fee");
    assert_eq!((total.charged, total.expected, total.judged), (-16, -20, 6));
}
