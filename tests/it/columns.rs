//! Columns are built in the background, and change no answer.

use serde_json::Value;

use crate::database::Place;
use crate::server::{Builder, Server};

impl Server {
    /// Appends rows without a header.
    #[track_caller]
    fn append_rows(&self, rows: &str) {
        let post = self.post("/datasets/d/rows").v2();
        let post = post.header("Content-Type", "text/csv; header=absent");
        post.body(rows).send().ok();
    }

    /// Waits until no dataset waits for columns.
    #[track_caller]
    pub fn wait_for_columns(&self) {
        self.until(|server| server.services.store.load().due_columns == 0);
    }

    /// How many segments queries have looked through: in columns, or in texts.
    fn scanned(&self, from: &str) -> u64 {
        let scrape = self.services.metrics.scrape(&self.services, true);
        let scrape = String::from_utf8(scrape).unwrap();
        let series = format!("flash_segments_scanned_total{{from=\"{from}\"}} ");
        let line = scrape.lines().find_map(|line| line.strip_prefix(&series));
        line.map_or(0, |count| count.parse().unwrap())
    }

    /// The answer to a question about a dataset, and whether it was found in columns alone.
    fn asked(&self, path: &str) -> (String, bool) {
        let before = (self.scanned("columns"), self.scanned("text"));
        let answer = self.get(path).v2().send().ok().text();
        let after = (self.scanned("columns"), self.scanned("text"));
        (answer, after.0 > before.0 && after.1 == before.1)
    }
}

/// A server with short blocks and row groups; segments with so many rows get columns. Nothing is cached.
fn server(place: Place, columns_from: u64) -> Server {
    let mut builder = Builder::at(place);
    builder.settings.memory.cache_bytes = Some(0);
    builder.settings.store.blocks.block_bytes = 400;
    builder.settings.store.blocks.page_bytes = 3000;
    builder.settings.store.blocks.group_rows = 64;
    builder.settings.store.blocks.columns_from = columns_from;
    builder.start()
}

const WITHOUT: u64 = u64::MAX;
const ROWS: u64 = 1000;

/// Rows with nulls, ties, huge numbers, several spellings of a number, quotes and other scripts.
fn rows(from: u64, to: u64) -> String {
    let row = |row: u64| {
        let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let delay = match mixed % 9 {
            0 => String::new(),
            other => (other * 37 % 100).to_string(),
        };
        let fare = [
            "1.0",
            "1.00",
            "1",
            "-0.5",
            "123456789012345678901234567890.5",
            "",
        ];
        let place = [
            "LAX",
            "SFO",
            "\"Zürich, CH\"",
            "\"say \"\"x\"\"\"",
            "",
            "été𝄞",
        ];
        let (fare, place) = (fare[mixed as usize % 6], place[mixed as usize / 7 % 6]);
        let (day, hour) = (1 + mixed % 28, mixed % 24);
        let flag = mixed.is_multiple_of(3);
        format!(
            "{row},{delay},{fare},{place},2013-02-{day:02},2013-02-{day:02}T{hour:02}:30:00Z,{flag}\n"
        )
    };
    (from..to).map(row).collect()
}

fn csv(to: u64) -> String {
    format!("id,delay,fare,place,day,at,flag\n{}", rows(0, to))
}

const QUESTIONS: [&str; 26] = [
    "delay=gt.60&limit=7",
    "delay=is.null&count=exact&limit=3",
    "delay=gt.60&place=in.(LAX,SFO)&count=exact&limit=1",
    "or=(place.eq.LAX,delay.lt.10)&count=exact&limit=1",
    "not.or=(place.eq.LAX,and(delay.lt.10,flag.is.true))&count=exact&limit=2",
    "place=like.*rich*&count=exact&limit=2",
    "place=ilike.*SAY*&count=exact",
    "fare=eq.1&count=exact&limit=50",
    "fare=gt.100&order=delay.desc&limit=9",
    "place=eq.nowhere&count=exact",
    "order=delay.desc&limit=10",
    "order=delay.desc.nullslast,id.desc&limit=40",
    "order=place&limit=30",
    "order=fare.desc.nullslast&limit=25",
    "order=at.desc&flag=is.true&limit=12",
    "order=flag&limit=1000",
    "day=gt.2013-02-20&order=day&count=exact&limit=5",
    "at=lt.2013-02-03T10:00:00Z&count=exact&limit=5",
    "select=place,n:count(),late:delay.avg()&order=n.desc",
    "select=place,flag,n:count(),far:delay.max(),least:fare.min(),total:fare.sum()",
    "select=n:count(),known:delay.count(),texts:place.distinct(),middle:delay.median()",
    "select=month:day.month(),day,n:count(),last:at.max(),first:place.min()&delay=gt.20&order=n.desc,day&limit=11",
    "select=fare,n:count(),sum:delay.sum()&n=gt.5&order=fare",
    "select=at.hour(),place.max(),place.min(),fare.avg()&or=(flag.is.true,place.is.null)",
    "select=n:count()&place=eq.nowhere",
    "select=id,n:count()&order=id.desc&limit=3",
];

/// Asks everything of both servers, by revision. Returns how many answers came from columns alone.
#[track_caller]
fn same_answers(
    with: &Server,
    without: &Server,
    revisions: std::ops::RangeInclusive<u32>,
) -> usize {
    let mut in_columns = 0;
    for revision in revisions {
        for question in QUESTIONS {
            let path = format!("/datasets/d/rows?revision={revision}&{question}");
            let (mut answer, used) = with.asked(&path);
            let (mut expected, _) = without.asked(&path);
            // Cursors are signed, by a key of each store.
            for text in [&mut answer, &mut expected] {
                let mut json: Value = serde_json::from_str(text).unwrap();
                let next = json.as_object_mut().unwrap().remove("next");
                *text = format!("{json} {:?}", next.map(|next| next.is_null()));
            }
            assert_eq!(answer, expected, "{path}");
            in_columns += usize::from(used);
        }
    }
    in_columns
}

#[test]
fn every_answer_is_the_same_before_and_after_columns_are_built() {
    let (with, without) = (server(Place::new(), 1), server(Place::new(), WITHOUT));
    for server in [&with, &without] {
        server.store("d", csv(ROWS));
    }
    with.wait_for_columns();
    let found = same_answers(&with, &without, 1..=1);
    // The others find enough rows in the first blocks, or ask for a column with as many texts as rows.
    assert!(found >= 15, "{found}");
    assert_eq!(without.scanned("columns"), 0);
}

#[test]
fn pages_of_an_order_follow_each_other_through_columns() {
    let (with, without) = (server(Place::new(), 1), server(Place::new(), WITHOUT));
    for server in [&with, &without] {
        server.store("d", csv(ROWS));
    }
    with.wait_for_columns();
    for order in [
        "delay",
        "place.desc",
        "fare",
        "at",
        "flag.desc",
        "day,place",
    ] {
        let pages = |server: &Server| {
            let (mut path, mut ids) = (
                format!("/datasets/d/rows?order={order}&limit=130"),
                Vec::new(),
            );
            loop {
                let page = server.get(&path).v2().send().ok().json();
                let rows = page["data"].as_array().unwrap().iter();
                ids.extend(rows.map(|row| row["id"].as_u64().unwrap()));
                match page["next"].as_str() {
                    Some(next) => {
                        path = format!("/datasets/d/rows?order={order}&limit=130&cursor={next}");
                    }
                    None => return ids,
                }
            }
        };
        let found = pages(&with);
        assert_eq!(found.len() as u64, ROWS);
        assert_eq!(found, pages(&without), "{order}");
    }
    assert!(with.scanned("columns") > 0);
}

#[test]
fn appended_rows_and_old_revisions_are_found_beside_columns() {
    let (with, without) = (server(Place::new(), 100), server(Place::new(), WITHOUT));
    for server in [&with, &without] {
        server.store("d", csv(300));
    }
    with.wait_for_columns();
    let mut from = 300;
    // The second is too small for columns.
    for more in [150, 20, 200] {
        for server in [&with, &without] {
            server.append_rows(&rows(from, from + more));
        }
        from += more;
    }
    with.wait_for_columns();
    same_answers(&with, &without, 1..=4);
    let (_, used) = with.asked("/datasets/d/rows?revision=1&delay=gt.60&count=exact&limit=1");
    assert!(used);
    assert!(with.scanned("text") > 0);
}

#[test]
fn values_that_widen_the_types_of_columns_are_found_by_their_new_types() {
    let (with, without) = (server(Place::new(), 1), server(Place::new(), WITHOUT));
    for server in [&with, &without] {
        server.store("d", csv(200));
        server.append_rows("200,9.5,x,LAX,soon,later,maybe\n");
    }
    with.wait_for_columns();
    for question in [
        "delay=gt.9&count=exact&limit=2",
        "order=delay&limit=50",
        "day=like.2013*&count=exact&limit=1",
        "order=at.desc&limit=20",
        "select=flag,n:count(),least:day.min(),sum:delay.sum()",
        "flag=eq.true&count=exact&limit=1",
    ] {
        let path = format!("/datasets/d/rows?{question}");
        let rows = |server: &Server| server.get(&path).v2().send().ok().json()["data"].clone();
        assert_eq!(rows(&with), rows(&without), "{question}");
    }
}

#[test]
fn compaction_and_a_restart_lose_no_columns() {
    let with = server(Place::new(), 30);
    with.store("d", csv(10));
    for append in 1..20 {
        with.append_rows(&rows(append * 10, append * 10 + 10));
    }
    with.until(|server| server.segments("d") < 17);
    with.wait_for_columns();
    let path = "/datasets/d/rows?delay=gt.60&count=exact&limit=1";
    let (before, _) = with.asked(path);
    assert!(with.scanned("columns") > 0);
    let place = with.place.clone();
    drop(with);
    let with = server(place, 30);
    with.wait_for_columns();
    let total = |text: &str| serde_json::from_str::<Value>(text).unwrap()["total"].clone();
    assert_eq!(total(&with.asked(path).0), total(&before));
    assert!(with.scanned("columns") > 0);
}

#[test]
fn datasets_of_an_earlier_release_get_columns_and_a_build_that_was_interrupted_goes_on() {
    let place = Place::new();
    let without = server(place.clone(), WITHOUT);
    without.store("d", csv(ROWS));
    let path = "/datasets/d/rows?delay=gt.60&count=exact&limit=1";
    let (expected, _) = without.asked(path);
    drop(without);
    let with = server(place.clone(), 1);
    with.wait_for_columns();
    let built = place.row_groups();
    assert!(built >= 15, "{built}");
    drop(with);
    // As if the server had ended after the fifth row group, and in the middle of the sixth.
    place.execute("DELETE FROM column_chunks WHERE place = -1 AND first_row >= 320");
    place.execute("DELETE FROM column_chunks WHERE place > 2 AND first_row >= 320");
    let with = server(place.clone(), 1);
    with.wait_for_columns();
    assert_eq!(place.row_groups(), built);
    let (answer, used) = with.asked(path);
    let total = |text: &str| serde_json::from_str::<Value>(text).unwrap()["total"].clone();
    assert_eq!(total(&answer), total(&expected));
    assert!(used);
}

#[test]
fn damaged_columns_change_no_answer() {
    let (with, without) = (server(Place::new(), 1), server(Place::new(), WITHOUT));
    for server in [&with, &without] {
        server.store("d", csv(ROWS));
    }
    with.wait_for_columns();
    for damage in [
        "UPDATE column_chunks SET digest = stats WHERE place = 1 AND first_row > 500",
        "UPDATE column_chunks SET data = stats WHERE place = 3 AND first_row < 300",
        "DELETE FROM column_chunks WHERE place = 4",
        "UPDATE column_chunks SET data = stats WHERE place = -1 AND first_row > 0",
    ] {
        with.place.execute(damage);
        same_answers(&with, &without, 1..=1);
    }
}

#[test]
fn columns_go_with_the_segments_that_they_are_of() {
    let mut builder = Builder::new();
    let clock = builder.stand_at(jiff::Timestamp::now());
    builder.settings.store.blocks.group_rows = 64;
    builder.settings.store.blocks.columns_from = 1;
    builder.settings.store.keep_revisions = 1;
    let server = builder.start();
    server.store("d", csv(300));
    server.wait_for_columns();
    assert!(server.place.row_groups() > 0);
    server.delete("/datasets/d").v2().send();
    server
        .place
        .let_pass(jiff::SignedDuration::from_mins(3), &clock);
    server.until(|server| server.place.row_groups() == 0 && server.place.blocks() == 0);
    assert_eq!(server.place.column_chunks(), 0);
}
