//! The formula and the conversion.

use super::{check, explanation};

#[test]
fn one_smallest_unit_is_enough() {
    check(
        "
        PAYMENT 100.00 USD 97.00 USD payment_method=-3.00              => -
        PAYMENT 100.00 USD 97.01 USD payment_method=-3.00              => NET_FORMULA 97.00 97.01 USD
        PAYMENT 100.00 USD 96.99 USD payment_method=-3.00              => NET_FORMULA 97.00 96.99 USD
        PAYMENT 15000 JPY 14551 JPY payment_method=-450                => NET_FORMULA 14550 14551 JPY
        PAYMENT 15000 JPY 14550 JPY payment_method=-450                => -
        CAPTURE 10.000 KWD 9.699 KWD interchange=-0.100 scheme=-0.200  => NET_FORMULA 9.700 9.699 KWD
        CAPTURE 10.000 KWD 9.700 KWD interchange=-0.100 scheme=-0.200  => -
        PAYMENT 100.00 USD 97.00 USD pair=USD/SGD price=1.35 tax=-3.00 => -
        PAYMENT 100.00 USD 100.00 USD                                  => -
        PAYMENT 9999999999999999.99 USD 9999999999999999.98 USD        => NET_FORMULA 9999999999999999.99 9999999999999999.98 USD
        PAYMENT -9999999999999999.99 USD 9999999999999999.99 USD tax=-9999999999999999.99 => NET_FORMULA -19999999999999999.98 9999999999999999.99 USD
        ",
        None,
    );
}

#[test]
fn refunds_and_disputes_are_signed() {
    check(
        "
        REFUND -50.00 USD -49.75 USD payment_method=0.25               => -
        REFUND -50.00 USD -50.25 USD payment_method=0.25               => NET_FORMULA -49.75 -50.25 USD
        REFUND -100.00 USD -135.50 SGD pair=USD/SGD price=1.35 refund=-0.50 => -
        DISPUTE -50.00 USD -65.00 USD dispute_handling=-15.00          => -
        DISPUTE -50.00 USD -50.00 USD dispute_handling=-15.00          => NET_FORMULA -65.00 -50.00 USD
        DISPUTE_REVERSAL 50.00 USD 50.00 USD                           => -
        CANCEL -50.00 USD 0.00 USD                                     => NET_FORMULA -50.00 0.00 USD
        REFUND_REVERSAL 5.00 USD 5.00 USD                              => -
        ",
        None,
    );
}

#[test]
fn lines_outside_the_formula_are_as_they_are() {
    check(
        "
        SETTLEMENT_FEE 0.00 USD -3.00 USD             => -
        ADJUSTMENT_FEE 0.00 USD 7.00 USD              => -
        DEFAULT 0.00 USD -5.00 USD agg=-5.00          => -
        RESERVE_WITHHOLDING 0.00 USD -10.00 USD       => -
        RESERVE_RELEASED 0.00 USD 10.00 USD           => -
        COLLATERAL_WITHHELD 0.00 USD -10.00 USD       => -
        COLLATERAL_RELEASE 5.00 USD 10.00 USD         => -
        COMMISSION 5.00 USD 10.00 USD tax=-1.00:EUR   => -
        ",
        None,
    );
}

#[test]
fn both_directions_of_the_quote_and_its_tolerance() {
    check(
        "
        PAYMENT 100.00 USD 135.00 SGD pair=USD/SGD price=1.35       => -
        PAYMENT 135.00 SGD 100.00 USD pair=USD/SGD price=1.35       => -
        PAYMENT 100.00 USD 135.02 SGD pair=USD/SGD price=1.35       => -
        PAYMENT 100.00 USD 134.98 SGD pair=USD/SGD price=1.35       => -
        PAYMENT 100.00 USD 135.03 SGD pair=USD/SGD price=1.35       => NET_FORMULA 135.00 135.03 SGD
        PAYMENT 100.00 USD 134.97 SGD pair=USD/SGD price=1.35       => NET_FORMULA 135.00 134.97 SGD
        PAYMENT 100.00 USD 15023 JPY pair=USD/JPY price=150.25 tax=-2 => -
        PAYMENT 100.00 USD 15026 JPY pair=USD/JPY price=150.25 tax=-2 => NET_FORMULA 15023 15026 JPY
        PAYMENT 0.03 USD 4 JPY pair=USD/JPY price=50                => -
        PAYMENT 0.03 USD 5 JPY pair=USD/JPY price=50                => NET_FORMULA 2 5 JPY
        PAYMENT 0.05 USD 4 JPY pair=USD/JPY price=50                => -
        PAYMENT 0.05 USD 5 JPY pair=USD/JPY price=50                => NET_FORMULA 2 5 JPY
        PAYMENT 488 JPY 1.000 KWD pair=KWD/JPY price=487.5          => -
        PAYMENT 488 JPY 1.004 KWD pair=KWD/JPY price=487.5          => NET_FORMULA 1.001 1.004 KWD
        PAYMENT 0.00 USD 0.00 SGD                                   => -
        PAYMENT 0.00 USD -0.30 SGD processing=-0.30                 => -
        PAYMENT 9999999999999999.99 USD 9999999999999999.99 EUR pair=USD/EUR price=0.999999999999999999 => -
        PAYMENT 9999999999999999.99 USD 9999999999999999.89 EUR pair=USD/EUR price=0.999999999999999999 => NET_FORMULA 9999999999999999.98 9999999999999999.89 EUR
        ",
        None,
    );
}

#[test]
fn a_gross_that_the_quote_cannot_give() {
    check(
        "
        PAYMENT 100.00 USD 132.00 SGD tax=-3.00                              => FX_VARIANCE - 135.00 SGD
        PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD tax=-3.00                 => FX_VARIANCE - 135.00 SGD
        PAYMENT 100.00 USD 132.00 SGD price=1.35 tax=-3.00                   => FX_VARIANCE - 135.00 SGD
        PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD price=0.00 tax=-3.00      => FX_VARIANCE - 135.00 SGD
        PAYMENT 100.00 USD 132.00 SGD pair=EUR/SGD price=1.35 tax=-3.00      => FX_VARIANCE - 135.00 SGD
        PAYMENT 100.00 USD 132.00 SGD pair=USD/EUR price=1.35 agg=-3.00      => FX_VARIANCE - 135.00 SGD
        PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD price=1.3500000000000000000000000000000000000001 => FX_VARIANCE - 132.00 SGD
        ",
        None,
    );
    let found = explanation("PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD tax=-3.00", None);
    assert_eq!(
        found,
        "the conversion of 100.00 USD to SGD cannot be recomputed because `quotePrice` is empty; net less fees is 135.00 SGD"
    );
}

#[test]
fn the_converted_amount() {
    check(
        "
        PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD price=1.35 conv=135.00 tax=-3.00 => -
        PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD price=1.35 conv=0.00 tax=-3.00   => -
        PAYMENT 100.00 USD 132.02 SGD pair=USD/SGD price=1.35 conv=135.02 tax=-3.00 => -
        PAYMENT 100.00 USD 132.03 SGD pair=USD/SGD price=1.35 conv=135.03 tax=-3.00 => FX_VARIANCE 135.00 135.03 SGD
        PAYMENT 100.00 USD 147.00 SGD pair=USD/SGD price=1.35 conv=150.00 tax=-3.00 => FX_VARIANCE 135.00 150.00 SGD
        PAYMENT 100.00 USD 140.00 SGD pair=USD/SGD price=1.35 conv=150.00 tax=-3.00 => FX_VARIANCE 135.00 150.00 SGD also NET_FORMULA
        PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD price=1.35 conv=150.00 tax=-3.00 => FX_VARIANCE 135.00 150.00 SGD
        PAYMENT 100.00 USD 140.00 SGD pair=USD/SGD price=1.35 conv=135.00 tax=-3.00 => NET_FORMULA 132.00 140.00 SGD
        PAYMENT 100.00 USD 132.00 SGD pair=USD/SGD price=1.35 conv=135.00:EUR tax=-3.00 => FX_VARIANCE 135.00 - SGD
        PAYMENT 100.00 USD 97.00 USD conv=100.00 tax=-3.00                          => -
        PAYMENT 100.00 USD 97.00 USD conv=100.01 tax=-3.00                          => FX_VARIANCE 100.00 100.01 USD
        ",
        None,
    );
    let found = explanation("PAYMENT 100.00 USD 147.00 SGD pair=USD/SGD price=1.350 conv=150.00 tax=-3.00", None);
    let expected = "`convertedTransactionAmountValue` is 150.00 SGD; expected 135.00 SGD, which is 100.00 USD at the quote \
                    1.35 (USD/SGD)";
    assert_eq!(found, expected);
}

#[test]
fn the_quote_turned_round() {
    check(
        "
        PAYMENT 100.00 USD 71.07 SGD pair=USD/SGD price=1.35 tax=-3.00             => FX_VARIANCE 135.00 74.07 SGD
        PAYMENT 135.00 SGD 179.25 USD pair=USD/SGD price=1.35 tax=-3.00            => FX_VARIANCE 100.00 182.25 USD
        PAYMENT 100.00 USD 71.07 SGD pair=USD/SGD price=1.35 conv=135.00 tax=-3.00 => NET_FORMULA 132.00 71.07 SGD
        PAYMENT 100.00 USD 71.07 SGD pair=USD/SGD price=1.35 conv=74.07 tax=-3.00  => FX_VARIANCE 135.00 74.07 SGD
        PAYMENT 100.00 USD 97.00 SGD pair=USD/SGD price=1.0000001 tax=-3.00        => -
        ",
        None,
    );
    let found = explanation("PAYMENT 100.00 USD 71.07 SGD pair=USD/SGD price=1.35 tax=-3.00", None);
    assert!(
        found.starts_with("the quote was applied the wrong way round: net less fees is 74.07 SGD; expected 135.00 SGD")
    );
}

#[test]
fn fees_in_another_currency() {
    check(
        "
        PAYMENT 100.00 USD 98.65 USD tax=-1.35:SGD                                   => FEE_CURRENCY - -1.35 SGD
        PAYMENT 100.00 USD 99.00 USD tax=-1.35:SGD pair=USD/SGD price=1.35           => FEE_CURRENCY - -1.35 SGD
        PAYMENT 100.00 USD 98.65 USD tax=-1.35:SGD pair=USD/SGD price=1.35           => FEE_CURRENCY - -1.35 SGD also NET_FORMULA
        PAYMENT 100.00 USD 134.00 SGD tax=-1.00:USD pair=USD/SGD price=1.35          => FEE_CURRENCY - -1.00 USD also NET_FORMULA
        PAYMENT 100.00 USD 133.65 SGD tax=-1.00:USD pair=USD/SGD price=1.35          => FEE_CURRENCY - -1.00 USD
        PAYMENT 100.00 USD 130.00 SGD tax=-1.00:EUR pair=USD/SGD price=1.35          => FEE_CURRENCY - -1.00 EUR
        PAYMENT 100.00 USD 130.00 SGD tax=-1.00:EUR                                  => FEE_CURRENCY - -1.00 EUR also FX_VARIANCE
        PAYMENT 100.00 USD 100.00 USD tax=0.00:SGD                                   => -
        PAYMENT 100.00 USD 99.00 USD agg=-1.35:SGD tax=-1.35:SGD pair=USD/SGD price=1.35 => FEE_CURRENCY - -1.35 SGD
        ",
        None,
    );
    let found = explanation("PAYMENT 100.00 USD 98.65 USD tax=-1.35:SGD iof=-2:JPY", None);
    let expected = "the `tax` fee is -1.35 SGD, the `iof` fee is -2 JPY; expected the settlement currency `USD`";
    assert_eq!(found, expected);
}

#[test]
fn an_aggregate_is_never_added_to_its_parts() {
    check(
        "
        CAPTURE 100.00 HKD 96.00 HKD agg=-4.00 interchange=-1.00 scheme=-2.00 acquirer_markup=-1.00 => -
        CAPTURE 100.00 HKD 92.00 HKD agg=-4.00 interchange=-1.00 scheme=-2.00 acquirer_markup=-1.00 => NET_FORMULA 96.00 92.00 HKD
        CAPTURE 100.00 HKD 96.00 HKD agg=-4.00 interchange=-1.00                                    => -
        CAPTURE 100.00 HKD 99.00 HKD agg=0.00 interchange=-1.00                                     => NET_FORMULA 100.00 99.00 HKD
        ",
        None,
    );
}

#[test]
fn what_explains_a_difference_is_named() {
    let cases = [
        (
            "?newFeeAmountValue=-0.50",
            "; the difference is -0.50 USD, which the unknown column `newFeeAmountValue` explains",
        ),
        ("?giftValue=0.50", ", which the unknown column `giftValue` explains with 0.50 USD"),
        ("?note=hello ?giftValue=0.50", ", which the unknown column `giftValue` explains with 0.50 USD"),
        ("coupon=-0.50", ", which `nonGuaranteeCouponValue` explains"),
        ("coupon=-0.50 ?new=-0.50", ", which the unknown column `new` explains"),
        ("coupon=-0.50:SGD", "; the difference is -0.50 USD"),
        ("?giftCurrency=-0.50", "; the difference is -0.50 USD"),
        ("?gift=-0.500", "; the difference is -0.50 USD"),
        ("?gift=-0.51", "; the difference is -0.50 USD"),
    ];
    for (cells, end) in cases {
        let found = explanation(&format!("PAYMENT 100.00 USD 96.50 USD tax=-3.00 {cells}"), None);
        let start = "net is 96.50 USD; expected 97.00 USD: gross 100.00 USD and fees -3.00 USD";
        assert!(found.starts_with(start) && found.ends_with(end), "{cells}: {found}");
    }
    let converted = "PAYMENT 100.00 USD 130.49 SGD pair=USD/SGD price=1.35 tax=-3.00 ?new=-1.50";
    assert!(explanation(converted, None).contains("`new` explains with -1.50 SGD"), "within the tolerance");
}
