//! Patterns of `like` and `ilike`: `*` or `%` stands for any characters, `_` for any one, and `\` takes the meaning from
//! what follows it.
//!
//! Matching takes linear time, whatever the pattern is. The parts between wildcards are found from left to right, each after the
//! one before it, so no part is tried twice at the same position. A part without `_` is found by memmem. A part with `_` is found
//! by Shift-And (Baeza-Yates and Gonnet, 1992): one bit for each position of the part says whether the text so far ends with the
//! part up to there, and one step per character moves all bits on. A step costs one word per 64 positions, so the length of a
//! pattern is bounded. `ilike` compares folded texts, in which a character may have become several; [`folding`] keeps them together
//! for `_`. The crate `regex` would do the same by automata, and make the program more than a megabyte larger.

mod folding;

use memchr::memmem::Finder;

use super::stop::{Stop, slices};
use folding::{Subject, fold, folded};

/// Characters of the longest pattern.
pub(super) const LONGEST: usize = 1024;

/// A pattern that a whole text matches or not.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The parts between the wildcards for any characters; at least one.
    parts: Vec<Part>,
    /// Whether letters of both cases are the same.
    folded: bool,
}

/// Characters, and positions at which any character matches.
#[derive(Debug)]
enum Part {
    /// Without such positions.
    Literal(Box<Finder<'static>>),
    /// With such positions.
    Mixed(Mixed),
}

/// A part with positions at which any character matches.
#[derive(Debug)]
struct Mixed {
    /// The character at each position; `None`: any character.
    places: Vec<Option<char>>,
    /// The different characters that it has, in order.
    characters: Vec<char>,
    /// For each ASCII character its number in `characters`, or how many there are.
    ascii: Box<[u8; 128]>,
    /// For each of the characters, and then for all others, the positions at which it matches: one bit per position.
    masks: Vec<u64>,
    /// Words that a mask has.
    words: usize,
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

    /// Whether a text matches. Once `stop` is set, the result means nothing.
    pub(super) fn matches(&self, text: &str, stop: &Stop) -> bool {
        if !self.folded {
            return self.holds(Subject::new(text, &[]), stop);
        }
        let (text, inside) = folded(text, stop);
        self.holds(Subject::new(&text, &inside), stop)
    }

    fn holds(&self, text: Subject<'_>, stop: &Stop) -> bool {
        let Some((first, rest)) = self.parts.split_first() else {
            return false;
        };
        let Some(at) = first.at_start(text) else {
            return false;
        };
        let mut left = text.behind(at);
        let Some((last, middle)) = rest.split_last() else {
            return left.text.is_empty();
        };
        for part in middle {
            match part.find(left, stop) {
                Some(end) => left = left.behind(end),
                None => return false,
            }
        }
        last.at_end(left)
    }

    /// How long it takes to look at a byte of text, in bytes of text that are read in that time, about.
    pub(super) fn effort(&self) -> u64 {
        let words = self.parts.iter().map(|part| match part {
            Part::Literal(_) => 1,
            Part::Mixed(mixed) => 2 + mixed.words as u64,
        });
        // No two parts look at the same byte.
        words.max().unwrap_or(1) + if self.folded { 8 } else { 0 }
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
            Self::Mixed(Mixed::new(places))
        }
    }

    /// Where it ends if the text begins with it.
    fn at_start(&self, text: Subject<'_>) -> Option<usize> {
        match self {
            Self::Literal(finder) => {
                let needle = finder.needle();
                text.text
                    .as_bytes()
                    .starts_with(needle)
                    .then_some(needle.len())
            }
            Self::Mixed(mixed) => mixed.at_start(text),
        }
    }

    /// Where the first one in the text ends.
    fn find(&self, text: Subject<'_>, stop: &Stop) -> Option<usize> {
        match self {
            Self::Literal(finder) => {
                let at = finder.find(text.text.as_bytes())?;
                Some(at + finder.needle().len())
            }
            Self::Mixed(mixed) if !text.inside.is_empty() => mixed.find_in_expanded(text, stop),
            Self::Mixed(mixed) => match mixed.words {
                1 => mixed.find_short(text.text, stop),
                _ => mixed.find_long(text.text, stop),
            },
        }
    }

    /// Whether the text ends with it.
    fn at_end(&self, text: Subject<'_>) -> bool {
        match self {
            Self::Literal(finder) => text.text.as_bytes().ends_with(finder.needle()),
            Self::Mixed(mixed) => mixed.at_end(text),
        }
    }
}

impl Mixed {
    fn new(places: Vec<Option<char>>) -> Self {
        let mut characters: Vec<char> = places.iter().copied().flatten().collect();
        characters.sort_unstable();
        characters.dedup();
        let words = places.len().div_ceil(64);
        let mut masks = vec![0; (characters.len() + 1) * words];
        for (number, mask) in masks.chunks_exact_mut(words).enumerate() {
            let character = characters.get(number);
            for (place, wanted) in places.iter().enumerate() {
                if wanted.is_none() || wanted.as_ref() == character {
                    mask[place / 64] |= 1 << (place % 64);
                }
            }
        }
        let mut ascii = Box::new([0; 128]);
        // Those of ASCII are the first ones; if they are fewer than all, one byte can tell the others from them.
        for (byte, number) in (0..128_u8).zip(ascii.iter_mut()) {
            let found = characters.binary_search(&char::from(byte));
            *number = u8::try_from(found.unwrap_or(characters.len())).unwrap_or(u8::MAX);
        }
        Self {
            places,
            characters,
            ascii,
            masks,
            words,
        }
    }

    /// The positions at which a character matches.
    #[inline(always)]
    fn mask(&self, character: char) -> &[u64] {
        let others = self.characters.len();
        let number = match self.ascii.get(character as usize) {
            Some(&u8::MAX) => others,
            Some(&number) => usize::from(number),
            None => self.characters.binary_search(&character).unwrap_or(others),
        };
        &self.masks[number * self.words..(number + 1) * self.words]
    }

    /// Where it ends if the text begins with it.
    fn at_start(&self, text: Subject<'_>) -> Option<usize> {
        let mut characters = text.characters().peekable();
        let mut end = 0;
        for place in &self.places {
            let found = characters.next()?;
            match place {
                Some(wanted) if *wanted != found.character => return None,
                None if found.is_inside => return None,
                _ => end = found.end(),
            }
            while place.is_none()
                && let Some(rest) = characters.next_if(|next| next.is_inside)
            {
                end = rest.end();
            }
        }
        Some(end)
    }

    /// Whether the text ends with it.
    fn at_end(&self, text: Subject<'_>) -> bool {
        let mut characters = text.characters().rev();
        let mut is_within = false;
        for place in self.places.iter().rev() {
            let Some(mut found) = characters.next() else {
                return false;
            };
            match place {
                Some(wanted) if *wanted != found.character => return false,
                Some(_) => is_within = found.is_inside,
                // The rest of this character has been taken.
                None if is_within => return false,
                None => {
                    while found.is_inside {
                        match characters.next() {
                            Some(before) => found = before,
                            None => return false,
                        }
                    }
                }
            }
        }
        true
    }

    /// Where the first match in the text ends, for a part of at most 64 positions.
    fn find_short(&self, text: &str, stop: &Stop) -> Option<usize> {
        let last = 1 << (self.places.len() - 1);
        let mut reached = 0_u64;
        for (from, slice) in slices(text, stop) {
            for (at, character) in slice.char_indices() {
                reached = (reached << 1 | 1) & self.mask(character)[0];
                if reached & last != 0 {
                    return Some(from + at + character.len_utf8());
                }
            }
        }
        None
    }

    /// The same for longer parts.
    fn find_long(&self, text: &str, stop: &Stop) -> Option<usize> {
        let last = 1 << ((self.places.len() - 1) % 64);
        let mut reached = vec![0_u64; self.words];
        for (from, slice) in slices(text, stop) {
            for (at, character) in slice.char_indices() {
                let mut carry = 1;
                for (word, mask) in reached.iter_mut().zip(self.mask(character)) {
                    let next = *word >> 63;
                    *word = (*word << 1 | carry) & mask;
                    carry = next;
                }
                if reached[self.words - 1] & last != 0 {
                    return Some(from + at + character.len_utf8());
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
