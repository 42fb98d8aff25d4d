//! The words of Antom's columns and types, written from the fact sheet alone (`antom.md`, 2.6, 3.3 and 4.1).

/// The word of a fee kind, the column of its amount, the column of its currency.
pub type FeeColumn = (&'static str, &'static str, &'static str);

/// The single fees (`antom.md`, 3.3), in the order in which a line's fees are judged.
pub const FEES: [FeeColumn; 21] = [
    ("payment_method", "paymentMethodFeeAmountValue", "paymentMethodFeeCurrency"),
    ("interchange", "interchangeFeeAmountValue", "interchangeFeeCurrency"),
    ("scheme", "schemeFeeAmountValue", "schemeFeeCurrency"),
    ("acquirer_markup", "acquirerMarkupAmountValue", "acquirerMarkupCurrency"),
    ("processing", "processingFeeAmountValue", "processingFeeCurrency"),
    ("tax", "taxFeeAmountValue", "taxFeeCurrency"),
    ("refund", "refundFeeAmountValue", "refundFeeCurrency"),
    ("dispute_handling", "disputeHandlingFee", "disputeHandlingFeeCurrency"),
    ("financing", "financingFeeAmountValue", "financingFeeCurrency"),
    ("rdr", "rdrFeeAmountValue", "rdrFeeCurrency"),
    ("anticipation", "anticipationFeeAmountValue", "anticipationFeeCurrency"),
    ("risk_decision_service", "riskDecisionServiceFeeAmountValue", "riskDecisionServiceFeeCurrency"),
    ("risk_management", "riskManagementFeeAmountValue", "riskManagementFeeCurrency"),
    ("cdrn", "cdrnFeeAmountValue", "cdrnFeeCurrency"),
    ("iof", "iofFeeAmountValue", "iofFeeCurrency"),
    ("withholding_tax", "withholdingTaxAmountValue", "withholdingTaxFeeCurrency"),
    ("fx", "fxFeeAmountValue", "fxFeeAmountCurrency"),
    ("rtau_service", "rtauServiceFeeAmountValue", "rtauServiceFeeCurrency"),
    ("nt_service", "ntServiceFeeAmountValue", "ntServiceFeeCurrency"),
    ("revenue_booster_service", "revenueBoosterServiceFeeAmountValue", "revenueBoosterServiceFeeCurrency"),
    ("dispute_reverse", "disputeReverseFee", "disputeReverseFeeCurrency"),
];

/// The aggregate of all fees in generations 1 and 2, never added to its own parts.
pub const TOTAL_FEE: FeeColumn = ("total", "feeAmountValue", "feeCurrency");

/// Lines that are fees as a whole: their type and the word of their fee kind.
pub const FEE_LINES: [(&str, &str); 2] = [("SETTLEMENT_FEE", "settlement_fee"), ("ADJUSTMENT_FEE", "adjustment_fee")];

/// Whether this is the word of a fee kind that a rule may name: one with a column of its own.
pub fn is_fee_kind(word: &str) -> bool {
    FEES.iter().chain([&TOTAL_FEE]).any(|(kind, ..)| *kind == word)
}

/// The contract's word for a `transactionType` (`antom.md`, 4.1; the product's points of detail, 6).
pub fn entry_type(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_uppercase().as_str() {
        "PAYMENT" => "PAYMENT",
        "AUTHORIZATION" | "INCREMENTAL" => "AUTHORIZATION",
        "CAPTURE" => "CAPTURE",
        "VOID" => "VOID",
        "CANCEL" => "CANCEL",
        "REFUND" => "REFUND",
        "PAYMENT_REVERSAL" => "PAYMENT_REVERSAL",
        "REFUND_REVERSAL" => "REFUND_REVERSAL",
        "DISPUTE" | "RAPID_DISPUTE_RESOLUTION" | "CDRN" => "DISPUTE",
        "DISPUTE_REVERSAL" => "DISPUTE_REVERSAL",
        "SETTLEMENT_FEE" => "FEE",
        "ADJUSTMENT_FEE" | "DEFAULT" => "ADJUSTMENT",
        "RESERVE" | "RESERVE_WITHHOLDING" => "RESERVE",
        "RESERVE_RELEASE" | "RESERVE_RELEASED" => "RESERVE_RELEASE",
        "COLLATERAL_WITHHOLDING" | "COLLATERAL_WITHHELD" => "COLLATERAL",
        "COLLATERAL_RELEASE" | "COLLATERAL_RELEASED" => "COLLATERAL_RELEASE",
        _ => return None,
    })
}

/// Whether lines of this contract word obey the row formula: every known type but fees, corrections, reserve and collateral.
pub fn is_movement(entry_type: Option<&str>) -> bool {
    const OUTSIDE: [&str; 6] = ["FEE", "ADJUSTMENT", "RESERVE", "RESERVE_RELEASE", "COLLATERAL", "COLLATERAL_RELEASE"];
    entry_type.is_some_and(|word| !OUTSIDE.contains(&word))
}
