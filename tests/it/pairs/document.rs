//! CSVs of all kinds that there are, made of random parts.

use encoding_rs::Encoding;

use super::model::Layout;
use crate::ledger::Random;

/// A CSV to be sent.
#[derive(Debug, Clone)]
pub struct Document {
    pub layout: Layout,
    /// What it says, without byte-order mark.
    pub text: String,
    pub charset: Charset,
    /// Whether the byte-order mark of its charset comes first.
    pub mark: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    /// UTF-16, little or big end first; the flag says whether the label is sent.
    Utf16 {
        big: bool,
        label: bool,
    },
    /// One that `encoding_rs` writes too.
    Of(&'static str),
}

/// What the values of a column are like.
#[derive(Debug, Clone, Copy)]
enum Flavour {
    Count,
    Integer,
    Number,
    Boolean,
    Date,
    Datetime,
    Word,
    Mixed,
}

const FLAVOURS: [Flavour; 8] = [
    Flavour::Count,
    Flavour::Integer,
    Flavour::Number,
    Flavour::Boolean,
    Flavour::Date,
    Flavour::Datetime,
    Flavour::Word,
    Flavour::Mixed,
];

const WORDS: [&str; 12] = [
    "Ada", "Grace", "Edsger", "x", "007", "NA", "true", "12", "Zürich", "a_b", "-", "Barbara",
];
/// What has to be in quotes, or escaped in JSON.
const WILD: [&str; 8] = [
    "a,b",
    "\"",
    "two\nlines",
    "two\r\nlines",
    "tab\there",
    "back\\slash",
    "=1+1",
    "semi;colon|pipe",
];
const NAMES: [&str; 9] = [
    "id", "name", "score", "day", "näme", "a,b", "Größe", "x.desc", "limit",
];

/// How long a document is, in rows.
#[derive(Debug, Clone, Copy)]
pub enum Length {
    Short,
    Long,
    Huge,
}

impl Document {
    /// A new dataset's.
    pub fn new(random: &mut Random, length: Length) -> Self {
        let count = 1 + random.index(4);
        let first = random.index(NAMES.len());
        let names = (first..first + count).map(|at| NAMES[at % NAMES.len()].to_owned());
        let header = !random.once_in(3);
        let layout = Layout {
            header,
            delimiter: match random.below(4) {
                0 => random.one_of(&[';', '\t', '|']),
                _ => ',',
            },
            columns: match header {
                true => names.collect(),
                false => (1..=count).map(|n| format!("column_{n}")).collect(),
            },
            null: random.once_in(4).then(|| "NA".to_owned()),
        };
        Self::with_a_record(random, layout, length)
    }

    /// Rows for a dataset of that layout; whether they have a header is theirs to say.
    pub fn appending(random: &mut Random, layout: &Layout, length: Length) -> Self {
        let header = layout.header && !random.once_in(3);
        let layout = Layout {
            header,
            ..layout.clone()
        };
        Self::with_a_record(random, layout, length)
    }

    /// One that is not refused because there is nothing in it.
    fn with_a_record(random: &mut Random, layout: Layout, length: Length) -> Self {
        let mut document = Self::of(random, layout, length);
        let layout = &document.layout;
        if !layout.header && document.text.trim_matches(['\r', '\n']).is_empty() {
            document.text = vec!["7"; layout.columns.len()].join(&layout.delimiter.to_string());
        }
        document
    }

    fn of(random: &mut Random, layout: Layout, length: Length) -> Self {
        let rows = match length {
            Length::Short => random.index(12),
            Length::Long => 20 + random.index(300),
            Length::Huge => 2_000 + random.index(6_000),
        };
        let flavours: Vec<Flavour> = layout
            .columns
            .iter()
            .map(|_| random.one_of(&FLAVOURS))
            .collect();
        let wild = random.once_in(3);
        // What separates one file from another: its line ends.
        let ends = random.one_of(&[&["\n"][..], &["\n"], &["\r\n"], &["\n", "\r\n"]]);
        let separator = layout.delimiter.to_string();
        let mut lines = Vec::new();
        lines.extend(std::iter::repeat_n(String::new(), few(random)));
        if layout.header {
            let names = layout.columns.iter();
            let names: Vec<_> = names.map(|name| field(name, &layout, false)).collect();
            lines.push(names.join(&separator));
        }
        for row in 0..rows {
            if random.once_in(60) {
                lines.push(String::new());
            }
            let fields = flavours.iter().map(|flavour| {
                let value = flavour.value(random, row, wild);
                field(&value, &layout, wild && random.once_in(5))
            });
            lines.push(fields.collect::<Vec<_>>().join(&separator));
        }
        lines.extend(std::iter::repeat_n(String::new(), few(random)));
        let mut text = String::new();
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter().enumerate() {
            text.push_str(line);
            if at < last || !random.once_in(3) {
                text.push_str(random.one_of(ends));
            }
        }
        let (charset, mark) = Charset::choose(random, &text);
        Self {
            layout,
            text,
            charset,
            mark,
        }
    }

    pub fn is_utf8(&self) -> bool {
        self.charset == Charset::Utf8
    }

    /// The bytes to be sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mark = if self.mark { "\u{feff}" } else { "" };
        let text = format!("{mark}{}", self.text);
        match self.charset {
            Charset::Utf8 => text.into_bytes(),
            Charset::Utf16 { big, .. } => text
                .encode_utf16()
                .flat_map(|unit| match big {
                    true => unit.to_be_bytes(),
                    false => unit.to_le_bytes(),
                })
                .collect(),
            Charset::Of(label) => encoded(label, &text).unwrap(),
        }
    }

    /// Its media type.
    pub fn content_type(&self) -> String {
        let mut media_type = "text/csv".to_owned();
        match self.charset {
            Charset::Utf16 { label: false, .. } => {}
            Charset::Utf16 { big: true, .. } => media_type.push_str("; charset=utf-16be"),
            Charset::Utf16 { big: false, .. } => media_type.push_str("; charset=utf-16"),
            Charset::Of(label) => media_type.push_str(&format!("; charset={label}")),
            Charset::Utf8 => {}
        }
        if !self.layout.header {
            media_type.push_str("; header=absent");
        }
        media_type
    }
}

impl Charset {
    /// One that can write the text, and whether its mark comes first.
    fn choose(random: &mut Random, text: &str) -> (Self, bool) {
        let mark = random.once_in(2);
        let big = random.once_in(2);
        let charset = match random.below(8) {
            0..=3 => Self::Utf8,
            // Without its label UTF-16 is known by its mark.
            4 | 5 => Self::Utf16 {
                big,
                label: !mark || random.once_in(2),
            },
            6 => Self::Of("windows-1252"),
            _ => Self::Of(random.one_of(&["shift_jis", "gbk", "iso-8859-15"])),
        };
        match charset {
            Self::Of(label) if encoded(label, text).is_none() => (Self::Utf8, mark),
            Self::Of(_) => (charset, false),
            _ => (charset, mark),
        }
    }
}

fn encoded(label: &str, text: &str) -> Option<Vec<u8>> {
    let encoding = Encoding::for_label(label.as_bytes()).unwrap();
    let (bytes, _, failed) = encoding.encode(text);
    (!failed).then(|| bytes.into_owned())
}

/// Mostly none.
fn few(random: &mut Random) -> usize {
    match random.below(8) {
        0 => 2,
        1..=3 => 1,
        _ => 0,
    }
}

/// A field as it is written, in quotes if it has to be or is to be.
fn field(value: &str, layout: &Layout, quoted: bool) -> String {
    let special = [layout.delimiter, '"', '\n', '\r'];
    match quoted || value.contains(special) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value.to_owned(),
    }
}

impl Flavour {
    fn value(self, random: &mut Random, row: usize, wild: bool) -> String {
        if random.once_in(9) {
            return String::new();
        }
        match self {
            Self::Count => row.to_string(),
            Self::Integer => (i64::try_from(random.below(60)).unwrap() - 20).to_string(),
            Self::Number => {
                let decimals = random.one_of(&["", ".5", ".50", ".25", ".0"]);
                format!("{}{decimals}", random.below(40))
            }
            Self::Boolean => random.once_in(2).to_string(),
            Self::Date => format!(
                "2026-{:02}-{:02}",
                1 + random.below(12),
                1 + random.below(28)
            ),
            Self::Datetime => format!(
                "2026-01-{:02}T{:02}:00:00Z",
                1 + random.below(28),
                random.below(24)
            ),
            Self::Word if wild && random.once_in(4) => random.one_of(&WILD).to_owned(),
            Self::Word => match random.below(20) {
                0 => "日本".to_owned(),
                1 => "w".repeat(random.index(400)),
                _ => random.one_of(&WORDS).to_owned(),
            },
            Self::Mixed => {
                let flavour = FLAVOURS[random.index(FLAVOURS.len() - 1)];
                flavour.value(random, row, wild)
            }
        }
    }
}
