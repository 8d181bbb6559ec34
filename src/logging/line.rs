//! Formats one record as one line, for people or for machines. Values may come from clients, so control characters are escaped
//! in both formats, and a record never becomes two lines.
//!
//! The JSON is written here, because serde_json leaves the control characters from U+007F on as they are, and a terminal obeys them.

use std::{fmt, io::Write};

use jiff::Timestamp;
use log::{
    Level, Record,
    kv::{Error, Key, Value, VisitSource, VisitValue},
};

/// Numbers below this have exact thousandths, so they are formatted as integers, which is faster.
const LARGEST_FAST: f64 = 1e12;

/// The format of lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    /// Time, level, message, `name=value`.
    Text {
        /// The level is coloured.
        colour: bool,
    },
    /// One JSON object.
    Json,
}

/// The buffer in which one thread formats its lines.
///
/// Formatting the time would be most of a request line's cost, so the part that changes once a second is cached.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    out: Vec<u8>,
    second: Option<i64>,
    /// The time up to the decimal point, such as `2026-11-03T12:00:00.`
    up_to_second: String,
}

impl Scratch {
    /// The line for `record`, including its end.
    pub(super) fn format(&mut self, style: Style, record: &Record<'_>) -> &[u8] {
        self.out.clear();
        let json = style == Style::Json;
        if json {
            self.out.extend_from_slice(b"{\"timestamp\":\"");
        }
        self.push_time(Timestamp::now());
        let out = &mut self.out;
        match style {
            Style::Text { colour } => {
                out.push(b' ');
                push_level(out, record.level(), colour);
                if record.level() >= Level::Debug {
                    push_escaped(out, record.target(), false);
                    out.extend_from_slice(b": ");
                }
                push_message(out, record, false);
            }
            Style::Json => {
                out.extend_from_slice(b"\",\"level\":\"");
                out.extend_from_slice(record.level().as_str().as_bytes());
                out.extend_from_slice(b"\",\"target\":");
                push_json(out, record.target());
                out.extend_from_slice(b",\"message\":\"");
                push_message(out, record, true);
                out.push(b'"');
            }
        }
        // The visitor can't fail. A source that fails leaves out its own values.
        let _ = record.key_values().visit(&mut Fields { out, json });
        out.extend_from_slice(if json { b"}\n" } else { b"\n" });
        &self.out
    }

    /// RFC 3339, in UTC, with milliseconds. The clock may be wrong by many years, also before 1970.
    fn push_time(&mut self, now: Timestamp) {
        let millisecond = now.as_millisecond();
        let second = millisecond.div_euclid(1000);
        if self.second != Some(second) {
            self.second = Some(second);
            let text = Timestamp::from_second(second)
                .unwrap_or_default()
                .to_string();
            self.up_to_second = text.replace('Z', ".");
        }
        self.out.extend_from_slice(self.up_to_second.as_bytes());
        push_three_digits(
            &mut self.out,
            u32::try_from(millisecond.rem_euclid(1000)).expect("below a thousand"),
        );
        self.out.push(b'Z');
    }
}

fn push_three_digits(out: &mut Vec<u8>, number: u32) {
    for divisor in [100, 10, 1] {
        out.push(b'0' + u8::try_from(number / divisor % 10).expect("a digit fits"));
    }
}

fn push_level(out: &mut Vec<u8>, level: Level, colour: bool) {
    let (name, code) = match level {
        Level::Error => ("ERROR ", "\x1b[31m"),
        Level::Warn => ("WARN  ", "\x1b[33m"),
        Level::Info => ("INFO  ", "\x1b[32m"),
        Level::Debug => ("DEBUG ", "\x1b[34m"),
        Level::Trace => ("TRACE ", "\x1b[90m"),
    };
    if colour {
        push(out, format_args!("{code}{name}\x1b[0m"));
    } else {
        out.extend_from_slice(name.as_bytes());
    }
}

fn push_message(out: &mut Vec<u8>, record: &Record<'_>, json: bool) {
    match record.args().as_str() {
        Some(text) => push_escaped(out, text, json),
        None => push_displayed(out, record.args(), json),
    }
}

/// Writing into a `Vec` can't fail. A `Display` that fails leaves its value incomplete.
fn push(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn push_displayed(out: &mut Vec<u8>, value: &dyn fmt::Display, json: bool) {
    let _ = fmt::write(&mut Escaped { out, json }, format_args!("{value}"));
}

fn push_json(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text, true);
    out.push(b'"');
}

/// Escapes control characters, and in JSON quotes and backslashes.
struct Escaped<'o> {
    out: &'o mut Vec<u8>,
    json: bool,
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(self.out, text, self.json);
        Ok(())
    }
}

/// Whether no byte needs an escape. It has no early exit, so that the compiler can use vector instructions.
fn all(text: &str, pass: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(true, |all, byte| all & pass(byte))
}

fn push_escaped(out: &mut Vec<u8>, text: &str, json: bool) {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) & !(json & matches!(byte, b'"' | b'\\'));
    if all(text, plain) {
        return out.extend_from_slice(text.as_bytes());
    }
    for character in text.chars() {
        match character {
            '"' | '\\' if json => push(out, format_args!("\\{character}")),
            '\n' => out.extend_from_slice(b"\\n"),
            _ if character.is_control() => {
                push(out, format_args!("\\u{:04x}", u32::from(character)));
            }
            _ => push(out, format_args!("{character}")),
        }
    }
}

/// Appends a record's named values.
struct Fields<'o> {
    out: &'o mut Vec<u8>,
    json: bool,
}

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        // Names come from the source code, so they need no escape.
        let name = key.as_str().as_bytes();
        if self.json {
            self.out.extend_from_slice(b",\"");
            self.out.extend_from_slice(name);
            self.out.extend_from_slice(b"\":");
        } else {
            self.out.push(b' ');
            self.out.extend_from_slice(name);
            self.out.push(b'=');
        }
        value.visit(Field {
            out: self.out,
            json: self.json,
        })
    }
}

/// Appends one value: numbers and booleans bare, everything else as text.
struct Field<'o> {
    out: &'o mut Vec<u8>,
    json: bool,
}

impl<'v> VisitValue<'v> for Field<'_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.out.push(b'"');
        push_displayed(self.out, &value, true);
        self.out.push(b'"');
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        let bare = |byte: u8| byte.is_ascii_graphic() & !matches!(byte, b'"' | b'=' | b'\\');
        if self.json || value.is_empty() || !all(value, bare) {
            push_json(self.out, value);
        } else {
            self.out.extend_from_slice(value.as_bytes());
        }
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        Ok(())
    }

    /// Three decimals: all floats here are milliseconds.
    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        if !value.is_finite() {
            return self.visit_null();
        }
        if !(0.0..LARGEST_FAST).contains(&value) {
            push(self.out, format_args!("{value:.3}"));
            return Ok(());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "in range, as just checked"
        )]
        let thousandths = (value * 1000.0).round() as u64;
        self.visit_u64(thousandths / 1000)?;
        self.out.push(b'.');
        push_three_digits(
            self.out,
            u32::try_from(thousandths % 1000).expect("below a thousand"),
        );
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        push(self.out, format_args!("{value}"));
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use log::{Level, Record};

    use super::{Scratch, Style};

    fn line(style: Style, path: &str) -> String {
        let values = [
            ("path", log::kv::Value::from(path)),
            ("bytes", log::kv::Value::from(512_u64)),
            ("ms", log::kv::Value::from(0.12_f64)),
        ];
        let record = Record::builder()
            .level(Level::Info)
            .target("flash::access")
            .args(format_args!("request"))
            .key_values(&values)
            .build();
        let line = Scratch::default().format(style, &record).to_vec();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn text_is_time_level_message_and_named_values() {
        let line = line(Style::Text { colour: false }, "/datasets");
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(humantime::parse_rfc3339(time).is_ok(), "{time}");
        assert_eq!(rest, "INFO  request path=/datasets bytes=512 ms=0.120\n");
    }

    #[test]
    fn json_is_one_object_with_the_same_values() {
        let line = line(Style::Json, "/datasets");
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["level"], "INFO");
        assert_eq!(object["target"], "flash::access");
        assert_eq!(object["message"], "request");
        assert_eq!(object["path"], "/datasets");
        assert_eq!(object["bytes"], 512);
        assert_eq!(object["ms"], 0.12);
        let time = object["timestamp"].as_str().unwrap();
        assert!(
            time.len() == "2026-11-03T12:00:00.123Z".len() && time.ends_with('Z'),
            "{time}"
        );
    }

    #[test]
    fn any_time_that_a_clock_may_show_is_written() {
        let mut scratch = Scratch::default();
        for time in [
            "2026-11-03T12:00:00.123Z",
            "2026-11-03T12:00:00.999Z",
            "1970-01-01T00:00:00.000Z",
            "1969-12-31T23:59:59.001Z",
            "1966-11-30T00:00:00.500Z",
            "2400-01-01T00:00:00.000Z",
        ] {
            scratch.out.clear();
            scratch.push_time(time.parse::<Timestamp>().unwrap());
            assert_eq!(String::from_utf8_lossy(&scratch.out), time);
        }
    }

    #[test]
    fn a_value_cannot_forge_a_second_line_or_a_field() {
        let forged = "/x\n2026-11-03 INFO  \u{1b}[31mforged\" status=200\u{85}é\\";
        for style in [Style::Text { colour: false }, Style::Json] {
            let line = line(style, forged);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(!line.contains(['\u{1b}', '\u{85}']), "{line}");
        }
        let object: serde_json::Value = serde_json::from_str(&line(Style::Json, forged)).unwrap();
        assert_eq!(object["path"], forged);
        assert!(
            line(Style::Text { colour: false }, forged)
                .contains(r#"forged\" status=200\u0085é\\" bytes="#)
        );
    }
}
