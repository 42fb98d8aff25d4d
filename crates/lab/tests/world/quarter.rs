//! Quarters: the same for the same seed, with everything in them; and the auditor's books, which must say what the catalogue of
//! faults says, and notice when outputs say something else.

use lab::audit::books::{Books, Files, IN_TRANSIT, Item};
use lab::world::faults::Fault;
use lab::world::layout::{Layout, Report};
use lab::world::quarter::{Bookkeeping, Change, MIN_BUSINESS_DAYS, Quarter, QuarterPlan, Special, Tale};
use lab::world::story::Story;
use lab::world::{Plan, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::reading::micros;

fn quarter(seed: u64, layout: Layout, bookkeeping: Bookkeeping) -> Quarter {
    let business_days = MIN_BUSINESS_DAYS;
    Quarter::generate(&QuarterPlan { seed, business_days, payments: 11, layout, bookkeeping })
}

#[test]
fn the_same_seed_makes_the_same_quarter() {
    let made = |seed| {
        let made = quarter(seed, Layout::Marketplace, Bookkeeping::Free);
        (made.editions.clone(), made.first_entries(), made.corrections)
    };
    assert_eq!(made(51), made(51));
    assert_ne!(made(51), made(52));
}

#[test]
fn the_newest_layout_has_every_fault_and_all_that_can_be_corrected() {
    let free = quarter(53, Layout::Gen3, Bookkeeping::Free);
    let add_only = quarter(53, Layout::Gen3, Bookkeeping::AddOnly);
    // Restatements are made in another way here than in the catalogue.
    let kinds = Fault::ALL.len() - 1;
    assert_eq!((free.faults, add_only.faults), (kinds + 22, kinds + 7));
    let is_addition = |change: &Change| match change {
        Change::Book(_) => true,
        Change::Amend(entry) => {
            let mut booked = add_only.tales.iter().flat_map(|tale| &tale.story.entries);
            booked.any(|known| known.entry_id == entry.entry_id && known.status == "PENDING")
        }
        Change::Delete(_) => false,
    };
    assert!(add_only.corrections.iter().all(|correction| is_addition(&correction.change)));
    let has = |wanted: fn(&Change) -> bool| free.corrections.iter().any(|correction| wanted(&correction.change));
    assert!(has(|change| matches!(change, Change::Book(_))) && has(|change| matches!(change, Change::Delete(_))));
    assert!(free.corrections.is_sorted_by_key(|correction| correction.before));
}

#[test]
fn a_restatement_changes_the_files_of_its_date_alone() {
    let made = quarter(54, Layout::Marketplace, Bookkeeping::Free);
    assert_eq!((made.editions.len(), made.special.restatements.len()), (4, 3));
    let reports = [Report::TransactionDetails, Report::TransactionDetails, Report::SettlementDetails];
    for (number, (day, _)) in made.special.restatements.iter().enumerate() {
        let edition = number + 1;
        let (first, now) = (&made.editions[number], &made.editions[edition]);
        let changed: Vec<_> = now.iter().zip(first).filter(|(now, before)| now.bytes != before.bytes).collect();
        assert_eq!(changed.len(), 1, "edition {edition}");
        let (now, before) = changed[0];
        assert_eq!((&now.path, now.day, now.report), (&before.path, *day, reports[number]));
        let restated: Vec<_> = made.restated_files(*day, edition).map(|file| &file.path).collect();
        assert_eq!(restated, [&now.path]);
    }
}

/// A week of the catalogue as a quarter, so that the books can be kept over it.
fn as_quarter(world: &World) -> Quarter {
    let mut tales: Vec<Tale> =
        world.stories.iter().map(|story| Tale { story: story.clone(), restated: None }).collect();
    let lines = world.batches.iter().flat_map(|batch| &batch.lines).filter(|line| line.line.movement.is_of_batch());
    tales.extend(lines.map(|settled| {
        let entries = world.ledger.iter().filter(|entry| entry.antom_id == settled.line.own_id).cloned().collect();
        let (first, settles_on) = (settled.line.clone(), Some(settled.on));
        let story =
            Story { first, settles_on, entries, reported: Vec::new(), settled: vec![settled.clone()], record: None };
        Tale { story, restated: None }
    }));
    Quarter {
        plan: world.plan.clone(),
        merchants: world.merchants.clone(),
        tales,
        proofs: Vec::new(),
        asked: Vec::new(),
        editions: vec![world.files.clone()],
        corrections: Vec::new(),
        special: Special::default(),
        business_days: 5,
        faults: world.expected.len(),
    }
}

fn cell<'i>(item: &'i Item, column: &str) -> Option<&'i str> {
    item.cells.iter().find(|(name, _)| *name == column).map(|(_, text)| text.as_str())
}

#[test]
fn the_books_list_what_the_catalogue_says() {
    for (layout, seed) in Layout::ALL.into_iter().zip(60..) {
        let world = World::generate(Plan { layout, payments: 12, book_adjustments: true, ..Plan::one_week(seed) });
        let quarter = as_quarter(&world);
        let mut books = Books::new(&quarter);
        let mut days: Vec<_> = world.plan.all_days().into_iter().map(|day| books.run(day, Files::default())).collect();
        let last = days.pop().unwrap();
        let listed = |item: &Item| item.kind != IN_TRANSIT;
        assert!(days.iter().all(|day| !day.closing.iter().any(|open| listed(&open.item))), "{layout:?}: quiet days");
        let mut found: Vec<&Item> = last.closing.iter().map(|open| &open.item).filter(|item| listed(item)).collect();
        let of_proofs = |kind: &str, stage: Option<&str>| {
            matches!(stage, Some("proof" | "file")) && kind != "UNEXPLAINED_ADJUSTMENT"
        };
        for want in world.expected.iter().filter(|want| !of_proofs(want.kind, want.stage)) {
            let fits = |item: &&Item| {
                let cells = [
                    ("stage", want.stage.map(str::to_owned)),
                    ("request_id", want.request_id.clone()),
                    ("antom_id", want.antom_id.clone()),
                    ("currency", want.currency.map(str::to_owned)),
                    ("ledger_amount", want.ledger_amount.clone()),
                    ("report_amount", want.report_amount.clone()),
                ];
                let has = |column: &str, text: &str| cell(item, column).is_none_or(|is| is == text);
                let mut known = cells.iter().filter_map(|(column, text)| Some((*column, text.as_deref()?)));
                item.kind == want.kind
                    && known.all(|(column, text)| has(column, text))
                    && (want.line.is_none() || item.line.is_none() || item.line == want.line)
            };
            let place = found.iter().position(fits);
            found.remove(place.unwrap_or_else(|| panic!("{layout:?}: the books lack {want:#?}")));
        }
        assert_eq!(found, Vec::<&Item>::new(), "{layout:?}");
        for waiting in &world.waiting {
            let waits = |item: &Item| item.kind == IN_TRANSIT && cell(item, "request_id") == Some(&waiting.request_id);
            assert!(last.closing.iter().any(|open| waits(&open.item)), "{waiting:?}");
        }
    }
}

/// Outputs of a day on which nothing but what waits is to be told.
fn outputs(folder: &Path, day: &lab::audit::books::Day) {
    let mut waiting = String::from(
        "item_id,request_id,antom_id,entry_type,currency,amount,side,business_date,due_on,waits_for,first_seen_on,age_days\n",
    );
    let mut sums: BTreeMap<&str, (u32, i128)> = BTreeMap::new();
    for open in &day.closing {
        let text = |column| cell(&open.item, column).unwrap();
        let cells = ["request_id", "antom_id", "entry_type", "currency", "amount", "side", "business_date", "due_on"];
        let cells = cells.map(text).join(",");
        waiting.push_str(&format!("T-1,{cells},settlement,{},0\n", day.date));
        let sum = sums.entry(text("currency")).or_default();
        *sum = (sum.0 + 1, sum.1 + micros(text("amount")));
    }
    let mut roll = String::from(
        "kind,currency,age_bucket,opening_count,opening_amount,new_count,new_amount,cleared_count,cleared_amount,\
         closing_count,closing_amount\n",
    );
    for (currency, (count, sum)) in sums {
        let sum = format!("{}{}.{:06}", if sum < 0 { "-" } else { "" }, sum.abs() / 1_000_000, sum.abs() % 1_000_000);
        roll.push_str(&format!("IN_TRANSIT,{currency},0 to 1,0,0,{count},{sum},0,0,{count},{sum}\n"));
    }
    let totals = "side,file,entry_type,currency,count,debit,credit,matched,in_transit,discrepancies,excluded,rejected,\
                  matched_sum,in_transit_sum,discrepancies_sum,excluded_sum,rejected_sum\n\
                  ledger,,PAYMENT,USD,1,1.00,0.00,1,0,0,0,0,1.00,0.00,0.00,0.00,0.00\n";
    let discrepancies = "discrepancy_id,kind,severity,business_date,first_seen_on,age_days,sub_merchant_id,entry_type,\
                         request_id,antom_id,order_id,currency,ledger_amount,report_amount,delta,ledger_status,\
                         report_status,answer,answer_status,answer_amount,explanation,ledger_entry_id,report_file,\
                         report_line,stage\n";
    for (name, text) in [
        ("discrepancies.csv", discrepancies),
        ("in_transit.csv", &waiting),
        ("cleared.csv", "item_id,cleared_on\n"),
        ("rejected_lines.csv", "file\n"),
        ("control_totals.csv", totals),
        ("settlement_batches.csv", "settlement_batch_id\n"),
        ("roll_forward.csv", &roll),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn the_books_notice_outputs_that_say_something_else() {
    let made = quarter(55, Layout::Marketplace, Bookkeeping::Free);
    let day = Books::new(&made).run(made.plan.first_day, Files::default());
    assert!(day.closing.len() > 20 && day.closing.iter().all(|open| open.item.kind == IN_TRANSIT));
    let folder = tempfile::tempdir().unwrap();
    let problems = |name: &str, change: &dyn Fn(&str) -> String| {
        outputs(folder.path(), &day);
        let path = folder.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert!(name.is_empty() || changed != text);
        fs::write(path, changed).unwrap();
        day.compare(folder.path()).unwrap()
    };
    outputs(folder.path(), &day);
    assert_eq!(day.compare(folder.path()).unwrap(), Vec::<String>::new());
    let without_last = |text: &str| text[..=text.trim_end().rfind('\n').unwrap()].to_owned();
    let one_more = |text: &str| text.replacen(",0 to 1,0,0,", ",0 to 1,1,0,", 1);
    let older = |text: &str| text.replacen("0 to 1", "2 to 3", 1);
    type Changed<'c> = (&'static str, &'c dyn Fn(&str) -> String, usize);
    let table: [Changed<'_>; 6] = [
        ("in_transit.csv", &without_last, 1),
        ("in_transit.csv", &|text| text.replacen(",report,", ",ledger,", 1), 2),
        (
            "in_transit.csv",
            &|text| format!("{text}T-2,,,PAYMENT,USD,1.00,report,2026-09-07,2026-09-10,,2026-09-07,0\n"),
            1,
        ),
        ("roll_forward.csv", &without_last, 1),
        ("roll_forward.csv", &one_more, 1),
        ("roll_forward.csv", &older, 2),
    ];
    for (name, change, count) in table {
        let found = problems(name, change);
        assert_eq!(found.len(), count, "{name}: {found:#?}");
        assert!(found.iter().all(|problem| problem.starts_with(name)), "{found:#?}");
    }
}

#[test]
fn corrections_close_what_they_correct() {
    let made = quarter(56, Layout::Marketplace, Bookkeeping::Free);
    let open_at_the_end = |corrects: bool| {
        let mut books = Books::new(&made);
        let mut left = &made.corrections[..];
        for day in made.plan.all_days() {
            while let Some((correction, rest)) = left.split_first().filter(|(first, _)| corrects && first.before <= day)
            {
                books.correct(correction);
                left = rest;
            }
            books.run(day, Files::default());
        }
        let open = books.open_after(made.plan.last_day()).iter().filter(|open| open.item.kind != IN_TRANSIT);
        open.map(|open| open.item.key.clone()).collect::<BTreeSet<String>>()
    };
    let (with, without) = (open_at_the_end(true), open_at_the_end(false));
    assert!(with.is_subset(&without), "{:#?}", with.difference(&without).collect::<Vec<_>>());
    // Bookings that were changed and changed back were right before and are right afterwards. This layout has no ambiguity.
    assert_eq!(without.len() - with.len(), 22 - 1, "{:#?}", without.difference(&with).collect::<Vec<_>>());
}
