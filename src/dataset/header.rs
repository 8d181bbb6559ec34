//! From the first record to the columns' names.
//!
//! Names are kept as they are written; only what could not tell columns apart is made to: an empty name becomes
//! `column_N`, a repeated one gets `_2`. A name that the header writes is never taken by a made one.

use std::collections::{HashMap, HashSet};

use super::{
    ColumnType, CsvError, CsvErrorKind, Layout, UploadOptions, record::unquoted, token::Tokens,
};

/// The layout that the first record gives; it is `text` from `start` on, and `text` is the beginning of the file.
pub(crate) fn layout(
    text: &[u8],
    start: usize,
    delimiter: u8,
    options: &UploadOptions,
    max_columns: usize,
) -> Result<Layout, CsvError> {
    let checked = std::str::from_utf8(text).map_err(|error| {
        let offset = error.valid_up_to();
        CsvError::at(
            CsvErrorKind::InvalidText {
                charset: "UTF-8".into(),
                offset: offset as u64,
            },
            text,
            offset,
            1,
        )
    })?;
    let cells = cells(checked, start, delimiter)?;
    if cells.len() > max_columns {
        let kind = CsvErrorKind::TooManyColumns {
            limit: max_columns,
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
        stated: stated(&options.types, &columns)?,
        nulls: options
            .nulls
            .iter()
            .filter(|null| !null.is_empty())
            .cloned()
            .collect(),
        columns,
    })
}

fn cells(text: &str, start: usize, delimiter: u8) -> Result<Vec<String>, CsvError> {
    let mut tokens = Tokens::new(text.as_bytes(), delimiter, start);
    let mut cells = Vec::new();
    let mut at = start;
    loop {
        let token = tokens.field::<true>(at).map_err(|fault| {
            let (at, kind) = fault.reported();
            CsvError::at(kind, text.as_bytes(), at, 1)
        })?;
        let inner = &text[token.start..token.end];
        cells.push(if token.doubled {
            unquoted(inner)
        } else {
            inner.to_owned()
        });
        at = token.next;
        if token.last {
            return Ok(cells);
        }
    }
}

/// Names for the columns whose header cells are these.
fn names(cells: Vec<String>) -> Vec<String> {
    let written: HashSet<&str> = cells.iter().map(String::as_str).collect();
    if written.len() == cells.len() && !written.contains("") {
        return cells;
    }
    let mut used: HashSet<String> = HashSet::with_capacity(cells.len());
    // The next number to try behind a name, so that a thousand equal names take a thousand tries.
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
    types: &[(String, ColumnType)],
    columns: &[String],
) -> Result<Vec<Option<ColumnType>>, CsvError> {
    let mut stated = vec![None; columns.len()];
    for (name, kind) in types {
        let Some(place) = columns.iter().position(|column| column == name) else {
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
