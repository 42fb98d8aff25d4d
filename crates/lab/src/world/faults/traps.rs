//! Honest cases that look like faults: a correct program matches them or lets them wait.

use crate::world::calendar::{DAY_SECONDS, before, instant};
use crate::world::expected::Waiting;
use crate::world::payments::Maker;
use crate::world::story::Story;

/// The stories of the last days that cross midnight or wait, with those that must be waiting after the last run.
pub(in crate::world) fn traps(maker: &mut Maker<'_>) -> (Vec<Story>, Vec<Waiting>) {
    let mut stories = vec![entry_before_midnight(maker)];
    stories.extend(entry_after_midnight(maker));
    let mut waiting = Vec::new();
    for (story, why) in [
        (booked_at_the_cut_off(maker), "booked within the grace before the day's end"),
        (pending(maker), "pending in the ledger, and not yet for long"),
    ] {
        let request_id = story.first.own_request_id.clone();
        waiting.push(Waiting { why, request_id, entry_type: "PAYMENT", side: "ledger" });
        stories.push(story);
    }
    (stories, waiting)
}

/// Booked two minutes before midnight, reported half a minute after it: matches, and crosses the period.
fn entry_before_midnight(maker: &mut Maker<'_>) -> Story {
    let day = maker.plan.last_day();
    let mut shape = maker.shape(day);
    shape.at = instant(day, 30);
    let mut story = maker.payment(&shape, false);
    story.entries[0].occurred_at = instant(day, -120);
    story
}

/// Reported in the last seconds of a day, booked in the first ones of the next. The run of the last day is the second
/// one to see it, so a world of one day has no room for it.
fn entry_after_midnight(maker: &mut Maker<'_>) -> Option<Story> {
    let last = maker.plan.last_day();
    let day = before(last, 1);
    if day < maker.plan.first_day {
        return None;
    }
    let mut shape = maker.shape(day);
    shape.at = instant(day, DAY_SECONDS - 12);
    let mut story = maker.payment(&shape, false);
    story.entries[0].occurred_at = instant(last, 9);
    Some(story)
}

/// Booked five minutes before midnight; Antom will report it tomorrow.
fn booked_at_the_cut_off(maker: &mut Maker<'_>) -> Story {
    let day = maker.plan.last_day();
    let mut shape = maker.shape(day);
    (shape.at, shape.settles_on) = (instant(day, DAY_SECONDS - 300), None);
    let mut story = maker.payment(&shape, false);
    story.reported.clear();
    story
}

/// The buyer has not finished paying.
fn pending(maker: &mut Maker<'_>) -> Story {
    let mut shape = maker.shape(maker.plan.last_day());
    shape.settles_on = None;
    let mut story = maker.payment(&shape, false);
    story.reported.clear();
    story.entries[0].status = "PENDING";
    if let Some(record) = &mut story.record {
        record.status = "PROCESSING";
        (record.payment_time, record.earliest_settlement_time) = (None, None);
    }
    story
}
