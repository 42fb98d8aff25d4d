//! What runs said about one id, from the first day to the last, superseded revisions included.

use sqlx::FromRow;

use super::carried::CarriedInTransit;
use super::error::StoreError;
use super::pool::{Store, on_pool};
use super::rows::{ClearedItemRow, DiscrepancyRow, InTransitItemRow, date};
use crate::calendar::{BusinessDate, Instant};
use crate::discrepancy::{ClearedRow, Discrepancy};

const DOING: &str = "reading the history of an id";

/// What a run said about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was in transit.
    InTransit(CarriedInTransit),
    /// It was listed as a discrepancy.
    Listed(Box<Discrepancy>),
    /// It was closed.
    Cleared(ClearedRow),
}

/// An event, and the run that said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The run's business date.
    pub run_date: BusinessDate,
    /// The run's revision.
    pub revision: u32,
    /// Whether a later revision of the same date stands in its place.
    pub superseded: bool,
    /// When the run was done.
    pub finished_at: Instant,
    /// What it said.
    pub event: Event,
}

impl Happening {
    /// The id of the item or discrepancy.
    #[must_use]
    pub fn item_id(&self) -> &str {
        match &self.event {
            Event::InTransit(item) => &item.item_id,
            Event::Listed(row) => row.discrepancy_id.as_str(),
            Event::Cleared(row) => &row.item_id,
        }
    }

    /// The ids that the movement goes by, as far as they are known.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let ids: &[&String] = match &self.event {
            Event::InTransit(item) => &[&item.request_id, &item.antom_id],
            Event::Listed(row) => {
                &[&row.request_id, &row.antom_id, &row.original_request_id, &row.original_antom_id, &row.order_id]
            }
            Event::Cleared(row) => &[&row.request_id, &row.antom_id],
        };
        ids.iter().filter(|id| !id.is_empty()).map(|id| (*id).clone()).collect()
    }

    /// The movement's business date, and the run's.
    #[must_use]
    pub fn dates(&self) -> [BusinessDate; 2] {
        let movement = match &self.event {
            Event::InTransit(item) => item.business_date,
            Event::Listed(row) => row.business_date,
            Event::Cleared(row) => row.business_date,
        };
        [movement, self.run_date]
    }

    /// The order in which a run says what it says: in transit, listed, cleared.
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self.event {
            Event::InTransit(_) => 0,
            Event::Listed(_) => 1,
            Event::Cleared(_) => 2,
        }
    }
}

/// The run's columns, under names that no item has, beside the item's own.
#[derive(FromRow)]
struct HappeningRow<T> {
    of_run_date: String,
    of_revision: i64,
    of_newest: i64,
    of_finished_at_ms: i64,
    #[sqlx(flatten)]
    item: T,
}

/// The query for one table of items whose id column is `$id`; a further condition may follow.
macro_rules! history_of {
    ($table:literal, $id:literal) => {
        history_of!($table, $id, "")
    };
    ($table:literal, $id:literal, $or:literal) => {
        concat!(
            "SELECT runs.business_date AS of_run_date, runs.revision AS of_revision,
             (SELECT MAX(revision) FROM runs AS newest WHERE newest.platform_merchant_id = runs.platform_merchant_id
                 AND newest.business_date = runs.business_date) AS of_newest,
             runs.finished_at_ms AS of_finished_at_ms, item.* FROM ",
            $table,
            " AS item JOIN runs ON runs.run_id = item.run_id WHERE runs.platform_merchant_id = $1 AND (item.",
            $id,
            " = $2 OR item.request_id = $2 OR item.antom_id = $2",
            $or,
            ") ORDER BY runs.run_id, item.",
            $id
        )
    };
}

impl Store {
    /// Everything that runs said about a discrepancy id, item id, request id, Antom id or, of discrepancies, order id: by date, then revision; within a
    /// run what is in transit, then what is listed, then what was cleared.
    ///
    /// # Errors
    /// As any query.
    pub async fn history(&self, merchant: &str, id: &str) -> Result<Vec<Happening>, StoreError> {
        if id.is_empty() {
            return Ok(Vec::new());
        }
        macro_rules! rows {
            ($row:ty, $sql:expr) => {{
                let rows: Vec<HappeningRow<$row>> = self
                    .within(DOING, async {
                        on_pool!(&self.pool, pool => {
                            sqlx::query_as($sql).bind(merchant).bind(id).fetch_all(pool).await
                        })
                    })
                    .await?;
                rows
            }};
        }
        let mut happenings = Vec::new();
        for row in rows!(InTransitItemRow, history_of!("run_in_transit", "item_id")) {
            happenings.push(self.happening(row, |item| item.into_item().map(Event::InTransit))?);
        }
        for row in rows!(DiscrepancyRow, history_of!("run_discrepancies", "discrepancy_id", " OR item.order_id = $2")) {
            happenings.push(self.happening(row, |item| Ok(Event::Listed(Box::new(item.into_discrepancy()?))))?);
        }
        for row in rows!(ClearedItemRow, history_of!("run_cleared", "item_id")) {
            happenings.push(self.happening(row, |item| item.into_cleared().map(Event::Cleared))?);
        }
        // Stable: what belongs to one run stays in the order above.
        happenings.sort_by_key(|happening| (happening.run_date, happening.revision));
        Ok(happenings)
    }

    fn happening<T>(
        &self,
        row: HappeningRow<T>,
        event: impl FnOnce(T) -> Result<Event, String>,
    ) -> Result<Happening, StoreError> {
        let damaged = |problem| self.damaged(DOING, problem);
        Ok(Happening {
            run_date: date("business_date", &row.of_run_date).map_err(damaged)?,
            revision: self.revision(row.of_revision)?,
            superseded: row.of_newest > row.of_revision,
            finished_at: Instant::from_millis(row.of_finished_at_ms),
            event: event(row.item).map_err(damaged)?,
        })
    }
}
