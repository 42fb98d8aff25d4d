//! Acquirers whose fees are signed the other way.

use crate::id::Symbols;
use crate::report::FeeKind;

use super::{RowProof, lines, prove, row};

/// The proof of lines, whatever the blocks that they come in.
fn proof(text: &str) -> RowProof {
    let symbols = Symbols::new();
    let lines = lines(text, &symbols);
    let whole = prove(&lines, &[], &symbols, None);
    assert_eq!(prove(&lines, &[1, 1, 1], &symbols, None), whole);
    whole
}

fn found(proof: &RowProof) -> Vec<String> {
    proof.findings.iter().map(|finding| format!("{}: {}", finding.place.line, row(finding))).collect()
}

#[test]
fn an_acquirer_with_the_opposite_sign() {
    let proof = proof(
        "
        PAYMENT 100 JPY 92 JPY agg=8 acq=Hundsun
        PAYMENT 100 JPY 100 JPY agg=0 acq=Hundsun
        REFUND -100 JPY -96 JPY agg=-4 acq=Hundsun
        PAYMENT 100 JPY 90 JPY agg=8 acq=Hundsun
        PAYMENT 100 JPY 91 JPY agg=-8 acq=Other
        PAYMENT 100 JPY 92 JPY agg=-8 acq=Other
        SETTLEMENT_FEE 0 JPY -5 JPY acq=Hundsun
        ",
    );
    assert_eq!(found(&proof), ["5: NET_FORMULA 92 90 JPY", "6: NET_FORMULA 92 91 JPY"]);
    assert!(proof.findings[0].explanation.contains("gross 100 JPY and fees -8 JPY, their sign turned"));
    let [remark] = &proof.remarks[..] else { panic!("{:?}", proof.remarks) };
    assert!(remark.contains("`Hundsun` were read with the opposite sign: 2 lines"), "{remark}");
    let sum = proof.sums.values().next().expect("a batch");
    // Hundsun's charges count as charges: -8 + 4 - 8, and the other acquirer's -16.
    assert_eq!(sum.fees.get(&FeeKind::Total), Some(&-28));
    assert_eq!(sum.fees.get(&FeeKind::SettlementFee), Some(&-5));
    assert_eq!(sum.net, sum.gross() + sum.fees() + sum.other());
    assert_eq!(sum.gross(), 100 + 100 - 100 + 98 + 99 + 100);
    let charged: Vec<_> = proof.fees.iter().map(|(key, total)| (key.kind, total.charged)).collect();
    assert_eq!(charged, [(FeeKind::Total, -28), (FeeKind::SettlementFee, -5)]);
}

#[test]
fn one_line_that_fits_as_written_decides() {
    let proof = proof(
        "
        PAYMENT 100 JPY 92 JPY agg=8 acq=A
        PAYMENT 100 JPY 92 JPY agg=-8 acq=A
        PAYMENT 100 JPY 92 JPY agg=8
        ",
    );
    assert_eq!(found(&proof), ["2: NET_FORMULA 108 92 JPY", "4: NET_FORMULA 108 92 JPY"]);
    assert!(
        proof.remarks[0]
            .contains("`A` were read as written: 1 lines fit only with the opposite sign, 1 only as written")
    );
}

#[test]
fn a_line_that_fits_both_ways_is_no_evidence() {
    let proof = proof(
        "
        PAYMENT 1.00 USD 1.35 SGD pair=USD/SGD price=1.35 agg=0.01 acq=A
        PAYMENT 100.00 USD 134.00 SGD pair=USD/SGD price=1.35 agg=1.00 acq=A
        PAYMENT 1.00 USD 1.00 SGD agg=1.00 acq=A
        ",
    );
    assert_eq!(found(&proof), ["4: FX_VARIANCE - 2.00 SGD"]);
    assert!(proof.remarks[0].contains("opposite sign: 1 lines"));
}
