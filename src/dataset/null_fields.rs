//! Empties the fields that mean "no value" in lines without quotes, without a look at all other fields.

use memchr::memmem::{FindIter, Finder};
use std::iter::Peekable;

/// With more texts of null than these, it is faster to read each field.
const MOST: usize = 4;

/// Writes lines without quotes with their null fields emptied.
#[derive(Debug)]
pub struct NullFields {
    nulls: Vec<Finder<'static>>,
}

impl NullFields {
    /// For lines whose fields are separated by `delimiter`, and are null if they are one of `nulls`. `None`: there are too many of them.
    pub fn new(nulls: &[String], delimiter: u8) -> Option<Self> {
        let bytes = nulls.iter().map(String::as_bytes);
        // No field without quotes has one of these bytes. An empty field is empty already.
        let is_special = |byte: &u8| matches!(*byte, b'\n' | b'\r' | b'"') || *byte == delimiter;
        let found: Vec<_> = bytes
            .filter(|null| !null.is_empty() && !null.iter().any(is_special))
            .map(|null| Finder::new(null).into_owned())
            .collect();
        (found.len() <= MOST).then_some(Self { nulls: found })
    }

    /// Appends `lines`, which begin and end where lines do.
    pub fn push_emptied(&self, lines: &[u8], delimiter: u8, out: &mut Vec<u8>) {
        let is_edge = |byte: &u8| *byte == delimiter || *byte == b'\n';
        let mut found: Vec<(usize, Peekable<FindIter<'_, '_>>)> = self
            .nulls
            .iter()
            .map(|null| (null.needle().len(), null.find_iter(lines).peekable()))
            .collect();
        let mut copied = 0;
        // The first of what the searches find next.
        while let Some((length, at)) = found
            .iter_mut()
            .filter_map(|(length, search)| Some((*length, *search.peek()?, search)))
            .min_by_key(|(_, at, _)| *at)
            .and_then(|(length, _, search)| Some((length, search.next()?)))
        {
            let end = at + length;
            let begins = at == 0 || is_edge(&lines[at - 1]);
            let ends = lines.get(end).is_none_or(is_edge);
            // The same null may be stated twice.
            if begins && ends && copied <= at {
                out.extend_from_slice(&lines[copied..at]);
                copied = end;
            }
        }
        out.extend_from_slice(&lines[copied..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emptied(nulls: &[&str], lines: &str) -> String {
        let nulls: Vec<_> = nulls.iter().map(|null| (*null).to_owned()).collect();
        let mut out = Vec::new();
        let fields = NullFields::new(&nulls, b',').unwrap();
        fields.push_emptied(lines.as_bytes(), b',', &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn whole_fields_are_emptied_and_parts_of_fields_stay() {
        for (nulls, lines, expected) in [
            (&["NA"][..], "NA,1\n2,NA\nNA,NA\n", ",1\n2,\n,\n"),
            (&["NA"], "NANA,xNA\nNAx,NA NA\n", "NANA,xNA\nNAx,NA NA\n"),
            (&["NA"], "1,NA", "1,"),
            (&["-", "--"], "-,--,---\n--,-1,-\n", ",,---\n,-1,\n"),
            (&["NA", "n/a", "NA"], "n/a,NA,n/a,x\n", ",,,x\n"),
            // A field can't have a delimiter here, so two fields are not one null.
            (
                &["1,2", "a\nb", "\"", ""],
                "1,2\na,a\nb,\n",
                "1,2\na,a\nb,\n",
            ),
            (&["é"], "é,éé\n", ",éé\n"),
        ] {
            assert_eq!(emptied(nulls, lines), expected, "{nulls:?} {lines:?}");
        }
    }

    #[test]
    fn what_is_emptied_is_what_a_reader_of_fields_empties() {
        let words = ["", "N", "NA", "NAN", "A", "-", "--", "1"];
        let mut state = 7_u64;
        let mut word = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            words[(state >> 33) as usize % words.len()]
        };
        for _ in 0..2000 {
            let nulls = [word(), word(), word()];
            let rows: Vec<Vec<_>> = (0..4).map(|_| (0..3).map(|_| word()).collect()).collect();
            let text = |shown: &dyn Fn(&str) -> String| -> String {
                let line = |row: &Vec<&str>| {
                    let fields: Vec<_> = row.iter().map(|field| shown(field)).collect();
                    fields.join(",") + "\n"
                };
                rows.iter().map(line).collect()
            };
            let expected = text(&|field| match nulls.contains(&field) {
                true => String::new(),
                false => field.to_owned(),
            });
            assert_eq!(emptied(&nulls, &text(&str::to_owned)), expected);
        }
    }

    #[test]
    fn many_texts_of_null_are_left_to_the_reader_of_fields() {
        let nulls: Vec<_> = (0..=MOST).map(|number| number.to_string()).collect();
        assert!(NullFields::new(&nulls, b',').is_none());
        assert!(NullFields::new(&nulls[1..], b',').is_some());
    }
}
