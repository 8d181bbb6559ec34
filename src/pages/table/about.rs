//! What people say about a dataset.

use serde::Deserialize;

use super::Dataset;
use super::columns::{BELOW_NAME, SHOWN};
use crate::pages::text::shortened;

/// A description of this many characters is shown at once.
const SHORT: usize = 400;

/// What the API says of it.
#[derive(Deserialize)]
pub(in crate::pages) struct Said {
    title: Option<String>,
    description: Option<String>,
    licence: Option<String>,
    source: Option<String>,
}

/// What is shown of it.
pub(super) struct About<'a> {
    pub(super) title: Option<&'a str>,
    pub(super) description: Option<&'a str>,
    pub(super) licence: Option<Words<'a>>,
    pub(super) source: Option<Words<'a>>,
    /// The columns about which more is said than their heads show.
    pub(super) columns: Vec<(String, &'a str)>,
    pub(super) is_short: bool,
}

/// Words, or an address.
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    pub(super) is_link: bool,
}

impl<'a> About<'a> {
    /// What is said about a dataset and the shown columns. `None`: nothing.
    pub(super) fn of(dataset: &'a Dataset, shown: &[usize]) -> Option<Self> {
        let said = dataset.said.as_ref();
        let member = |get: fn(&Said) -> &Option<String>| said.and_then(|said| get(said).as_deref());
        let columns = shown.iter().filter_map(|&place| {
            let said = dataset.said_of_columns.get(place)?.as_deref()?;
            let name = &dataset.columns.get(place)?.name;
            let is_cut = said.chars().nth(BELOW_NAME).is_some();
            is_cut.then(|| (shortened(name, SHOWN), said))
        });
        let about = Self {
            title: member(|said| &said.title),
            description: member(|said| &said.description),
            licence: member(|said| &said.licence).map(Words::of),
            source: member(|said| &said.source).map(Words::of),
            columns: columns.collect(),
            is_short: member(|said| &said.description)
                .is_none_or(|text| text.chars().nth(SHORT).is_none()),
        };
        (said.is_some() || !about.columns.is_empty()).then_some(about)
    }

    /// Whether there is more than a title.
    pub(super) fn has_more(&self) -> bool {
        self.description.is_some() || self.has_list()
    }

    /// Whether there is more than a title and a description.
    pub(super) fn has_list(&self) -> bool {
        self.licence.is_some() || self.source.is_some() || !self.columns.is_empty()
    }
}

impl<'a> Words<'a> {
    /// An address is a link only if it can do nothing but lead to a page that can't be changed on its way.
    fn of(text: &'a str) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>".contains(&byte);
        let address = text.strip_prefix("https://");
        Self {
            text,
            is_link: address.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_plain)),
        }
    }
}
