//! Reads the blocks and source blocks of revisions. Each must follow the one before it, and match its digest.

use std::ops::ControlFlow;

use super::super::tables;
use super::Checker;
use crate::dataset::query::{Query, Scan};
use crate::dataset::{BlockText, Layout, ResumableDigest, Summary, bloom, zone_map};
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::model::UnpackedBlock;
use crate::store::rows::{BlockRow, PackedRow, RevisionRow};
use crate::store::segments::blocks;
use crate::store::segments::list::Segment;
use crate::store::segments::queries::BEFORE_ALL;
use crate::store::units::{from_db, to_db};

/// A segment that was read, and the digest of the revision's text up to its end.
pub(super) struct Read {
    pub segment: i64,
    pub start: u64,
    pub rows: u64,
    pub bytes: u64,
    /// Whether all of it could be read. If not, that was reported, and problems that follow from it are not.
    pub sound: bool,
    /// `None` from the first unreadable segment on.
    pub digest: Option<ResumableDigest>,
}

/// A segment that is being read.
struct Reading {
    /// The row and the byte at which the next block must begin.
    row: i64,
    byte: i64,
    sound: bool,
    digest: Option<ResumableDigest>,
    /// How many rows its summary has.
    summarised: Option<u64>,
}

impl Checker<'_> {
    /// Reads a segment's blocks. `before` is the digest of the text before them.
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
            digest: before,
            summarised: None,
        };
        let mut after = BEFORE_ALL;
        loop {
            let found = tables::next_blocks(connection, segment.id, after)?;
            let Some((last, _)) = found.last() else { break };
            after = (last.first_row, last.seq);
            for (block, text) in found {
                self.at.byte = Some(block.first_byte);
                self.block(&mut reading, &block, &text, layout)?;
            }
        }
        self.at.byte = None;
        self.columns(connection, segment.id)?;
        let sound = reading.sound;
        let rows = from_db(reading.row);
        if let Some(summarised) = reading.summarised.filter(|of| sound && *of != rows) {
            self.problem(format!(
                "its summary has {summarised} rows, and it has {rows}"
            ));
        }
        Ok(Read {
            segment: segment.id.number,
            start: segment.start,
            rows,
            bytes: from_db(reading.byte).saturating_sub(segment.start),
            sound,
            digest: reading.digest.filter(|_| sound),
        })
    }

    fn block(
        &mut self,
        reading: &mut Reading,
        block: &BlockRow<'_>,
        text: &PackedRow<'_>,
        layout: &Layout,
    ) -> Result<(), StoreError> {
        let (first_row, first_byte) = (block.first_row, block.first_byte);
        if (first_row, first_byte) != (reading.row, reading.byte) {
            let Reading { row, byte, .. } = reading;
            self.problem(format!(
                "it begins at row {first_row} and byte {first_byte}, but row {row} and byte {byte} come next"
            ));
            reading.sound = false;
        }
        reading.row = first_row.saturating_add(block.row_count);
        reading.byte = first_byte.saturating_add(text.byte_count);
        self.checked.blocks += 1;
        self.checked.bytes += from_db(text.byte_count);
        let unpacked = blocks::unpack_text(&block.place(), text);
        let what = match unpacked {
            Ok(text) => {
                if let Some(digest) = &mut reading.digest {
                    digest.absorb(text.text.as_bytes());
                }
                records(&text, block, layout)
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
        if let Some(stored) = &block.summary {
            match Summary::decode(stored, layout.columns.len(), &layout.formats) {
                Ok(summary) => reading.summarised = Some(summary.rows()),
                Err(_) => self.problem("the summary of its segment can't be read"),
            }
        }
        Ok(())
    }

    /// Reads a source that is stored apart. `None`: it can't be read, which was reported.
    pub(super) fn source_blocks(
        &mut self,
        connection: &mut AnyConnection,
        revision: &RevisionRow<'_>,
    ) -> Result<Option<ResumableDigest>, StoreError> {
        let segment = revision.made_by();
        let (mut digest, mut after, mut sound) = (ResumableDigest::new(), -1, true);
        self.at.segment = Some(segment.number);
        loop {
            let found = tables::next_source_blocks(connection, segment, after)?;
            if found.is_empty() {
                break;
            }
            for block in found {
                after = block.first_byte;
                self.at.byte = Some(after);
                self.checked.blocks += 1;
                self.checked.bytes += from_db(block.byte_count);
                if sound && after != to_db(digest.bytes()) {
                    let next = digest.bytes();
                    self.problem(format!(
                        "it is a source block, and byte {next} of the source comes next"
                    ));
                    sound = false;
                }
                match blocks::unpack(&block) {
                    Ok(bytes) => digest.absorb(&bytes),
                    Err(StoreError::Corrupt { .. }) => {
                        self.problem("it is a source block, and is not what was uploaded");
                        sound = false;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        (self.at.segment, self.at.byte) = (None, None);
        Ok(Some(digest).filter(|_| sound))
    }
}

/// How many rows a query finds in the text.
fn count(text: &UnpackedBlock, layout: &Layout) -> u64 {
    let query = Query::default();
    let read = BlockText::new(text.text.clone(), layout.columns.len());
    let mut rows = 0;
    Scan::new(&query, layout).rows(&read, text.body_start, |_| {
        rows += 1;
        ControlFlow::Continue(())
    });
    rows
}

/// Checks that the block's text has as many records as it should, and that its zone maps and Bloom filters can be read.
fn records(text: &UnpackedBlock, block: &BlockRow<'_>, layout: &Layout) -> Result<(), String> {
    if text.text.get(text.body_start..).is_none() {
        return Err("its rows should begin after the end of its text".to_owned());
    }
    let found = count(text, layout);
    if found != text.rows {
        let said = text.rows;
        return Err(format!("it should have {said} rows, and has {found}"));
    }
    // The line-end block has none.
    let line_end = block.stats.is_empty() && text.rows == 0;
    let blooms = block.blooms.as_deref().unwrap_or_default();
    let sound = line_end || zone_map::decode(&block.stats).is_ok();
    match sound && bloom::decode(blooms, &[]).is_ok() {
        true => Ok(()),
        false => Err("its zone maps or Bloom filters can't be read".to_owned()),
    }
}
