//! Column projection: reads a few columns of a text in which every record has the same number of structural bytes.
//!
//! This holds for texts without quotes and empty lines, and with one kind of line end. The structural bytes of other columns are
//! counted and skipped, several at a time.

use super::BlockText;
use super::record::Field;
use super::structural_index::StructuralIndex;

/// Reads some columns of a text's records.
pub(super) struct ColumnProjection<'t, 'p> {
    text: &'t str,
    index: StructuralIndex<'t>,
    each: usize,
    /// The columns, in order.
    places: &'p [usize],
    /// Where the next record begins.
    at: usize,
}

impl<'t, 'p> ColumnProjection<'t, 'p> {
    /// The columns at `places`, in ascending order, of the records from byte `from` on; `None` if the records are not alike.
    pub(super) fn new(
        text: &'t BlockText,
        from: usize,
        delimiter: u8,
        places: &'p [usize],
    ) -> Option<Self> {
        Some(Self {
            index: StructuralIndex::new(text.as_bytes(), delimiter, from.min(text.len())),
            text,
            each: text.structural_bytes()?,
            places,
            at: from,
        })
    }

    /// Replaces `fields` by the columns of the next record. Returns where that record begins, or `None` if there is none.
    #[inline(always)]
    pub(super) fn next_into(&mut self, fields: &mut Vec<Field<'t>>) -> Option<usize> {
        let begin = self.at;
        let length = self.text.len();
        if begin >= length {
            return None;
        }
        fields.clear();
        // How many structural bytes of the record were passed, and where the last one was.
        let (mut passed, mut last) = (0, begin);
        for &place in self.places {
            let start = if place == 0 {
                begin
            } else if place == passed {
                last + 1
            } else {
                self.index
                    .nth(place - 1 - passed)
                    .map_or(length, |at| at + 1)
            };
            last = self.index.next().unwrap_or(length);
            passed = place + 1;
            fields.push(Field::unquoted(self.text, start, last));
        }
        if passed < self.each {
            last = self.index.nth(self.each - 1 - passed).unwrap_or(length);
        }
        self.at = last + 1;
        Some(begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Records;

    fn read(text: &BlockText, places: &[usize]) -> Option<Vec<Vec<String>>> {
        let mut records = ColumnProjection::new(text, 0, b',', places)?;
        let (mut fields, mut found) = (Vec::new(), Vec::new());
        while let Some(at) = records.next_into(&mut fields) {
            assert!(at == 0 || text[..at].ends_with('\n'));
            found.push(fields.iter().map(|field| field.raw().to_owned()).collect());
        }
        Some(found)
    }

    fn expected(text: &str, columns: usize, places: &[usize]) -> Vec<Vec<String>> {
        let mut records = Records::new(text, b',', columns);
        let (mut fields, mut found) = (Vec::new(), Vec::new());
        while records.next_into(&mut fields) {
            let picked = places.iter().map(|place| fields[*place].raw().to_owned());
            found.push(picked.collect());
        }
        found
    }

    #[test]
    fn columns_read_by_counting_are_those_that_reading_all_gives() {
        for (columns, end) in [
            (1, "\n"),
            (2, "\n"),
            (7, "\n"),
            (7, "\r\n"),
            (1, "\r\n"),
            (200, "\n"),
            (200, "\r\n"),
        ] {
            let row = |n: usize| {
                (0..columns)
                    .map(|c| "x".repeat((n * 7 + c * 3) % 11))
                    .collect::<Vec<_>>()
                    .join(",")
            };
            for last in ["", end] {
                let mut text = (1..40).map(row).collect::<Vec<_>>().join(end);
                text.push_str(last);
                let text = BlockText::new(text, columns);
                for places in [
                    vec![0],
                    vec![columns - 1],
                    vec![columns / 2],
                    (0..columns).collect(),
                    (0..columns).step_by(3).collect(),
                ] {
                    if columns == 1 && end == "\r\n" && text.starts_with('\r') {
                        continue;
                    }
                    assert_eq!(
                        read(&text, &places).unwrap(),
                        expected(&text, columns, &places),
                        "{columns} {end:?} {places:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn texts_whose_records_are_not_alike_are_known_as_such() {
        for text in [
            "a,\"b\"\n",
            "a,b\n\nc,d\n",
            "\na,b\n",
            "a,b\r\nc,d\n",
            "a,b\r\n\r\nc,d\r\n",
            "\r\na,b\r\n",
        ] {
            assert!(
                read(&BlockText::new(text.to_owned(), 2), &[0]).is_none(),
                "{text:?}"
            );
        }
        assert!(read(&BlockText::new("\n\na\n".to_owned(), 1), &[0]).is_some());
    }
}
