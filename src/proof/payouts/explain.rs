//! Why a payout was not found, in words that name what there was instead.

use crate::report::ActivityLine;

use super::super::files::{Seen, rejected, spot};
use super::{Expected, PayoutInputs};

/// How many candidates are named.
const NAMED: usize = 3;

pub(super) fn explain(
    input: &PayoutInputs<'_>,
    payout: &Expected<'_>,
    only: Option<Seen<'_, ActivityLine>>,
    left: &[Seen<'_, ActivityLine>],
) -> String {
    let text = &payout.text;
    let who = text.who(payout.of.all_parties);
    let place = spot(&payout.first.file.name, payout.first.line.place.line);
    let window = if payout.on == payout.due {
        format!("on {}", payout.on)
    } else {
        format!("from {} to {}", payout.on, payout.due)
    };
    let mut parts = vec![format!("{who}: the summary pays {} ({place})", text.money(payout.net))];
    parts.push(match (only, left) {
        (Some(seen), _) => format!(
            "{} left account `{}` instead ({}), the only payout that is left {window}",
            text.money(-i128::from(seen.line.amount)),
            input.symbols.text(seen.line.account),
            spot(&seen.file.name, seen.line.place.line)
        ),
        (None, []) => format!("no payout left the party's accounts {window} that belongs to no other batch"),
        (None, left) => {
            let named: Vec<String> = left.iter().take(NAMED).map(|seen| candidate(input, payout, seen)).collect();
            let more = if left.len() > NAMED { format!(" and {} more", left.len() - NAMED) } else { String::new() };
            format!(
                "no movement of this amount left the party's accounts {window}; others did: {}{more}",
                named.join(", ")
            )
        }
    });
    let unread = rejected(input.activity);
    if unread > 0 {
        let count = super::super::files::lines(u64::try_from(unread).unwrap_or(u64::MAX));
        parts.push(format!("{count} of the activity could not be read"));
    }
    parts.join("; ")
}

fn candidate(input: &PayoutInputs<'_>, payout: &Expected<'_>, seen: &Seen<'_, ActivityLine>) -> String {
    let amount = payout.text.money(seen.line.amount.into());
    let place = spot(&seen.file.name, seen.line.place.line);
    let settled = input.outgoing.has(payout.of, seen.line.amount);
    let known = if settled { ", the amount of a settled refund, dispute or the like" } else { "" };
    format!("{amount} ({place}{known})")
}
