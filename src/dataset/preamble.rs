//! The beginning of a file: byte-order mark, empty lines, and the first record, whose first line shows the delimiter.

use super::{Delimiter, bom::UTF8_BOM, record_splitter::RecordSplitter};

/// Reads the beginning of a text that grows.
#[derive(Debug)]
pub(crate) struct Preamble {
    stage: Stage,
    /// How much of the text has been looked at in this stage.
    seen: usize,
    /// Where the first record begins, once known.
    start: usize,
}

#[derive(Debug)]
enum Stage {
    /// Nothing but a byte-order mark and empty lines so far.
    Opening,
    /// In the first line, whose delimiter was not stated.
    Sniffing(Sniffer),
    /// In the first record.
    Record(Delimiter, RecordSplitter),
}

/// The first record, and how to go on after it.
#[derive(Debug)]
pub(crate) struct FirstRecord {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) delimiter: Delimiter,
    /// Has seen exactly the text up to `end`.
    pub(crate) splitter: RecordSplitter,
}

impl Preamble {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Opening,
            seen: 0,
            start: 0,
        }
    }

    /// Where the first record begins, as far as is known.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Looks at what was added to `text`; `last` if nothing more comes. Returns `None` while the first record is incomplete, and at
    /// the end if there is none.
    pub(crate) fn advance(
        &mut self,
        text: &[u8],
        last: bool,
        stated: Option<Delimiter>,
    ) -> Option<FirstRecord> {
        if let Stage::Opening = self.stage {
            let (seen, found) = opening(text, self.seen, last);
            (self.start, self.seen) = (seen, seen);
            if !found {
                return None;
            }
            self.stage = match stated {
                Some(delimiter) => self.record(delimiter),
                None => Stage::Sniffing(Sniffer::default()),
            };
        }
        if let Stage::Sniffing(sniffer) = &mut self.stage {
            let whole = sniffer.line_ends(&text[self.seen..]);
            self.seen = text.len();
            if !whole && !last {
                return None;
            }
            let delimiter = sniffer.choice();
            self.stage = self.record(delimiter);
        }
        let Stage::Record(delimiter, splitter) = &mut self.stage else {
            return None;
        };
        let found = splitter
            .scan(&text[self.seen..], 0)
            .map(|end| self.seen + end);
        self.seen = found.unwrap_or(text.len());
        if found.is_none() && !last {
            return None;
        }
        Some(FirstRecord {
            start: self.start,
            end: self.seen,
            delimiter: *delimiter,
            splitter: splitter.clone(),
        })
    }

    fn record(&mut self, delimiter: Delimiter) -> Stage {
        self.seen = self.start;
        Stage::Record(delimiter, RecordSplitter::new(delimiter.byte(), self.start))
    }
}

/// How far the byte-order mark and empty lines go, having looked as far as `from`, and whether a record follows.
fn opening(text: &[u8], from: usize, last: bool) -> (usize, bool) {
    if from == 0 && text.len() < UTF8_BOM.len() && UTF8_BOM.starts_with(text) && !last {
        return (0, false);
    }
    let mut at = if from == 0 && text.starts_with(UTF8_BOM) {
        UTF8_BOM.len()
    } else {
        from
    };
    loop {
        match &text[at..] {
            [] => return (at, false),
            [b'\n', ..] => at += 1,
            [b'\r', b'\n', ..] => at += 2,
            [b'\r'] if !last => return (at, false),
            _ => return (at, true),
        }
    }
}

/// Counts the delimiters there might be in the first line, outside quotes.
#[derive(Debug, Default)]
struct Sniffer {
    /// One for each of [`Delimiter::ALL`].
    counts: [u64; 4],
    /// The line so far is inside a quoted field.
    quoted: bool,
    /// The line so far ends inside a field, after its first character.
    in_field: bool,
}

impl Sniffer {
    /// Takes the next part of the line; whether the line ends in it.
    fn line_ends(&mut self, text: &[u8]) -> bool {
        for &byte in text {
            match byte {
                // A doubled quote leaves the quoted field and enters it again.
                b'"' if self.quoted || !self.in_field => self.quoted = !self.quoted,
                _ if self.quoted => {}
                b'\n' => return true,
                _ => match Delimiter::ALL
                    .iter()
                    .position(|delimiter| delimiter.byte() == byte)
                {
                    Some(place) => {
                        self.counts[place] += 1;
                        self.in_field = false;
                    }
                    None => self.in_field = true,
                },
            }
        }
        false
    }

    /// Comma where there is one or no other; else the most frequent of the others.
    fn choice(&self) -> Delimiter {
        if self.counts[0] > 0 {
            return Delimiter::COMMA;
        }
        let most = self.counts.iter().copied().max().unwrap_or_default();
        let place = self
            .counts
            .iter()
            .position(|&count| count == most)
            .unwrap_or_default();
        Delimiter::ALL[place]
    }
}
