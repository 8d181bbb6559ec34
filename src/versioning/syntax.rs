//! The grammar that `Accept`, `Content-Type` and `Content-Disposition` share (RFC 9110 §8.3.1 and
//! §5.6), and where a text leaves it.
//!
//! ```text
//! media-type    = token "/" token parameters
//! parameters    = *( OWS ";" OWS [ token "=" ( token / quoted-string ) ] )
//! quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE   ; no controls but tabs
//! ```
//!
//! These headers are read here, because `mime` 0.3 knows another grammar (`tests::mime` proves each point): it refuses white space
//! before `;`, tabs, an empty parameter between others, an empty quoted string and an escaped
//! quote, all of which RFC 9110 allows, and takes `text/` and `a/b;c=`, which it does not. It also
//! needs a `str`, where quoted strings may hold any byte from 0x80 on; it knows neither lists (it
//! stops at a comma) nor qualities; and it allocates a string, and with parameters a vector, for
//! every type. One grammar for all headers also means that a client learns one set of rules, and
//! that every refusal has a place.
//!
//! Reading allocates nothing. A [`Flaw`] is offsets; only a refusal turns it into text.

/// How many ranges an `Accept` field may hold; a browser writes fewer than ten.
pub const MAX_RANGES: usize = 1_000;

/// How a header leaves the grammar: what is wrong, and what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No `type/subtype` where one should stand.
    #[error("a media type is a type, a slash and a subtype, such as application/json")]
    Type,
    /// No name where one should stand.
    #[error("a name such as attachment or form-data stands here")]
    Name,
    /// A parameter that may be there once is there twice.
    #[error("a parameter stands there twice: write it once")]
    RepeatedParameter,
    /// `*/subtype` (RFC 9110 §12.5.1).
    #[error("a type of * takes only * as its subtype: write */*, or name the type")]
    StarSubtype,
    /// A parameter without a name, an `=` or a value.
    #[error("a parameter is a name, an equals sign and a value, without spaces around the sign")]
    Parameter,
    /// A weight that is no number from 0 to 1 with at most three decimals (RFC 9110 §12.4.2).
    #[error("q is a number from 0 to 1 with at most three decimals, such as q=0.5")]
    Quality,
    /// A second weight in one range.
    #[error("q stands twice in one range: write it once")]
    RepeatedQuality,
    /// A quoted string without an end (RFC 9110 §5.6.4).
    #[error("the quoted string has no end: close it with a double quote")]
    OpenQuote,
    /// A control character, or a non-ASCII one outside a quoted string.
    #[error(
        "control characters may stand nowhere and non-ASCII ones only between double quotes: remove it"
    )]
    Character,
    /// Something after a complete type or parameter that is neither a separator nor the end.
    #[error(
        "a comma, a semicolon or the end is missing: separate ranges by commas and parameters by semicolons"
    )]
    Separator,
    /// A list where one media type should stand.
    #[error(
        "only one value may stand here: remove what begins with the comma, or put double quotes around the value that has the comma"
    )]
    List,
    /// More ranges than anybody needs.
    #[error("more than {MAX_RANGES} ranges: write fewer")]
    TooMany,
}

/// A fault and the bytes that it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// What is wrong.
    pub(crate) fault: Fault,
    /// The offset of the first byte of the offending part.
    pub(crate) start: usize,
    /// The offset after its last byte.
    pub(crate) end: usize,
}

/// A type and a subtype, neither empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Essence<'t> {
    /// What stands before the slash.
    pub(crate) kind: &'t [u8],
    /// What stands after it.
    pub(crate) subtype: &'t [u8],
}

/// Whether a parameter may have no value at all, as in `size=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    /// The grammar of media types doesn't allow it.
    Refused,
    /// Some clients write it.
    Allowed,
}

/// A place in a text that is being read.
#[derive(Debug)]
pub(crate) struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Cursor<'t> {
    /// Before the first byte.
    pub(crate) const fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The offset of the next byte.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// The next byte.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Passes over these bytes, however many.
    pub(crate) fn skip(&mut self, bytes: &[u8]) {
        while self.peek().is_some_and(|byte| bytes.contains(&byte)) {
            self.at += 1;
        }
    }

    /// Reads a media type with its parameters, up to the comma or the end that follows it.
    ///
    /// Each parameter is shown to `parameter`, its value raw: a quoted string with its quotes.
    pub(crate) fn media_type(
        &mut self,
        empty: Empty,
        parameter: impl FnMut(&'t [u8], &'t [u8]) -> Result<(), Fault>,
    ) -> Result<Essence<'t>, Flaw> {
        let start = self.at;
        let essence = self.essence()?;
        self.parameters(start, empty, parameter)?;
        Ok(essence)
    }

    /// Reads a media range in the same way. `*` with parameters is read as `*/*`: Java 8 to 18 sends `*; q=.2`.
    pub(super) fn media_range(
        &mut self,
        parameter: impl FnMut(&'t [u8], &'t [u8]) -> Result<(), Fault>,
    ) -> Result<Essence<'t>, Flaw> {
        let start = self.at;
        let essence = match self.eat_lone_star() {
            true => Essence {
                kind: b"*",
                subtype: b"*",
            },
            false => self.essence()?,
        };
        self.parameters(start, Empty::Refused, parameter)?;
        Ok(essence)
    }

    /// Passes over a `*` that parameters follow.
    fn eat_lone_star(&mut self) -> bool {
        let mut behind = Self {
            text: self.text,
            at: self.at + 1,
        };
        behind.skip(SPACE);
        let found = self.peek() == Some(b'*') && behind.peek() == Some(b';');
        self.at += usize::from(found);
        found
    }

    /// Reads the parameters of what began at `part`, up to the comma or the end that follows them.
    pub(crate) fn parameters(
        &mut self,
        mut part: usize,
        empty: Empty,
        mut parameter: impl FnMut(&'t [u8], &'t [u8]) -> Result<(), Fault>,
    ) -> Result<(), Flaw> {
        loop {
            self.skip(SPACE);
            match self.peek() {
                None | Some(b',') => return Ok(()),
                Some(b';') => {
                    self.at += 1;
                    self.skip(SPACE);
                    part = self.at;
                    self.parameter(empty, &mut parameter)?;
                }
                Some(_) => return Err(self.unexpected(Fault::Separator, part)),
            }
        }
    }

    /// A name that stands alone, such as `attachment`.
    pub(crate) fn name(&mut self) -> Result<&'t [u8], Flaw> {
        let start = self.at;
        let name = self.token();
        if name.is_empty() {
            return Err(self.unexpected(Fault::Name, start));
        }
        Ok(name)
    }

    /// Nothing follows, neither a list nor anything else.
    pub(crate) fn end(&self, start: usize) -> Result<(), Flaw> {
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(Flaw {
            fault: Fault::List,
            start,
            end: self.text.len(),
        })
    }

    /// `type/subtype`
    fn essence(&mut self) -> Result<Essence<'t>, Flaw> {
        let start = self.at;
        let kind = self.token();
        if kind.is_empty() || !self.eat(b'/') {
            return Err(self.unexpected(Fault::Type, start));
        }
        let subtype = self.token();
        if subtype.is_empty() {
            return Err(self.unexpected(Fault::Type, start));
        }
        Ok(Essence { kind, subtype })
    }

    /// `name=value`, or nothing at all.
    fn parameter(
        &mut self,
        empty: Empty,
        show: &mut impl FnMut(&'t [u8], &'t [u8]) -> Result<(), Fault>,
    ) -> Result<(), Flaw> {
        let start = self.at;
        if matches!(self.peek(), None | Some(b';' | b',')) {
            return Ok(());
        }
        let name = self.token();
        if name.is_empty() || !self.eat(b'=') {
            return Err(self.unexpected(Fault::Parameter, start));
        }
        let value = if self.peek() == Some(b'"') {
            self.quoted_string(start)?
        } else {
            self.token()
        };
        if value.is_empty() && empty == Empty::Refused {
            return Err(self.unexpected(Fault::Parameter, start));
        }
        show(name, value).map_err(|fault| self.flaw(fault, start, self.at))
    }

    /// A quoted string, quotes included (RFC 9110 §5.6.4). `part` is where the parameter began.
    fn quoted_string(&mut self, part: usize) -> Result<&'t [u8], Flaw> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.flaw(Fault::OpenQuote, part, self.at)),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at]);
                }
                // The byte after a backslash is checked by the next turn, unless it is one that
                // would end the string.
                Some(b'\\') if matches!(self.text.get(self.at + 1), Some(b'"' | b'\\')) => {
                    self.at += 2;
                }
                Some(byte) if is_control(byte) => {
                    return Err(self.flaw(Fault::Character, part, self.at));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// A run of token characters, perhaps empty (RFC 9110 §5.6.2).
    fn token(&mut self) -> &'t [u8] {
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .position(|&byte| !TOKEN[usize::from(byte)])
            .unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Passes over this byte if it is next.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The fault at the next byte, unless the byte itself may stand nowhere.
    fn unexpected(&self, fault: Fault, start: usize) -> Flaw {
        let forbidden = self
            .peek()
            .is_some_and(|byte| is_control(byte) || !byte.is_ascii());
        self.flaw(
            if forbidden { Fault::Character } else { fault },
            start,
            self.at,
        )
    }

    /// A flaw of the part that begins at `start` and reaches from `seen`, which was read, to the
    /// next separator.
    pub(super) fn flaw(&self, fault: Fault, start: usize, seen: usize) -> Flaw {
        let from = seen.max(start + 1).min(self.text.len());
        let rest = &self.text[from..];
        let end = from
            + rest
                .iter()
                .position(|byte| b",;".contains(byte))
                .unwrap_or(rest.len());
        Flaw { fault, start, end }
    }
}

/// What a raw value means: a quoted string without its quotes and backslashes (RFC 9110 §5.6.4).
pub(crate) fn unquoted(value: &[u8]) -> Vec<u8> {
    let [b'"', inside @ .., b'"'] = value else {
        return value.to_vec();
    };
    let mut text = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(&byte) = bytes.next() {
        let meant = if byte == b'\\' { bytes.next() } else { None };
        text.push(*meant.unwrap_or(&byte));
    }
    text
}

/// Whether the byte may stand nowhere in a header: a tab is white space.
const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// OWS (RFC 9110 §5.6.3).
pub(crate) const SPACE: &[u8] = b" \t";

/// Which bytes a token may hold: tchar (RFC 9110 §5.6.2).
static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
};
