//! A block's text as it is read, with an index of its lines, so that less of it has to be read.

use memchr::{memchr, memchr_iter, memmem};

use super::marks::UTF8_BOM;
use super::record::Records;

/// The index has the offset of every line with a multiple of this number.
const STRIDE: usize = 64;

/// The text of a block, with its line index if it has one.
#[derive(Debug)]
pub struct BlockText {
    text: String,
    line_index: Option<LineIndex>,
}

/// An index of a text whose records are lines without quotes.
#[derive(Debug)]
struct LineIndex {
    /// Delimiters and line ends per record, the same number in each.
    structural_bytes: usize,
    /// Where every 64th line begins.
    lines: Box<[u32]>,
    /// No field has a byte that JSON escapes.
    verbatim: bool,
}

impl BlockText {
    /// Indexes a text whose records have `columns` columns.
    pub fn new(text: String, columns: usize) -> Self {
        let line_index =
            structural_bytes_each(text.as_bytes(), columns).map(|structural_bytes| LineIndex {
                structural_bytes,
                lines: lines(text.as_bytes()),
                verbatim: is_verbatim(text.as_bytes()),
            });
        Self { text, line_index }
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        let lines = self
            .line_index
            .as_ref()
            .map(|line_index| size_of_val(&*line_index.lines));
        self.text.len() + lines.unwrap_or(0)
    }

    /// Structural bytes per record, if each record has the same number.
    pub(super) fn structural_bytes(&self) -> Option<usize> {
        self.line_index
            .as_ref()
            .map(|line_index| line_index.structural_bytes)
    }

    /// Whether the records, which have `columns` columns, are written as a CSV response writes them: as lines that end in LF,
    /// without quotes.
    pub fn is_plain(&self, columns: usize) -> bool {
        // A row with one column is written differently if its field is empty.
        columns > 1 && self.structural_bytes() == Some(columns)
    }

    /// The records from byte `from` on.
    pub fn records(&self, from: usize, delimiter: u8, columns: usize) -> Records<'_> {
        let text = self.text.get(from..).unwrap_or_default();
        match &self.line_index {
            Some(line_index) => Records::unquoted(text, delimiter, columns, line_index.verbatim),
            None => Records::new(text, delimiter, columns),
        }
    }

    /// The lines of the records from byte `from` on, if no field has a quote or a byte that JSON escapes.
    pub fn verbatim_lines(&self, from: usize) -> Option<Lines<'_>> {
        self.line_index
            .as_ref()
            .filter(|line_index| line_index.verbatim)?;
        let text = self.text.get(from..).unwrap_or_default();
        Some(Lines { text, at: 0 })
    }

    /// Where the record begins that is `rows` records after the one at `from`; the end of the text if there are not so many.
    pub fn start_after(&self, from: usize, rows: usize, delimiter: u8, columns: usize) -> usize {
        if rows == 0 {
            return from;
        }
        let Some(line_index) = &self.line_index else {
            let mut records = self.records(from, delimiter, columns);
            records.skip(rows);
            return from + records.position();
        };
        let line = line_index.line_at(&self.text, from).saturating_add(rows);
        let known = (line / STRIDE).min(line_index.lines.len() - 1);
        let start = line_index.lines[known] as usize;
        let mut ends = memchr_iter(b'\n', &self.text.as_bytes()[start..]);
        match line - known * STRIDE {
            0 => start,
            lines => ends
                .nth(lines - 1)
                .map_or(self.text.len(), |end| start + end + 1),
        }
    }

    /// How many records begin between `from` and `to`. A record begins at both.
    pub fn records_between(&self, from: usize, to: usize, delimiter: u8, columns: usize) -> usize {
        match &self.line_index {
            Some(line_index) => {
                line_index.line_at(&self.text, to) - line_index.line_at(&self.text, from)
            }
            None => {
                let between = self.text.get(from..to).unwrap_or_default();
                Records::new(between, delimiter, columns).skip(usize::MAX)
            }
        }
    }
}

impl LineIndex {
    /// The number of the line that begins at `at`.
    fn line_at(&self, text: &str, at: usize) -> usize {
        let known = self.lines.partition_point(|&line| line as usize <= at) - 1;
        let since = &text.as_bytes()[self.lines[known] as usize..at];
        known * STRIDE + memchr_iter(b'\n', since).count()
    }
}

/// The lines of a text, each of which is a record, without their line ends.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    at: usize,
}

impl Lines<'_> {
    /// Where the next line begins, in bytes of the text.
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        // The last line may lack a line end.
        let end = memchr(b'\n', rest.as_bytes());
        self.at += end.map_or(rest.len(), |end| end + 1);
        let line = &rest[..end.unwrap_or(rest.len())];
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

impl std::ops::Deref for BlockText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

fn structural_bytes_each(text: &[u8], columns: usize) -> Option<usize> {
    if memchr(b'"', text).is_some() {
        return None;
    }
    let returns = memchr_iter(b'\r', text).count();
    let empty: &[u8] = if returns == 0 { b"\n\n" } else { b"\n\r\n" };
    // The first line begins after the byte-order mark.
    let lines = text.strip_prefix(UTF8_BOM).unwrap_or(text);
    // An empty line is a record if there is one column.
    let empty_lines =
        columns > 1 && (lines.starts_with(&empty[1..]) || memmem::find(lines, empty).is_some());
    match returns {
        _ if empty_lines => None,
        0 => Some(columns),
        // Carriage returns stand before line feeds only.
        _ if returns == memchr_iter(b'\n', text).count() => Some(columns + 1),
        _ => None,
    }
}

fn lines(text: &[u8]) -> Box<[u32]> {
    // A block is shorter than 2^32 bytes.
    let begins = memchr_iter(b'\n', text).map(|end| end as u32 + 1);
    std::iter::once(0).chain(begins).step_by(STRIDE).collect()
}

/// Whether a text without quotes has no byte that JSON escapes (RFC 8259, section 7) but at line ends.
fn is_verbatim(text: &[u8]) -> bool {
    // Without a branch per byte, the compiler can check many bytes at once.
    let escaped = |byte: u8| (byte < b' ' && byte != b'\n' && byte != b'\r') | (byte == b'\\');
    !text
        .iter()
        .fold(false, |found, &byte| found | escaped(byte))
}

#[cfg(test)]
mod tests {
    use super::super::record::Field;
    use super::*;

    /// Every record's start, found by reading all records.
    fn starts(text: &BlockText, from: usize, columns: usize) -> Vec<usize> {
        let mut records = Records::new(&text[from..], b',', columns);
        let (mut fields, mut starts) = (Vec::new(), Vec::new());
        while records.next_into(&mut fields) {
            starts.push(from + fields[0].start());
        }
        starts
    }

    fn text(rows: usize, columns: usize, end: &str, last: &str, odd: &str) -> BlockText {
        let row = |row: usize| {
            let cells = (0..columns).map(|column| "x".repeat(1 + (row * 7 + column) % 5));
            let cells: Vec<_> = cells.collect();
            match row {
                77 => format!("{odd}{}", cells.join(",")),
                _ => cells.join(","),
            }
        };
        let rows: Vec<_> = (0..rows).map(row).collect();
        BlockText::new(format!("{}{last}", rows.join(end)), columns)
    }

    #[test]
    fn rows_are_found_by_their_numbers_wherever_counting_begins() {
        for (columns, end, odd) in [
            (1, "\n", ""),
            (3, "\n", ""),
            (3, "\r\n", ""),
            (3, "\n", "q\""),
            (3, "\n", "\n"),
        ] {
            for (rows, last) in [
                (1, ""),
                (1, end),
                (64, end),
                (65, ""),
                (200, end),
                (200, ""),
            ] {
                let text = text(rows, columns, end, last, odd);
                assert_eq!(text.line_index.is_some(), odd.is_empty() || rows < 78);
                let starts = starts(&text, 0, columns);
                assert_eq!(starts.len(), rows);
                for from in [0, 1, 63, 64, 100] {
                    let Some(&begin) = starts.get(from) else {
                        continue;
                    };
                    for rows in [0, 1, 5, 63, 64, 65, 150, usize::MAX] {
                        let found = text.start_after(begin, rows, b',', columns);
                        let wanted = starts.get(from.saturating_add(rows));
                        let wanted = wanted.copied().unwrap_or(text.len());
                        // An empty line before a record may count as its beginning.
                        assert_eq!(text[found.min(wanted)..wanted].trim(), "", "{rows}");
                        assert!(found <= wanted);
                    }
                    for (number, &to) in starts.iter().enumerate().skip(from) {
                        let between = text.records_between(begin, to, b',', columns);
                        assert_eq!(between, number - from);
                    }
                }
            }
        }
    }

    #[test]
    fn an_empty_line_before_all_records_is_none_behind_a_byte_order_mark_too() {
        for mark in ["", "\u{feff}"] {
            for end in ["\n", "\r\n"] {
                let text = BlockText::new(format!("{mark}{end}1,Ada{end}2,Bob{end}"), 2);
                assert!(text.line_index.is_none());
                let mut records = text.records(mark.len(), b',', 2);
                let mut fields = Vec::new();
                assert!(records.next_into(&mut fields));
                assert_eq!(fields[1].text(), "Ada");
                // With one column an empty line is a record.
                let text = BlockText::new(format!("{mark}{end}1{end}"), 1);
                assert!(text.line_index.is_some());
            }
        }
    }

    #[test]
    fn verbatim_lines_are_the_records_wherever_they_begin() {
        for (columns, end) in [(1, "\n"), (3, "\n"), (3, "\r\n")] {
            for last in ["", end] {
                let text = text(70, columns, end, last, "");
                let starts = starts(&text, 0, columns);
                for from in [0, 1, 64, 69] {
                    let mut lines = text.verbatim_lines(starts[from]).unwrap();
                    let mut records = text.records(starts[from], b',', columns);
                    let mut fields = Vec::new();
                    while records.next_into(&mut fields) {
                        let raw: Vec<_> = fields.iter().map(Field::raw).collect();
                        assert_eq!(lines.next(), Some(raw.join(",").as_str()));
                        assert_eq!(lines.position(), records.position());
                    }
                    assert_eq!(lines.next(), None);
                }
            }
        }
        assert!(text(3, 3, "\n", "", "").verbatim_lines(9999).is_some());
        assert!(text(78, 3, "\n", "", "q\"").verbatim_lines(0).is_none());
    }

    #[test]
    fn only_texts_that_json_takes_as_they_are_are_verbatim() {
        let verbatim = |text: &str| {
            let text = BlockText::new(text.to_owned(), 2);
            text.line_index
                .is_some_and(|line_index| line_index.verbatim)
        };
        assert!(verbatim("a,é\n1,2\n"));
        assert!(verbatim("a,b\r\n1,2\r\n"));
        for odd in ["a,\\\n", "a,\t\n", "a,\u{0}\n", "a,\u{1f}b\n", "\"a\",b\n"] {
            assert!(!verbatim(odd), "{odd:?}");
        }
    }
}
