//! The media ranges of an `Accept` field, each with its quality (RFC 9110 §12.5.1, §12.4.2).
//!
//! Repeated lines are one list, joined in order by ", " (RFC 9110 §5.3); empty elements count for
//! nothing (§5.6.1). Parameters other than `q` and `version` are checked and then forgotten: they neither help
//! nor hinder a match. The work is bounded by [`MAX_RANGES`], and a field of one line with no more
//! than a few ranges that mean something here is read without allocating.

use std::borrow::Cow;

use super::media_type::Name;
use super::quality::{FULL, Quality, quality};
use super::syntax::{Cursor, Essence, Fault, Flaw, MAX_RANGES};

/// One media range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// What it names.
    pub(super) name: Name,
    /// How much the client wants it.
    pub(super) quality: Quality,
}

/// The ranges of an `Accept` field that can match something here, in the order that the client wrote.
///
/// Up to [`INLINE`] of them rest on the stack; only a longer list is allocated, once for them all.
#[derive(Debug)]
pub(super) struct Ranges {
    inline: [Range; INLINE],
    /// How many of `inline` are in use, while `spilled` is empty.
    length: usize,
    /// All of them, as soon as they are too many for `inline`.
    spilled: Vec<Range>,
    /// Whether the field holds no range at all, not even a foreign one.
    blank: bool,
}

/// How many ranges that can match are read without allocating; hardly a client writes more.
const INLINE: usize = 8;

impl Ranges {
    /// Reads a joined field.
    pub(super) fn read(text: &[u8]) -> Result<Self, Flaw> {
        let unused = Range {
            name: Name::Foreign,
            quality: 0,
        };
        let mut ranges = Self {
            inline: [unused; INLINE],
            length: 0,
            spilled: Vec::new(),
            blank: true,
        };
        each_range(text, |range| {
            ranges.blank = false;
            match range.name() {
                Name::Foreign => (),
                name => ranges.push(Range {
                    name,
                    quality: range.quality,
                }),
            }
        })?;
        Ok(ranges)
    }

    fn push(&mut self, range: Range) {
        if let Some(place) = self.inline.get_mut(self.length) {
            *place = range;
            self.length += 1;
        } else {
            if self.spilled.is_empty() {
                self.spilled.reserve(MAX_RANGES);
                self.spilled.extend_from_slice(&self.inline);
            }
            self.spilled.push(range);
        }
    }

    /// Whether the field asks for nothing: it is empty, or nothing but commas and white space.
    pub(super) const fn is_blank(&self) -> bool {
        self.blank
    }

    /// The ranges, in order.
    pub(super) fn as_slice(&self) -> &[Range] {
        if self.spilled.is_empty() {
            &self.inline[..self.length]
        } else {
            &self.spilled
        }
    }
}

/// The lines of the field as one list; one line alone is borrowed.
pub(super) fn join<'h>(mut lines: impl Iterator<Item = &'h [u8]>) -> Cow<'h, [u8]> {
    let mut joined = Cow::Borrowed(lines.next().unwrap_or_default());
    for line in lines {
        let text = joined.to_mut();
        text.extend_from_slice(b", ");
        text.extend_from_slice(line);
    }
    joined
}

/// A range as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'t> {
    pub(super) essence: Essence<'t>,
    /// The value of the parameter `version`.
    pub(super) version: Option<&'t [u8]>,
    pub(super) quality: Quality,
}

impl Written<'_> {
    /// What it names.
    pub(super) fn name(&self) -> Name {
        let name = Name::read(self.essence.kind, self.essence.subtype);
        self.version
            .map_or(name, |version| name.of_version(version))
    }
}

/// Shows each range of the list to `visit`, which sees at most [`MAX_RANGES`].
pub(super) fn each_range(text: &[u8], mut visit: impl FnMut(Written<'_>)) -> Result<(), Flaw> {
    let mut cursor = Cursor::new(text);
    for count in 0.. {
        cursor.skip(EMPTY_ELEMENTS);
        if cursor.peek().is_none() {
            break;
        }
        let start = cursor.position();
        if count == MAX_RANGES {
            return Err(cursor.flaw(Fault::TooMany, start, start));
        }
        let (mut stated, mut version) = (None, None);
        let essence = cursor.media_range(|name, value| {
            if name.eq_ignore_ascii_case(b"q") {
                let value = quality(value).ok_or(Fault::Quality)?;
                if stated.replace(value).is_some() {
                    return Err(Fault::RepeatedQuality);
                }
            } else if name.eq_ignore_ascii_case(b"version") {
                version.get_or_insert(value);
            }
            Ok(())
        })?;
        if essence.kind == b"*" && essence.subtype != b"*" {
            return Err(cursor.flaw(Fault::StarSubtype, start, start));
        }
        visit(Written {
            essence,
            version,
            quality: stated.unwrap_or(FULL),
        });
    }
    Ok(())
}

/// What may stand between two ranges.
const EMPTY_ELEMENTS: &[u8] = b", \t";
