//! The story of an id, in the order of time: what the archive, the ledger, the runs, Antom and people have said of it.
//!
//! An id leads to others: a line names its movement's request id, Antom's, the original's and the order's. The story is that of all
//! of them. A batch is told in sums.

mod batch;
mod entries;
mod judge;
mod reports;
mod search;

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{BusinessDate, CutOff, Instant};
use crate::config::Config;
use crate::id::{DiscrepancyId, PlatformMerchantId, Symbols};
use crate::ledger::EntryText;
use crate::movement::ReportKind;
use crate::requery::{Endpoint, Question};
use crate::store::{ArchivedFile, Event, Happening, Store, StoredAnswer, StoredDecision};

use super::folds::OrKind;
use super::options;
pub use batch::{Batch, Party, Sum};
use judge::{Days, Judgement, Row};
use reports::{FoundFile, Reader, ReportFile};
use search::Needles;

/// A story of more lines, items or entries than this is no movement's: it is not followed to further ids, and not judged.
const MAX_LINES: u64 = 200;

/// How many ids of lines a story is followed to at a time.
const MAX_IDS: usize = 60;

/// How often what has the ids is looked for. The longest way that types lead is from the reversal of a refund to the refund, its
/// payment, that one's order and shares: five. What leads further than this is not judged.
const MAX_ROUNDS: usize = 8;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The id.
    pub id: &'a str,
    /// Whether every report is searched, though those near the id's dates have lines of it.
    pub everywhere: bool,
}

/// One thing that happened.
#[derive(Debug)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Debug)]
pub enum What {
    /// The ledger booked an entry; its line, if the ledger is a file.
    Entry(Box<EntryText>, Option<u32>),
    /// A report had a line.
    Line(StoryLine),
    /// Two rows were there that are the same movement.
    Match {
        /// The two.
        rows: [String; 2],
        /// Why they are.
        rule: String,
        /// Whether they belong to different business dates.
        period_crossing: bool,
    },
    /// A run said something.
    Run(Box<Happening>),
    /// Antom was asked.
    Answer(Box<StoredAnswer>),
    /// A person decided.
    Decision(Box<StoredDecision>),
    /// Where a row stands as of the newest run.
    State {
        /// The row.
        row: String,
        /// Where it stands.
        state: String,
    },
}

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryLine {
    /// The business date of the report.
    pub date: BusinessDate,
    /// Which report.
    pub kind: ReportKind,
    /// Its file.
    pub file: String,
    /// The physical line (header = 1).
    pub line: u32,
    /// Its text, as the archive has it.
    pub raw: String,
    /// Whether the newest run of its date read this file; if not, it was restated since.
    pub in_force: bool,
}

/// What was searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searched {
    /// Reports that were searched.
    pub files: usize,
    /// Reports of all runs.
    pub of: usize,
    /// Bytes that were searched.
    pub bytes: u64,
    /// Dates of the first and the last of those that were searched.
    pub dates: Option<(BusinessDate, BusinessDate)>,
    /// Reports that could not be searched, and why.
    pub not: Vec<String>,
}

/// The story of an id.
#[derive(Debug, Default)]
pub struct Story {
    /// The ids that it is about.
    pub ids: BTreeSet<String>,
    /// What happened, in the order of time.
    pub moments: Vec<Moment>,
    /// Lines that were found and are too many to be told.
    pub lines_not_told: u64,
    /// Entries that were found and are too many to be told.
    pub entries_not_told: u64,
    /// The batch, if the id is that of one.
    pub batch: Option<Batch>,
    /// The newest run's date: states are as of it.
    pub as_of: Option<BusinessDate>,
    /// What was searched.
    pub searched: Searched,
}

/// Tells the story of an id.
///
/// # Errors
/// As archive, ledger and database say.
pub async fn story(config: &Config, store: &Store, asked: Asked<'_>) -> anyhow::Result<Story> {
    let merchant = PlatformMerchantId::new(config.merchant()?.platform_merchant_id);
    let archived = store.files_of_all_runs(merchant.as_str()).await.or_kind()?;
    let overview = store.runs_overview(merchant.as_str(), 1).await.or_kind()?;
    let symbols = Symbols::new();
    let mut teller = Teller {
        config,
        store,
        merchant,
        asked,
        cut_off: config.cut_off()?,
        lookback: config.matching()?.lookback_days,
        reader: Reader::open(config, &symbols)?,
        files: reports::files(&archived)?,
        threads: options::threads(config)?,
        story: Story { as_of: overview.first().map(|newest| newest.run.business_date), ..Story::default() },
    };
    teller.tell(&archived, overview.first().map(|newest| newest.run.finished_at)).await?;
    let mut story = teller.story;
    story.moments.sort_by_cached_key(|moment| (moment.at, moment.what.rank(), moment.what.place()));
    Ok(story)
}

struct Teller<'a> {
    config: &'a Config,
    store: &'a Store,
    merchant: PlatformMerchantId,
    asked: Asked<'a>,
    cut_off: CutOff,
    lookback: u32,
    reader: Reader<'a>,
    files: Vec<ReportFile>,
    threads: rayon::ThreadPool,
    story: Story,
}

/// What the ids led to.
struct Followed {
    entries: entries::Entries,
    found: Vec<FoundFile>,
    /// The batch, if the id is that of one.
    batch_id: Option<String>,
    /// Whether all that the rows name was looked for.
    is_whole: bool,
}

fn lines(found: &[FoundFile]) -> u64 {
    found.iter().map(|file| file.hits.count).sum()
}

/// First and last date of what is known.
type Dates = Option<(BusinessDate, BusinessDate)>;

fn widen(dates: &mut Dates, date: BusinessDate) {
    *dates = Some(dates.map_or((date, date), |(first, last)| (first.min(date), last.max(date))));
}

impl Teller<'_> {
    async fn tell(&mut self, archived: &[ArchivedFile], newest: Option<Instant>) -> anyhow::Result<()> {
        let history = self.store.history(self.merchant.as_str(), self.asked.id).await.or_kind()?;
        // The id of an item or a discrepancy is ours: no report and no ledger has it.
        let is_item = history.iter().any(|happening| happening.item_id() == self.asked.id);
        let (mut ids, mut dates) = (BTreeSet::new(), None);
        ids.extend((!is_item).then(|| self.asked.id.to_owned()));
        let is_followed = history.iter().map(Happening::item_id).collect::<BTreeSet<&str>>().len() as u64 <= MAX_LINES;
        for happening in &history {
            ids.extend(happening.ids().into_iter().filter(|_| is_followed));
            happening.dates().into_iter().for_each(|date| widen(&mut dates, date));
        }
        let Followed { entries, found, batch_id, is_whole } = self.follow(&mut ids, &mut dates).await?;
        let rows = [lines(&found), entries.parsed.entries.len() as u64];
        let movement = self.story.as_of.filter(|_| is_whole && rows.into_iter().all(|rows| rows <= MAX_LINES));
        if let Some(id) = batch_id {
            let (config, merchant) = (self.config, &self.merchant);
            let batch = tokio::task::block_in_place(|| {
                self.threads.install(|| batch::batch(&id, config, merchant, &self.reader, &found))
            })?;
            self.story.batch = Some(batch);
        } else if let Some(today) = movement {
            let policy = options::policy(self.config, today)?;
            let days = days(archived);
            let judged =
                tokio::task::block_in_place(|| self.threads.install(|| judge::judge(&found, &entries, &policy, &days)));
            self.judged(&judged, &found, &entries, newest);
        }
        self.lines_and_entries(&found, &entries);
        self.answers(&ids).await?;
        ids.insert(self.asked.id.to_owned());
        self.runs(&ids).await?;
        self.story.ids = ids;
        Ok(())
    }

    /// What has the ids, and what has the ids of that, until nothing leads further: a movement without one of its rows would be judged
    /// as if that did not exist.
    async fn follow(&mut self, ids: &mut BTreeSet<String>, dates: &mut Dates) -> anyhow::Result<Followed> {
        let mut asked = ids.clone();
        let mut entries = self.entries(ids, dates).await?;
        let mut found = self.search(ids, dates)?;
        // What is said about a batch names it where others name a movement.
        let batches = batch::batch_ids(&found);
        let batch_id = ids.iter().find(|id| batches.contains(*id)).cloned();
        for _ in 1..MAX_ROUNDS {
            if batch_id.is_some() || lines(&found) > MAX_LINES {
                break;
            }
            let further: BTreeSet<String> =
                found.iter().flat_map(FoundFile::ids).filter(|id| !ids.contains(id)).collect();
            ids.extend(further.into_iter().take(MAX_IDS));
            if *ids == asked {
                break;
            }
            asked.clone_from(ids);
            entries = self.entries(ids, dates).await?;
            found = self.search(ids, dates)?;
        }
        let is_whole = *ids == asked && found.iter().flat_map(FoundFile::ids).all(|id| ids.contains(&id));
        Ok(Followed { entries, found, batch_id, is_whole })
    }

    /// The entries that have the ids. Their own ids and dates are known from then on.
    async fn entries(&self, ids: &mut BTreeSet<String>, dates: &mut Dates) -> anyhow::Result<entries::Entries> {
        let source = entries::Source {
            config: self.config,
            store: self.store,
            keys: self.reader.keys,
            symbols: self.reader.symbols,
        };
        let entries = source.entries(ids, dates.map(|dates| self.around(dates))).await?;
        // Entries of a batch or of a sub-merchant are no movement's.
        if entries.parsed.entries.len() as u64 <= MAX_LINES {
            for (row, entry) in entries.texts().into_iter().enumerate() {
                ids.extend(ids_of(&entry));
                widen(dates, self.cut_off.date_of(entries.parsed.entries[row].occurred_at));
            }
        }
        Ok(entries)
    }

    /// The dates within which what belongs together is looked for.
    fn around(&self, (first, last): (BusinessDate, BusinessDate)) -> (BusinessDate, BusinessDate) {
        (first.minus_days(self.lookback), last.plus_days(self.lookback))
    }

    /// Searches the reports near the dates, and further for as long as lines are found that have others near them; all reports if no
    /// date is known, or nothing is found near those that are.
    fn search(&mut self, ids: &BTreeSet<String>, dates: &mut Dates) -> anyhow::Result<Vec<FoundFile>> {
        let needles = Needles::new(ids.iter().map(String::as_str));
        let mut searched = Searched { of: self.files.len(), ..Searched::default() };
        let mut found = Vec::<FoundFile>::new();
        let mut left: Vec<&ReportFile> = if ids.is_empty() { Vec::new() } else { self.files.iter().collect() };
        loop {
            let near = dates.filter(|_| !self.asked.everywhere).map(|dates| self.around(dates));
            let is_near = |file: &&ReportFile| near.is_none_or(|(first, last)| first <= file.date && file.date <= last);
            let (mut now, mut rest): (Vec<&ReportFile>, Vec<&ReportFile>) = left.into_iter().partition(is_near);
            if now.is_empty() && found.is_empty() {
                std::mem::swap(&mut now, &mut rest);
            }
            if now.is_empty() {
                break;
            }
            let (reader, threads) = (&self.reader, &self.threads);
            let (lines, bytes, not) =
                tokio::task::block_in_place(|| threads.install(|| reader.search(&now, &needles)))?;
            searched.files += now.len() - not.len();
            searched.bytes += bytes;
            searched.not.extend(not);
            now.iter().for_each(|file| widen(&mut searched.dates, file.date));
            lines.iter().for_each(|file| widen(dates, file.file.date));
            found.extend(lines);
            left = rest;
        }
        found.sort_by(|one, other| one.file.cmp(&other.file));
        self.story.searched = searched;
        Ok(found)
    }

    /// Lines stand at the end of their day, when the report is about it; entries when they reached their status.
    fn lines_and_entries(&mut self, found: &[FoundFile], entries: &entries::Entries) {
        for file in found {
            let at = self.end_of(file.file.date);
            self.story.lines_not_told += file.hits.count - file.hits.kept.len() as u64;
            for hit in &file.hits.kept {
                let ReportFile { date, kind, ref name, in_force, .. } = file.file;
                let raw = String::from_utf8_lossy(&hit.raw).into_owned();
                let line = StoryLine { date, kind, file: name.clone(), line: hit.line, raw, in_force };
                self.story.moments.push(Moment { at, what: What::Line(line) });
            }
        }
        self.story.entries_not_told = entries.not_kept;
        for (row, entry) in entries.parsed.entries.iter().enumerate() {
            let (text, line) = entries.text(row);
            self.story.moments.push(Moment { at: entry.occurred_at, what: What::Entry(Box::new(text), line) });
        }
    }

    fn end_of(&self, date: BusinessDate) -> Instant {
        self.cut_off.start_of(date.plus_days(1))
    }

    /// Matches stand where the later of the two rows does, states at the newest run.
    fn judged(&mut self, judged: &Judgement, found: &[FoundFile], entries: &entries::Entries, newest: Option<Instant>) {
        let name = |row: Row| match row {
            Row::Entry(at) => format!("entry `{}`", entries.text(at).0.entry_id),
            Row::Line { file, hit } => format!("`{}` line {}", found[file].file.name, found[file].hits.kept[hit].line),
        };
        let at = |row: Row| match row {
            Row::Entry(at) => entries.parsed.entries[at].occurred_at,
            Row::Line { file, .. } => self.end_of(found[file].file.date),
        };
        let mut moments = Vec::new();
        for pair in &judged.pairs {
            let what = What::Match {
                rows: [name(pair.one), name(pair.other)],
                rule: pair.rule.clone(),
                period_crossing: pair.period_crossing,
            };
            moments.push(Moment { at: at(pair.one).max(at(pair.other)), what });
        }
        for (row, state) in &judged.states {
            let at = newest.unwrap_or_else(|| at(*row)).max(at(*row));
            moments.push(Moment { at, what: What::State { row: name(*row), state: state.clone() } });
        }
        self.story.moments.extend(moments);
    }

    /// What runs and people said of the ids.
    async fn runs(&mut self, ids: &BTreeSet<String>) -> anyhow::Result<()> {
        let merchant = self.merchant.as_str();
        let mut told = BTreeSet::new();
        let mut listed = BTreeSet::from([DiscrepancyId::new(self.asked.id)]);
        for id in ids {
            for happening in self.store.history(merchant, id).await.or_kind()? {
                let item = happening.item_id().to_owned();
                if !told.insert((happening.run_date, happening.revision, happening.rank(), item)) {
                    continue;
                }
                if let Event::Listed(row) = &happening.event {
                    listed.insert(row.discrepancy_id.clone());
                }
                self.story.moments.push(Moment { at: happening.finished_at, what: What::Run(Box::new(happening)) });
            }
        }
        for id in listed {
            for stored in self.store.decisions_about(merchant, &id).await.or_kind()? {
                let at = stored.taken.decided_at;
                self.story.moments.push(Moment { at, what: What::Decision(Box::new(stored)) });
            }
        }
        Ok(())
    }

    /// What Antom was asked about the ids, and what it said.
    async fn answers(&mut self, ids: &BTreeSet<String>) -> anyhow::Result<()> {
        let mut keys = BTreeSet::new();
        for (id, endpoint) in ids.iter().flat_map(|id| Endpoint::ALL.iter().map(move |endpoint| (id, *endpoint))) {
            let questions = [Question::by(endpoint, id, ""), Question::by(endpoint, "", id)];
            keys.extend(questions.into_iter().flatten().map(|question| question.key()));
        }
        for key in keys {
            for answer in self.store.answers_to(self.merchant.as_str(), &key).await.or_kind()? {
                self.story.moments.push(Moment { at: answer.asked_at, what: What::Answer(Box::new(answer)) });
            }
        }
        Ok(())
    }
}

impl What {
    /// The order of what happened at the same instant.
    const fn rank(&self) -> u8 {
        match self {
            Self::Entry(..) => 0,
            Self::Line(_) => 1,
            Self::Match { .. } => 2,
            Self::Run(_) => 3,
            Self::Answer(_) => 4,
            Self::Decision(_) => 5,
            Self::State { .. } => 6,
        }
    }
}

impl What {
    /// The order of what one run said; the rest keeps the order in which it was found.
    fn place(&self) -> String {
        match self {
            Self::Run(said) => format!("{} {:010} {} {}", said.run_date, said.revision, said.rank(), said.item_id()),
            _ => String::new(),
        }
    }
}

/// The ids that an entry goes by.
fn ids_of(entry: &EntryText) -> impl Iterator<Item = String> + use<'_> {
    let ids =
        [&entry.request_id, &entry.antom_id, &entry.original_request_id, &entry.original_antom_id, &entry.order_id];
    ids.into_iter().filter(|id| !id.is_empty()).cloned()
}

/// The days that runs answer for, and those of them without transaction details.
fn days(files: &[ArchivedFile]) -> Days {
    let mut newest = BTreeMap::<BusinessDate, (u32, bool)>::new();
    for file in files {
        let day = newest.entry(file.business_date).or_default();
        if file.revision > day.0 {
            *day = (file.revision, false);
        }
        day.1 |= file.revision == day.0 && file.kind == ReportKind::TransactionDetails.as_str();
    }
    let missing = newest.iter().filter(|(_, (_, has))| !has).map(|(date, _)| *date).collect();
    Days { scope: newest.into_keys().collect(), missing }
}
