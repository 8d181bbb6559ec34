//! Reading what revisions are made of: chunks of text, and blocks of sources that are kept apart. Each has to follow the
//! one before it, and to hold what its digest is of.

use std::ops::ControlFlow;

use super::super::tables;
use super::Checker;
use crate::dataset::query::{Query, Scan};
use crate::dataset::{BlockText, Layout, ResumableDigest, Summary, bloom, zone_map};
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::model::Text;
use crate::store::rows::{ChunkRow, PackedRow, RevisionRow};
use crate::store::segments::blocks;
use crate::store::segments::list::{Run, Segment};
use crate::store::segments::queries::BEFORE_ALL;
use crate::store::units::{from_db, to_db};

/// What a segment was found to be, and the text up to its end.
pub(super) struct Read {
    pub run: i64,
    pub start: u64,
    pub rows: u64,
    pub bytes: u64,
    /// Whether all of it could be read; where it could not, that was told, and nothing that follows from it is.
    pub sound: bool,
    /// `None` from the first segment on that could not be read.
    pub tail: Option<ResumableDigest>,
}

/// A segment being read.
struct Reading {
    /// Where the next chunk has to begin.
    row: i64,
    byte: i64,
    sound: bool,
    tail: Option<ResumableDigest>,
    /// Rows that its summary is of.
    summarised: Option<u64>,
}

impl Checker<'_> {
    /// Reads a segment's chunks, which follow the text `before`.
    pub(super) fn segment(
        &mut self,
        connection: &mut AnyConnection,
        segment: &Segment,
        layout: &Layout,
        before: Option<ResumableDigest>,
    ) -> Result<Read, StoreError> {
        let mut reading = Reading {
            row: 0,
            byte: to_db(segment.start),
            sound: true,
            tail: before,
            summarised: None,
        };
        let mut after = BEFORE_ALL;
        loop {
            let found = tables::next_chunks(connection, segment.run, after)?;
            let Some((last, _)) = found.last() else { break };
            after = (last.first_row, last.seq);
            for (chunk, text) in found {
                self.at.byte = Some(chunk.first_byte);
                self.chunk(&mut reading, &chunk, &text, layout)?;
            }
        }
        self.at.byte = None;
        let sound = reading.sound;
        let rows = from_db(reading.row);
        if let Some(summarised) = reading.summarised.filter(|of| sound && *of != rows) {
            self.problem(format!(
                "its summary is of {summarised} rows, and it has {rows}"
            ));
        }
        Ok(Read {
            run: segment.run.number,
            start: segment.start,
            rows,
            bytes: from_db(reading.byte).saturating_sub(segment.start),
            sound,
            tail: reading.tail.filter(|_| sound),
        })
    }

    fn chunk(
        &mut self,
        reading: &mut Reading,
        chunk: &ChunkRow<'_>,
        text: &PackedRow<'_>,
        layout: &Layout,
    ) -> Result<(), StoreError> {
        let (first_row, first_byte) = (chunk.first_row, chunk.first_byte);
        if (first_row, first_byte) != (reading.row, reading.byte) {
            let Reading { row, byte, .. } = reading;
            self.problem(format!(
                "it begins at row {first_row} and byte {first_byte}, where row {row} and byte {byte} come next"
            ));
            reading.sound = false;
        }
        reading.row = first_row.saturating_add(chunk.row_count);
        reading.byte = first_byte.saturating_add(text.byte_count);
        self.checked.chunks += 1;
        self.checked.bytes += from_db(text.byte_count);
        let unpacked = blocks::read_chunk(&chunk.place(), text);
        let what = match unpacked {
            Ok(text) => {
                if let Some(tail) = &mut reading.tail {
                    tail.absorb(text.text.as_bytes());
                }
                records(&text, chunk, layout)
            }
            Err(StoreError::Corrupt { .. }) => {
                Err("it is damaged: its text is not the one that was written".to_owned())
            }
            Err(error) => return Err(error),
        };
        if let Err(what) = what {
            self.problem(what);
            reading.sound = false;
        }
        if let Some(stored) = &chunk.summary {
            match Summary::decode(stored, layout.columns.len(), &layout.formats) {
                Ok(summary) => reading.summarised = Some(summary.rows()),
                Err(_) => self.problem("the summary of its run can't be read"),
            }
        }
        Ok(())
    }

    /// Reads a source that is kept apart; `None` where that can't be done, which was told.
    pub(super) fn blocks(
        &mut self,
        connection: &mut AnyConnection,
        revision: &RevisionRow<'_>,
    ) -> Result<Option<ResumableDigest>, StoreError> {
        let run = Run {
            dataset: revision.dataset_id,
            number: revision.run,
        };
        let (mut tail, mut after, mut sound) = (ResumableDigest::new(), -1, true);
        self.at.run = Some(run.number);
        loop {
            let found = tables::next_blocks(connection, run, after)?;
            if found.is_empty() {
                break;
            }
            for block in found {
                after = block.first_byte;
                self.at.byte = Some(after);
                self.checked.chunks += 1;
                self.checked.bytes += from_db(block.byte_count);
                if sound && after != to_db(tail.bytes()) {
                    let next = tail.bytes();
                    self.problem(format!(
                        "it is of the source, of which byte {next} comes next"
                    ));
                    sound = false;
                }
                match blocks::unpack(&block) {
                    Ok(bytes) => tail.absorb(&bytes),
                    Err(StoreError::Corrupt { .. }) => {
                        self.problem("it is of the source, and is not what was uploaded");
                        sound = false;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        (self.at.run, self.at.byte) = (None, None);
        Ok(Some(tail).filter(|_| sound))
    }
}

/// How many rows a query finds in the text. The number that is stored with it was found by the reader of uploads.
fn count(text: &Text, layout: &Layout) -> u64 {
    let query = Query::default();
    let read = BlockText::new(text.text.clone(), layout.columns.len());
    let mut rows = 0;
    Scan::new(&query, layout).rows(&read, text.body_start, |_| {
        rows += 1;
        ControlFlow::Continue(())
    });
    rows
}

/// Whether the chunk's text has the records that are said to be in it, and its statistics can be read.
fn records(text: &Text, chunk: &ChunkRow<'_>, layout: &Layout) -> Result<(), String> {
    if text.text.get(text.body_start..).is_none() {
        return Err("its rows are said to begin where its text does not go on".to_owned());
    }
    let found = count(text, layout);
    if found != text.rows {
        let said = text.rows;
        return Err(format!("it is said to have {said} rows, and has {found}"));
    }
    // A line end that was put before appended rows has none.
    let joint = chunk.stats.is_empty() && text.rows == 0;
    let blooms = chunk.blooms.as_deref().unwrap_or_default();
    let sound = joint || zone_map::decode(&chunk.stats).is_ok();
    match sound && bloom::decode(blooms, &[]).is_ok() {
        true => Ok(()),
        false => Err("its statistics can't be read".to_owned()),
    }
}
