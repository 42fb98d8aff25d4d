//! How a marketplace at Antom is set up.

use std::path::PathBuf;

const DAY: i64 = 86_400;

/// A payment method and its rule for cancelling (fact sheet, 1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// `paymentMethodType`.
    pub code: &'static str,
    /// `pspName` in reports.
    pub wallet: &'static str,
    /// What sort it is.
    pub sort: Sort,
}

/// What a method can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Authorised and captured; cancelled until 7 days after success, never after a capture; can be disputed.
    Card,
    /// Cancelled until 00:15 (+08:00) of the day after.
    Wallet,
    /// Cancelled until 7 days after success.
    SevenDays,
    /// Cancelled before it succeeds only.
    BankTransfer,
    /// Never cancelled.
    Uncancellable,
}

/// The methods that the marketplace has a contract for.
pub(super) const METHODS: [Method; 6] = [
    Method { code: "CARD", wallet: "", sort: Sort::Card },
    Method { code: "GCASH", wallet: "GCash", sort: Sort::Wallet },
    Method { code: "ALIPAY_HK", wallet: "AlipayHK", sort: Sort::Wallet },
    Method { code: "MERCADOPAGO_BR", wallet: "MercadoPago", sort: Sort::SevenDays },
    Method { code: "BANK_TRANSFER", wallet: "", sort: Sort::BankTransfer },
    Method { code: "JKOPAY", wallet: "JKOPay", sort: Sort::Uncancellable },
];

/// A marketplace and its contract. Times are seconds; where Antom publishes no figure, the default is ours.
#[derive(Debug, Clone)]
pub struct MarketOptions {
    /// `platformMerchantId`: the marketplace's id in paths and rows.
    pub platform: String,
    /// The client id; one that begins with `SANDBOX_` is not sent notifications again.
    pub client_id: String,
    /// What the clock shows at the start: seconds since 1970.
    pub now: i64,
    /// Where reports go, as `v1/settlements/<platform>/<day>/…`; without a folder none are written.
    pub reports: Option<PathBuf>,
    /// Where notifications go when the request names no address: the setting of the dashboard.
    pub notify_url: Option<String>,
    /// How long a registration is reviewed (4 to 17 days are documented).
    pub review: i64,
    /// How long a change of bank account is reviewed (about 5 minutes).
    pub update_review: i64,
    /// After how long a buyer pays, unless planned otherwise.
    pub buyer: i64,
    /// After how long a refund, capture or transfer that is in process ends.
    pub bank: i64,
    /// How long after success the money may not be settled yet (`earliestSettlementTime`).
    pub hold: i64,
    /// How long an authorisation can be captured.
    pub authorization: i64,
    /// How long after success can be refunded.
    pub refund_window: i64,
    /// How long a dispute can be defended.
    pub defense: i64,
    /// Whether an authorisation can be captured in parts.
    pub multi_capture: bool,
    /// What is charged on each share of a payment, in hundredths of a percent.
    pub fee_basis_points: u16,
    /// Whether a batch stays on the accounts at Antom until a transfer or payout is asked for, in place of going to the banks.
    pub keeps_payouts: bool,
    /// The least that a batch comes to, in the smallest unit; less waits for the next one.
    pub minimum_batch: i64,
}

impl MarketOptions {
    /// A marketplace whose clock shows `now`.
    #[must_use]
    pub fn new(client_id: impl Into<String>, now: i64) -> Self {
        Self {
            platform: "2188120000000001".to_owned(),
            client_id: client_id.into(),
            now,
            reports: None,
            notify_url: None,
            review: 4 * DAY,
            update_review: 300,
            buyer: 30,
            bank: 60,
            hold: 3_600,
            authorization: 7 * DAY,
            refund_window: 365 * DAY,
            defense: 7 * DAY,
            multi_capture: true,
            fee_basis_points: 200,
            keeps_payouts: false,
            minimum_batch: 1,
        }
    }
}
