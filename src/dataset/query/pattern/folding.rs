//! Texts without the case of their letters. Folding makes several characters of some (`ß` becomes `ss`), and `_` stands for all of them.

use super::Mixed;
use crate::query::stop::{Stop, slices};

/// What a pattern is compared with: a text, or the rest of one.
#[derive(Clone, Copy)]
pub(super) struct Subject<'t> {
    pub(super) text: &'t str,
    /// Where the text begins in the whole.
    from: usize,
    /// Where, in the whole text, characters are that folding made in addition, in ascending order.
    pub(super) inside: &'t [usize],
}

/// A character of a folded text.
pub(super) struct Folded {
    at: usize,
    pub(super) character: char,
    /// Whether it belongs to the one before it.
    pub(super) is_inside: bool,
}

impl Folded {
    pub(super) fn end(&self) -> usize {
        self.at + self.character.len_utf8()
    }
}

impl<'t> Subject<'t> {
    pub(super) fn new(text: &'t str, inside: &'t [usize]) -> Self {
        Self {
            text,
            from: 0,
            inside,
        }
    }

    /// What follows so many bytes.
    pub(super) fn behind(self, bytes: usize) -> Self {
        Self {
            text: &self.text[bytes..],
            from: self.from + bytes,
            inside: self.inside,
        }
    }

    pub(super) fn characters(self) -> impl DoubleEndedIterator<Item = Folded> {
        self.text
            .char_indices()
            .map(move |(at, character)| self.folded(at, character))
    }

    fn folded(self, at: usize, character: char) -> Folded {
        let is_inside = !self.inside.is_empty();
        Folded {
            at,
            character,
            is_inside: is_inside && self.inside.binary_search(&(self.from + at)).is_ok(),
        }
    }
}

impl Mixed {
    /// Where the first match ends in a text of which folding made more characters than it had.
    pub(super) fn find_in_expanded(&self, text: Subject<'_>, stop: &Stop) -> Option<usize> {
        let last = 1 << ((self.places.len() - 1) % 64);
        let ends_with_any = self.places.last().is_some_and(Option::is_none);
        // The mask of characters that the part doesn't have: the positions of `_`.
        let any = &self.masks[self.characters.len() * self.words..];
        let mut reached = vec![0_u64; self.words];
        let mut end = None;
        for (from, slice) in slices(text.text, stop) {
            for (at, character) in slice.char_indices() {
                let found = text.folded(from + at, character);
                if !found.is_inside && end.is_some() {
                    return end;
                }
                let mut carry = 1;
                for ((word, mask), any) in reached.iter_mut().zip(self.mask(character)).zip(any) {
                    // Inside a character, `_` neither begins nor ends.
                    let (moving, staying) = match found.is_inside {
                        true => (*word & !any, *word & any),
                        false => (*word, 0),
                    };
                    let mask = if found.is_inside { mask & !any } else { *mask };
                    *word = (moving << 1 | carry) & mask | staying;
                    carry = moving >> 63;
                }
                if reached[self.words - 1] & last != 0 {
                    end = Some(found.end());
                    if !ends_with_any {
                        return end;
                    }
                }
            }
        }
        end
    }
}

/// The character without its case.
pub(super) fn fold(character: char) -> impl Iterator<Item = char> {
    character.to_uppercase().flat_map(char::to_lowercase)
}

/// The text without the case of its letters, and where characters are that this made in addition.
pub(super) fn folded(text: &str, stop: &Stop) -> (String, Vec<usize>) {
    let mut folded = String::with_capacity(text.len());
    let mut inside = Vec::new();
    for (_, slice) in slices(text, stop) {
        if slice.is_ascii() {
            let from = folded.len();
            folded.push_str(slice);
            folded[from..].make_ascii_lowercase();
            continue;
        }
        for character in slice.chars() {
            for (number, character) in fold(character).enumerate() {
                if number > 0 {
                    inside.push(folded.len());
                }
                folded.push(character);
            }
        }
    }
    (folded, inside)
}
