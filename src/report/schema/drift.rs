//! Header drift: how a header differs from those of the files that were accepted last.
//!
//! Columns are compared by their names as written. A new order alone is no drift; cells without a name are no columns.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::columns::{ALIASES, canonical_names};
use super::header::distance;

/// Pairs of a vanished and an appeared column that are compared letter by letter. Antom's widest layout has some 80 columns; more
/// pairs than 500 of each come from no report, and are then named without guessing which became which.
const MAX_PAIRS: usize = 250_000;

/// Bytes of a name that is compared letter by letter: more than twice Antom's longest, so that the work per pair is bounded.
const MAX_NAME_BYTES: usize = 100;

/// How a header differs from the one that it is nearest to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drift {
    /// Columns that only the new header has, in its order.
    pub appeared: Vec<String>,
    /// Columns that only the earlier header has, in its order.
    pub vanished: Vec<String>,
    /// Columns that are likely the same under another name: the old one, the new one, in the order of the earlier header.
    pub renamed: Vec<(String, String)>,
    /// Columns of both headers that stand in another order, in that of the new header: as few as explain the difference.
    pub moved: Vec<String>,
}

/// Compares a header with the distinct headers of the kind's last accepted files. None if one of them has the same columns, in
/// whatever order, or if there is none yet.
#[must_use]
pub fn drift(before: &[Vec<String>], now: &[String]) -> Option<Drift> {
    let columns = set(now);
    let differences = |header: &&Vec<String>| set(header).symmetric_difference(&columns).count();
    // The first of those that are equally near.
    let nearest = before.iter().min_by_key(differences)?;
    if set(nearest) == columns {
        return None;
    }
    let earlier = set(nearest);
    let only = |header: &[String], other: &BTreeSet<&str>| -> Vec<(usize, String)> {
        let named = header.iter().enumerate().filter(|(_, name)| !name.is_empty());
        named.filter(|(_, name)| !other.contains(name.as_str())).map(|(at, name)| (at, name.clone())).collect()
    };
    let (mut vanished, mut appeared) = (only(nearest, &columns), only(now, &earlier));
    let renamed = pair_up(&mut vanished, &mut appeared);
    let names = |columns: Vec<(usize, String)>| columns.into_iter().map(|(_, name)| name).collect();
    Some(Drift { appeared: names(appeared), vanished: names(vanished), renamed, moved: moved(nearest, now) })
}

/// The columns that stand in another order than in every accepted header with the same columns, in their new order and as few as
/// explain it. Empty if one has the same order, or none has the same columns: a matter for a remark, not a drift.
#[must_use]
pub fn moved_only(before: &[Vec<String>], now: &[String]) -> Vec<String> {
    let same = before.iter().filter(|header| set(header) == set(now));
    same.map(|header| moved(header, now)).min_by_key(Vec::len).unwrap_or_default()
}

fn set(header: &[String]) -> BTreeSet<&str> {
    header.iter().map(String::as_str).filter(|name| !name.is_empty()).collect()
}

/// How likely two names stand for the same column; the less, the likelier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// Names of one documented column, or names that differ in case.
    Same,
    /// This many letters are different.
    Letters(usize),
    /// They stand at the same position and share a word.
    Position,
}

/// Takes out the pairs that are likely the same, the likeliest first, each column once; gives them in the order of `vanished`.
fn pair_up(vanished: &mut Vec<(usize, String)>, appeared: &mut Vec<(usize, String)>) -> Vec<(String, String)> {
    if vanished.len().saturating_mul(appeared.len()) > MAX_PAIRS {
        return Vec::new();
    }
    let mut likely = Vec::new();
    for old in vanished.iter() {
        for new in appeared.iter() {
            likely.extend(likeness(old, new).map(|likeness| (likeness, old.0, new.0)));
        }
    }
    likely.sort_unstable();
    let (mut pairs, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for (_, old, new) in likely {
        if !pairs.contains_key(&old) && taken.insert(new) {
            pairs.insert(old, new);
        }
    }
    let name = |columns: &[(usize, String)], place: usize| {
        columns.iter().find(|(at, _)| *at == place).map(|(_, name)| name.clone()).unwrap_or_default()
    };
    let renamed = pairs.iter().map(|(&old, &new)| (name(vanished, old), name(appeared, new))).collect();
    vanished.retain(|(at, _)| !pairs.contains_key(at));
    appeared.retain(|(at, _)| !taken.contains(at));
    renamed
}

fn likeness(old: &(usize, String), new: &(usize, String)) -> Option<Likeness> {
    let ((old_at, old), (new_at, new)) = (old, new);
    if let (Some(left), Some(right)) = (documented(old), documented(new)) {
        // Antom's pages tell them apart, however alike they look.
        return (left == right).then_some(Likeness::Same);
    }
    if old.to_lowercase() == new.to_lowercase() {
        return Some(Likeness::Same);
    }
    // A third of the shorter name, as a missing column's nearest name may differ.
    let (shorter, longer) = (old.len().min(new.len()), old.len().max(new.len()));
    if longer <= MAX_NAME_BYTES && longer - shorter <= shorter / 3 {
        let letters = distance(old, new);
        if letters <= shorter / 3 {
            return Some(Likeness::Letters(letters));
        }
    }
    (old_at == new_at && !words(old).is_disjoint(&words(new))).then_some(Likeness::Position)
}

/// The canonical name of a documented column, whatever the case.
fn documented(name: &str) -> Option<&'static str> {
    let aliases = ALIASES.iter().flat_map(|&(canonical, others)| others.iter().map(move |&other| (other, canonical)));
    let all = canonical_names().map(|known| (known, known)).chain(aliases);
    let mut found = all.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map(|(_, canonical)| canonical)
}

/// The words of a name, in lower case: `transactionAmountValue` has three.
fn words(name: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_lower) {
            words.insert(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase() || letter.is_numeric();
    }
    words.insert(word);
    words.remove("");
    words
}

/// The columns of both headers outside of a longest sequence that both have in the same order; in the order of `now`. Of several
/// such sequences it is always the same one.
fn moved(before: &[String], now: &[String]) -> Vec<String> {
    let places: BTreeMap<&str, usize> = before.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let named = now.iter().filter(|name| !name.is_empty());
    let common: Vec<(&String, usize)> =
        named.filter_map(|name| places.get(name.as_str()).map(|&at| (name, at))).collect();
    // Patience sorting: `ends[n]` is the item with the smallest place that ends an ascending sequence of n + 1 items.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; common.len()];
    for (item, &(_, place)) in common.iter().enumerate() {
        let length = ends.partition_point(|&end| common[end].1 < place);
        previous[item] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(item);
        } else {
            ends[length] = item;
        }
    }
    let mut stays = vec![false; common.len()];
    let mut item = ends.last().copied();
    while let Some(at) = item {
        stays[at] = true;
        item = previous[at];
    }
    common.iter().zip(stays).filter(|(_, stays)| !stays).map(|((name, _), _)| (*name).clone()).collect()
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let mut parts = Vec::new();
        for (names, deed) in [(&self.appeared, "appeared"), (&self.vanished, "vanished")] {
            if !names.is_empty() {
                parts.push(format!("{} {deed}", list(names)));
            }
        }
        if !self.renamed.is_empty() {
            let each = self.renamed.iter().map(|(old, new)| format!("`{old}` is likely `{new}` now"));
            parts.push(each.collect::<Vec<_>>().join(", "));
        }
        if !self.moved.is_empty() {
            parts.push(format!("{} moved", list(&self.moved)));
        }
        write!(f, "the header has other columns than that of the last accepted file: {}", parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(line: &str) -> Vec<String> {
        match line.trim() {
            "-" => Vec::new(),
            line => line.split_whitespace().map(|name| name.replace('_', "")).collect(),
        }
    }

    /// Each case is a line: headers before (apart by `|`), the header now, what the sentence says behind the colon. An underscore
    /// is a cell without a name.
    #[test]
    fn differences_between_headers() {
        let table = "
            a b c                        => a b c                    => none
            a b c                        => c a b                    => none
            a b c | a b                  => b a                      => none
            a b _                        => a b                      => none
            a b                          => _ a b                    => none
            alpha beta                   => alpha beta gamma         => `gamma` appeared
            alpha beta gamma             => gamma beta               => `alpha` vanished; `gamma` moved
            alpha beta                   => beta                     => `alpha` vanished
            alpha beta                   => alpha gamma_x _          => `gammax` appeared; `beta` vanished
            merchantId amount            => customerId amount        => `merchantId` is likely `customerId` now
            acquirer ARN x               => PSP acquirerReferenceNo x => `acquirer` is likely `PSP` now, `ARN` is likely `acquirerReferenceNo` now
            merchantId x                 => MERCHANTID x             => `merchantId` is likely `MERCHANTID` now
            storeName x                  => storename x              => `storeName` is likely `storename` now
            cardBrand x                  => cardBrands x             => `cardBrand` is likely `cardBrands` now
            feeCurrency x                => taxFeeCurrency x         => `taxFeeCurrency` appeared; `feeCurrency` vanished
            storeLabel x                 => merchantStore x          => `storeLabel` is likely `merchantStore` now
            storeLabel x                 => x merchantStore          => `merchantStore` appeared; `storeLabel` vanished
            shopName shopNames x         => shopNamed x              => `shopNames` vanished; `shopName` is likely `shopNamed` now
            shopName x                   => y shopNamex shopNamexy x => `y`, `shopNamexy` appeared; `shopName` is likely `shopNamex` now
            a b c d                      => d a b c e                => `e` appeared; `d` moved
            a b c d e f                  => f b a d e z              => `z` appeared; `c` vanished; `f`, `b` moved
            a b c | a b c d e            => a b c d                  => `d` appeared
            a b | a b c d e              => a b c d                  => `e` vanished
        ";
        let mut cases = 0;
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [before, now, expected] = row.split("=>").map(str::trim).collect::<Vec<_>>()[..] else {
                panic!("row `{row}`");
            };
            let before: Vec<Vec<String>> = before.split('|').map(header).collect();
            let found = drift(&before, &header(now)).map_or_else(|| "none".to_owned(), |drift| drift.to_string());
            let found = found
                .strip_prefix("the header has other columns than that of the last accepted file: ")
                .unwrap_or(&found);
            assert_eq!(found, expected, "`{row}`");
            cases += 1;
        }
        assert_eq!(cases, 23);
        assert_eq!(drift(&[], &header("a b")), None, "nothing to compare with");
    }

    #[test]
    fn columns_that_only_moved() {
        let table = "
            a b c         => a b c => -
            a b c         => c a b => c
            a b c d       => d c b a => d c b
            a b c | c a b => c a b => -
            a b c d | d c b a => a c b d => c
            a b c         => a b   => -
            a b           => b a c => -
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [before, now, expected] = row.split("=>").map(str::trim).collect::<Vec<_>>()[..] else {
                panic!("row `{row}`");
            };
            let before: Vec<Vec<String>> = before.split('|').map(header).collect();
            assert_eq!(moved_only(&before, &header(now)), header(expected), "`{row}`");
        }
        assert!(moved_only(&[], &header("a b")).is_empty());
    }

    #[test]
    fn words_of_names() {
        let table = [
            ("transactionAmountValue", "amount transaction value"),
            ("cardNumber(Last 4 digits)", "4 card digits last number"),
            ("PSP", "psp"),
            ("settlement_batch_id", "batch id settlement"),
            ("3DAuthentication", "3 dauthentication"),
        ];
        for (name, expected) in table {
            assert_eq!(words(name).into_iter().collect::<Vec<_>>().join(" "), expected, "`{name}`");
        }
    }

    #[test]
    fn a_header_of_thousands_of_columns_is_compared_in_time() {
        let many = |prefix: &str| (0..5_000).map(|at| format!("{prefix}{at}")).collect::<Vec<_>>();
        let found = drift(&[many("a")], &many("b")).expect("other columns");
        assert_eq!((found.appeared.len(), found.vanished.len(), found.renamed.len()), (5_000, 5_000, 0));
        let mut turned = many("a");
        turned.reverse();
        assert_eq!(moved_only(&[many("a")], &turned).len(), 4_999);
    }
}
