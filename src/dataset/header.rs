//! The names of the columns, from the first record.
//!
//! Names are taken as they are written, unless they are ambiguous: an empty name becomes `column_N`, and a repeated one gets `_2`. A
//! generated name is never one that the header has.

use std::collections::{HashMap, HashSet};

use super::{
    ColumnType, CsvError, CsvErrorKind, Delimiter, Layout, Limits, UploadOptions, error::shortened,
    record::unquoted, tokenizer::Tokenizer,
};

/// The layout that the first record gives. `text` is the beginning of the file, and the record is `text` from `start` on.
pub(crate) fn layout(
    text: &[u8],
    start: usize,
    delimiter: u8,
    options: &UploadOptions,
    limits: &Limits,
) -> Result<Layout, CsvError> {
    if !options.header_absent && text.len() - start > limits.max_header {
        let kind = CsvErrorKind::HeaderTooLong {
            limit: limits.max_header,
        };
        return Err(CsvError::at(kind, text, start, 1));
    }
    let checked = checked(text)?;
    let cells = fields(checked, start, delimiter)
        .map(|field| field.map(|field| field.text))
        .collect::<Result<Vec<_>, _>>()?;
    if cells.len() > limits.max_columns {
        let kind = CsvErrorKind::TooManyColumns {
            limit: limits.max_columns,
            found: cells.len(),
        };
        return Err(CsvError::at(kind, text, start, 1));
    }
    let columns = names(if options.header_absent {
        vec![String::new(); cells.len()]
    } else {
        cells
    });
    Ok(Layout {
        delimiter,
        header: !options.header_absent,
        stated: stated(options, &columns)?,
        nulls: options
            .nulls
            .iter()
            .filter(|null| !null.is_empty())
            .cloned()
            .collect(),
        formats: options.formats.clone(),
        columns,
        units: Vec::new(),
        dialect: options.dialect.clone(),
    })
}

/// Checks that the first record, which is `text` from `start` on, names the columns of `layout` in their order.
pub(crate) fn check(text: &[u8], start: usize, layout: &Layout) -> Result<(), CsvError> {
    let checked = checked(text)?;
    let expected = layout.delimited_by();
    let Err(error) = check_delimited(checked, start, expected, layout) else {
        return Ok(());
    };
    let same = |other: &Delimiter| check_delimited(checked, start, *other, layout).is_ok();
    match Delimiter::ALL.into_iter().find(same) {
        None => Err(error),
        Some(found) => {
            let kind = CsvErrorKind::OtherDelimiter { expected, found };
            Err(CsvError::at(kind, text, start, 1))
        }
    }
}

/// The same, with this delimiter between the names.
fn check_delimited(
    text: &str,
    start: usize,
    delimiter: Delimiter,
    layout: &Layout,
) -> Result<(), CsvError> {
    // One field too many is enough to know, and a record may have millions.
    let fields = fields(text, start, delimiter.byte())
        .take(layout.columns.len() + 1)
        .collect::<Result<Vec<_>, _>>()?;
    let written = fields.iter().map(|field| field.text.clone()).collect();
    // If the dataset has no header, generated names must not count: a record of nulls would get the same ones.
    let found = if layout.header {
        names(written)
    } else {
        written
    };
    let same = found
        .iter()
        .zip(&layout.columns)
        .take_while(|(a, b)| a == b);
    let place = same.count();
    let (expected, found) = (layout.columns.get(place), fields.get(place));
    if expected.is_none() && found.is_none() {
        return Ok(());
    }
    let kind = CsvErrorKind::OtherHeader {
        place: place + 1,
        expected: expected.map(|name| shortened(name).into()),
        found: found.map(|field| shortened(&field.text).into()),
    };
    let end = fields.last().map_or(start, |field| field.end);
    let at = found.map_or(end, |field| field.start);
    Err(CsvError::at(kind, text.as_bytes(), at, 1))
}

fn checked(text: &[u8]) -> Result<&str, CsvError> {
    std::str::from_utf8(text).map_err(|error| {
        let offset = error.valid_up_to();
        let kind = CsvErrorKind::InvalidText {
            charset: "UTF-8".into(),
            offset: offset as u64,
        };
        CsvError::at(kind, text, offset, 1)
    })
}

/// A field of the first record.
struct HeaderField {
    /// The text without the quotes around it, and with doubled quotes made single.
    text: String,
    /// Where it begins and ends, quotes included.
    start: usize,
    end: usize,
}

/// The fields of the record that begins at `start`, up to the first mistake.
fn fields(
    text: &str,
    start: usize,
    delimiter: u8,
) -> impl Iterator<Item = Result<HeaderField, CsvError>> {
    let mut tokenizer = Tokenizer::new(text.as_bytes(), delimiter, start);
    let mut next = Some(start);
    std::iter::from_fn(move || {
        let start = next.take()?;
        let token = match tokenizer.field::<true>(start) {
            Ok(token) => token,
            Err(fault) => {
                let (at, kind) = fault.reported();
                return Some(Err(CsvError::at(kind, text.as_bytes(), at, 1)));
            }
        };
        next = (!token.last).then_some(token.next);
        let inner = &text[token.start..token.end];
        Some(Ok(HeaderField {
            text: if token.doubled {
                unquoted(inner)
            } else {
                inner.to_owned()
            },
            start,
            end: token.end + usize::from(token.start > start),
        }))
    })
}

/// Names for the columns whose header cells are these.
fn names(cells: Vec<String>) -> Vec<String> {
    let written: HashSet<&str> = cells.iter().map(String::as_str).collect();
    if written.len() == cells.len() && !written.contains("") {
        return cells;
    }
    let mut used: HashSet<String> = HashSet::with_capacity(cells.len());
    // The next number to try after a name, so that a thousand equal names take a thousand tries.
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let made = cell.is_empty();
        let base = if made {
            format!("column_{}", place + 1)
        } else {
            cell.clone()
        };
        let mut name = base.clone();
        while used.contains(&name) || ((made || name != base) && written.contains(name.as_str())) {
            let number = numbers.entry(base.clone()).or_insert(1);
            *number += 1;
            name = format!("{base}_{number}");
        }
        used.insert(name.clone());
        names.push(name);
    }
    names
}

/// The type stated for each column.
fn stated(
    options: &UploadOptions,
    columns: &[String],
) -> Result<Vec<Option<ColumnType>>, CsvError> {
    let mut stated = vec![None; columns.len()];
    let place_of = |name: &String| columns.iter().position(|column| column == name);
    for (name, kind) in &options.kept_types {
        if let Some(place) = place_of(name) {
            stated[place] = Some(*kind);
        }
    }
    for (name, kind) in &options.types {
        let Some(place) = place_of(name) else {
            let (name, columns) = (name.clone(), columns.to_vec());
            return Err(CsvError::whole(CsvErrorKind::UnknownStatedColumn {
                name,
                columns,
            }));
        };
        stated[place] = Some(*kind);
    }
    Ok(stated)
}

#[cfg(test)]
mod tests;
