//! The catalogue: every fault with the words under which it is shown.

/// A way in which ledger and reports may come to disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The amount of a line is not a number.
    UnreadableAmount,
    /// The amount of a line has more decimals than its currency.
    TooManyDecimals,
    /// The time of a line does not exist.
    UnreadableTime,
    /// The currency of a line is none.
    UnreadableCurrency,
    /// A line ends in the middle.
    CutLine,
    /// The settlement amount of a batch fee is not a number.
    UnreadableSettlementAmount,
    /// A line has a type that no page names.
    UnknownType,
    /// A line stands twice in transaction details.
    DuplicateLine,
    /// A payment was booked twice.
    DuplicateEntry,
    /// A payment was settled in two batches.
    SettledTwice,
    /// Two disputes of one payment were booked, and one line without a dispute id fits both.
    AmbiguousDispute,
    /// A line is for a sub-merchant that the registry does not know.
    StrangerSells,
    /// A line is for a sub-merchant whose registration failed.
    RefusedSells,
    /// A payment was not booked.
    PaymentNotBooked,
    /// A refund, made by hand at Antom, was not booked.
    RefundNotBooked,
    /// A refund that bounced was not booked.
    BounceNotBooked,
    /// The marketplace's share of a payment was not booked.
    ShareNotBooked,
    /// A booked payment is in no report; Antom confirms it.
    NotReportedButTrue,
    /// A booked payment is in no report; Antom does not know it.
    NotReportedUnknown,
    /// A booked payment is in no report; Antom says it failed.
    NotReportedFailed,
    /// A booked payment is in no report; Antom still works on it.
    NotReportedProcessing,
    /// A booked refund is in no report.
    RefundNotReported,
    /// A payment was settled but is not in transaction details.
    SettledNotReported,
    /// A payment was not settled in time.
    NotSettled,
    /// A refund of a payment that nobody knows.
    OrphanRefund,
    /// A payment was booked in another currency.
    CurrencyDiffers,
    /// A payment was booked with another amount.
    AmountDiffers,
    /// A yen payment was booked one yen too high.
    AmountDiffersByOneYen,
    /// A dinar payment was booked a thousandth of a dinar too low.
    AmountDiffersByOneFils,
    /// A payment was booked with another amount, and Antom's API says a third one.
    AmountContradicted,
    /// A refund was settled with another amount than the one reported.
    SettledAmountDiffers,
    /// A refund was settled in another transaction currency than the one reported.
    SettledCurrencyDiffers,
    /// A payment that Antom reports was booked as failed.
    BookedAsFailed,
    /// A payment that Antom reports is still pending in the ledger.
    StillPending,
    /// A payment stays pending for longer than it may, and no report has it.
    PendingTooLong,
    /// A payment was booked for another sub-merchant.
    OtherSubMerchant,
    /// The marketplace's share was booked with another amount than the one settled.
    SplitDiffers,
    /// Two refunds add up to more than their payment.
    RefundsExceedPayment,
    /// Two captures add up to more than their authorisation.
    CapturesExceedAuthorization,
    /// A column appears in account activity on the last day.
    ColumnAppears,
    /// A summary ends before its last line.
    SummaryWithoutEnd,
    /// Transaction details are delivered a second time, with another content.
    ReportRestated,
    /// A summary's total is not the sum of its types.
    TotalDiffers,
    /// A summary's total counts other lines than its types.
    TotalCountDiffers,
    /// A fee of a summary's total is not the sum of its types.
    TotalFeeDiffers,
    /// A movement on an account is told twice.
    MovementTwice,
    /// A fee is higher than the contract's.
    FeeOvercharged,
    /// A fee is one yen lower than the contract's.
    FeeUndercharged,
    /// A fee is charged that the contract does not name.
    FeeWithoutRule,
    /// A fee is in another currency than the settlement.
    FeeInOtherCurrency,
    /// A converted line has no quote.
    QuoteMissing,
    /// A quote was applied the wrong way round.
    QuoteTurnedRound,
    /// The converted amount of a line is not what its quote gives.
    ConvertedDiffers,
    /// A settled line pays one cent too much.
    NetOffByOneCent,
    /// A settled line pays one yen too little.
    NetOffByOneYen,
    /// A settled line pays a thousandth of a dinar too much.
    NetOffByOneFils,
    /// A party's summary is not the sum of its details.
    SummaryDiffers,
    /// A party has details and is not in the summary.
    PartyNotInSummary,
    /// A party is in the summary and has no details.
    PartyOnlyInSummary,
    /// A balance is not what yesterday's balance and the day's movements give.
    BalanceDiffers,
    /// An account that holds something is not among the balances.
    BalanceVanishes,
    /// What the summary promises is not paid out.
    PayoutNotMade,
    /// Another amount is paid out than the summary says.
    PayoutDiffers,
    /// A reserve was withheld and not booked, though the ledger books adjustments.
    ReserveNotBooked,
}

impl Fault {
    /// What ledger, transaction details and settlement details can show between them, in the contract's order of kinds.
    pub const MATCHING: [Self; 39] = [
        Self::UnreadableAmount,
        Self::TooManyDecimals,
        Self::UnreadableTime,
        Self::UnreadableCurrency,
        Self::CutLine,
        Self::UnreadableSettlementAmount,
        Self::UnknownType,
        Self::DuplicateLine,
        Self::DuplicateEntry,
        Self::SettledTwice,
        Self::AmbiguousDispute,
        Self::StrangerSells,
        Self::RefusedSells,
        Self::PaymentNotBooked,
        Self::RefundNotBooked,
        Self::BounceNotBooked,
        Self::ShareNotBooked,
        Self::NotReportedButTrue,
        Self::NotReportedUnknown,
        Self::NotReportedFailed,
        Self::NotReportedProcessing,
        Self::RefundNotReported,
        Self::SettledNotReported,
        Self::NotSettled,
        Self::OrphanRefund,
        Self::CurrencyDiffers,
        Self::AmountDiffers,
        Self::AmountDiffersByOneYen,
        Self::AmountDiffersByOneFils,
        Self::AmountContradicted,
        Self::SettledAmountDiffers,
        Self::SettledCurrencyDiffers,
        Self::BookedAsFailed,
        Self::StillPending,
        Self::PendingTooLong,
        Self::OtherSubMerchant,
        Self::SplitDiffers,
        Self::RefundsExceedPayment,
        Self::CapturesExceedAuthorization,
    ];

    /// What files, contract, formula, totals, balances and payouts show, in the contract's order of kinds. A plan has
    /// them only if its `proofs` says so.
    pub const PROOFS: [Self; 25] = [
        Self::ColumnAppears,
        Self::SummaryWithoutEnd,
        Self::ReportRestated,
        Self::TotalDiffers,
        Self::TotalCountDiffers,
        Self::TotalFeeDiffers,
        Self::MovementTwice,
        Self::FeeOvercharged,
        Self::FeeUndercharged,
        Self::FeeWithoutRule,
        Self::FeeInOtherCurrency,
        Self::QuoteMissing,
        Self::QuoteTurnedRound,
        Self::ConvertedDiffers,
        Self::NetOffByOneCent,
        Self::NetOffByOneYen,
        Self::NetOffByOneFils,
        Self::SummaryDiffers,
        Self::PartyNotInSummary,
        Self::PartyOnlyInSummary,
        Self::BalanceDiffers,
        Self::BalanceVanishes,
        Self::PayoutNotMade,
        Self::PayoutDiffers,
        Self::ReserveNotBooked,
    ];

    /// All of them.
    pub const ALL: [Self; Self::MATCHING.len() + Self::PROOFS.len()] = {
        let mut all = [Self::UnreadableAmount; Self::MATCHING.len() + Self::PROOFS.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = if index < Self::MATCHING.len() {
                Self::MATCHING[index]
            } else {
                Self::PROOFS[index - Self::MATCHING.len()]
            };
            index += 1;
        }
        all
    };

    /// The words under which the fault is shown to people.
    #[must_use]
    pub fn story(self) -> &'static str {
        self.matching_story().unwrap_or_else(|| self.proof_story())
    }

    fn matching_story(self) -> Option<&'static str> {
        let words = match self {
            Self::UnreadableAmount => "an amount that is not a number",
            Self::TooManyDecimals => "an amount with more decimals than its currency",
            Self::UnreadableTime => "a time that does not exist",
            Self::UnreadableCurrency => "a currency that is none",
            Self::CutLine => "a line that ends in the middle",
            Self::UnreadableSettlementAmount => "a batch fee that is not a number",
            Self::UnknownType => "a type that no page names",
            Self::DuplicateLine => "a line that stands twice",
            Self::DuplicateEntry => "a payment booked twice",
            Self::SettledTwice => "a payment settled in two batches",
            Self::AmbiguousDispute => "two booked disputes, one line",
            Self::StrangerSells => "a seller that nobody registered",
            Self::RefusedSells => "a seller whose registration failed",
            Self::PaymentNotBooked => "a payment not booked",
            Self::RefundNotBooked => "a refund made by hand, not booked",
            Self::BounceNotBooked => "a bounced refund not booked",
            Self::ShareNotBooked => "the marketplace's share not booked",
            Self::NotReportedButTrue => "booked, not reported, confirmed by the API",
            Self::NotReportedUnknown => "booked, not reported, unknown to the API",
            Self::NotReportedFailed => "booked, not reported, failed says the API",
            Self::NotReportedProcessing => "booked, not reported, in process says the API",
            Self::RefundNotReported => "a booked refund in no report",
            Self::SettledNotReported => "settled without being reported",
            Self::NotSettled => "a payment overdue for settlement",
            Self::OrphanRefund => "a refund of a payment nobody knows",
            Self::CurrencyDiffers => "booked in another currency",
            Self::AmountDiffers => "booked with another amount",
            Self::AmountDiffersByOneYen => "booked one yen too high",
            Self::AmountDiffersByOneFils => "booked a thousandth of a dinar too low",
            Self::AmountContradicted => "three sources, three amounts",
            Self::SettledAmountDiffers => "a refund settled with another amount",
            Self::SettledCurrencyDiffers => "a refund settled in another currency",
            Self::BookedAsFailed => "reported, but booked as failed",
            Self::StillPending => "reported, but still pending in the ledger",
            Self::PendingTooLong => "pending in the ledger for too long",
            Self::OtherSubMerchant => "booked for another seller",
            Self::SplitDiffers => "the marketplace's share booked too high",
            Self::RefundsExceedPayment => "two refunds above their payment",
            Self::CapturesExceedAuthorization => "two captures above their authorisation",
            _ => return None,
        };
        Some(words)
    }

    fn proof_story(self) -> &'static str {
        match self {
            Self::ColumnAppears => "a column that was not there before",
            Self::SummaryWithoutEnd => "a summary that ends too early",
            Self::ReportRestated => "a report delivered again with other content",
            Self::TotalDiffers => "a total that is not the sum of its types",
            Self::TotalCountDiffers => "a total that counts other lines",
            Self::TotalFeeDiffers => "a total with another fee than its types",
            Self::MovementTwice => "a movement on an account told twice",
            Self::FeeOvercharged => "a fee above the contract",
            Self::FeeUndercharged => "a fee one yen below the contract",
            Self::FeeWithoutRule => "a fee that the contract does not name",
            Self::FeeInOtherCurrency => "a fee in another currency",
            Self::QuoteMissing => "a conversion without a quote",
            Self::QuoteTurnedRound => "a quote applied the wrong way round",
            Self::ConvertedDiffers => "a converted amount that the quote does not give",
            Self::NetOffByOneCent => "a net amount one cent too high",
            Self::NetOffByOneYen => "a net amount one yen too low",
            Self::NetOffByOneFils => "a net amount a thousandth of a dinar too high",
            Self::SummaryDiffers => "a summary above its details",
            Self::PartyNotInSummary => "a party that the summary forgets",
            Self::PartyOnlyInSummary => "a party in the summary alone",
            Self::BalanceDiffers => "a balance that does not follow from yesterday",
            Self::BalanceVanishes => "an account missing from the balances",
            Self::PayoutNotMade => "a payout not made",
            Self::PayoutDiffers => "a payout of another amount",
            // The last one; the others stand in the list above.
            _ => "a reserve not booked",
        }
    }
}
