//! The known word that is nearest to a mistyped one.

/// Number of letters to insert, delete, replace or swap with their neighbour to make `b` of `a`.
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let width = b.len() + 1;
    let mut cost = vec![0; (a.len() + 1) * width];
    for row in 0..=a.len() {
        for column in 0..width {
            let at = row * width + column;
            cost[at] = if row == 0 || column == 0 {
                row + column
            } else {
                let replace = cost[at - width - 1] + usize::from(a[row - 1] != b[column - 1]);
                let mut best = replace.min(cost[at - width] + 1).min(cost[at - 1] + 1);
                if row > 1 && column > 1 && a[row - 1] == b[column - 2] && a[row - 2] == b[column - 1] {
                    best = best.min(cost[at - 2 * width - 2] + 1);
                }
                best
            };
        }
    }
    cost[cost.len() - 1]
}

/// How far a known word is: one that contains the other (`password`, `password_file`) is as near as two typing errors.
fn score(found: &str, known: &str) -> (usize, usize) {
    let distance = distance(found, known);
    let contains = found.len() >= 3 && known.contains(found) || known.len() >= 3 && found.contains(known);
    (if contains { distance.min(2) } else { distance }, distance)
}

/// The nearest of the known words, the first of several.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().min_by_key(|known| score(found, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_lead_to_the_word_that_was_meant() {
        let known = ["host", "port", "password_file", "private_key_file", "host_key", "budget"];
        for (found, meant) in [
            ("hots", "host"),
            ("HOST", "host"),
            ("prot", "port"),
            ("password", "password_file"),
            ("hostkey", "host_key"),
            ("bugdet", "budget"),
        ] {
            assert_eq!(nearest(found, known), Some(meant), "`{found}`");
        }
        assert_eq!(nearest("anything", []), None);
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("same", "same"), 0);
    }
}
