//! Patterns of `like` and `ilike`: `*` or `%` stands for any characters, `_` for any one, and `\` takes the meaning from
//! what follows it.

use memchr::memmem::Finder;

/// A pattern that a whole text matches or not.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What stands between the wildcards for any characters; at least one.
    parts: Vec<Part>,
    /// Whether letters of both cases are the same.
    folded: bool,
}

/// Characters, and places where any one may stand.
#[derive(Debug)]
enum Part {
    /// Without such places.
    Literal(Box<Finder<'static>>),
    /// `None`: any one.
    Mixed(Vec<Option<char>>),
}

impl Pattern {
    pub(super) fn new(text: &str, folded: bool) -> Self {
        let mut parts = vec![Vec::new()];
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let place = match character {
                '*' | '%' => {
                    parts.push(Vec::new());
                    continue;
                }
                '_' => None,
                '\\' => Some(characters.next().unwrap_or('\\')),
                other => Some(other),
            };
            let part = parts.last_mut().expect("there is one from the beginning");
            match place {
                Some(character) if folded => part.extend(fold(character).map(Some)),
                place => part.push(place),
            }
        }
        let parts = parts.into_iter().map(Part::new).collect();
        Self { parts, folded }
    }

    /// Whether a text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        if !self.folded {
            return self.holds(text);
        }
        if text.is_ascii() {
            return self.holds(&text.to_ascii_lowercase());
        }
        self.holds(&text.chars().flat_map(fold).collect::<String>())
    }

    fn holds(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else {
            return false;
        };
        let Some(at) = first.at_start(text) else {
            return false;
        };
        let mut left = &text[at..];
        let Some((last, middle)) = rest.split_last() else {
            return left.is_empty();
        };
        for part in middle {
            match part.find(left) {
                Some(end) => left = &left[end..],
                None => return false,
            }
        }
        last.at_end(left)
    }

    /// The longest text that every match contains byte for byte.
    pub(super) fn literal(&self) -> Option<&[u8]> {
        let literals = self.parts.iter().filter_map(|part| match part {
            Part::Literal(finder) => Some(finder.needle()),
            Part::Mixed(_) => None,
        });
        literals
            .max_by_key(|literal| literal.len())
            .filter(|_| !self.folded)
    }
}

impl Part {
    fn new(places: Vec<Option<char>>) -> Self {
        if places.iter().all(Option::is_some) {
            let text: String = places.into_iter().flatten().collect();
            Self::Literal(Box::new(Finder::new(&text).into_owned()))
        } else {
            Self::Mixed(places)
        }
    }

    /// Where it ends if the text begins with it.
    fn at_start(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(finder) => {
                let needle = finder.needle();
                text.as_bytes().starts_with(needle).then_some(needle.len())
            }
            Self::Mixed(places) => {
                let mut characters = text.char_indices();
                for place in places {
                    let (_, found) = characters.next()?;
                    if place.is_some_and(|wanted| wanted != found) {
                        return None;
                    }
                }
                Some(characters.offset())
            }
        }
    }

    /// Where the first one in the text ends.
    fn find(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(finder) => {
                let at = finder.find(text.as_bytes())?;
                Some(at + finder.needle().len())
            }
            Self::Mixed(_) => text
                .char_indices()
                .find_map(|(at, _)| Some(at + self.at_start(&text[at..])?)),
        }
    }

    /// Whether the text ends with it.
    fn at_end(&self, text: &str) -> bool {
        match self {
            Self::Literal(finder) => text.as_bytes().ends_with(finder.needle()),
            Self::Mixed(places) => {
                let start = text.char_indices().rev().nth(places.len() - 1);
                start.is_some_and(|(at, _)| self.at_start(&text[at..]).is_some())
            }
        }
    }
}

/// The character without its case.
fn fold(character: char) -> impl Iterator<Item = char> {
    character.to_uppercase().flat_map(char::to_lowercase)
}
