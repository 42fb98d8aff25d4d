//! Settlement batches: what is paid out together, with the fee and reserve lines of the whole batch.

use super::calendar::{compact, instant};
use super::money::{Currency, half_even, major};
use super::payments::Maker;
use super::story::{Entry, Line, Method, Movement, PaymentIds, Payout, Settled, Story};
use super::traffic::SETTLEMENT_SECOND;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A tenth of a percent of the batch is charged for settling it, two percent are kept as a reserve, and now and then one
/// percent as collateral.
const FEE_RATE: i64 = 10;
const RESERVE_RATE: i64 = 200;
const COLLATERAL_RATE: i64 = 100;

/// What is paid out together on one date in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// `settlementBatchId`.
    pub id: String,
    /// The settlement date.
    pub on: NaiveDate,
    /// The settlement currency.
    pub currency: Currency,
    /// Its lines, in the order of the report.
    pub lines: Vec<Settled>,
}

impl Batch {
    /// `settlementTime`: seconds since 1970 UTC.
    #[must_use]
    pub fn settled_at(&self) -> i64 {
        instant(self.on, SETTLEMENT_SECOND)
    }

    /// For people: date, currency and net amount.
    #[must_use]
    pub fn title(&self) -> String {
        let net = self.lines.iter().map(|line| line.payout.net_minor()).sum();
        format!("{} {} {}", self.on, self.currency.code, major(net, self.currency))
    }
}

/// Gathers the settled lines of all stories into batches and adds the lines of the batches themselves. Returns the
/// batches and the entries that the ledger books for their fees.
pub(super) fn batches(maker: &mut Maker<'_>, stories: &[Story]) -> (Vec<Batch>, Vec<Entry>) {
    let mut groups: BTreeMap<(NaiveDate, Currency, u8), Vec<Settled>> = BTreeMap::new();
    for settled in stories.iter().flat_map(|story| &story.settled) {
        let key = (settled.on, settled.payout.currency, settled.slot);
        groups.entry(key).or_default().push(settled.clone());
    }
    let (mut batches, mut booked) = (Vec::new(), Vec::new());
    for ((on, currency, slot), mut lines) in groups {
        if slot == 0 {
            let gross = lines.iter().map(|line| line.payout.gross_minor).sum::<i64>().max(1_000);
            for (line, entry) in own_lines(maker, on, currency, gross) {
                lines.push(line);
                booked.extend(entry);
            }
        }
        lines.sort_by_key(|settled| (settled.line.movement.is_of_batch(), settled.line.at, settled.line.id));
        let id = batch_id(on, batches.len());
        batches.push(Batch { id, on, currency, lines });
    }
    (batches, booked)
}

/// The lines that a batch has of its own, as far as the layout names them: its fee, reserve and collateral taken and given
/// back, and now and then a correction. The ledger books one fee of two, or all of these lines if it books adjustments.
fn own_lines(maker: &mut Maker<'_>, on: NaiveDate, currency: Currency, gross: i64) -> Vec<(Settled, Option<Entry>)> {
    let share = |rate: i64| half_even(i128::from(gross) * i128::from(rate), 10_000).max(1);
    let mut amounts = vec![
        (Movement::SettlementFee, -share(FEE_RATE)),
        (Movement::ReserveWithheld, -share(RESERVE_RATE)),
        (Movement::ReserveReleased, share(RESERVE_RATE) / 2 + 1),
    ];
    if maker.rng.chance(40) {
        amounts.push((Movement::CollateralWithheld, -share(COLLATERAL_RATE)));
        amounts.push((Movement::CollateralReleased, share(COLLATERAL_RATE) / 3 + 1));
    }
    // Last, as in the samples.
    if maker.rng.chance(30) {
        let amount_minor = maker.rng.between(1, 400);
        amounts.push((Movement::Correction, if maker.rng.chance(50) { amount_minor } else { -amount_minor }));
    }
    let mut lines = Vec::new();
    for (movement, amount_minor) in amounts {
        if !maker.plan.layout.names(movement) {
            continue;
        }
        let settled = batch_line(maker, movement, on, currency, amount_minor);
        let is_fee = movement == Movement::SettlementFee && maker.rng.chance(50);
        let entry = (is_fee || maker.plan.book_adjustments).then(|| {
            let mut entry = maker.entry(&settled.line);
            (entry.amount_minor, entry.currency) = (amount_minor, currency);
            (entry.original_antom_id, entry.original_request_id) = (String::new(), String::new());
            entry
        });
        lines.push((settled, entry));
    }
    lines
}

/// A line of a whole batch: only a settlement amount, on the marketplace's own account (`antom.md`, 3.4). A correction
/// corrects the fees, so that the fee column holds it as well (`antom.md`, 3.5).
pub(super) fn batch_line(
    maker: &mut Maker<'_>,
    movement: Movement,
    on: NaiveDate,
    currency: Currency,
    amount_minor: i64,
) -> Settled {
    let line = Line {
        id: maker.line_id(),
        movement,
        payment: PaymentIds::default(),
        own_id: format!("{}194010809{:014}", compact(on), 190_188_000_000 + maker.number()),
        own_request_id: String::new(),
        order_id: String::new(),
        description: String::new(),
        party: maker.platform(),
        amount_minor: 0,
        currency,
        at: instant(on, SETTLEMENT_SECOND),
        method: Method { code: "", wallet: "", brand: "" },
        spoil: None,
    };
    let mut payout = Payout::plain(0, currency);
    if movement == Movement::Correction {
        payout.fees.payment_method = amount_minor;
    } else {
        payout.direct_minor = amount_minor;
    }
    Settled { on, slot: 0, line, payout }
}

/// The ordinary batch of a date and currency.
pub(super) fn ordinary(batches: &[Batch], on: NaiveDate, currency: Currency) -> Option<usize> {
    batches.iter().position(|batch| batch.on == on && batch.currency == currency)
}

/// Puts lines that belong to no payment at the end of the ordinary batch of their date and currency.
pub(super) fn add_loose(batches: &mut Vec<Batch>, loose: Vec<Settled>) {
    for settled in loose {
        let (on, currency) = (settled.on, settled.payout.currency);
        if let Some(home) = ordinary(batches, on, currency) {
            batches[home].lines.push(settled);
        } else {
            let id = batch_id(on, batches.len());
            batches.push(Batch { id, on, currency, lines: vec![settled] });
        }
    }
}

/// Nineteen digits, as in Antom's samples.
fn batch_id(on: NaiveDate, number: usize) -> String {
    format!("{}1102{:07}", compact(on), 1_040_000 + number)
}
