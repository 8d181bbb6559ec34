//! The different texts of a column in a row group.

/// Texts, each with a code: its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Dictionary {
    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a code.
    pub fn text(&self, code: usize) -> &str {
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[code] as usize]
    }

    /// All texts, by their codes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|code| self.text(code))
    }

    /// Bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        // The builder gives up long before there are 2^32 bytes.
        self.ends.push(self.text.len() as u32);
    }

    /// The lengths of the texts, two bytes each, and then the texts. No text is longer than 65,535 bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let lengths = self.iter().map(|text| text.len() as u16);
        let mut bytes: Vec<u8> = lengths.flat_map(u16::to_le_bytes).collect();
        bytes.extend_from_slice(self.text.as_bytes());
        bytes
    }

    /// The dictionary of `count` texts that [`encode`](Self::encode) wrote; `None`: it is damaged.
    pub(super) fn decode(bytes: &[u8], count: usize) -> Option<Self> {
        let (lengths, text) = bytes.split_at_checked(count * 2)?;
        let text = std::str::from_utf8(text).ok()?;
        let mut end = 0;
        let mut ends = Vec::with_capacity(count);
        for length in lengths.chunks_exact(2) {
            end += usize::from(u16::from_le_bytes([length[0], length[1]]));
            if !text.is_char_boundary(end) {
                return None;
            }
            ends.push(end as u32);
        }
        let text = text.to_owned();
        (end == text.len()).then_some(Self { text, ends })
    }
}
