//! The lines of reports and ledger for a payment: text with slots for its numbers.

use super::fate::Day;
use super::template::Template;
use crate::world::layout::{Layout, Report};
use chrono::NaiveDate;

/// The ways in which the lines of a currency differ.
pub(super) struct Templates {
    pub(super) transaction: Template,
    pub(super) settlement: Template,
    pub(super) entry: Template,
    pub(super) failed_entry: Template,
    pub(super) share: Template,
}

/// A day's templates in the three currencies, in the order of [`Payment::currency`].
pub(super) fn currencies(day: &Day) -> [Templates; 3] {
    [templates(day, "USD", "###.##"), templates(day, "BRL", "###.##"), templates(day, "JPY", "#####")]
}

pub(super) fn compact(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

pub(super) fn batch(date: NaiveDate) -> String {
    format!("{}11021040000", compact(date))
}

/// What names a payment of this day: Antom's id, request id, and when it was.
fn names(paid: NaiveDate) -> [String; 3] {
    let compact = compact(paid);
    [format!("{compact}194010800##############"), format!("pay{compact}############"), format!("{paid}T##:##:##+08:00")]
}

/// Slots of all templates: number of the payment (14 and 12 digits), sub-merchant, time, amount. What is settled are payments of
/// the day that the day settles.
fn templates(day: &Day, currency: &str, amount: &str) -> Templates {
    let date = day.date;
    let compact = compact(date);
    let [payment, request, time] = names(date);
    let minor = amount.replace('.', "");
    let transaction = format!(
        "21591102########,Alipay_SG,seller####,{payment},,{request},order-############,Goods,KAKAOPAY,KaKaoPay,PAYMENT,\
         {time},CASHIER_PAYMENT,{amount},{currency}\n"
    );
    let entry = |status: &str| {
        format!(
            "e{compact}############,PAYMENT,{request},{payment},,,order-############,seller####,{minor},{currency},{status},{time},,,\n"
        )
    };
    let (entry, failed_entry) = (Template::new(&entry("SUCCESS")), Template::new(&entry("FAILED")));
    let booked = time;
    let [payment, request, time] = names(day.settles.unwrap_or(date));
    let settlement = format!(
        "{batch},21591102########,seller####,{payment},,{request},order-############,KAKAOPAY,KaKaoPay,PAYMENT,{time},\
         {date}T20:00:00+08:00,CASHIER_PAYMENT,{amount},{currency},{amount},{currency}",
        batch = batch(date)
    );
    // No quote and no fees: as many empty cells as the layout has columns behind the settlement's currency.
    let columns = Layout::Marketplace.columns(Report::SettlementDetails).len();
    let settlement = format!("{settlement}{}\n", ",".repeat(columns - settlement.split(',').count()));
    let share = format!(
        "s{compact}############,SETTLEMENT,set{compact}############,{compact}194010802##############,{request},{payment},\
         order-############,seller####,{minor},{currency},SUCCESS,{booked},SELLER,,\n"
    );
    Templates {
        transaction: Template::new(&transaction),
        settlement: Template::new(&settlement),
        entry,
        failed_entry,
        share: Template::new(&share),
    }
}

/// The numbers of one payment.
pub(super) struct Payment {
    pub(super) number: u64,
    pub(super) seller: u64,
    /// Hour, minute, second.
    pub(super) time: [u64; 3],
    /// Five digits of smallest units.
    pub(super) amount: u64,
    has_decimals: bool,
}

impl Payment {
    pub(super) fn new(number: u64) -> Self {
        let second = 3_600 + number % 72_000;
        Self {
            number,
            seller: 1_001 + number % 997,
            time: [second / 3_600, second / 60 % 60, second % 60],
            amount: 10_000 + number * 7_919 % 80_000,
            has_decimals: number % 8 != 7,
        }
    }

    /// Its place among [`currencies`].
    pub(super) fn currency(&self) -> usize {
        match self.number % 8 {
            7 => 2,
            5 | 6 => 1,
            _ => 0,
        }
    }

    /// So many smallest units in as many slots as its template has.
    pub(super) fn slots(&self, amount: u64) -> AmountSlots {
        if self.has_decimals { [Some(amount / 100), Some(amount % 100)] } else { [Some(amount), None] }
    }
}

/// One slot for a currency without decimals, two for the others.
type AmountSlots = [Option<u64>; 2];

/// Numbers for the slots of a line, on the stack.
pub(super) struct Numbers {
    slots: [u64; 16],
    filled: usize,
}

impl Numbers {
    pub(super) fn of(parts: &[&[u64]]) -> Self {
        let mut numbers = Self { slots: [0; 16], filled: 0 };
        for number in parts.iter().copied().flatten() {
            numbers.slots[numbers.filled] = *number;
            numbers.filled += 1;
        }
        numbers
    }

    pub(super) fn with(mut self, amount: AmountSlots) -> Self {
        for number in amount.into_iter().flatten() {
            self.slots[self.filled] = number;
            self.filled += 1;
        }
        self
    }

    pub(super) fn as_slice(&self) -> &[u64] {
        &self.slots[..self.filled]
    }
}
