//! What may be wrong in the reports that are made from others: a summary, the activity of an account, its balance.
//!
//! Everything further on follows what was written, so that one wrong figure disagrees with one other report alone: the
//! payout follows the summary, and the balance follows the activity.

use super::money::Currency;
use super::story::{LineId, Party};
use chrono::NaiveDate;

/// Something wrong in what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// In what is written about one party in one currency.
    Party(PartyWrong),
    /// From this day on account activity has a column that it did not have before.
    ColumnAppears(NaiveDate),
    /// On this day a summary without any batch ends before its last line.
    SummaryWithoutEnd(NaiveDate),
}

impl Wrong {
    /// Whether this day's report is the first to be wrong.
    pub(super) fn is_on(&self, day: NaiveDate) -> bool {
        let (Self::ColumnAppears(on) | Self::SummaryWithoutEnd(on) | Self::Party(PartyWrong { on, .. })) = self;
        *on == day
    }
}

/// Something wrong about one party in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartyWrong {
    /// The day of the report that is wrong first; a wrong balance stays wrong.
    pub(super) on: NaiveDate,
    pub(super) party: Party,
    pub(super) currency: Currency,
    pub(super) what: What,
    /// The name of the line at which it can be seen.
    pub(super) line: LineId,
}

/// Amounts are in smallest units, signed like the figure that they change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The summary's net is higher by this.
    SummaryNet(i64),
    /// The summary says nothing about the party.
    SummaryLacks,
    /// The summary pays out this much to a party that has no details.
    SummaryAlso(i64),
    /// The net of the first of the summary's types is higher by this, the total is not.
    TypeNet(i64),
    /// The count of that type is higher by this.
    TypeCount(u64),
    /// A fee of that type is higher by this.
    TypeFee(i64),
    /// The payout is not made.
    PayoutLacks,
    /// The payout, which is negative, is higher by this.
    PayoutBy(i64),
    /// The account opens with the first amount, and its balance is higher by the second from that day on.
    BalanceBy(i64, i64),
    /// The account opens with this much, and from that day on the balances say nothing about it.
    BalanceLacks(i64),
    /// The first movement of the account on that day is told twice.
    MovedTwice,
}

/// What is wrong about a party in a currency.
pub(super) fn about<'w>(
    wrongs: &'w [Wrong],
    party: &'w Party,
    currency: Currency,
) -> impl Iterator<Item = &'w PartyWrong> + use<'w> {
    wrongs.iter().filter_map(move |wrong| match wrong {
        Wrong::Party(about) if about.party == *party && about.currency == currency => Some(about),
        _ => None,
    })
}
