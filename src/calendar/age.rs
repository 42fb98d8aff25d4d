//! Ages of what is open, in buckets that controllers know.

use std::fmt;

/// A range of ages, in business days of the settlement calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgeBucket(u8);

impl AgeBucket {
    /// The last age of each bucket but the last one's, which has none.
    const LAST: [u32; 6] = [1, 3, 7, 30, 60, 90];

    /// The words of the buckets. A dash between the numbers would make a spreadsheet read some of them as dates.
    const WORDS: [&'static str; 7] = ["0 to 1", "2 to 3", "4 to 7", "8 to 30", "31 to 60", "61 to 90", "over 90"];

    /// The bucket of an age in business days.
    #[must_use]
    pub fn of(age_days: u32) -> Self {
        let at = Self::LAST.iter().position(|&last| age_days <= last).unwrap_or(Self::LAST.len());
        Self(u8::try_from(at).unwrap_or(u8::MAX))
    }

    /// The bucket in words: `4 to 7`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

impl fmt::Display for AgeBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_end_where_they_say() {
        let words: Vec<&str> =
            [0, 1, 2, 3, 4, 7, 8, 30, 31, 60, 61, 90, 91, u32::MAX].map(|age| AgeBucket::of(age).as_str()).to_vec();
        let expected = [
            "0 to 1", "0 to 1", "2 to 3", "2 to 3", "4 to 7", "4 to 7", "8 to 30", "8 to 30", "31 to 60", "31 to 60",
            "61 to 90", "61 to 90", "over 90", "over 90",
        ];
        assert_eq!(words, expected);
        assert!(AgeBucket::of(7) < AgeBucket::of(8));
    }
}
