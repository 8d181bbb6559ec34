//! Copies a whole store to another database, which may be of the other kind.
//!
//! Segments are copied first, in transactions of bounded size. One transaction at the end copies datasets and revisions, and so makes
//! the segments visible. A marker in the target keeps servers away until the copy is read back and verified. An interrupted copy
//! resumes: segments never change, so what the target has of a segment is not copied again.

use std::collections::BTreeMap;

use super::opened::{UpkeepError, open_to_read};
use super::{check, tables, verify};
use crate::store::backend::{Address, AnyConnection, connection, dialect, opening};
use crate::store::error::StoreError;
use crate::store::segments::collection::BLOCKS;
use crate::store::segments::list::SegmentId;
use crate::store::segments::tombstones;
use crate::store::units::from_db;

mod contents;
mod parcel;

use parcel::Parcel;

/// The progress of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// How many bytes of text there are to copy.
    Of(u64),
    /// So many more bytes of text were copied.
    Copied(u64),
    /// Everything was copied, and is being read back.
    Verifying,
}

/// The result of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Datasets.
    pub datasets: u64,
    /// Revisions of them.
    pub revisions: u64,
    /// Segments, including those of an interrupted copy.
    pub segments: u64,
    /// Bytes of text that were read back.
    pub bytes: u64,
}

/// Copies the store `from` to the empty store `to`, and reads it back. Call it again to resume an interrupted copy.
pub fn copy(
    from: &Address,
    to: &Address,
    tell: &mut dyn FnMut(Step),
) -> Result<Copied, UpkeepError> {
    let mut source = open_to_read(from).map_err(|error| error.of("--from"))?;
    let (mut target, _hold) = opening::open_target(to).map_err(|error| error.of("--to"))?;
    dialect::never_hurry(&mut target).map_err(|error| to.unusable(error).of("--to"))?;
    contents::begin(&mut source, &mut target, to)?;
    let segments = connection::snapshot(&mut source, |source| {
        let segments = copy_segments(source, &mut target, tell)?;
        contents::write(source, &mut target, to)?;
        match verify::difference(source, &mut target)? {
            None => Ok(segments),
            Some(what) => Err(differs(to, what)),
        }
    })?;
    tell(Step::Verifying);
    delete_others(&mut target)?;
    let mut first = None;
    let checked = check::all(&mut target, &mut |problem| {
        first.get_or_insert_with(|| problem.to_string());
    })?;
    if let Some(what) = first {
        return Err(differs(to, what));
    }
    contents::finish(&mut target)?;
    Ok(Copied {
        datasets: checked.datasets,
        revisions: checked.revisions,
        segments,
        bytes: checked.bytes,
    })
}

fn differs(to: &Address, what: String) -> UpkeepError {
    UpkeepError::Differs {
        target: to.to_string(),
        what,
    }
}

/// The segments that the revisions of a dataset read, each with about the length of its text.
fn segments_of(
    connection: &mut AnyConnection,
    dataset: i64,
) -> Result<BTreeMap<i64, u64>, StoreError> {
    let mut segments = BTreeMap::new();
    let mut after = -1;
    while let Some(revision) = tables::next_revision(connection, dataset, after)? {
        after = revision.number;
        let read = revision.segments()?;
        segments.extend(
            read.iter()
                .map(|segment| (segment.id.number, segment.bytes)),
        );
        // The segment that made a revision has its source, and may have no row.
        segments.entry(revision.run).or_insert(0);
    }
    Ok(segments)
}

/// Copies the segments that revisions read. Returns their number.
fn copy_segments(
    source: &mut AnyConnection,
    target: &mut AnyConnection,
    tell: &mut dyn FnMut(Step),
) -> Result<u64, StoreError> {
    let mut total = 0;
    each_dataset(source, |source, dataset| {
        total += segments_of(source, dataset)?.values().sum::<u64>();
        Ok(())
    })?;
    tell(Step::Of(total));
    let mut copied = 0;
    let mut parcel = Parcel::default();
    each_dataset(source, |source, dataset| {
        for (number, bytes) in segments_of(source, dataset)? {
            let segment = SegmentId { dataset, number };
            let done = copy_segment(source, target, segment, &mut parcel, tell)?;
            // What an interrupted copy has copied counts too.
            tell(Step::Copied(bytes.saturating_sub(done)));
            copied += 1;
        }
        Ok(())
    })?;
    parcel.send(target)?;
    Ok(copied)
}

fn each_dataset(
    connection: &mut AnyConnection,
    mut work: impl FnMut(&mut AnyConnection, i64) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = -1;
    while let Some(dataset) = tables::next_dataset(connection, after)? {
        after = dataset.id;
        work(connection, dataset.id)?;
    }
    Ok(())
}

/// Copies what the target lacks of a segment. Returns how many bytes of text that was.
fn copy_segment(
    source: &mut AnyConnection,
    target: &mut AnyConnection,
    segment: SegmentId,
    parcel: &mut Parcel,
    tell: &mut dyn FnMut(Step),
) -> Result<u64, StoreError> {
    let mut done = 0;
    let mut after = tables::last_block(target, segment)?;
    loop {
        let found = tables::next_blocks(source, segment, after)?;
        let Some((last, _)) = found.last() else { break };
        after = (last.first_row, last.seq);
        let bytes = found.iter().map(|(_, text)| from_db(text.byte_count)).sum();
        done += bytes;
        found.into_iter().for_each(|block| parcel.add(block));
        parcel.send_if_full(target)?;
        tell(Step::Copied(bytes));
    }
    let mut after = tables::last_source_block(target, segment)?;
    loop {
        let found = tables::next_source_blocks(source, segment, after)?;
        let Some(last) = found.last() else { break };
        after = last.first_byte;
        found
            .into_iter()
            .for_each(|block| parcel.add_source_block(block));
        parcel.send_if_full(target)?;
    }
    Ok(done)
}

/// Deletes segments that no revision in the target reads: the source may have dropped some since an interrupted copy.
fn delete_others(target: &mut AnyConnection) -> Result<(), StoreError> {
    let mut after = SegmentId {
        dataset: -1,
        number: -1,
    };
    let (mut dataset, mut wanted) = (-1, BTreeMap::new());
    while let Some(segment) = tables::next_segment(target, after)? {
        after = segment;
        if segment.dataset != dataset {
            dataset = segment.dataset;
            wanted = segments_of(target, dataset)?;
        }
        while !wanted.contains_key(&segment.number)
            && !connection::write(target, |target| {
                tombstones::delete_some(target, segment, BLOCKS)
            })?
        {}
    }
    Ok(())
}
