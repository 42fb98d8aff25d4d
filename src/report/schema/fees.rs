//! The kinds of fees: their words, and the columns in which Antom reports them.

use std::fmt;

use crate::movement::closed_words;

closed_words! {
    /// What a fee is for. The words are those of a fee schedule and of `fees.csv`; the columns that they stand for are in
    /// [`FeeKind::columns`] (`core/constants.py` of Antom's reconciliation skill, page `reconcile_cn/fields`).
    FeeKind {
        /// The payment method's fee, at a blended rate.
        PaymentMethod = "payment_method",
        /// The issuer's interchange.
        Interchange = "interchange",
        /// The card scheme's fee.
        Scheme = "scheme",
        /// The acquirer's or provider's markup.
        AcquirerMarkup = "acquirer_markup",
        /// A fixed fee for processing.
        Processing = "processing",
        /// Tax.
        Tax = "tax",
        /// Handling of a refund.
        Refund = "refund",
        /// Handling of a dispute.
        DisputeHandling = "dispute_handling",
        /// Instalments.
        Financing = "financing",
        /// Rapid dispute resolution.
        Rdr = "rdr",
        /// Anticipation.
        Anticipation = "anticipation",
        /// Risk decisions.
        RiskDecisionService = "risk_decision_service",
        /// Risk management.
        RiskManagement = "risk_management",
        /// The cardholder dispute resolution network.
        Cdrn = "cdrn",
        /// Brazil's tax on financial operations.
        Iof = "iof",
        /// Withholding tax.
        WithholdingTax = "withholding_tax",
        /// Foreign exchange.
        Fx = "fx",
        /// The account updater.
        RtauService = "rtau_service",
        /// Network tokens.
        NtService = "nt_service",
        /// The card revenue booster.
        RevenueBoosterService = "revenue_booster_service",
        /// A dispute that was reversed.
        DisputeReverse = "dispute_reverse",
        /// All fees of a line together, in generations 1 and 2; never added to its own parts.
        Total = "total",
        /// A line that is a settlement fee as a whole.
        SettlementFee = "settlement_fee",
        /// A line that is a fee adjustment as a whole.
        AdjustmentFee = "adjustment_fee",
    }
}

impl FeeKind {
    /// The columns of its amount and of its currency, whose names are irregular; none for lines that are fees as a whole.
    #[must_use]
    pub const fn columns(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::PaymentMethod => ("paymentMethodFeeAmountValue", "paymentMethodFeeCurrency"),
            Self::Interchange => ("interchangeFeeAmountValue", "interchangeFeeCurrency"),
            Self::Scheme => ("schemeFeeAmountValue", "schemeFeeCurrency"),
            Self::AcquirerMarkup => ("acquirerMarkupAmountValue", "acquirerMarkupCurrency"),
            Self::Processing => ("processingFeeAmountValue", "processingFeeCurrency"),
            Self::Tax => ("taxFeeAmountValue", "taxFeeCurrency"),
            Self::Refund => ("refundFeeAmountValue", "refundFeeCurrency"),
            Self::DisputeHandling => ("disputeHandlingFee", "disputeHandlingFeeCurrency"),
            Self::Financing => ("financingFeeAmountValue", "financingFeeCurrency"),
            Self::Rdr => ("rdrFeeAmountValue", "rdrFeeCurrency"),
            Self::Anticipation => ("anticipationFeeAmountValue", "anticipationFeeCurrency"),
            Self::RiskDecisionService => ("riskDecisionServiceFeeAmountValue", "riskDecisionServiceFeeCurrency"),
            Self::RiskManagement => ("riskManagementFeeAmountValue", "riskManagementFeeCurrency"),
            Self::Cdrn => ("cdrnFeeAmountValue", "cdrnFeeCurrency"),
            Self::Iof => ("iofFeeAmountValue", "iofFeeCurrency"),
            Self::WithholdingTax => ("withholdingTaxAmountValue", "withholdingTaxFeeCurrency"),
            Self::Fx => ("fxFeeAmountValue", "fxFeeAmountCurrency"),
            Self::RtauService => ("rtauServiceFeeAmountValue", "rtauServiceFeeCurrency"),
            Self::NtService => ("ntServiceFeeAmountValue", "ntServiceFeeCurrency"),
            Self::RevenueBoosterService => ("revenueBoosterServiceFeeAmountValue", "revenueBoosterServiceFeeCurrency"),
            Self::DisputeReverse => ("disputeReverseFee", "disputeReverseFeeCurrency"),
            Self::Total => ("feeAmountValue", "feeCurrency"),
            Self::SettlementFee | Self::AdjustmentFee => return None,
        })
    }
}
