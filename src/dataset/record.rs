//! The records of a stored text.
//!
//! The text was checked when it came in, so reading it cannot fail; fields are slices of it, nothing is copied until a
//! field with doubled quotes is asked for its text.

use std::borrow::Cow;

use memchr::memchr;

use super::token::Tokens;

/// Reads the data records of a text.
#[derive(Debug, Clone)]
pub struct Records<'t> {
    text: &'t str,
    delimiter: u8,
    columns: usize,
    tokens: Tokens<'t>,
    /// Where the next record begins.
    at: usize,
    /// The first quote at or after `at`, or the text's length; where it is before `at`, it is to be looked for.
    quote: Option<usize>,
}

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'t> {
    raw: &'t str,
}

impl<'t> Records<'t> {
    /// The records of `text`, which holds data records only: a chunk's text from its body on.
    pub fn new(text: &'t str, delimiter: u8, columns: usize) -> Self {
        let tokens = Tokens::new(text.as_bytes(), delimiter, 0);
        Self {
            text,
            delimiter,
            columns,
            tokens,
            at: 0,
            quote: None,
        }
    }

    /// Replaces `fields` by the next record's; `false` when there is none.
    pub fn next_into(&mut self, fields: &mut Vec<Field<'t>>) -> bool {
        fields.clear();
        while self.at < self.text.len() {
            let start = self.at;
            loop {
                let Ok(token) = self.tokens.field(self.at) else {
                    return self.give_up(fields);
                };
                // The raw field is all up to the delimiter or the line end, quotes included.
                let quoted = usize::from(token.start > self.at);
                fields.push(Field {
                    raw: self
                        .text
                        .get(self.at..token.end + quoted)
                        .unwrap_or_default(),
                });
                self.at = token.next;
                if token.last {
                    break;
                }
            }
            let empty_line = self.columns > 1 && fields.len() == 1 && fields[0].raw.is_empty();
            if !empty_line {
                return true;
            }
            debug_assert!(self.at > start);
            fields.clear();
        }
        false
    }

    /// Passes over as many records; how many there were.
    pub fn skip(&mut self, rows: usize) -> usize {
        let mut skipped = 0;
        while skipped < rows && self.at < self.text.len() {
            let end = self.record_end();
            let empty_line = matches!(self.text.as_bytes()[self.at..end], [b'\n'] | [b'\r', b'\n']);
            skipped += usize::from(self.columns == 1 || !empty_line);
            self.at = end;
        }
        self.tokens = Tokens::new(self.text.as_bytes(), self.delimiter, self.at);
        skipped
    }

    /// Where the next record begins, in bytes of the text.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Where the record that begins at `at` ends.
    fn record_end(&mut self) -> usize {
        let text = self.text.as_bytes();
        let mut from = self.at;
        loop {
            let quote = match self.quote {
                Some(quote) if quote >= from => quote,
                _ => memchr(b'"', &text[from..]).map_or(text.len(), |found| from + found),
            };
            self.quote = Some(quote);
            let line_feed = memchr(b'\n', &text[from..quote]).map(|found| from + found + 1);
            if let Some(end) = line_feed {
                return end;
            }
            if quote == text.len() {
                return quote;
            }
            let opens = quote == self.at || text[quote - 1] == self.delimiter;
            from = if opens {
                closing_quote(text, quote)
            } else {
                quote
            } + 1;
            if from >= text.len() {
                return text.len();
            }
        }
    }

    /// The text is not CSV, which only a text that was never checked can be.
    fn give_up(&mut self, fields: &mut Vec<Field<'t>>) -> bool {
        fields.clear();
        self.at = self.text.len();
        false
    }
}

/// The quote that closes the field which `open` opens, or the text's end.
fn closing_quote(text: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr(b'"', rest)) {
        let quote = at + found;
        if text.get(quote + 1) != Some(&b'"') {
            return quote;
        }
        at = quote + 2;
    }
    text.len()
}

impl<'t> Field<'t> {
    /// The text, without the quotes around it and with doubled ones made single.
    pub fn text(&self) -> Cow<'t, str> {
        match self.quoted() {
            None => Cow::Borrowed(self.raw),
            Some(inner) if memchr(b'"', inner.as_bytes()).is_some() => Cow::Owned(unquoted(inner)),
            Some(inner) => Cow::Borrowed(inner),
        }
    }

    /// The field as it is written, quotes included.
    pub fn raw(&self) -> &'t str {
        self.raw
    }

    /// Whether the text is empty, quoted or not.
    pub fn is_empty(&self) -> bool {
        matches!(self.raw, "" | "\"\"")
    }

    /// What is between the quotes of a quoted field.
    fn quoted(&self) -> Option<&'t str> {
        let inner = self.raw.strip_prefix('"')?;
        Some(inner.strip_suffix('"').unwrap_or(inner))
    }
}

/// The text of a quoted field's inside: doubled quotes made single.
pub(crate) fn unquoted(inner: &str) -> String {
    inner.replace("\"\"", "\"")
}

/// The same, byte for byte and only as far as it is asked for.
pub(crate) fn unquoted_prefix(inner: &[u8]) -> impl Iterator<Item = u8> {
    let mut second = false;
    inner.iter().copied().filter(move |&byte| {
        second = byte == b'"' && !second;
        byte != b'"' || second
    })
}

#[cfg(test)]
mod tests;
