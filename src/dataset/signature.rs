//! What a file is, if it is no CSV: told by its first bytes.

use super::CsvErrorKind;

/// Bytes at the beginning of an upload that tell.
pub(crate) const HEAD: usize = 1 << 10;

/// What the first bytes of a file that is no CSV are, what it is, and what its sender can do.
type Signature = (&'static [u8], &'static str, &'static str);

const UNPACK: &str = "unpack it first";
const EXPORT: &str = "export the table as CSV";

/// Files of bytes. None of them can be a CSV, whatever is stated.
const BINARY: [Signature; 20] = [
    (
        b"\x1F\x8B",
        "a gzip file",
        "send it with Content-Encoding: gzip, or as a file of a form whose name ends with .csv.gz",
    ),
    (
        b"\x28\xB5\x2F\xFD",
        "a zstd file",
        "send it with Content-Encoding: zstd, or as a file of a form whose name ends with .csv.zst",
    ),
    // A name of a column may begin with BZh or PAR1, and does not go on so.
    (b"BZh91AY&SY", "a bzip2 file", UNPACK),
    (b"\xFD7zXZ\0", "an xz file", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7z file", UNPACK),
    (b"Rar!\x1A\x07", "a rar file", UNPACK),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an xls file, or another document of Microsoft Office",
        EXPORT,
    ),
    (b"PAR1\x15", "a Parquet file", EXPORT),
    (b"ARROW1\0\0", "an Arrow file", EXPORT),
    (b"Obj\x01", "an Avro file", EXPORT),
    (b"SQLite format 3\0", "a SQLite database", EXPORT),
    (b"%PDF-", "a PDF document", EXPORT),
    (b"\x89PNG\r\n\x1A\n", "a PNG image", "send a CSV"),
    (b"\xFF\xD8\xFF", "a JPEG image", "send a CSV"),
    (b"GIF87a", "a GIF image", "send a CSV"),
    (b"GIF89a", "a GIF image", "send a CSV"),
    (b"II*\0", "a TIFF image", "send a CSV"),
    (b"MM\0*", "a TIFF image", "send a CSV"),
    (b"\x7FELF", "a program", "send a CSV"),
    (b"\x89HDF\r\n\x1A\n", "an HDF5 file", EXPORT),
];

/// Texts that may begin like a CSV: they are taken for one if a delimiter is stated.
const HTML: [&str; 5] = ["<!doctype html", "<html", "<head", "<body", "<table"];
const XML: [&str; 3] = ["<?xml", "<!doctype", "<svg"];

/// Refuses an upload that begins with `head` if that tells that it is no CSV. `stated` says whether a delimiter was stated, `utf16`
/// whether a charset of UTF-16 was.
pub(crate) fn check(head: &[u8], stated: bool, utf16: bool) -> Result<(), CsvErrorKind> {
    let refused = |what, advice| Err(CsvErrorKind::NotCsv { what, advice });
    if let Some((what, advice)) = binary(head) {
        return refused(what, advice);
    }
    check_width(head, utf16)?;
    match text(head) {
        Some((what, advice)) if !stated => refused(what, advice),
        _ => Ok(()),
    }
}

fn binary(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if head.starts_with(b"PK\x03\x04") {
        return Some(zipped(head));
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some(("a WebP image", "send a CSV"));
    }
    let known = BINARY.iter().find(|(magic, ..)| head.starts_with(magic));
    known.map(|(_, what, advice)| (*what, *advice))
}

/// What a zip file holds, by the names of its first entries.
fn zipped(head: &[u8]) -> (&'static str, &'static str) {
    let has = |name: &[u8]| memchr::memmem::find(head, name).is_some();
    if has(b"xl/") || has(b"[Content_Types].xml") {
        (
            "an xlsx file, or another document of Microsoft Office",
            EXPORT,
        )
    } else if has(b"opendocument") {
        ("an OpenDocument file", EXPORT)
    } else {
        ("a zip file", UNPACK)
    }
}

/// Checks that the first bytes have the width that their charset says.
fn check_width(head: &[u8], utf16: bool) -> Result<(), CsvErrorKind> {
    if head.starts_with(b"\xFF\xFE\0\0") || head.starts_with(b"\0\0\xFE\xFF") {
        return Err(CsvErrorKind::Utf32);
    }
    // Whether most bytes at every `step`th place are zero, and whether any is.
    let nulls = |from: usize, step: usize| {
        let bytes = head.iter().skip(from).step_by(step);
        let all = bytes.clone().count();
        let nulls = bytes.filter(|&&byte| byte == 0).count();
        (nulls * 2 > all, nulls > 0)
    };
    let most = [0, 1, 2, 3].map(|from| nulls(from, 4).0);
    if !utf16 && matches!(most, [false, _, true, true] | [true, true, _, false]) {
        return Err(CsvErrorKind::Utf32);
    }
    let (even, odd) = (nulls(0, 2), nulls(1, 2));
    let marked = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    match (even, odd) {
        _ if marked => Ok(()),
        ((true, _), (false, _)) if !utf16 => Err(CsvErrorKind::Utf16 { label: "utf-16be" }),
        ((false, _), (true, _)) if !utf16 => Err(CsvErrorKind::Utf16 { label: "utf-16le" }),
        ((_, false), (_, false)) if utf16 && !head.is_empty() => Err(CsvErrorKind::NotUtf16),
        _ => Ok(()),
    }
}

fn text(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const SAVED: &str = "look at the file: a download may have saved a page of errors instead of the table. If it is a CSV all the same, state its delimiter, such as delimiter=,";
    let text = head.strip_prefix(super::marks::UTF8_BOM).unwrap_or(head);
    let text = text.trim_ascii_start();
    let begins = |word: &&str| {
        let start = text.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    if HTML.iter().any(begins) {
        Some(("an HTML page", SAVED))
    } else if XML.iter().any(begins) {
        Some(("an XML document", EXPORT))
    } else if text.starts_with(b"version https://git-lfs.github.com/spec/") {
        Some((
            "a pointer of Git LFS and not the file itself",
            "fetch the file with git lfs pull",
        ))
    } else if is_json(text) {
        Some((
            "JSON",
            "send a CSV; a JSON list of CSVs needs Content-Type: application/json. If it is a CSV all the same, state its delimiter, such as delimiter=,",
        ))
    } else {
        None
    }
}

/// Whether a text begins as a JSON object or list does and hardly a CSV.
fn is_json(text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else {
        return false;
    };
    let next = rest.trim_ascii_start().first();
    match first {
        b'{' => matches!(next, Some(b'"' | b'}')),
        b'[' => matches!(next, Some(b'{' | b'[' | b'"' | b']')),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
