//! The proofs of a day: what its reports say of each other, from the files alone. `run` and `check` prove the same way.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{BusinessDate, SettlementCalendar};
use crate::conservation::{ControlTotals, Imbalance, StatementCell};
use crate::discrepancy::Names;
use crate::export::{ProofName, ProofSummary};
use crate::id::{DiscrepancyId, Symbol, Symbols};
use crate::kind::DiscrepancyKind;
use crate::matching::DayReport;
use crate::money::{Currency, Tally};
use crate::movement::ReportKind;
use crate::proof::{
    self, AccountRow, BalanceInputs, BatchInputs, BatchKey, BatchRow, BatchSums, DayStatement, Held, HeldRow, Outgoing,
    PayoutInputs, Places, ProofFinding, Proved, RowProof, control_totals, join_places, merge_sums, prove_balances,
    prove_batches, prove_payouts,
};
use crate::report::{ActivityLine, BalanceLine, Generation, Place, SummaryLine};

use super::intake::Reports;
use super::options;

/// Discrepancies about payouts, by batch.
pub type OpenPayouts = BTreeMap<String, BTreeSet<DiscrepancyId>>;

/// What the proofs of earlier days left open that this day's files may close.
#[derive(Debug, Default)]
pub struct OpenProofs {
    /// Payouts that were missing or wrong, now or when the days began of which all payouts are known.
    pub payouts: OpenPayouts,
    /// Batches with a `BATCH_TOTAL`.
    pub batches: BTreeSet<String>,
    /// Those of them that people took up again: they are judged over all days, for nobody looked while they were settled.
    pub reopened: BTreeSet<String>,
    /// What of it was left by other runs than the one before, as a text: if that changed, a rerun is another run.
    pub remembered: String,
}

/// The reports of a day, and what they are held against.
pub struct DayToProve<'a> {
    /// The day.
    pub today: BusinessDate,
    /// Settlement details of the day; those of earlier days are passed over.
    pub settlements: &'a [DayReport],
    /// What the lines of earlier days' settlement details come to.
    pub earlier_sums: &'a BatchSums,
    /// What went out in those lines of earlier days that `settlements` leaves out.
    pub earlier_outgoing: &'a Outgoing,
    /// What the day's settlement lines prove, line by line.
    pub rows: &'a RowProof,
    /// Settlement summaries of the day and of earlier days.
    pub summaries: &'a [DayStatement<SummaryLine>],
    /// Account activity of the day, and of the days in which a payout may still be due.
    pub activities: &'a [DayStatement<ActivityLine>],
    /// Balances of the day and of the day before.
    pub balances: &'a [DayStatement<BalanceLine>],
    /// The latest date before the day before that has balances.
    pub last_balances: Option<BusinessDate>,
    /// Files and sets of the day that are not whole: of which report, and the name.
    pub broken_sets: &'a [(ReportKind, String)],
    /// What was held before the day.
    pub held: &'a [Held],
    /// What earlier days left open.
    pub open: &'a OpenProofs,
    /// Whether fees are judged by a contract.
    pub has_schedule: bool,
    /// Whether the day is known: of files without dates, nobody knows which payouts are due.
    pub is_dated: bool,
    /// Whether batches are judged only if the day has settlement details: some files of a day say nothing of the others.
    pub needs_details: bool,
    /// The first date of which all payouts are looked at ([`options::payouts_from`]).
    pub payouts_from: BusinessDate,
    /// Business days until a payout is due.
    pub payout_due_days: u32,
    /// The words for payouts in the activity.
    pub payout_types: &'a [String],
    /// The settlement calendar.
    pub calendar: &'a SettlementCalendar,
    /// The texts of symbols.
    pub symbols: &'a Symbols,
    /// The ids of discrepancies.
    pub names: &'a Names,
    /// The name of a file by a line's [`Place::file`].
    pub file_name: &'a dyn Fn(u32) -> String,
    /// The text of the log id at a place.
    pub log_id: &'a dyn Fn(Place) -> String,
}

/// A batch of which the day judged anything.
#[derive(Debug, Default)]
pub struct JudgedBatch {
    /// The `BATCH_TOTAL` that each of its parties and currencies would have, and whether its details and summary agree.
    pairs: BTreeMap<DiscrepancyId, bool>,
}

impl JudgedBatch {
    /// Whether what a `BATCH_TOTAL` is about agrees: its own pair, or every one if the pair is gone because a summary came that
    /// names parties otherwise.
    #[must_use]
    pub fn agrees(&self, id: &DiscrepancyId) -> bool {
        self.pairs.get(id).copied().unwrap_or_else(|| self.pairs.values().all(|agrees| *agrees))
    }
}

/// What the proofs of a day came to.
pub struct Proofs {
    /// A row per batch, party and currency of the day.
    pub batches: Vec<BatchRow>,
    /// A row per account.
    pub accounts: Vec<AccountRow>,
    /// What is held per party and currency.
    pub held: Vec<HeldRow>,
    /// What was found about batches, totals, accounts and payouts.
    pub findings: Vec<ProofFinding>,
    /// Each proof with its result.
    pub summaries: Vec<ProofSummary>,
    /// What details and summaries say of each other now, per batch that the day judged and of which something was open.
    pub judged: BTreeMap<String, JudgedBatch>,
    /// Payouts that were found, by the discrepancies that they close: the amount, and the name and line of the movement.
    pub paid: BTreeMap<DiscrepancyId, (i128, String, u32)>,
    /// What the operator should know.
    pub remarks: Vec<String>,
    summary_places: Places,
    activity_places: Places,
    balance_places: Places,
}

impl DayToProve<'_> {
    /// Runs every proof that the day's reports allow.
    #[must_use]
    pub fn prove(&self) -> Proofs {
        let summaries = of_date(self.summaries, self.today);
        let activity = of_date(self.activities, self.today);
        let balances = of_date(self.balances, self.today);
        let totals = control_totals(summaries, self.symbols);
        let has_details = self.settlements.iter().any(|file| file.date == self.today);
        let mut batches = self.batches(if has_details || !self.needs_details { summaries } else { &[] });
        if batches.places.is_empty() {
            batches.places = summaries.iter().map(|file| vec![Proved::NotRun; file.parsed.lines.len()]).collect();
        }
        let payouts = if self.is_dated { self.payouts() } else { self.undated_payouts() };
        payouts.add_to(&mut batches.rows);
        let mut accounts = prove_balances(&BalanceInputs {
            today: self.today,
            before: of_date(self.balances, self.today.minus_days(1)),
            last_before: self.last_balances,
            activity,
            balances,
            incomplete: &self.broken(&[ReportKind::AccountActivity, ReportKind::DailyEndingBalance]),
            symbols: self.symbols,
            log_id: self.log_id,
        });
        // Who gets none of these reports need not be told every day that they are not proved.
        if activity.is_empty() && balances.is_empty() {
            accounts.remarks.clear();
        }
        if self.summaries.is_empty() {
            batches.remarks.clear();
        }
        let mut places = batches.places;
        join_places(&mut places, &totals.places);
        let mut proofs = Proofs {
            held: proof::held(self.held, &self.rows.sums, self.symbols),
            findings: Vec::new(),
            summaries: Vec::new(),
            judged: self.judged_batches(&[batches.rows.as_slice(), &self.reopened_batches()].concat()),
            paid: self.paid(&payouts),
            remarks: Vec::new(),
            summary_places: places,
            activity_places: accounts.activity,
            balance_places: accounts.balances,
            accounts: accounts.rows,
            batches: batches.rows,
        };
        proofs.summaries = self.summarise(&proofs, &totals, &payouts, (&batches.remarks, &accounts.remarks));
        proofs.remarks.extend(proofs.held.iter().filter(|row| row.now() < 0).map(|row| {
            let (amount, who) =
                (row.currency.major(row.now()), if row.party.is_empty() { &row.merchant } else { &row.party });
            format!("more {} was given back to `{who}` than was seen taken: {amount} {}", row.kind, row.currency)
        }));
        for remarks in [batches.remarks, totals.remarks, payouts.remarks, accounts.remarks] {
            proofs.remarks.extend(remarks);
        }
        for findings in [totals.findings, batches.findings, accounts.findings, payouts.findings] {
            proofs.findings.extend(findings);
        }
        proofs
    }

    /// What is not whole of these reports.
    fn broken(&self, kinds: &[ReportKind]) -> Vec<String> {
        let of_kinds = self.broken_sets.iter().filter(|(kind, _)| kinds.contains(kind));
        of_kinds.map(|(_, name)| name.clone()).collect()
    }

    fn batches(&self, summaries: &[DayStatement<SummaryLine>]) -> proof::BatchProof {
        let earlier = self.summaries[..before(self.summaries, self.today)].iter();
        let earlier: Vec<_> = earlier.filter_map(|file| file.with_lines(|line| !line.batch.is_empty())).collect();
        let wanted = self.rows.sums.keys().map(|key| key.batch);
        let wanted = wanted.chain(summaries.iter().flat_map(|file| &file.parsed.lines).map(|line| line.batch));
        // Lines without a batch belong to their own day's.
        let wanted: BTreeSet<_> = wanted.filter(|batch| !batch.is_empty()).collect();
        let earlier_details: BatchSums = (self.earlier_sums.iter())
            .filter(|(key, _)| wanted.contains(&key.batch))
            .map(|(key, sum)| (*key, sum.clone()))
            .collect();
        let mut rejected = BTreeMap::<String, u64>::new();
        for file in self.settlements.iter().filter(|file| file.date == self.today) {
            for reject in &file.parsed.rejects {
                *rejected.entry(reject.text.batch_id.clone()).or_default() += 1;
            }
        }
        prove_batches(&BatchInputs {
            details: &self.rows.sums,
            earlier_details: &earlier_details,
            summaries,
            earlier_summaries: &earlier,
            merchant_per_party: self.merchant_per_party(),
            incomplete: &self.broken(&[ReportKind::SettlementDetails]),
            rejected: &rejected,
            file_name: self.file_name,
            symbols: self.symbols,
        })
    }

    /// What everything that is known of batches comes to that people took up again.
    fn reopened_batches(&self) -> Vec<BatchRow> {
        if self.open.reopened.is_empty() {
            return Vec::new();
        }
        let is_reopened = |batch| self.open.reopened.contains(&self.symbols.text(batch));
        let mut details = BatchSums::new();
        for sums in [self.earlier_sums, &self.rows.sums] {
            let wanted = sums.iter().filter(|(key, _)| is_reopened(key.batch));
            merge_sums(&mut details, &wanted.map(|(key, sum)| (*key, sum.clone())).collect());
        }
        let summaries = self.summaries.iter().filter_map(|file| file.with_lines(|line| is_reopened(line.batch)));
        let proof = prove_batches(&BatchInputs {
            details: &details,
            earlier_details: &BatchSums::new(),
            summaries: &summaries.collect::<Vec<_>>(),
            earlier_summaries: &[],
            merchant_per_party: self.merchant_per_party(),
            incomplete: &[],
            rejected: &BTreeMap::new(),
            file_name: self.file_name,
            symbols: self.symbols,
        });
        proof.rows
    }

    /// Whether each pair agrees, of the batches of which something was open and any was judged. A pair that was not does not agree.
    fn judged_batches(&self, rows: &[BatchRow]) -> BTreeMap<String, JudgedBatch> {
        let open = judged(rows).filter(|row| self.open.batches.contains(&row.batch));
        let batches: BTreeSet<&String> = open.map(|row| &row.batch).collect();
        let mut found = BTreeMap::<String, JudgedBatch>::new();
        for row in rows.iter().filter(|row| batches.contains(&row.batch)) {
            let (kind, party) = (DiscrepancyKind::BatchTotal, [row.merchant.as_str(), row.party.as_str()]);
            let id = self.names.of_batch(kind, &row.batch, party, row.key.currency);
            found.entry(row.batch.clone()).or_default().pairs.insert(id, row.proved == Proved::Holds);
        }
        found
    }

    /// Whether the day's details name each party by a `merchantId` of its own, as the marketplace layout does.
    fn merchant_per_party(&self) -> bool {
        let mut todays = self.settlements.iter().filter(|file| file.date == self.today);
        todays.all(|file| file.parsed.layout.generation() == Generation::Marketplace)
    }

    /// Payouts of the day's summaries and of those that are not due yet or were a short time ago; and of older ones that were missing.
    fn payouts(&self) -> proof::PayoutProof {
        let todays = self.summaries.iter().filter(|file| file.date <= self.today);
        let summaries: Vec<_> = todays
            .filter_map(|file| {
                let is_all = file.date >= self.payouts_from;
                file.with_lines(|line| is_all || self.was_missing(file.parsed.names_party, line))
            })
            .collect();
        let due_from = options::due_from(self.payout_due_days, self.calendar, self.today);
        let is_near = |file: &&DayReport| (due_from..=self.today).contains(&file.date);
        let mut outgoing = Outgoing::of(self.settlements.iter().filter(is_near));
        outgoing.merge(self.earlier_outgoing.clone());
        prove_payouts(&PayoutInputs {
            today: self.today,
            due_days: self.payout_due_days,
            calendar: self.calendar,
            types: self.payout_types,
            from: self.payouts_from,
            summaries: &summaries,
            activity: self.activities,
            outgoing: &outgoing,
            symbols: self.symbols,
        })
    }

    /// Without dates nobody knows which payouts are due.
    fn undated_payouts(&self) -> proof::PayoutProof {
        let remark = "payouts are not proved: neither the names nor the folders of the files have a date";
        let remarks = if self.summaries.is_empty() { Vec::new() } else { vec![remark.to_owned()] };
        proof::PayoutProof { findings: Vec::new(), payouts: BTreeMap::new(), waiting: 0, remarks }
    }

    /// Whether the payout of a summary's row was missing so far.
    fn was_missing(&self, names_party: bool, line: &SummaryLine) -> bool {
        if self.open.payouts.is_empty() {
            return false;
        }
        let Some(open) = self.open.payouts.get(&self.symbols.text(line.batch)) else { return false };
        let party = if names_party { line.party } else { Symbol::EMPTY };
        let key = BatchKey { batch: line.batch, merchant: line.merchant, party, currency: line.currency };
        open.contains(&self.id_of_payout(&key))
    }

    fn id_of_payout(&self, key: &BatchKey) -> DiscrepancyId {
        let [batch, merchant, party] = [key.batch, key.merchant, key.party].map(|symbol| self.symbols.text(symbol));
        self.names.of_batch(DiscrepancyKind::PayoutMissing, &batch, [&merchant, &party], key.currency)
    }

    fn paid(&self, payouts: &proof::PayoutProof) -> BTreeMap<DiscrepancyId, (i128, String, u32)> {
        let found = payouts.payouts.iter().filter_map(|(key, found)| {
            let last = found.iter().rev().find(|payout| payout.exact)?;
            Some((self.id_of_payout(key), (last.amount, (self.file_name)(last.place.file), last.place.line)))
        });
        found.collect()
    }

    /// Each proof: how much was judged, how much of it does not hold, or why it was not run.
    fn summarise(
        &self,
        proofs: &Proofs,
        totals: &proof::ControlTotals,
        payouts: &proof::PayoutProof,
        (of_batches, of_accounts): (&[String], &[String]),
    ) -> Vec<ProofSummary> {
        use DiscrepancyKind::{FeeOvercharged, FeeUndercharged, FeeWithoutRule};
        let is_fee = |kind| matches!(kind, FeeOvercharged | FeeUndercharged | FeeWithoutRule);
        let details = self.rows.sums.values().map(|sum| sum.lines).sum::<u64>();
        let has_details = self.settlements.iter().any(|file| file.date == self.today);
        let reason =
            |remarks: &[String], otherwise: &str| remarks.first().cloned().unwrap_or_else(|| otherwise.to_owned());
        let count = |found: usize| found as u64;
        let row_findings = &self.rows.findings;
        let formula = if has_details {
            let failed =
                row_findings.iter().filter(|found| !is_fee(found.kind) || found.also.iter().any(|&kind| !is_fee(kind)));
            ProofSummary::run(ProofName::RowFormula, details, count(failed.count()))
        } else {
            ProofSummary::not_run(ProofName::RowFormula, "there are no settlement details")
        };
        let fees = if !self.has_schedule {
            ProofSummary::not_run(ProofName::Fees, "no fee schedule is configured")
        } else if has_details {
            let failed = row_findings.iter().filter(|found| is_fee(found.kind));
            ProofSummary::run(ProofName::Fees, details, count(failed.count()))
        } else {
            ProofSummary::not_run(ProofName::Fees, "there are no settlement details")
        };
        let in_totals = totals.places.iter().flatten().filter(|place| **place != Proved::NotRun).count();
        let control = if in_totals > 0 {
            ProofSummary::run(ProofName::ControlTotals, count(in_totals), count(totals.findings.len()))
        } else {
            ProofSummary::not_run(ProofName::ControlTotals, "no settlement summary has totals of its own")
        };
        let judged_rows = judged(&proofs.batches).count();
        let batches = if judged_rows > 0 {
            let failed = judged(&proofs.batches).filter(|row| row.proved == Proved::Fails).count();
            ProofSummary::run(ProofName::Batches, count(judged_rows), count(failed))
        } else {
            let has_summary = !of_date(self.summaries, self.today).is_empty();
            let otherwise = match (has_details, has_summary) {
                (true, false) => "there is no settlement summary",
                (false, true) => "there are no settlement details",
                _ => "there are no batches",
            };
            ProofSummary::not_run(ProofName::Batches, reason(of_batches, otherwise))
        };
        let rolled: Vec<&AccountRow> = proofs.accounts.iter().filter(|row| row.difference.is_some()).collect();
        let balances = if rolled.is_empty() {
            ProofSummary::not_run(ProofName::Balances, reason(of_accounts, "there are no balances"))
        } else {
            let failed = rolled.iter().filter(|row| row.difference != Some(0)).count();
            ProofSummary::run(ProofName::Balances, count(rolled.len()), count(failed))
        };
        let paid = payouts.payouts.values().map(Vec::len).sum::<usize>();
        let missing = payouts.findings.len();
        let payouts = if paid + missing > 0 {
            let judged = paid + payouts.findings.iter().filter(|found| found.reported.is_none()).count();
            ProofSummary::run(ProofName::Payouts, count(judged), count(missing))
        } else {
            ProofSummary::not_run(ProofName::Payouts, reason(&payouts.remarks, "no payout was due"))
        };
        vec![formula, fees, control, batches, balances, payouts]
    }
}

fn judged(rows: &[BatchRow]) -> impl Iterator<Item = &BatchRow> {
    rows.iter().filter(|row| row.proved != Proved::NotRun)
}

/// The files of one date; files are sorted by date.
fn of_date<L>(files: &[DayStatement<L>], date: BusinessDate) -> &[DayStatement<L>] {
    let (start, end) = (before(files, date), files.partition_point(|file| file.date <= date));
    &files[start..end]
}

/// How many files are older.
fn before<L>(files: &[DayStatement<L>], date: BusinessDate) -> usize {
    files.partition_point(|file| file.date < date)
}

impl Proofs {
    /// Counts every line of the day's summaries, activity and balances in the place that its proof gave it.
    ///
    /// # Errors
    /// An [`Imbalance`]: a defect of the program.
    pub fn count(
        &self,
        reports: &Reports,
        today: BusinessDate,
        symbols: &Symbols,
        totals: &mut ControlTotals,
    ) -> Result<(), Imbalance> {
        let kinds: Vec<DiscrepancyKind> = self.findings.iter().map(|found| found.kind).collect();
        let of_type = |raw_type| match symbols.text(raw_type) {
            none if none.is_empty() => "SUMMARY".to_owned(),
            named => named,
        };
        let of_direction = |out| if out { "OUT" } else { "IN" }.to_owned();
        for (file, places) in of_date(&reports.summaries, today).iter().zip(&self.summary_places) {
            let cells = cells(file, places, |line| (line.raw_type, line.currency, line.net), of_type);
            totals.count_statement(&file.name, file.parsed.lines.len() as u64, cells, &file.parsed.rejects, &kinds)?;
        }
        for (file, places) in of_date(&reports.activities, today).iter().zip(&self.activity_places) {
            let cells = cells(file, places, |line| (line.out, line.currency, line.amount), of_direction);
            totals.count_statement(&file.name, file.parsed.lines.len() as u64, cells, &file.parsed.rejects, &kinds)?;
        }
        for (file, places) in of_date(&reports.balances, today).iter().zip(&self.balance_places) {
            let cells = cells(file, places, |line| ((), line.currency, line.balance), |()| "BALANCE".to_owned());
            totals.count_statement(&file.name, file.parsed.lines.len() as u64, cells, &file.parsed.rejects, &kinds)?;
        }
        Ok(())
    }
}

/// The lines of a file by what they are, their currency and their place.
fn cells<L, K: Ord + Copy>(
    file: &DayStatement<L>,
    places: &[Proved],
    of: impl Fn(&L) -> (K, Currency, i64),
    word: impl Fn(K) -> String,
) -> BTreeMap<StatementCell, Tally> {
    let mut tallies = BTreeMap::<(K, Currency, Proved), Tally>::new();
    for (line, &proved) in file.parsed.lines.iter().zip(places) {
        let (known, currency, amount) = of(line);
        tallies.entry((known, currency, proved)).or_default().add(amount);
    }
    let named = tallies
        .into_iter()
        .map(|((known, currency, proved), tally)| (StatementCell { entry_type: word(known), currency, proved }, tally));
    named.collect()
}
