//! Suspects: columns of strings that would have a narrower type if one value were another, or if a parameter were stated.
//!
//! Most columns of texts are none after two of their values, so looking for suspects costs next to nothing.

use std::borrow::Cow;

use super::formats::{DateOrder, Datetimes, Decimal, Thousands};
use super::{ColumnType, Formats, cell::Cell, error::shortened, record::unquoted};

/// A parameter that may give a column a narrower type: what it is, the formats with it, and the type.
pub(crate) struct Would {
    /// As it is stated.
    pub parameter: &'static str,
    formats: Formats,
    /// The type that the column would have.
    pub kind: ColumnType,
}

const PLAIN: Formats = Formats {
    decimal: None,
    thousands: None,
    dates: None,
    datetimes: None,
    zone: None,
};

/// How many parameters are tried.
const MANY: usize = 6;

/// What is tried. Each has a bit, the first one the lowest.
static WOULDS: [Would; MANY] = [
    Would {
        parameter: "decimal=,",
        formats: Formats {
            decimal: Some(Decimal::Comma),
            ..PLAIN
        },
        kind: ColumnType::Number,
    },
    Would {
        parameter: "decimal=,&thousands=.",
        formats: Formats {
            decimal: Some(Decimal::Comma),
            thousands: Some(Thousands::Point),
            ..PLAIN
        },
        kind: ColumnType::Number,
    },
    Would {
        parameter: "thousands=,",
        formats: Formats {
            thousands: Some(Thousands::Comma),
            ..PLAIN
        },
        kind: ColumnType::Number,
    },
    Would {
        parameter: "dates=dmy",
        formats: Formats {
            dates: Some(DateOrder::DayMonthYear),
            ..PLAIN
        },
        kind: ColumnType::Date,
    },
    Would {
        parameter: "dates=mdy",
        formats: Formats {
            dates: Some(DateOrder::MonthDayYear),
            ..PLAIN
        },
        kind: ColumnType::Date,
    },
    Would {
        parameter: "datetimes=local",
        formats: Formats {
            datetimes: Some(Datetimes::Local),
            ..PLAIN
        },
        kind: ColumnType::Datetime,
    },
];

/// All of them.
const ALL: u8 = (1 << MANY) - 1;

/// A value that alone keeps a column from a narrower type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stray {
    /// Its line in the file, if the text is that of the file.
    pub line: Option<u64>,
    /// The value, shortened.
    pub value: String,
    /// Whether the value can be stated as it is shown: nothing was left out, and it is one line.
    pub whole: bool,
}

/// What is known of a column, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suspect {
    /// The type of all values but the strays.
    kind: Option<ColumnType>,
    stray: Option<Stray>,
    /// Whether there are several strays.
    strays: bool,
    /// The parameters with which all values would fit.
    woulds: u8,
}

impl Suspect {
    /// A column of one type.
    pub(crate) fn of_kind(kind: Option<ColumnType>) -> Self {
        let woulds = match kind {
            None => ALL,
            Some(ColumnType::Integer) => 0b00_0111,
            Some(ColumnType::Number) => 0b00_0100,
            Some(ColumnType::Date) => 0b01_1000,
            Some(ColumnType::Datetime) => 0b10_0000,
            Some(ColumnType::Boolean | ColumnType::String) => 0,
        };
        Self {
            kind,
            stray: None,
            strays: kind == Some(ColumnType::String),
            woulds,
        }
    }

    /// A column of strings of a raw block. `line` tells the line of a byte.
    pub(crate) fn of<'t>(
        cells: &(impl Iterator<Item = Cell<'t>> + Clone),
        formats: &Formats,
        line: impl Fn(usize) -> Option<u64>,
    ) -> Self {
        let mut suspect = Self::of_kind(None);
        for cell in cells.clone() {
            let text = text(&cell);
            let fits = |kind| formats.canonical(kind, &text).is_some();
            if suspect.kind.is_some_and(fits) {
                continue;
            }
            let kind = formats.kind_of(&text);
            let joined = suspect.kind.map_or(kind, |so_far| so_far.join(kind));
            if kind != ColumnType::String && joined != ColumnType::String {
                suspect.kind = Some(joined);
            } else if suspect.stray.is_some() {
                suspect.strays = true;
                break;
            } else {
                let value = shortened(&text);
                suspect.stray = Some(Stray {
                    line: line(cell.span().start()),
                    whole: value == text && !text.contains(char::is_control),
                    value,
                });
            }
        }
        for (bit, would) in WOULDS.iter().enumerate() {
            let all = |cell: Cell<'_>| would.formats.canonical(would.kind, &text(&cell)).is_some();
            if !cells.clone().all(all) {
                suspect.woulds &= !(1 << bit);
            }
        }
        suspect
    }

    /// Adds the same column of a following raw block.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.strays |= other.strays || self.stray.is_some() && other.stray.is_some();
        self.stray = self.stray.take().or_else(|| other.stray.clone());
        self.woulds &= other.woulds;
        self.kind = match (self.kind, other.kind) {
            (Some(so_far), Some(here)) => Some(so_far.join(here)),
            (so_far, here) => so_far.or(here),
        };
    }

    /// The only value that keeps the column from a narrower type, and that type.
    pub(crate) fn stray(&self) -> Option<(&Stray, ColumnType)> {
        let kind = self.kind.filter(|kind| *kind != ColumnType::String)?;
        let stray = self.stray.as_ref().filter(|_| !self.strays)?;
        Some((stray, kind))
    }

    /// Whether the column is one of strings.
    pub(crate) fn is_string(&self) -> bool {
        self.strays || self.stray.is_some() || self.kind == Some(ColumnType::String)
    }

    /// The parameters with which all values of a column of strings would have a narrower type.
    pub(crate) fn woulds(&self) -> impl Iterator<Item = &'static Would> {
        let woulds = self.woulds;
        let bits = WOULDS.iter().enumerate();
        bits.filter_map(move |(bit, would)| (woulds >> bit & 1 == 1).then_some(would))
    }
}

fn text<'t>(cell: &Cell<'t>) -> Cow<'t, str> {
    // The raw block was checked.
    let text = String::from_utf8_lossy(cell.raw());
    match cell.doubled() {
        true => Cow::Owned(unquoted(&text)),
        false => text,
    }
}
