//! The filters of a view, each with the view without it.

use crate::pages::text::{shortened, with_query};
use crate::pages::view::{self, View};

/// The most filters that are listed.
const CHIPS: usize = 16;
/// The most characters of a value in that list.
const VALUE: usize = 80;

/// The filters of a view.
pub(super) struct Chips {
    pub(super) all: Vec<Chip>,
    /// How many filters are not listed.
    pub(super) more: usize,
    /// The view without filters.
    pub(super) unfiltered: String,
}

/// A filter, with the view without it.
pub(super) struct Chip {
    /// The column; empty for conditions of several columns.
    pub(super) column: String,
    pub(super) condition: String,
    pub(super) remove: String,
}

impl Chips {
    /// The filters of a view whose page is at `path`.
    pub(super) fn of(view: &View, path: &str) -> Self {
        let remove = |place| with_query(path, &view.without(&[place]).query());
        let filters = view.filters().map(|filter| Chip {
            column: shortened(filter.column, VALUE),
            condition: shortened(&view::in_words(filter.condition), VALUE),
            remove: remove(filter.place),
        });
        let groups = view.groups().map(|(place, parameter, text)| Chip {
            column: String::new(),
            condition: shortened(&view::group_in_words(parameter, text), VALUE),
            remove: remove(place),
        });
        let places = view.filters().map(|filter| filter.place);
        let mut places: Vec<usize> = places
            .chain(view.groups().map(|(place, ..)| place))
            .collect();
        places.sort_unstable();
        Self {
            all: filters.chain(groups).take(CHIPS).collect(),
            more: places.len().saturating_sub(CHIPS),
            unfiltered: with_query(path, &view.without(&places).query()),
        }
    }
}
