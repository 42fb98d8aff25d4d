//! Honest days: the usual mixture of payments and what follows them.

use super::calendar::{after, instant};
use super::layout::Layout;
use super::payments::{Follow, Maker};
use super::story::{Movement, Story};
use chrono::NaiveDate;

/// Hour of the settlement date at which Antom settles.
pub(super) const SETTLEMENT_SECOND: i64 = 20 * 3_600;

/// What a refund may be paid from (`antom.md`, 1.6), alone or together.
const SOURCES: [&[&str]; 4] = [&["SELLER"], &["MARKETPLACE"], &["UNSETTLED_FUNDS"], &["SELLER", "MARKETPLACE"]];

/// The life of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Wallet,
    CardAtOnce,
    Captured,
    CapturedTwice,
    Voided,
    Cancelled,
    Refunded,
    Disputed,
    DisputeWon,
    RapidlyResolved,
    RefundBounced,
}

/// Each life with its share of a hundred payments.
const MIXTURE: [(Life, u64); 11] = [
    (Life::Wallet, 48),
    (Life::CardAtOnce, 12),
    (Life::Captured, 14),
    (Life::CapturedTwice, 4),
    (Life::Voided, 3),
    (Life::Cancelled, 4),
    (Life::Refunded, 9),
    (Life::Disputed, 2),
    (Life::DisputeWon, 1),
    (Life::RapidlyResolved, 1),
    (Life::RefundBounced, 2),
];

impl Maker<'_> {
    /// `count` honest payments of `day`; the first ones go through every kind of life, the rest follow the mixture.
    pub(super) fn honest_day(&mut self, day: NaiveDate, count: u32) -> Vec<Story> {
        let mut lives: Vec<Life> = MIXTURE.iter().map(|(life, _)| *life).collect();
        let count = usize::try_from(count).expect("a number of payments fits");
        while lives.len() < count {
            let life = self.life();
            lives.push(life);
        }
        lives.iter().take(count).map(|life| self.live(*life, day)).collect()
    }

    fn life(&mut self) -> Life {
        let mut roll = self.rng.below(100);
        for (life, share) in MIXTURE {
            if roll < share {
                return life;
            }
            roll -= share;
        }
        Life::Wallet
    }

    fn live(&mut self, life: Life, day: NaiveDate) -> Story {
        let mut shape = self.shape(day);
        let amount = shape.amount_minor;
        match life {
            Life::Wallet => self.payment(&shape, false),
            Life::CardAtOnce => self.payment(&shape, true),
            Life::Captured => self.captured(&shape, &[amount]),
            Life::CapturedTwice => {
                let part = self.rng.between(amount / 4, amount / 2);
                self.captured(&shape, &[part, amount - part])
            }
            Life::Voided if self.plan.layout.names(Movement::Void) => {
                shape.settles_on = None;
                self.voided(&shape)
            }
            Life::Voided | Life::Cancelled => {
                shape.settles_on = None;
                let mut story = self.payment(&shape, false);
                self.cancel(&mut story, day);
                story
            }
            Life::Refunded => {
                let mut story = self.payment(&shape, false);
                self.some_refund(&mut story, day);
                story
            }
            Life::Disputed | Life::DisputeWon | Life::RapidlyResolved => {
                let mut story = self.payment(&shape, true);
                let rapid = life == Life::RapidlyResolved && self.plan.layout != Layout::Gen1;
                self.dispute(&mut story, rapid, day);
                if life == Life::DisputeWon {
                    self.win(&mut story, day);
                }
                story
            }
            Life::RefundBounced => {
                let mut story = self.payment(&shape, false);
                self.refund(&mut story, -(amount / 3), day, &["SELLER"]);
                self.bounce(&mut story, day, true);
                story
            }
        }
    }

    fn voided(&mut self, shape: &super::payments::Shape) -> Story {
        let mut story = self.authorized(shape);
        let at = shape.at + self.rng.between(300, 7_200);
        let follow = Follow { movement: Movement::Void, amount_minor: -shape.amount_minor, at };
        self.follow(&mut story, &follow, shape.day);
        if let Some(record) = &mut story.record {
            record.status = "CANCELLED";
        }
        story
    }

    fn cancel(&mut self, story: &mut Story, day: NaiveDate) {
        let at = story.first.at + self.rng.between(300, 3_600);
        let amount_minor = -story.first.amount_minor;
        self.follow(story, &Follow { movement: Movement::Cancel, amount_minor, at }, day);
        if let Some(record) = &mut story.record {
            record.status = "CANCELLED";
        }
    }

    /// A refund from any of the sources of `antom.md`, 1.6, or two of them, on the same day or the next.
    fn some_refund(&mut self, story: &mut Story, day: NaiveDate) {
        let whole = story.first.amount_minor;
        let amount = if self.rng.chance(25) { whole } else { self.rng.between(whole / 4, whole * 3 / 4) };
        let sources = self.rng.pick(&SOURCES);
        let later = after(day, 1) <= self.plan.last_day() && self.rng.chance(40);
        let day = if later { after(day, 1) } else { day };
        self.refund(story, -amount, day, sources);
    }

    /// Refunds `amount_minor` (negative) of a payment; a second source pays a fifth of it.
    pub(super) fn refund(
        &mut self,
        story: &mut Story,
        amount_minor: i64,
        day: NaiveDate,
        sources: &[&'static str],
    ) -> super::story::Line {
        let earliest = story.reported.iter().map(|reported| reported.line.at).max().unwrap_or(story.first.at);
        let at = earliest.max(instant(day, 600)) + self.rng.between(600, 5_400);
        let line = self.follow(story, &Follow { movement: Movement::Refund, amount_minor, at }, day);
        let booked = story.entries.len() - 1;
        story.entries[booked].refund_from = sources[0];
        if let Some(second) = sources.get(1) {
            let mut other = self.entry(&line);
            other.refund_from = second;
            other.occurred_at = story.entries[booked].occurred_at;
            other.amount_minor = amount_minor / 5;
            story.entries[booked].amount_minor = amount_minor - other.amount_minor;
            story.entries.push(other);
        }
        self.settle(story, line.clone(), self.plan.settlement_day(day));
        line
    }

    /// A chargeback of the whole payment, or its rapid resolution.
    pub(super) fn dispute(&mut self, story: &mut Story, rapid: bool, day: NaiveDate) -> super::story::Line {
        let movement = if rapid { Movement::RapidDisputeResolution } else { Movement::Dispute };
        let at = story.first.at + self.rng.between(3_600, 7_200);
        let amount_minor = -story.first.amount_minor;
        let line = self.follow(story, &Follow { movement, amount_minor, at }, day);
        self.settle(story, line.clone(), self.plan.settlement_day(day));
        line
    }

    /// The dispute was won: the money comes back under the same dispute id.
    fn win(&mut self, story: &mut Story, day: NaiveDate) {
        let Some(dispute) = story.line(Movement::Dispute).cloned() else {
            return;
        };
        let follow = Follow {
            movement: Movement::DisputeReversal,
            amount_minor: -dispute.amount_minor,
            at: dispute.at + self.rng.between(600, 3_600),
        };
        let mut line = self.unbooked(story, &follow);
        line.own_id = dispute.own_id;
        self.post(story, &line, day);
        self.settle(story, line, self.plan.settlement_day(day));
    }

    /// The refund of `day` bounced: told by settlement details alone (`antom.md`, 1.6). Returns the settled line.
    pub(super) fn bounce(&mut self, story: &mut Story, day: NaiveDate, booked: bool) -> Option<super::story::Line> {
        let refund = story.line(Movement::Refund).cloned()?;
        let on = self.plan.settlement_day(day);
        let follow = Follow {
            movement: Movement::RefundReversal,
            amount_minor: -refund.amount_minor,
            at: instant(on, SETTLEMENT_SECOND),
        };
        let mut line = self.unbooked(story, &follow);
        line.own_request_id = refund.own_request_id;
        if booked {
            let mut entry = self.entry(&line);
            entry.antom_id.clear();
            story.entries.push(entry);
        }
        self.settle(story, line, on);
        story.settled.last().map(|settled| settled.line.clone())
    }
}
