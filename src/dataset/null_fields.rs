//! Empties the fields that mean "no value" in lines without quotes, without a look at all other fields.

use memchr::memmem::Finder;

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
    pub fn push_emptied(&self, lines: &str, delimiter: u8, out: &mut Vec<u8>) {
        self.each_kept(lines, delimiter, |text| {
            out.extend_from_slice(text.as_bytes());
        });
    }

    /// A line with its null fields emptied, perhaps in `room`.
    pub fn emptied<'l>(&self, line: &'l str, delimiter: u8, room: &'l mut String) -> &'l str {
        if self.nulls.is_empty() {
            return line;
        }
        room.clear();
        self.each_kept(line, delimiter, |text| room.push_str(text));
        room
    }

    /// Calls `keep` with the texts between null fields.
    fn each_kept<'l>(&self, lines: &'l str, delimiter: u8, mut keep: impl FnMut(&'l str)) {
        let bytes = lines.as_bytes();
        let is_edge = |byte: &u8| *byte == delimiter || *byte == b'\n';
        // Where each null is found next.
        let find = |null: &Finder<'_>, from: usize| {
            let found = null.find(&bytes[from..])?;
            Some(from + found)
        };
        let mut next = [None; MOST];
        for (next, null) in next.iter_mut().zip(&self.nulls) {
            *next = find(null, 0);
        }
        let mut kept = 0;
        while let Some((which, at)) = next
            .iter()
            .enumerate()
            .filter_map(|(which, at)| Some((which, (*at)?)))
            .min_by_key(|(_, at)| *at)
        {
            let null = &self.nulls[which];
            let end = at + null.needle().len();
            next[which] = find(null, end);
            let begins = at == 0 || is_edge(&bytes[at - 1]);
            let ends = bytes.get(end).is_none_or(is_edge);
            // The same null may be stated twice.
            if begins && ends && kept <= at {
                keep(&lines[kept..at]);
                kept = end;
            }
        }
        keep(&lines[kept..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emptied(nulls: &[&str], lines: &str) -> String {
        let nulls: Vec<_> = nulls.iter().map(|null| (*null).to_owned()).collect();
        let mut out = Vec::new();
        let fields = NullFields::new(&nulls, b',').unwrap();
        fields.push_emptied(lines, b',', &mut out);
        let mut room = String::new();
        assert_eq!(fields.emptied(lines, b',', &mut room).as_bytes(), out);
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
