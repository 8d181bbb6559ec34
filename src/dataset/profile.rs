//! The profile of a dataset: the types and nulls of its columns, added up from its raw blocks.
//!
//! Addition is associative and commutative, so the raw blocks may come in any order. It is exact, so the result is the same as for
//! all values at once. A profile is stored, and continued when rows are appended.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Analysis, Column, ColumnType, Dialect, Formats, Layout, ZoneMap, placeholder};

/// The first byte of a stored profile whose texts are values as they are.
const PLAIN: u8 = 1;
/// The first byte of a stored profile whose texts have to be read in another way. Earlier releases don't know it, so they
/// refuse the dataset instead of misreading it.
const RESPELLED: u8 = 2;

/// A stored profile that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored profile is damaged, or was written by a later release")]
pub struct CorruptProfile;

/// The profile of a dataset's columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    #[serde(
        serialize_with = "serialize_layout",
        deserialize_with = "deserialize_layout"
    )]
    layout: Arc<Layout>,
    rows: u64,
    tallies: Vec<Tally>,
}

/// The profile of one column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    nulls: u64,
    /// The narrowest type of all values except nulls and placeholders; `None` if there are no others.
    kind: Option<ColumnType>,
    placeholders: u32,
    /// Whether any value is written otherwise than its canonical text.
    #[serde(skip)]
    respelled: bool,
}

/// What a profile that is [`RESPELLED`] has beside that.
#[derive(Serialize, Deserialize)]
struct Spelling<'p> {
    formats: Cow<'p, Formats>,
    /// For each column whether it is respelled.
    columns: Vec<bool>,
}

/// What a profile has behind that if more was stated. Earlier releases pass over it.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Stated {
    units: Vec<String>,
    dialect: Dialect,
}

impl Profile {
    /// The profile of no rows at all.
    pub fn new(layout: Arc<Layout>) -> Self {
        let tallies = vec![Tally::default(); layout.columns.len()];
        Self {
            layout,
            rows: 0,
            tallies,
        }
    }

    /// The profile as it is stored: a byte for the encoding, then postcard.
    pub fn encode(&self) -> Vec<u8> {
        const PLAIN_DATA: &str = "a profile is made of lists, texts and numbers";
        let spelling = Spelling {
            formats: Cow::Borrowed(&self.layout.formats),
            columns: self.tallies.iter().map(|tally| tally.respelled).collect(),
        };
        let stated = Stated {
            units: self.layout.units.clone(),
            dialect: self.layout.dialect.clone(),
        };
        let stored = match spelling.formats.is_plain() && !spelling.columns.contains(&true) {
            true => postcard::to_extend(self, vec![PLAIN]),
            false => postcard::to_extend(&(self, spelling), vec![RESPELLED]),
        };
        let stored = stored.expect(PLAIN_DATA);
        match stated == Stated::default() {
            true => stored,
            false => postcard::to_extend(&stated, stored).expect(PLAIN_DATA),
        }
    }

    /// The profile that was stored so.
    ///
    /// # Errors
    /// [`CorruptProfile`] if it is damaged, or written by a later release.
    pub fn decode(stored: &[u8]) -> Result<Self, CorruptProfile> {
        let read = match stored.split_first() {
            Some((&PLAIN, rest)) => postcard::take_from_bytes(rest).ok(),
            Some((&RESPELLED, rest)) => Self::respelled(rest),
            _ => None,
        };
        let (mut profile, rest): (Self, &[u8]) = read.ok_or(CorruptProfile)?;
        if !rest.is_empty() {
            let stated: Stated = postcard::from_bytes(rest).map_err(|_| CorruptProfile)?;
            let layout = Arc::make_mut(&mut profile.layout);
            (layout.units, layout.dialect) = (stated.units, stated.dialect);
        }
        Ok(profile)
    }

    fn respelled(stored: &[u8]) -> Option<(Self, &[u8])> {
        let read = postcard::take_from_bytes::<(Self, Spelling<'_>)>(stored);
        let ((mut profile, spelling), rest) = read.ok()?;
        Arc::make_mut(&mut profile.layout).formats = spelling.formats.into_owned();
        for (tally, respelled) in profile.tallies.iter_mut().zip(spelling.columns) {
            tally.respelled = respelled;
        }
        Some((profile, rest))
    }

    /// Adds a raw block. Its columns must be the profile's.
    pub fn absorb(&mut self, analysis: &Analysis) {
        debug_assert_eq!(analysis.columns.len(), self.tallies.len());
        self.rows += u64::from(analysis.rows);
        for (tally, zone_map) in self.tallies.iter_mut().zip(&analysis.columns) {
            tally.merge(&Tally::of(zone_map));
        }
    }

    /// Adds another profile of the same columns. The layout stays as it is.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(other.tallies.len(), self.tallies.len());
        self.rows += other.rows;
        for (tally, other) in self.tallies.iter_mut().zip(&other.tallies) {
            tally.merge(other);
        }
    }

    /// The layout of the first text.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Data records.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The columns, each of its stated type, or else of the narrowest type that fits all its values.
    pub fn columns(&self) -> Vec<Column> {
        let units = self.layout.units.iter().map(Some);
        let units = units.chain(std::iter::repeat(None));
        self.tallied()
            .zip(units)
            .map(|((name, stated, tally), unit)| {
                let kind = stated.unwrap_or_else(|| tally.kind());
                Column {
                    name: name.to_owned(),
                    kind,
                    nullable: tally.nulls > 0,
                    unit: unit.filter(|unit| !unit.is_empty()).cloned(),
                    respelled: tally.respelled && kind != ColumnType::String,
                }
            })
            .collect()
    }

    /// Bytes of the names and units of its columns.
    pub fn names(&self) -> usize {
        let layout = &self.layout;
        let texts = layout.columns.iter().chain(&layout.units);
        texts.map(String::len).sum()
    }

    /// Each column with its stated type, and what is known of its values.
    fn tallied(&self) -> impl Iterator<Item = (&str, Option<ColumnType>, &Tally)> {
        let names = self.layout.columns.iter().map(String::as_str);
        let stated = self.layout.stated.iter().copied();
        let tallied = names.zip(stated).zip(&self.tallies);
        tallied.map(|((name, stated), tally)| (name, stated, tally))
    }

    /// Columns of strings that would have a narrower type but for placeholders: their indexes, names, those types, and the placeholders.
    pub(super) fn but_for_placeholders(
        &self,
    ) -> impl Iterator<Item = (usize, &str, ColumnType, Vec<&'static str>)> {
        let tallied = self.tallied().enumerate();
        tallied.filter_map(|(place, (name, stated, tally))| {
            let kind = tally.kind.filter(|&kind| kind != ColumnType::String)?;
            let texts: Vec<_> = placeholder::texts(tally.placeholders).collect();
            (stated.is_none() && !texts.is_empty()).then_some((place, name, kind, texts))
        })
    }

    /// Whether no row has a value in this column.
    pub(super) fn has_no_values(&self, place: usize) -> bool {
        let tally = self.tallies.get(place);
        tally.is_some_and(|tally| tally.nulls == self.rows)
    }

    /// A hint for each column of datetimes that got a zone which nobody stated.
    pub(super) fn zone_hints(&self) -> impl Iterator<Item = String> {
        let formats = &self.layout.formats;
        let columns = match formats.datetimes.is_some() && formats.zone.is_none() {
            true => self.columns(),
            false => Vec::new(),
        };
        let local = columns
            .into_iter()
            .filter(|column| column.respelled && column.kind == ColumnType::Datetime);
        local.map(|Column { name, .. }| {
            format!("datetimes without a zone in {name} are read as UTC; zone=Europe/Rome reads them in that zone")
        })
    }
}

impl Tally {
    fn of(zone_map: &ZoneMap) -> Self {
        Self {
            nulls: u64::from(zone_map.nulls),
            kind: zone_map.kind,
            placeholders: zone_map.placeholders,
            respelled: zone_map.respelled,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.nulls += other.nulls;
        self.placeholders |= other.placeholders;
        self.respelled |= other.respelled;
        self.kind = match (self.kind, other.kind) {
            (Some(so_far), Some(here)) => Some(so_far.join(here)),
            (so_far, here) => so_far.or(here),
        };
    }

    fn kind(&self) -> ColumnType {
        match self.kind {
            Some(kind) if self.placeholders == 0 => kind,
            _ => ColumnType::String,
        }
    }
}

fn serialize_layout<S: Serializer>(layout: &Arc<Layout>, serializer: S) -> Result<S::Ok, S::Error> {
    layout.as_ref().serialize(serializer)
}

fn deserialize_layout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Layout>, D::Error> {
    Layout::deserialize(deserializer).map(Arc::new)
}

#[cfg(test)]
mod tests;
