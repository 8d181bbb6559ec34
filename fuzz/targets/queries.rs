//! Queries of rows and cursors: what can't be asked is refused, what matches is what a plain look at all rows finds, what
//! is passed over holds nothing, and a cursor that was changed is refused.
//!
//! The first byte of an input says of which table and how it is asked; the rest is the query of a URL, or the change of a
//! cursor.

use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

use flash::api::cursor;
use flash::api::query::Query as Parameters;
use flash::dataset::query::{FullSortKey, KeyedRow, PruningStats, Scan, TopK};
use flash::dataset::{
    Analysis, BlockText, Column, Ingest, Layout, Limits, Profile, Query, RawBlock, RawQuery,
    Records, UploadOptions,
};

use super::plain_query::{self, Row};

/// Bytes of the longest query that is looked at.
const LONGEST: usize = 1 << 10;
const KEY: [u8; 32] = [7; 32];

static TABLES: LazyLock<[Table; 3]> = LazyLock::new(|| [people(), plain(), one()]);

/// Checks one input.
pub fn check(input: &[u8]) {
    let Some((&setup, rest)) = input.split_first() else {
        return;
    };
    let rest = &rest[..rest.len().min(LONGEST)];
    if setup & 128 != 0 {
        return check_cursor(setup, rest);
    }
    let table = &TABLES[usize::from(setup % 3)];
    let Some(asked) = asked(&String::from_utf8_lossy(rest)) else {
        return;
    };
    let plain = plain_query::Query::read(&asked, &table.columns);
    match (
        Query::resolve(&asked, &table.columns, &table.layout.formats),
        plain,
    ) {
        (Err(error), None) => assert!(!error.to_string().is_empty()),
        (Ok(query), Some(plain)) if plain.is_usual() => {
            assert_eq!(query.select, plain.select);
            let found = plain.find(&table.rows, &table.columns);
            table.finds(&query, &found);
            let limit = 1 + usize::from(setup / 3 % 8) * 5;
            table.orders(&query, &found, limit, usize::from(setup / 24) * 200);
        }
        (Ok(_), Some(_)) => {}
        (Err(error), Some(_)) => panic!("{asked:?} is refused: {error}"),
        (Ok(_), None) => panic!("{asked:?} should be refused"),
    }
}

/// What version 2 takes out of a query; `None`: a parameter is there twice, or is no UTF-8.
fn asked(query: &str) -> Option<RawQuery> {
    let mut parameters = Parameters::parse(query).ok()?;
    for name in ["limit", "cursor", "revision", "safe"] {
        parameters.take(name).ok()?;
    }
    let (select, order) = (
        parameters.take("select").ok()?,
        parameters.take("order").ok()?,
    );
    let filters = parameters.take_rest().into_iter().map(|(name, condition)| {
        let column = name.strip_prefix("where.").unwrap_or(&name).to_owned();
        (column, condition)
    });
    Some(RawQuery {
        select,
        order,
        filters: filters.collect(),
        groups: Vec::new(),
    })
}

/// A cursor gives what it was made of; one byte more, less or other, and it is refused.
fn check_cursor(setup: u8, change: &[u8]) {
    type Position = (i64, i64, u64, Option<[u8; 16]>);
    let open = |text: &str| cursor::open::<Position>(&KEY, "rows", text);
    let number = |at: usize| {
        let bytes = change.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| i64::from_le_bytes(*bytes))
    };
    let position: Position = (
        number(0),
        number(8),
        number(16).cast_unsigned(),
        (setup & 1 == 1).then_some([setup; 16]),
    );
    let seal =
        |position: &Position| cursor::seal(&KEY, "rows", position).expect("a position encodes");
    let sealed = seal(&position);
    assert_eq!(open(&sealed).ok(), Some(position));
    assert!(cursor::open::<Position>(&KEY, "revisions", &sealed).is_err());
    assert!(cursor::open::<Position>(&[8; 32], "rows", &sealed).is_err());
    // Whatever is sent is no cursor, unless it is one that was given out: libFuzzer does learn some by heart.
    let sent = String::from_utf8_lossy(change);
    if let Ok(position) = open(&sent) {
        assert_eq!(seal(&position), sent);
    }
    let at = usize::from(setup >> 1 & 63) % sealed.len();
    let mut changed = sealed.clone().into_bytes();
    match change {
        [] => drop(changed.remove(at)),
        [byte, ..] if setup & 1 == 1 => changed.insert(at, *byte),
        [byte, ..] => changed[at] = *byte,
    }
    let changed = String::from_utf8_lossy(&changed);
    assert!(changed == sealed || open(&changed).is_err(), "{changed}");
}

/// A dataset as it is stored, and its rows as they are.
struct Table {
    layout: Arc<Layout>,
    columns: Vec<Column>,
    blocks: Vec<Stored>,
    rows: Vec<Row>,
}

struct Stored {
    text: BlockText,
    body_start: usize,
    /// Number of its first row.
    first: usize,
    /// Where each row begins in its text.
    starts: Vec<usize>,
    analysis: Analysis,
}

impl Table {
    fn new(csv: &str, block_bytes: usize, null: &str) -> Self {
        let options = UploadOptions {
            nulls: vec![null.to_owned()],
            ..UploadOptions::default()
        };
        let limits = Limits {
            block_bytes,
            ..Limits::default()
        };
        let mut ingest = Ingest::new(options, limits).expect("no charset is stated");
        let mut raw_blocks = Vec::new();
        let taken = ingest.push(csv.as_bytes(), &mut raw_blocks);
        taken
            .and_then(|()| ingest.finish(&mut raw_blocks))
            .expect("a CSV");
        let layout = Arc::clone(ingest.layout().expect("a header"));
        let mut profile = Profile::new(Arc::clone(&layout));
        let (mut rows, mut blocks) = (Vec::new(), Vec::new());
        for raw_block in &raw_blocks {
            let analysis = raw_block.analyse().expect("a CSV");
            profile.absorb(&analysis);
            blocks.push(Stored::new(raw_block, analysis, &layout, &mut rows));
        }
        Self {
            columns: profile.columns(),
            layout,
            blocks,
            rows,
        }
    }

    /// That a look through the blocks finds these rows, and that no block is ruled out that has one.
    fn finds(&self, query: &Query, expected: &[usize]) {
        let mut found = Vec::new();
        for block in &self.blocks {
            let before = found.len();
            Scan::new(query, &self.layout).rows(&block.text, block.body_start, |row| {
                found.push(block.row_at(row.at));
                ControlFlow::Continue(())
            });
            let may = query.may_match(|column| block.known(column));
            assert!(may || found.len() == before, "{query:?} was ruled out");
        }
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query:?}");
    }

    /// That the first rows of the order are these, however few are kept at a time.
    fn orders(&self, query: &Query, expected: &[usize], limit: usize, budget: usize) {
        let Some(first) = query.order.first() else {
            return;
        };
        let (mut found, mut after, mut reference) = (Vec::new(), None, None);
        let mut passes = 0;
        // Where all are sorted, some pages will do.
        while found.len() < 3 * limit {
            let (order, behind) = (Arc::clone(&query.order), after.clone());
            let mut top = TopK::new(order, behind, reference.take(), limit, budget);
            for (number, block) in self.blocks.iter().enumerate() {
                let number = number as u64;
                let range = first.range(&block.analysis.columns[first.column]);
                let (best, worst) = range.expect("a block has rows");
                let past = top.is_past(best, number);
                Scan::new(query, &self.layout).rows(&block.text, block.body_start, |row| {
                    let abbreviated = first.abbreviated_key(row.value(first.column).as_deref());
                    assert!(best <= abbreviated && abbreviated <= worst, "{query:?}");
                    let at = u32::try_from(row.at).expect("a block is short");
                    let may = top.may_have(abbreviated, number, at);
                    assert!(!may || !past, "{query:?}");
                    if may {
                        top.take(abbreviated, |column| row.value(column), number, at);
                    }
                    ControlFlow::Continue(())
                });
            }
            let page = top.finish();
            found.extend(page.rows.iter().map(|row| self.row_at(row)));
            if let Some(last) = page.rows.last() {
                after = Some(Arc::new(self.whole(query, last)));
            }
            let unsure = page.unsure.as_ref();
            reference = unsure.map(|row| Arc::new(self.whole(query, row)));
            if !page.more || page.rows.is_empty() && reference.is_none() {
                assert_eq!(found, expected, "{query:?}");
                return;
            }
            passes += 1;
            assert!(passes < 1000, "{query:?} never ends");
        }
        assert_eq!(found, expected[..found.len()], "{query:?}");
    }

    /// The number of a row.
    fn row_at(&self, row: &KeyedRow) -> usize {
        self.block(row).row_at(row.at as usize)
    }

    /// The row with its whole values.
    fn whole(&self, query: &Query, row: &KeyedRow) -> FullSortKey {
        let text = &self.block(row).text[row.at as usize..];
        let mut fields = Vec::new();
        let columns = self.layout.columns.len();
        Records::new(text, self.layout.delimiter, columns).next_into(&mut fields);
        let value = |column: usize| query.value(&self.layout, column, fields[column].text());
        FullSortKey::new(&query.order, value, row.block, row.at)
    }

    fn block(&self, row: &KeyedRow) -> &Stored {
        &self.blocks[usize::try_from(row.block).expect("a small number")]
    }
}

impl Stored {
    fn new(raw_block: &RawBlock, analysis: Analysis, layout: &Layout, rows: &mut Vec<Row>) -> Self {
        let text = String::from_utf8(raw_block.text.clone()).expect("it was analysed");
        let body = &text[raw_block.body_start..];
        let mut records = Records::new(body, layout.delimiter, layout.columns.len());
        let (first, mut starts, mut fields) = (rows.len(), Vec::new(), Vec::new());
        while records.next_into(&mut fields) {
            starts.push(raw_block.body_start + fields[0].start());
            let texts = fields.iter().map(|field| field.text().into_owned());
            rows.push(
                texts
                    .map(|text| (!layout.is_null(&text)).then_some(text))
                    .collect(),
            );
        }
        Self {
            text: BlockText::new(text, layout.columns.len()),
            body_start: raw_block.body_start,
            first,
            starts,
            analysis,
        }
    }

    /// The number of the row that begins at that byte.
    fn row_at(&self, at: usize) -> usize {
        let place = self.starts.binary_search(&at);
        self.first + place.expect("a row begins there")
    }

    fn known(&self, column: usize) -> PruningStats<'_> {
        let blooms = self.analysis.blooms.iter();
        let mut blooms = blooms.filter(|(place, _)| *place as usize == column);
        PruningStats {
            zone_map: Some(&self.analysis.columns[column]),
            bloom: blooms.next().map(|(_, bloom)| bloom),
        }
    }
}

/// Every type, with quotes, nulls, and columns that have the names of parameters or end as a direction does.
fn people() -> Table {
    const ROWS: [&str; 12] = [
        "1,Ada,1.10,1815-12-10,2026-01-01T00:00:00Z,true,x,",
        "2,\"Grace, \"\"Amazing\"\"\",1.1,1906-12-09,2026-01-01T01:00:00+01:00,false,y,a_b",
        "3,NA,NA,NA,NA,NA,NA,NA",
        "4,Éva,9007199254740993,2000-02-29,2026-01-01T00:00:00.5Z,true,in.(a),a%b",
        "5,ada,9007199254740992,1999-12-31,2025-12-31T23:59:59Z,,\"\",a*b",
        "6,,-0.0,,,false,z,\\",
        "-9223372036854775808,straße,1e400,0000-01-01,1990-12-31T23:59:60Z,true,\"line\nbreak\",aaab",
        "9223372036854775807,STRASSE,-1e400,9999-12-31,1990-12-31t23:59:59.9999999999z,false,x,aab",
        "0,ǅ,0.1,2024-02-29,2024-06-30T23:59:60+23:59,,\"a,b\",ab",
        "10,a text that is longer than thirty-two bytes,1E-7,1970-01-01,1970-01-01T00:00:00Z,true,,b",
        "11,a text that is longer than thirty-two bytes!,100e-2,1969-12-31,1969-12-31T23:59:59.1-00:00,false,.,ba",
        "12,İ,1,2024-03-01,0000-01-01T00:00:00Z,true,null,\"\u{10FFFF}\"",
    ];
    let header = "id,name,score,born,seen,ok,order,note.desc\n";
    let csv = ROWS.repeat(3).join("\n");
    Table::new(&format!("{header}{csv}\n"), 400, "NA")
}

/// Lines without quotes, many different values, so that there are filters of them; CRLF.
fn plain() -> Table {
    let mut csv = "n,code,word,select\r\n".to_owned();
    for row in 0..200_u32 {
        let spread = row.wrapping_mul(2_654_435_761) % 100_003;
        let word = ["one", "two", "three", "onex", "xone", ""][row as usize % 6];
        csv += &format!(
            "{row},N{spread},{word},{}\r\n",
            i64::from(spread) * 1_000_003
        );
    }
    Table::new(&csv, 2600, "three")
}

/// One column, in which an empty line is a row.
fn one() -> Table {
    let words = ["one", "", "onex", "xone", "0", "one\u{301}", "ONE"];
    Table::new(&format!("w\n{}", words.repeat(20).join("\n")), 150, "0")
}
