//! Sort keys: a row's position in an order, in bounded memory however long its values are.
//!
//! For a long value, a [`SortKey`] has a beginning and a digest. Two such values with the same beginning are equal if their digests
//! are; otherwise the keys don't tell their order, and [`TopK`](super::TopK) reports that. Another pass then uses a reference:
//! one of these rows with its full values ([`FullSortKey`]). With it, a key says whether its value is less or greater than the
//! reference, how many bytes it shares with it, and what follows them. That decides between values that differ from the
//! reference at different positions; the others need another reference.

use std::borrow::Cow;
use std::cmp::Ordering;

use sha2::{Digest as _, Sha256};

use super::{AbbreviatedKey, Term};
use crate::{ColumnType, decimal, value};

/// Bytes of a value that a key has.
const KEPT: usize = 4 << 10;

/// A row's position in an order: the smaller one comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    parts: Box<[Part]>,
}

/// A row's position by one term.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    abbreviated: AbbreviatedKey,
    rest: KeptTieBreak,
    descending: bool,
}

/// What decides between values with the same abbreviated key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum KeptTieBreak {
    /// Nothing: they are the same value.
    Same,
    Nanos(u32),
    Bytes(Beginning),
}

/// The beginning of bytes that order like the values.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Beginning {
    /// Whether they are less or greater than the reference; greater if there is none.
    side: Ordering,
    /// How many bytes they share with the reference.
    shared: usize,
    /// The bytes that follow, at most [`KEPT`].
    next: Box<[u8]>,
    /// The digest of all bytes, if more follow.
    digest: Option<[u8; 32]>,
}

/// A row with its full values, to continue after or to compare with.
#[derive(Debug)]
pub struct FullSortKey {
    values: Box<[(AbbreviatedKey, TieBreak<'static>)]>,
    /// Number of its block's first row.
    pub block: u64,
    /// Its offset in the block's text.
    pub at: u32,
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        self.abbreviated
            .cmp(&other.abbreviated)
            .then_with(|| directed(self.rest.compare(&other.rest), self.descending))
    }
}

fn directed(ordering: Ordering, descending: bool) -> Ordering {
    match descending {
        true => ordering.reverse(),
        false => ordering,
    }
}

impl Part {
    fn new(term: &Term, text: Option<&str>, reference: Option<&TieBreak<'static>>) -> Self {
        let rest = match text.map(|text| tie_break(term.kind, text)) {
            Some(TieBreak::Bytes(bytes)) => KeptTieBreak::Bytes(Beginning::new(&bytes, reference)),
            Some(TieBreak::Nanos(nanos)) => KeptTieBreak::Nanos(nanos),
            Some(TieBreak::Same) | None => KeptTieBreak::Same,
        };
        Self {
            abbreviated: term.abbreviated_key(text),
            rest,
            descending: term.descending,
        }
    }

    /// Whether the key lacks a part of the value.
    fn is_cut(&self) -> bool {
        matches!(&self.rest, KeptTieBreak::Bytes(beginning) if beginning.digest.is_some())
    }

    /// Whether two keys are the same so far, and both lack a part of the value.
    fn is_like(&self, other: &Self) -> bool {
        let alike = match (&self.rest, &other.rest) {
            (KeptTieBreak::Bytes(a), KeptTieBreak::Bytes(b)) => {
                a.side == b.side && a.shared == b.shared && a.next == b.next
            }
            _ => false,
        };
        alike && self.abbreviated == other.abbreviated && self.is_cut() && other.is_cut()
    }
}

impl KeptTieBreak {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Nanos(a), Self::Nanos(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.compare(b),
            // All values of a term are of one kind.
            _ => Ordering::Equal,
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Same | Self::Nanos(_) => 0,
            Self::Bytes(beginning) => beginning.next.len(),
        }
    }
}

impl Beginning {
    fn new(bytes: &[u8], reference: Option<&TieBreak<'static>>) -> Self {
        let (side, shared) = match reference {
            // The key of a short value has all of it, so it needs no reference.
            Some(TieBreak::Bytes(whole)) if whole.len() > KEPT => {
                (bytes.cmp(whole), shared(bytes, whole))
            }
            _ => (Ordering::Greater, 0),
        };
        let rest = &bytes[shared..];
        let (next, cut) = match rest.split_at_checked(KEPT) {
            _ if side.is_eq() => (&[][..], false),
            Some((next, more)) => (next, !more.is_empty()),
            None => (rest, false),
        };
        Self {
            side,
            shared,
            next: next.into(),
            digest: cut.then(|| Sha256::digest(bytes).into()),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        // A value that shares more with the reference is nearer to it.
        let nearer = match self.side {
            Ordering::Less => self.shared.cmp(&other.shared),
            Ordering::Equal => Ordering::Equal,
            Ordering::Greater => other.shared.cmp(&self.shared),
        };
        self.side
            .cmp(&other.side)
            .then(nearer)
            .then_with(|| self.next.cmp(&other.next))
            .then_with(|| self.digest.cmp(&other.digest))
    }
}

/// How many bytes two texts share at their beginnings.
fn shared(a: &[u8], b: &[u8]) -> usize {
    /// Bytes to compare at once.
    const STRIDE: usize = 512;
    let strides = a.chunks_exact(STRIDE).zip(b.chunks_exact(STRIDE));
    let alike = strides.take_while(|(a, b)| a == b).count() * STRIDE;
    let rest = a[alike..].iter().zip(&b[alike..]);
    alike + rest.take_while(|(a, b)| a == b).count()
}

/// What decides between values with the same abbreviated key.
#[derive(Debug)]
enum TieBreak<'t> {
    /// Nothing: they are the same value.
    Same,
    Nanos(u32),
    /// Bytes that order like the values.
    Bytes(Cow<'t, [u8]>),
}

fn tie_break(kind: ColumnType, text: &str) -> TieBreak<'_> {
    let bytes = text.as_bytes();
    match kind {
        ColumnType::String => TieBreak::Bytes(Cow::Borrowed(bytes)),
        ColumnType::Number => TieBreak::Bytes(Cow::Owned(decimal::sortable(bytes))),
        ColumnType::Datetime => {
            TieBreak::Nanos(value::instant(bytes).map_or(0, |instant| instant.nanos))
        }
        ColumnType::Boolean | ColumnType::Integer | ColumnType::Date => TieBreak::Same,
    }
}

/// Which of two values comes first by a term.
pub(super) fn compare(term: &Term, [one, other]: [Option<&str>; 2]) -> Ordering {
    let (a, b) = (term.abbreviated_key(one), term.abbreviated_key(other));
    a.cmp(&b).then_with(|| {
        let (Some(one), Some(other)) = (one, other) else {
            return Ordering::Equal;
        };
        let ordering = match term.kind {
            ColumnType::Number => decimal::compare(one.as_bytes(), other.as_bytes()),
            kind => match (tie_break(kind, one), tie_break(kind, other)) {
                (TieBreak::Bytes(one), TieBreak::Bytes(other)) => one.cmp(&other),
                (TieBreak::Nanos(one), TieBreak::Nanos(other)) => one.cmp(&other),
                _ => Ordering::Equal,
            },
        };
        directed(ordering, term.descending)
    })
}

impl SortKey {
    /// The key of a row; `value` returns a column's text, or `None` for a null.
    pub fn of<'v>(
        order: &[Term],
        reference: Option<&FullSortKey>,
        mut value: impl FnMut(usize) -> Option<Cow<'v, str>>,
    ) -> Self {
        let parts = order.iter().enumerate().map(|(number, term)| {
            let reference = reference.and_then(|whole| whole.values.get(number));
            let reference = reference.map(|(_, value)| value);
            Part::new(term, value(term.column).as_deref(), reference)
        });
        Self {
            parts: parts.collect(),
        }
    }

    /// The abbreviated key of the first term.
    pub fn abbreviated_key(&self) -> Option<AbbreviatedKey> {
        self.parts.first().map(|part| part.abbreviated)
    }

    /// Bytes that it takes in memory, about.
    pub fn weight(&self) -> usize {
        let parts = self
            .parts
            .iter()
            .map(|part| size_of::<Part>() + part.rest.weight());
        size_of::<Self>() + parts.sum::<usize>()
    }

    /// The term from which on two keys don't tell which row comes first.
    pub(super) fn unsure_from(&self, other: &Self) -> Option<usize> {
        let mut pairs = self.parts.iter().zip(&*other.parts);
        let differs = pairs.position(|(a, b)| a != b)?;
        self.parts[differs]
            .is_like(&other.parts[differs])
            .then_some(differs)
    }

    /// The first term by which a row between these two, of which only the keys are known, might have to come before both.
    pub(super) fn open_from(&self, other: &Self) -> Option<usize> {
        let pairs = self.parts.iter().zip(&*other.parts);
        for (number, (a, b)) in pairs.enumerate() {
            if a.is_like(b) {
                return Some(number);
            }
            if a != b {
                return None;
            }
        }
        None
    }

    /// Whether two keys are equal up to a term, and similar by that one.
    pub(super) fn is_like(&self, other: &Self, term: usize) -> bool {
        self.parts[..term] == other.parts[..term] && self.parts[term].is_like(&other.parts[term])
    }
}

impl FullSortKey {
    /// The full sort key of a row; `value` returns a column's text, or `None` for a null.
    pub fn new<'v>(
        order: &[Term],
        mut value: impl FnMut(usize) -> Option<Cow<'v, str>>,
        block: u64,
        at: u32,
    ) -> Self {
        let values = order.iter().map(|term| {
            let text = value(term.column);
            let whole = match text.as_deref().map(|text| tie_break(term.kind, text)) {
                Some(TieBreak::Bytes(bytes)) => TieBreak::Bytes(Cow::Owned(bytes.into_owned())),
                Some(TieBreak::Nanos(nanos)) => TieBreak::Nanos(nanos),
                Some(TieBreak::Same) | None => TieBreak::Same,
            };
            (term.abbreviated_key(text.as_deref()), whole)
        });
        Self {
            values: values.collect(),
            block,
            at,
        }
    }

    /// The abbreviated key of the first term.
    pub fn abbreviated_key(&self) -> Option<AbbreviatedKey> {
        self.values.first().map(|(abbreviated, _)| *abbreviated)
    }

    /// Whether another row comes after this one, by its values and then by its position.
    pub fn is_before<'v>(
        &self,
        order: &[Term],
        mut value: impl FnMut(usize) -> Option<Cow<'v, str>>,
        block: u64,
        at: u32,
    ) -> bool {
        let mut terms = order.iter().zip(&self.values);
        let ordering = terms.find_map(|(term, (abbreviated, mine))| {
            let text = value(term.column);
            let theirs = text.as_deref().map(|text| tie_break(term.kind, text));
            let ordering = abbreviated
                .cmp(&term.abbreviated_key(text.as_deref()))
                .then_with(|| {
                    let ordering = match (mine, &theirs) {
                        (TieBreak::Bytes(mine), Some(TieBreak::Bytes(theirs))) => mine.cmp(theirs),
                        (TieBreak::Nanos(mine), Some(TieBreak::Nanos(theirs))) => mine.cmp(theirs),
                        _ => Ordering::Equal,
                    };
                    directed(ordering, term.descending)
                });
            ordering.is_ne().then_some(ordering)
        });
        let ordering = ordering.unwrap_or_else(|| (self.block, self.at).cmp(&(block, at)));
        ordering.is_lt()
    }
}
