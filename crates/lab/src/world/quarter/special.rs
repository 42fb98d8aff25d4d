//! The days on which files do not come as they should.

use chrono::NaiveDate;

/// When files come late, early, twice, not at all, or again with other content. No two of these fall on one day, and faults are
/// placed on other days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Special {
    /// Dates whose files all come with those of the day after the last of them; one list of days, weekends included, per outage.
    pub outages: Vec<Vec<NaiveDate>>,
    /// Transaction details come a day late, and nobody runs the date without them.
    pub waited_for: Option<NaiveDate>,
    /// Transaction details come when this date and the next were run without them.
    pub given_up: Option<NaiveDate>,
    /// This date's files are there a day before.
    pub early: Option<NaiveDate>,
    /// This date's files are delivered again with the same content, and the date is run again.
    pub repeated: Option<NaiveDate>,
    /// Transaction details come under a second name as well, which is withdrawn after the run.
    pub doubled: Option<NaiveDate>,
    /// No ending balances ever come.
    pub lacking: Option<NaiveDate>,
    /// The dates whose files are delivered again with other content, and how many dates are run before that.
    pub restatements: Vec<(NaiveDate, usize)>,
}

/// The name, or the path, under which the first part of a report comes a second time: that of the next part.
#[must_use]
pub fn second_name(name: &str) -> String {
    name.replace("_000.", "_001.")
}

impl Special {
    /// Spreads them over the business days.
    pub(super) fn of(business: &[NaiveDate]) -> Self {
        // Tenths of a percent: the first days belong to faults that need days before them, the last ones to corrections.
        let at = |share: usize| business[business.len() * share / 1_000];
        let long = business.len() * 750 / 1_000;
        let from_to = |first: NaiveDate, last: NaiveDate| first.iter_days().take_while(|day| *day <= last).collect();
        Self {
            restatements: vec![(at(150), 1), (at(380), 2), (at(600), 2)],
            early: Some(at(220)),
            waited_for: Some(at(300)),
            given_up: Some(at(450)),
            repeated: Some(at(520)),
            doubled: Some(at(680)),
            outages: vec![vec![at(75)], from_to(business[long], business[long + 1])],
            lacking: Some(at(900)),
        }
    }

    /// Whether the day is none of these, so that a fault may be listed first by its run.
    #[must_use]
    pub fn spares(&self, day: NaiveDate) -> bool {
        let single = [self.waited_for, self.given_up, self.early, self.repeated, self.doubled, self.lacking];
        let restated = self.restatements.iter().map(|(day, _)| *day);
        let outages = self.outages.iter().flatten().copied();
        !single.into_iter().flatten().chain(restated).chain(outages).any(|other| other == day)
    }
}

#[cfg(test)]
mod tests {
    use super::Special;
    use crate::world::calendar::business_after;
    use chrono::NaiveDate;

    #[test]
    fn every_special_day_is_a_day_of_its_own() {
        let first = NaiveDate::from_ymd_opt(2026, 9, 7).expect("a Monday");
        for count in super::super::MIN_BUSINESS_DAYS..=60 {
            let business: Vec<NaiveDate> = (0..count).map(|index| business_after(first, index)).collect();
            let special = Special::of(&business);
            let free = business.iter().filter(|day| special.spares(**day)).count();
            assert_eq!(business.len() - free, 6 + 3 + 3, "{count} days: {special:?}");
        }
    }
}
