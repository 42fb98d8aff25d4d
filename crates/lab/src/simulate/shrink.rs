//! The smallest set of faults that still fails.

/// Leaves out whatever is not needed for `fails` to stay true, in ever smaller parts. `items` fail as a whole; the result fails
/// as well, and would not with any single one of its items left out.
pub(super) fn shrink<T: Clone>(items: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    let mut size = kept.len();
    while size > 0 {
        let mut start = 0;
        let mut left_out = false;
        while start < kept.len() {
            let end = (start + size).min(kept.len());
            let others = [&kept[..start], &kept[end..]].concat();
            if fails(&others) {
                (kept, left_out) = (others, true);
            } else {
                start = end;
            }
        }
        size = if left_out && size == 1 { 1 } else { size / 2 };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::shrink;

    #[test]
    fn only_what_matters_is_left() {
        let items: Vec<u32> = (0..23).collect();
        let mut asked = 0;
        let kept = shrink(&items, |some| {
            asked += 1;
            some.contains(&3) && some.contains(&17)
        });
        assert_eq!(kept, [3, 17]);
        assert!(asked < 40, "{asked}");
        assert_eq!(shrink(&items, |_| true), Vec::<u32>::new());
        assert_eq!(shrink(&[1], |some| some == [1]), [1]);
    }

    #[test]
    fn what_fails_for_more_than_one_reason_is_left_with_one() {
        let items: Vec<u32> = (0..8).collect();
        assert_eq!(shrink(&items, |some| some.contains(&1) || some.contains(&6)), [6]);
    }
}
