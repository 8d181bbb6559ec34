//! A CSV reader as `docs/csv.md` describes it, in the plainest way: the whole text at once, a character at a time.

/// What the sender states.
#[derive(Debug, Clone, Copy)]
pub struct Stated {
    pub delimiter: char,
    pub header_absent: bool,
    pub windows_1252: bool,
}

/// What a CSV holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Csv {
    /// The text, decoded, with its byte-order mark if it is UTF-8.
    pub text: String,
    pub columns: Vec<String>,
    pub records: Vec<Vec<String>>,
}

/// Reads a CSV; `None`: it has to be refused.
pub fn read(bytes: &[u8], stated: Stated) -> Option<Csv> {
    let text = decoded(bytes, stated.windows_1252)?;
    let body = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    // What DOS wrote at the end of a text.
    let body = body.strip_suffix('\u{1A}').unwrap_or(body);
    let first = behind_empty_lines(body);
    if first.is_empty() {
        return None;
    }
    let delimiter = stated.delimiter;
    let mut records = records(first, delimiter)?;
    let names = match stated.header_absent {
        true => vec![String::new(); records.first()?.fields.len()],
        false => records.remove(0).fields,
    };
    let columns = columns(&names);
    if columns.len() > 1 {
        records.retain(|record| !record.is_empty_line);
    } else if stated.header_absent {
        let skipped = &body[..body.len() - first.len()];
        let empty = self::records(skipped, delimiter)?;
        records.splice(0..0, empty);
    }
    let records: Vec<_> = records.into_iter().map(|record| record.fields).collect();
    let even = records.iter().all(|record| record.len() == columns.len());
    even.then_some(Csv {
        text,
        columns,
        records,
    })
}

/// Whether the first line is Excel's `sep=;`. It is no record.
pub fn names_its_delimiter(bytes: &[u8], stated: Stated) -> bool {
    decoded(bytes, stated.windows_1252).is_some_and(|text| {
        let text = text.trim_start_matches('\u{FEFF}').trim_start_matches('"');
        text.to_ascii_lowercase().starts_with("sep=")
    })
}

/// Whether lines end in carriage returns alone. Such a CSV is stored in another form.
pub fn ends_in_returns(bytes: &[u8], stated: Stated) -> bool {
    let Some(text) = decoded(bytes, stated.windows_1252) else {
        return false;
    };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let (mut quoted, mut begins) = (false, true);
    let outside = text.chars().filter(|character| {
        if *character == '"' && (quoted || begins) {
            quoted = !quoted;
            // A doubled quote closes the field and opens it again.
            begins = !quoted;
        } else if !quoted {
            begins = *character == stated.delimiter || "\r\n".contains(*character);
        }
        !quoted
    });
    let ends: String = outside.filter(|end| "\r\n".contains(*end)).collect();
    ends.contains('\r') && !ends.contains('\n')
}

/// A record.
struct Record {
    fields: Vec<String>,
    /// Whether nothing at all is written there: a record only in a CSV of one column.
    is_empty_line: bool,
}

/// What is behind the empty lines at the beginning.
fn behind_empty_lines(text: &str) -> &str {
    let mut rest = text;
    while let Some(after) = rest
        .strip_prefix('\n')
        .or_else(|| rest.strip_prefix("\r\n"))
    {
        rest = after;
    }
    rest
}

fn decoded(bytes: &[u8], windows_1252: bool) -> Option<String> {
    let utf_16 = |unit: fn([u8; 2]) -> u16| {
        let (pairs, []) = bytes[2..].as_chunks::<2>() else {
            return None;
        };
        let units = pairs.iter().map(|pair| unit(*pair));
        char::decode_utf16(units).collect::<Result<_, _>>().ok()
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => String::from_utf8(bytes.to_vec()).ok(),
        _ if windows_1252 => Some(bytes.iter().copied().map(of_windows_1252).collect()),
        [0xFF, 0xFE, ..] => utf_16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => utf_16(u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// The table of the WHATWG Encoding Standard.
fn of_windows_1252(byte: u8) -> char {
    const FROM_0X80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => FROM_0X80[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

/// The records; `None`: there is something wrong with one.
fn records(text: &str, delimiter: char) -> Option<Vec<Record>> {
    let mut records = Vec::new();
    let mut characters = text.chars().peekable();
    while characters.peek().is_some() {
        let mut fields = Vec::new();
        let is_empty_line = loop {
            let mut field = String::new();
            let quoted = characters.next_if_eq(&'"').is_some();
            if quoted {
                loop {
                    match characters.next()? {
                        '"' if characters.next_if_eq(&'"').is_some() => field.push('"'),
                        '"' => break,
                        other => field.push(other),
                    }
                }
            }
            let last = loop {
                match characters.next() {
                    None | Some('\n') => break true,
                    Some('\r') if characters.next_if_eq(&'\n').is_some() => break true,
                    Some('\r') => return None,
                    Some(found) if found == delimiter => break false,
                    // Text behind a closing quote.
                    Some(_) if quoted => return None,
                    Some(other) => field.push(other),
                }
            };
            let nothing = !quoted && field.is_empty() && fields.is_empty();
            fields.push(field);
            if last {
                break nothing;
            }
        };
        records.push(Record {
            fields,
            is_empty_line,
        });
    }
    Some(records)
}

/// The names of columns whose header has these fields: each once, and none that a header writes is taken by another.
fn columns(written: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, field) in written.iter().enumerate() {
        let made = field.is_empty();
        let base = match made {
            true => format!("column_{}", at + 1),
            false => field.clone(),
        };
        let taken = |name: &String| {
            names.contains(name) || (made || *name != base) && written.contains(name)
        };
        let mut name = base.clone();
        for number in 2.. {
            if !taken(&name) {
                break;
            }
            name = format!("{base}_{number}");
        }
        names.push(name);
    }
    names
}
