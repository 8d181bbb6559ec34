//! The first keys of an order in the blocks of a row group.

use super::chunk::{Chunks, CorruptColumn};
use super::selection::Selected;
use crate::Layout;
use crate::query::{AbbreviatedKey, Query, Term};

/// The rank of a row that doesn't count. A chunk has fewer texts.
const NEVER: u16 = u16::MAX;

/// For each block of a row group the least abbreviated key of its selected rows, of those from `from` on. `None`: it has no such row.
///
/// # Errors
/// [`CorruptColumn`] if the chunk of the ordered column is damaged or missing.
pub fn best_of_blocks(
    query: &Query,
    layout: &Layout,
    (term, from): (&Term, Option<AbbreviatedKey>),
    chunks: &Chunks,
    selected: &Selected,
    blocks: &[u32],
) -> Result<Vec<Option<AbbreviatedKey>>, CorruptColumn> {
    let chunk = chunks.get(&term.column).ok_or(CorruptColumn::Damaged)?;
    let texts = chunk.dictionary().iter();
    let keys: Vec<AbbreviatedKey> = texts
        .map(|text| {
            let value = query.value(layout, term.column, text.into());
            term.abbreviated_key(value.as_deref())
        })
        .collect();
    let mut sorted: Vec<u16> = (0..keys.len()).map(|code| code as u16).collect();
    sorted.sort_by_key(|code| keys[usize::from(*code)]);
    let mut ranks = vec![NEVER; keys.len()];
    for (rank, &code) in sorted.iter().enumerate() {
        let code = usize::from(code);
        if from.is_none_or(|from| keys[code] >= from) {
            ranks[code] = rank as u16;
        }
    }
    if matches!(selected, Selected::None) {
        return Ok(vec![None; blocks.len()]);
    }
    let codes = chunk.codes()?;
    let (mut codes, mut mask) = (
        &codes[..],
        match selected {
            Selected::Rows(rows) => Some(&rows[..]),
            Selected::All | Selected::None => None,
        },
    );
    let best = |rows: &u32| {
        let rows = (*rows as usize).min(codes.len());
        let (block, behind) = codes.split_at(rows);
        codes = behind;
        let rank = |code: &u16| ranks[usize::from(*code)];
        let least = match &mut mask {
            None => block.iter().map(rank).min(),
            Some(mask) => {
                let (picked, behind) = mask.split_at(rows.min(mask.len()));
                *mask = behind;
                let picked = block.iter().zip(picked).filter(|(_, picked)| **picked == 1);
                picked.map(|(code, _)| rank(code)).min()
            }
        };
        let least = least.filter(|rank| *rank != NEVER)?;
        Some(keys[usize::from(sorted[usize::from(least)])])
    };
    Ok(blocks.iter().map(best).collect())
}
