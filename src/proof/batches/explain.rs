//! Why a batch does not agree with its summary, in words that say where to look.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::id::Symbol;
use crate::money::Currency;
use crate::report::{SummaryLine, SummaryRole};

use super::super::TypeSum;
use super::super::files::{KeyText, Seen, lines, money, spot};
use super::super::summary::{Group, GroupKey};
use super::{BatchInputs, Comparison, Pair};

/// What explanations need to know of all batches, gathered once.
pub(super) struct Hints<'a> {
    /// What all parties of a batch come to in details and in the summary.
    whole: HashMap<(bool, Symbol, Currency), (i128, i128)>,
    /// Batches of which the details have a line.
    with_lines: HashSet<Symbol>,
    /// Their ids as text.
    ids: Vec<String>,
    /// How many rows of summaries could not be read, by batch id.
    unread: HashMap<&'a str, u64>,
}

impl<'a> Hints<'a> {
    pub(super) fn of(input: &BatchInputs<'a>, comparison: &Comparison<'a>) -> Self {
        let (mut whole, mut with_lines) = (HashMap::<_, (i128, i128)>::new(), HashSet::new());
        for (of, pair) in &comparison.pairs {
            let sums = whole.entry(scope(*of)).or_default();
            sums.0 += pair.details.net;
            sums.1 += pair.figure().unwrap_or_default();
            if pair.details.lines > 0 {
                with_lines.insert(of.key.batch);
            }
        }
        let mut unread = HashMap::new();
        let files = input.summaries.iter().chain(input.earlier_summaries);
        for reject in files.flat_map(|file| &file.parsed.rejects) {
            *unread.entry(reject.text.batch_id.as_str()).or_default() += 1;
        }
        let mut ids: Vec<String> = with_lines.iter().map(|&batch| input.symbols.text(batch)).collect();
        ids.retain(|id| !id.is_empty());
        Self { whole, with_lines, ids, unread }
    }
}

/// A batch as a whole.
fn scope(of: GroupKey) -> (bool, Symbol, Currency) {
    (of.all_parties, of.key.batch, of.key.currency)
}

/// What was found on both sides, then what may be the reason.
pub(super) fn explain(
    input: &BatchInputs<'_>,
    comparison: &Comparison<'_>,
    hints: &Hints<'_>,
    (of, pair, text): (GroupKey, &Pair<'_>, &KeyText),
) -> String {
    let who = text.who(of.all_parties);
    let details = details(input, pair, text);
    let mut parts = vec![match (&pair.summary, pair.details.lines) {
        (Some(group), 1..) => {
            let apart = text.money(group.figure() - pair.details.net);
            format!("{who}: {details}, {}, a difference of {apart}", summary(group, text))
        }
        (Some(group), 0) => {
            let known = hints.with_lines.contains(&of.key.batch);
            let lacking = if known { "no line for this party and currency" } else { "no line of this batch" };
            format!("{who}: {}, the settlement details have {lacking}", summary(group, text))
        }
        (None, _) if comparison.has_rows(of.key.batch) => {
            format!("{who}: {details}, the summary has no row for this party and currency")
        }
        (None, _) => format!("{who}: {details}, no summary has a row of this batch"),
    }];
    parts.extend(pair.summary.as_ref().and_then(|group| types(input, pair, group, text)));
    if hints.whole.get(&scope(of)).is_some_and(|(details, summary)| details == summary) {
        parts.push("over all parties the batch agrees: look for amounts under another party".to_owned());
    }
    parts.extend(incomplete(input, hints, text));
    parts.extend(unread(input, hints, text));
    parts.join("; ")
}

/// The details' side in words.
fn details(input: &BatchInputs<'_>, pair: &Pair<'_>, text: &KeyText) -> String {
    let sum = &pair.details;
    let mut words = format!("the settlement details come to {} in {}", text.money(sum.net), lines(sum.lines));
    if let Some(first) = pair.first_today.or(sum.first) {
        words.push_str(&format!(", the first at {}", spot(&(input.file_name)(first.file), first.line)));
    }
    if pair.earlier > 0 {
        words.push_str(&format!(", {} of them of earlier days", pair.earlier));
    }
    words
}

/// The summary's side in words.
fn summary(group: &Group<'_>, text: &KeyText) -> String {
    let rows = group.decisive();
    let places: Vec<String> = rows.iter().take(3).map(|seen| spot(&seen.file.name, seen.line.place.line)).collect();
    let more = if rows.len() > places.len() { ", …" } else { "" };
    format!("the summary says {} ({}{more})", text.money(group.figure()), places.join(" + "))
}

/// Which types differ, where the summary has rows for types.
fn types(input: &BatchInputs<'_>, pair: &Pair<'_>, group: &Group<'_>, text: &KeyText) -> Option<String> {
    let has_types =
        |seen: &Seen<'_, SummaryLine>| matches!(seen.line.role, SummaryRole::Type | SummaryRole::Correction);
    if !group.others.iter().any(has_types) {
        return None;
    }
    // A count of none is a row that states none.
    let mut rows = BTreeMap::<String, (i128, Option<u128>)>::new();
    for seen in group.others.iter().filter(|seen| has_types(seen)) {
        let row = rows.entry(input.symbols.text(seen.line.raw_type).to_uppercase()).or_insert((0, Some(0)));
        row.0 += i128::from(seen.line.net);
        row.1 = row.1.zip(seen.line.count).map(|(sum, count)| sum + u128::from(count));
    }
    let mut found = BTreeMap::<String, TypeSum>::new();
    for (&raw_type, sum) in &pair.details.types {
        let of_type = found.entry(input.symbols.text(raw_type).to_uppercase()).or_default();
        of_type.lines += sum.lines;
        of_type.net += sum.net;
    }
    let words: BTreeSet<&String> = rows.keys().chain(found.keys()).collect();
    let mut differing = Vec::new();
    for word in words {
        let details = found.get(word).copied().unwrap_or_default();
        let (net, count) = rows.get(word).copied().unwrap_or((0, Some(0)));
        if details.net != net || count.is_some_and(|count| count != u128::from(details.lines)) {
            let counted = count.map_or_else(String::new, |count| format!(" in {count}"));
            differing.push(format!(
                "`{word}`: details {} in {}, summary {}{counted}",
                text.money(details.net),
                lines(details.lines),
                money(net, text.currency)
            ));
        }
    }
    if differing.is_empty() {
        return Some("every type agrees: look at the row `TOTAL`".to_owned());
    }
    Some(format!("types that differ: {}", differing.join(", ")))
}

/// Parts of the details that are missing: those that name the batch, else those that name no batch at all.
fn incomplete(input: &BatchInputs<'_>, hints: &Hints<'_>, text: &KeyText) -> Option<String> {
    let of_batch = |name: &&String| !text.batch.is_empty() && name.contains(&text.batch);
    let mut names: Vec<&String> = input.incomplete.iter().filter(of_batch).collect();
    if names.is_empty() {
        let of_another = |name: &&String| hints.ids.iter().any(|id| name.contains(id.as_str()));
        names = input.incomplete.iter().filter(|name| !of_another(name)).collect();
    }
    names.sort_unstable();
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("a part of the settlement details is missing: {}", names.join(", ")))
}

/// Lines of the batch that could not be read.
fn unread(input: &BatchInputs<'_>, hints: &Hints<'_>, text: &KeyText) -> Option<String> {
    let summary = hints.unread.get(text.batch.as_str()).copied().unwrap_or_default();
    let details = input.rejected.get(&text.batch).copied().unwrap_or_default();
    let words = |count: u64, of: &str| (count > 0).then(|| format!("{} of the {of}", lines(count)));
    let both: Vec<String> =
        [words(details, "settlement details"), words(summary, "summary")].into_iter().flatten().collect();
    (!both.is_empty()).then(|| format!("of this batch {} could not be read", both.join(" and ")))
}
