//! What the run before left in transit. Payments that wait for their settlement may be as many as a day has: they lie on the disk, are
//! marked like the day's rows (`matching::agreed`), and only those whose families do not agree come to memory.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::BusinessDate;
use crate::discrepancy::{InTransitRow, Side};
use crate::failure::{Failure, Kind};
use crate::matching::agreed::{Mark, WaitedItem};
use crate::matching::{Policy, WaitsFor};
use crate::memory::{Bits, MemoryError, Shelf};
use crate::movement::EntryType;
use crate::progress::Progress;
use crate::store::{Carried, CarriedInTransit};

use super::aside::Aside;
use super::folds::OrKind;
use super::marks::{ItemFate, Marks};
use super::timing::Timings;
use super::{Job, recall};

/// Items whose fates are in one partition.
const FATES: u32 = 1 << 16;

/// Items that are shown at once, about: enough for several threads, and a few hundred KiB.
const ITEMS: usize = 2_048;

const NO_FATE: &str = "it is not known what became of an item in transit; please report this defect";

/// The items that the run before left in transit.
#[derive(Debug)]
pub struct Waited {
    /// Those that are matched in full, by id.
    pub left: Vec<CarriedInTransit>,
    /// Payments whose families may agree.
    payments: Shelf<InTransitRow>,
    /// Their dates.
    dates: BTreeSet<BusinessDate>,
    /// The oldest date of any item.
    oldest: Option<BusinessDate>,
    /// What becomes of them, by [`FATES`].
    fates: Aside<ItemFate>,
    /// Those of which that is known.
    agreed: Option<Bits>,
}

impl Waited {
    /// Reads the items of the run before, and marks those whose families may agree.
    ///
    /// # Errors
    /// As the database says; there is no room on the disk.
    pub async fn load(
        job: &Job<'_>,
        carried: Option<&Carried>,
        marks: &mut Marks,
        timings: &mut Timings,
    ) -> anyhow::Result<Self> {
        timings.begin();
        let _shown = Progress::waiting("open items");
        let failed = recall::failed;
        let mut this = Self {
            left: Vec::new(),
            payments: Shelf::new(&job.memory).map_err(failed)?,
            dates: BTreeSet::new(),
            oldest: None,
            fates: Aside::new(&job.memory, job.room).map_err(failed)?,
            agreed: None,
        };
        if let Some(before) = carried {
            let take = |item| this.take(job, item, marks);
            job.store.each_in_transit(before.run.run_id, take).await.or_kind()?.map_err(failed)?;
            timings.end("open items", u64::from(this.payments.rows()) + this.left.len() as u64);
        }
        Ok(this)
    }

    fn take(&mut self, job: &Job<'_>, item: CarriedInTransit, marks: &mut Marks) -> Result<(), MemoryError> {
        self.oldest = self.oldest.into_iter().chain([item.business_date]).min();
        let mark = plain(job, &item).and_then(|known| Mark::item(job.today, known, self.payments.rows()));
        let (Some(mark), Some(first_seen_on)) = (mark, item.first_seen_on) else {
            self.left.push(item);
            return Ok(());
        };
        marks.extend(std::iter::once(mark))?;
        self.dates.insert(item.business_date);
        let CarriedInTransit { item_id, request_id, antom_id, entry_type, currency, amount, side, .. } = item;
        self.payments.put(InTransitRow {
            item_id,
            request_id,
            antom_id,
            entry_type,
            currency,
            amount,
            side,
            business_date: item.business_date,
            due_on: item.due_on,
            waits_for: WaitsFor::Settlement.as_str(),
            first_seen_on,
        })?;
        Ok(())
    }

    /// Lets the window begin before the oldest item. Where days were left out, or fewer of them are allowed now, that may be long before a
    /// run looks for anything new; whether such an item was settled, or is overdue, is only known with all that came after it.
    pub fn widen(&self, policy: &mut Policy) {
        if let Some(oldest) = self.oldest {
            policy.window_start = policy.window_start.min(oldest.minus_days(1));
        }
    }

    /// Until when lines may wait for their settlement, of the day and of every date of which something waits.
    pub fn due(&self, policy: &Policy) -> BTreeMap<BusinessDate, BusinessDate> {
        let due_on = |date| policy.calendar.plus_business_days(date, policy.settlement_due_days);
        self.dates.iter().copied().chain([policy.today]).map(|date| (date, due_on(date))).collect()
    }

    /// The dates before the run's of which something waits.
    pub const fn dates(&self) -> &BTreeSet<BusinessDate> {
        &self.dates
    }

    /// Takes what becomes of an item.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note(&mut self, fate: ItemFate) -> Result<(), MemoryError> {
        self.agreed.get_or_insert_with(|| Bits::none(self.payments.rows())).put(fate.item);
        self.fates.put((fate.item / FATES) as usize, fate)
    }

    /// Brings the items to memory whose families do not agree.
    ///
    /// # Errors
    /// What was written cannot be read.
    pub fn bring_open(&mut self) -> Result<(), MemoryError> {
        let agreed = self.agreed.take().unwrap_or_else(|| Bits::none(self.payments.rows()));
        self.bring(|item| !agreed.has(item))?;
        self.agreed = Some(agreed);
        Ok(())
    }

    /// Brings the items to memory whose families agree and are matched in full all the same, because something shares an id with them.
    ///
    /// # Errors
    /// What was written cannot be read.
    pub fn bring_needed(&mut self, is_needed: impl Fn((u32, u32)) -> bool) -> Result<(), MemoryError> {
        let mut needed = Bits::none(self.payments.rows());
        for partition in 0..self.payments.rows().div_ceil(FATES) {
            let fates = self.fates.read(partition as usize)?;
            fates.iter().filter(|fate| is_needed(fate.line)).for_each(|fate| needed.put(fate.item));
        }
        if let Some(agreed) = &mut self.agreed {
            needed.iter().for_each(|item| agreed.take_out(item));
        }
        self.bring(|item| needed.has(item))
    }

    fn bring(&mut self, is_wanted: impl Fn(u32) -> bool) -> Result<(), MemoryError> {
        let Self { left, payments, .. } = self;
        payments.read(
            |mut items| items.any(&is_wanted),
            |first, rows| {
                let wanted = (first..).zip(rows).filter(|(item, _)| is_wanted(*item));
                left.extend(wanted.map(|(_, row)| CarriedInTransit::from(row)));
                Ok::<(), MemoryError>(())
            },
        )?;
        left.sort_unstable_by(|one, other| one.item_id.cmp(&other.item_id));
        Ok(())
    }

    /// Shows the items whose families agree, some at a time, each with the place of the line that settles it today, if one does.
    ///
    /// # Errors
    /// What was written cannot be read, and what `show` says.
    pub fn each_agreed(
        &self,
        mut show: impl FnMut(Vec<(InTransitRow, Option<(u32, u32)>)>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(agreed) = &self.agreed else { return Ok(()) };
        let (mut fates, mut items) = ((u32::MAX, Vec::new()), Vec::with_capacity(ITEMS));
        self.payments.read(
            |mut items| items.any(|item| agreed.has(item)),
            |first, rows| {
                for (item, row) in (first..).zip(rows).filter(|(item, _)| agreed.has(*item)) {
                    if fates.0 != item / FATES {
                        fates = (item / FATES, self.fates.read((item / FATES) as usize).map_err(recall::failed)?);
                        fates.1.sort_unstable();
                    }
                    let known = fates.1.binary_search_by_key(&item, |fate| fate.item);
                    let at = known.map_err(|_| Failure::new(Kind::Integrity, NO_FATE))?;
                    items.push((row, fates.1[at].settled));
                }
                if items.len() < ITEMS { Ok(()) } else { show(std::mem::take(&mut items)) }
            },
        )?;
        show(items)
    }
}

/// What is marked of an item: of a payment whose line waits for its settlement under its own name.
fn plain(job: &Job<'_>, item: &CarriedInTransit) -> Option<WaitedItem> {
    let CarriedInTransit { item_id, request_id, antom_id, entry_type, currency, amount, side, business_date, .. } =
        item;
    let payment = EntryType::Payment;
    let is_plain = (*entry_type, *side) == (payment, Side::Report)
        && item.waits_for == WaitsFor::Settlement.as_str()
        && *item_id == job.names.item(&["report", payment.as_str(), request_id, antom_id]);
    let key = job.keys.key(payment.request_space(), request_id.as_bytes());
    let amount = i64::try_from(*amount).ok().filter(|_| is_plain)?;
    Some(WaitedItem { key, amount, currency: *currency, date: *business_date })
}

impl From<InTransitRow> for CarriedInTransit {
    fn from(row: InTransitRow) -> Self {
        Self {
            item_id: row.item_id,
            request_id: row.request_id,
            antom_id: row.antom_id,
            entry_type: row.entry_type,
            currency: row.currency,
            amount: row.amount,
            side: row.side,
            business_date: row.business_date,
            due_on: row.due_on,
            waits_for: row.waits_for.to_owned(),
            first_seen_on: Some(row.first_seen_on),
        }
    }
}
