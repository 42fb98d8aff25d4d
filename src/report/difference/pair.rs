//! Which line of the newer content is which line of the older one.

use rayon::slice::ParallelSliceMut;

use super::mark::LineMark;
use super::{Counts, LineChange};

/// Pairs the lines of a partition. Of the lines about the same, those that say the same are paired first, then those of the same
/// party, batch and currency, then the rest in the order of their lines; what is left over was removed or added. The changes
/// are in no order ([`LineChange::place`]).
#[must_use]
pub fn pair(mut older: Vec<LineMark>, mut newer: Vec<LineMark>) -> (Counts, Vec<LineChange>) {
    for marks in [&mut older, &mut newer] {
        marks.par_sort_unstable_by_key(|mark| (mark.identity, mark.content, mark.line));
    }
    let mut pairs = Pairs::default();
    let (mut left, mut right) = (older.as_slice(), newer.as_slice());
    while let Some(identity) = left.first().into_iter().chain(right.first()).map(|mark| mark.identity).min() {
        let (before, after) = (take_group(&mut left, identity), take_group(&mut right, identity));
        pairs.group(before, after);
    }
    (pairs.counts, pairs.lines)
}

/// Takes the marks of an identity off the front.
fn take_group<'a>(marks: &mut &'a [LineMark], identity: crate::id::Key) -> &'a [LineMark] {
    let end = marks.iter().position(|mark| mark.identity != identity).unwrap_or(marks.len());
    let (group, rest) = marks.split_at(end);
    *marks = rest;
    group
}

#[derive(Default)]
struct Pairs {
    counts: Counts,
    lines: Vec<LineChange>,
    /// What is left of a group, in buffers that are reused.
    left: Vec<LineMark>,
    right: Vec<LineMark>,
    left_over: Vec<LineMark>,
    right_over: Vec<LineMark>,
}

impl Pairs {
    /// Pairs the lines of one identity, which are sorted by content and line.
    fn group(&mut self, older: &[LineMark], newer: &[LineMark]) {
        let (mut left, mut right) = (std::mem::take(&mut self.left), std::mem::take(&mut self.right));
        self.counts.same += matched(older, newer, |mark| mark.content, (&mut left, &mut right), |_, _| {});
        if !left.is_empty() && !right.is_empty() {
            for rest in [&mut left, &mut right] {
                rest.sort_unstable_by_key(|mark| (mark.within, mark.line));
            }
            let (mut left_over, mut right_over) =
                (std::mem::take(&mut self.left_over), std::mem::take(&mut self.right_over));
            let rest = (&mut left_over, &mut right_over);
            matched(&left, &right, |mark| mark.within, rest, |before, after| self.changed(before, after));
            for rest in [&mut left_over, &mut right_over] {
                rest.sort_unstable_by_key(|mark| mark.line);
            }
            let both = left_over.len().min(right_over.len());
            left_over.iter().zip(&right_over).for_each(|(before, after)| self.changed(before, after));
            left.clear();
            left.extend(left_over.drain(..).skip(both));
            right.clear();
            right.extend(right_over.drain(..).skip(both));
            (self.left_over, self.right_over) = (left_over, right_over);
        }
        self.counts.removed += left.len() as u64;
        self.counts.added += right.len() as u64;
        self.lines.extend(left.drain(..).map(|mark| LineChange::Removed(mark.span())));
        self.lines.extend(right.drain(..).map(|mark| LineChange::Added(mark.span())));
        (self.left, self.right) = (left, right);
    }

    fn changed(&mut self, before: &LineMark, after: &LineMark) {
        self.counts.changed += 1;
        self.lines.push(LineChange::Changed(before.span(), after.span()));
    }
}

/// Walks two lists that are sorted by `by`, hands pairs of equals over and the others back, and tells how many pairs there were.
fn matched(
    older: &[LineMark],
    newer: &[LineMark],
    by: impl Fn(&LineMark) -> u64,
    (left, right): (&mut Vec<LineMark>, &mut Vec<LineMark>),
    mut pair: impl FnMut(&LineMark, &LineMark),
) -> u64 {
    let (mut before, mut after) = (older.iter().peekable(), newer.iter().peekable());
    let mut pairs = 0;
    loop {
        match (before.peek(), after.peek()) {
            (Some(one), Some(other)) if by(one) == by(other) => {
                pair(one, other);
                pairs += 1;
                before.next();
                after.next();
            }
            (Some(one), Some(other)) if by(one) < by(other) => {
                left.push(**one);
                before.next();
            }
            (_, Some(other)) => {
                right.push(**other);
                after.next();
            }
            (Some(one), None) => {
                left.push(**one);
                before.next();
            }
            (None, None) => return pairs,
        }
    }
}
