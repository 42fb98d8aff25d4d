//! The settlement summary: what each party of a batch is paid, in the marketplace's one row per party or in the general
//! layouts' rows per type with a total (`antom.md`, 2.3, 2.6 and 3.5).

use super::layout::Layout;
use super::payments::Maker;
use super::settlement::{Batch, ordinary};
use super::story::{Fees, LineId, Party, Settled};
use super::wrong::{PartyWrong, What, Wrong, about};
use std::collections::BTreeMap;

/// The summary of one batch.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    /// The index of the batch.
    pub(super) batch: usize,
    /// Its rows, in the order of the report.
    pub(super) rows: Vec<SummaryRow>,
}

/// A row of it.
#[derive(Debug, Clone)]
pub(super) struct SummaryRow {
    pub(super) id: LineId,
    pub(super) party: Party,
    /// `summaryType`; `None` in the marketplace's summary.
    pub(super) summary_type: Option<&'static str>,
    pub(super) count: u64,
    pub(super) net_minor: i64,
    pub(super) fees: Fees,
}

impl SummaryRow {
    /// Whether it says what the party is paid.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.summary_type, None | Some(TOTAL))
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.net_minor += other.net_minor;
        self.fees += other.fees;
    }
}

const TOTAL: &str = "TOTAL";

/// A summary per batch, over the lines that can be read; a batch without such lines has none.
pub(super) fn summaries(maker: &mut Maker<'_>, batches: &[Batch], wrongs: &[Wrong]) -> Vec<Summary> {
    let mut summaries = Vec::new();
    for (index, batch) in batches.iter().enumerate() {
        let is_ordinary = ordinary(batches, batch.on, batch.currency) == Some(index);
        let wrongs: Vec<Wrong> = wrongs.iter().filter(|wrong| is_ordinary && wrong.is_on(batch.on)).cloned().collect();
        let mut rows = Vec::new();
        for (party, lines) in parties(batch, &wrongs) {
            rows.extend(of_party(maker, batch, &party, &lines, &wrongs));
        }
        if !rows.is_empty() {
            summaries.push(Summary { batch: index, rows });
        }
    }
    summaries
}

/// The parties of a batch with their lines, and those that a wrong summary names all the same.
fn parties<'b>(batch: &'b Batch, wrongs: &[Wrong]) -> BTreeMap<Party, Vec<&'b Settled>> {
    let mut parties: BTreeMap<Party, Vec<&Settled>> = BTreeMap::new();
    for settled in batch.lines.iter().filter(|settled| settled.is_readable()) {
        parties.entry(settled.line.party.clone()).or_default().push(settled);
    }
    for wrong in wrongs {
        match wrong {
            Wrong::Party(PartyWrong { party, currency, what: What::SummaryAlso(_), .. })
                if *currency == batch.currency =>
            {
                parties.entry(party.clone()).or_default();
            }
            _ => {}
        }
    }
    parties
}

fn of_party(
    maker: &mut Maker<'_>,
    batch: &Batch,
    party: &Party,
    lines: &[&Settled],
    wrongs: &[Wrong],
) -> Vec<SummaryRow> {
    let layout = maker.plan.layout;
    let mut rows = types(maker, layout, party, lines);
    let mut named = None;
    for wrong in about(wrongs, party, batch.currency) {
        match wrong.what {
            What::SummaryLacks => return Vec::new(),
            What::SummaryNet(by) => {
                rows[0].net_minor += by;
                named = Some(wrong.line);
            }
            What::SummaryAlso(net_minor) => {
                rows.push(SummaryRow { net_minor, count: 1, ..empty(maker, party, "PAYMENT") });
                named = Some(wrong.line);
            }
            What::TypeNet(_) | What::TypeCount(_) | What::TypeFee(_) => named = Some(wrong.line),
            _ => {}
        }
    }
    let mut whole = rows.iter().fold(empty(maker, party, TOTAL), |mut whole, row| {
        whole.add(row);
        whole
    });
    whole.id = named.unwrap_or(whole.id);
    if !layout.has_summary_types() {
        return vec![SummaryRow { summary_type: None, ..whole }];
    }
    for wrong in about(wrongs, party, batch.currency) {
        match wrong.what {
            What::TypeNet(by) => rows[0].net_minor += by,
            What::TypeCount(by) => rows[0].count += by,
            What::TypeFee(by) => rows[0].fees.payment_method += by,
            _ => {}
        }
    }
    // The total stands first in one sample and after the types in another (`antom.md`, 3.5).
    let place = maker.rng.between(0, i64::try_from(rows.len()).expect("a handful of types"));
    rows.insert(usize::try_from(place).expect("a place is not negative"), whole);
    rows
}

/// A row per type, in the order in which the types first stand in the details.
fn types(maker: &mut Maker<'_>, layout: Layout, party: &Party, lines: &[&Settled]) -> Vec<SummaryRow> {
    let mut rows: Vec<SummaryRow> = Vec::new();
    for settled in lines {
        let summary_type = layout.transaction_type(settled.line.movement);
        let one = SummaryRow {
            count: 1,
            net_minor: settled.payout.net_minor(),
            fees: settled.payout.fees,
            ..empty(maker, party, summary_type)
        };
        match rows.iter_mut().find(|row| row.summary_type == Some(summary_type)) {
            Some(row) => row.add(&one),
            None => rows.push(one),
        }
    }
    rows
}

fn empty(maker: &mut Maker<'_>, party: &Party, summary_type: &'static str) -> SummaryRow {
    let (id, party) = (maker.line_id(), party.clone());
    SummaryRow { id, party, summary_type: Some(summary_type), count: 0, net_minor: 0, fees: Fees::default() }
}
