//! A dataset to which rows were appended equals one that was uploaded at once.

use super::*;

/// The raw blocks of appended rows, whose bytes come in parts of the sizes that `size` returns.
fn added(
    layout: &Arc<Layout>,
    bytes: &[u8],
    options: &UploadOptions,
    limits: Limits,
    mut size: impl FnMut() -> usize,
) -> Result<Vec<RawBlock>, CsvError> {
    let mut ingest = Ingest::appending(Arc::clone(layout), options.clone(), limits)?;
    let mut raw_blocks = Vec::new();
    let mut rest = bytes;
    let mut pushed = Ok(());
    while !rest.is_empty() && pushed.is_ok() {
        let (part, after) = rest.split_at(size().clamp(1, rest.len()));
        pushed = ingest.push(part, &mut raw_blocks);
        rest = after;
    }
    let pushed = pushed.and_then(|()| ingest.finish(&mut raw_blocks));
    raw_blocks
        .iter()
        .try_for_each(|raw_block| raw_block.analyse().map(drop))?;
    pushed.map(|()| raw_blocks)
}

type Position = (Vec<u8>, usize, u64, u64);

fn positions(raw_blocks: Vec<RawBlock>) -> Vec<Position> {
    raw_blocks
        .into_iter()
        .map(|raw_block| {
            (
                raw_block.text,
                raw_block.body_start,
                raw_block.first_line,
                raw_block.offset,
            )
        })
        .collect()
}

#[test]
fn no_bytes_whatever_make_added_rows_panic_or_depend_on_how_they_were_split() {
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    let alphabet = b"aa1,,;\t\"\"\n\n\r\xC3\xA9\xEF\xBB\xBF\x00";
    let mut valid = 0;
    for _ in 0..6_000 {
        let columns = *random.pick(&[&"a", &"a,b", &"a;b"]);
        let whole = UploadOptions::default();
        let layout = take(columns.as_bytes(), &whole, Limits::default(), || 99).unwrap();
        let options = some_options(&mut random);
        let start = random.pick(&["", "\u{FEFF}", "\n", "\u{FEFF}\r\n"]);
        let mut bytes = start.as_bytes().to_vec();
        if !options.header_absent && random.below(10) > 0 {
            bytes.extend_from_slice(columns.as_bytes());
            bytes.extend_from_slice(random.pick(&["", "\n", "\r\n"]).as_bytes());
        }
        let more = random.below(14);
        bytes.extend((0..more).map(|_| alphabet[random.below(alphabet.len())]));
        let limits = some_limits(&mut random);
        let whole = added(&layout.layout, &bytes, &options, limits, || usize::MAX);
        let whole = whole.map(positions);
        for most in [1, 7, 30] {
            let split = added(&layout.layout, &bytes, &options, limits, || {
                1 + random.below(most)
            });
            // If there are two mistakes, another one may be noticed first.
            if split.is_ok() || whole.is_ok() {
                let text = String::from_utf8_lossy(&bytes);
                assert_eq!(split.map(positions), whole, "{text:?}");
            }
        }
        if let Ok(raw_blocks) = whole {
            valid += usize::from(!raw_blocks.is_empty());
            assert!(raw_blocks.iter().all(|(text, ..)| text.ends_with(b"\n")));
        }
    }
    assert!(valid > 150, "{valid}");
}

#[test]
fn rows_added_to_a_dataset_are_the_dataset_that_would_have_come_at_once() {
    let mut random = Random(0x0DDB_A115_CAFE_F00D);
    let values = [
        "1",
        "-5",
        "2.5",
        "NA",
        "",
        "true",
        "ä",
        "say \"x\"",
        "x,y",
        "a\nb",
    ];
    for _ in 0..600 {
        let header = random.pick(&["a", "a,b", "a,b,a"]);
        let columns = header.split(',').count();
        let parts: Vec<String> = (0..2 + random.below(3))
            .map(|_| lines(&values, columns, &mut random))
            .collect();
        let options = UploadOptions {
            dialect: Delimiter::COMMA.into(),
            ..UploadOptions::default()
        };
        let limits = Limits {
            block_bytes: 1 + random.below(60),
            ..Limits::default()
        };
        let text = format!("{header}\n{}", parts.concat());
        let at_once = take(text.as_bytes(), &options, limits, || usize::MAX).unwrap();
        let stored = stored(header, &parts, &options, limits, &mut random);
        assert_eq!(stored.records, at_once.records, "{parts:?}");
        assert_eq!(stored.profile.columns(), at_once.columns);
        assert_eq!(stored.resumable.bytes(), stored.text.len() as u64);
        assert_eq!(stored.resumable.open_line(), !stored.text.ends_with(b"\n"));
        assert_eq!(stored.text, at_once.text);
        let digest = |text: &[u8]| {
            let mut resumable = ResumableDigest::new();
            resumable.absorb(text);
            resumable.sha256()
        };
        assert_eq!(stored.resumable.sha256(), digest(&at_once.text));

        // All blocks merged are the raw block of one upload.
        let layout = Arc::clone(stored.profile.layout());
        let body_start = stored.first_body_start;
        let raw_block = RawBlock::stored(stored.text, body_start, layout);
        let analysis = raw_block.analyse().unwrap();
        let large = Limits::default();
        let mut ingest = Ingest::new(options, large).unwrap();
        let mut one = Vec::new();
        ingest.push(text.as_bytes(), &mut one).unwrap();
        ingest.finish(&mut one).unwrap();
        let at_once_analysed = Analysis {
            oddities: Default::default(),
            ..one[0].analyse().unwrap()
        };
        assert_eq!(analysis, at_once_analysed);
        let sealed = Block::seal(&raw_block, &analysis);
        assert_eq!(read_back(&sealed, &raw_block.layout), at_once.records);
    }
}

/// Some records, each of them a line.
fn lines(values: &[&str], columns: usize, random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(8) {
        let fields: Vec<String> = (0..columns)
            .map(|_| written(random.pick(values), random))
            .collect();
        text += &fields.join(",");
        text += random.pick(&["\n", "\r\n"]);
    }
    text
}

/// A dataset to which rows were appended.
struct Stored {
    text: Vec<u8>,
    first_body_start: usize,
    records: Vec<Vec<String>>,
    profile: Profile,
    resumable: ResumableDigest,
}

/// Makes a dataset of the first part, and appends the others.
fn stored(
    header: &str,
    parts: &[String],
    options: &UploadOptions,
    limits: Limits,
    random: &mut Random,
) -> Stored {
    let mut ingest = Ingest::new(options.clone(), limits).unwrap();
    let mut raw_blocks = Vec::new();
    let text = format!("{header}\n{}", parts[0]);
    ingest.push(text.as_bytes(), &mut raw_blocks).unwrap();
    ingest.finish(&mut raw_blocks).unwrap();
    let layout = Arc::clone(ingest.layout().unwrap());
    let mut stored = Stored {
        text: Vec::new(),
        first_body_start: raw_blocks[0].body_start,
        records: Vec::new(),
        profile: Profile::new(Arc::clone(&layout)),
        resumable: ResumableDigest::new(),
    };
    stored.add(&raw_blocks);
    for part in &parts[1..] {
        let mut options = options.clone();
        options.header_absent = !part.is_empty() && random.below(2) == 0;
        let mut text = random.pick(&["", "\u{FEFF}"]).to_owned();
        if !options.header_absent {
            text += header;
            text += random.pick(&["\n", "\r\n"]);
        }
        // A missing last line end is added; but a single empty field needs one of its own.
        let part = match part.strip_suffix('\n') {
            Some(open) if open.ends_with(|last| last != '\n' && last != '\r') => open,
            _ => part,
        };
        text += part;
        let size = || 1 + random.below(50);
        let raw_blocks = added(&layout, text.as_bytes(), &options, limits, size).unwrap();
        stored.add(&raw_blocks);
    }
    stored
}

impl Stored {
    fn add(&mut self, raw_blocks: &[RawBlock]) {
        let mut profile = Profile::new(Arc::clone(self.profile.layout()));
        for raw_block in raw_blocks {
            let analysis = raw_block.analyse().unwrap();
            profile.absorb(&analysis);
            self.resumable = ResumableDigest::decode(&self.resumable.encode()).unwrap();
            self.resumable.absorb(&raw_block.text);
            self.text.extend_from_slice(&raw_block.text);
            let read = read_back(&Block::seal(raw_block, &analysis), &raw_block.layout);
            self.records.extend(read);
        }
        self.profile.merge(&profile);
    }
}
