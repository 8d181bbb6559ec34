//! The name of the file that an answer is saved as (RFC 6266).

use http::header::CONTENT_DISPOSITION;

use super::reply::Reply;
use crate::dataset::DatasetName;
use crate::versioning::Format;

/// The answer with rows, named after their dataset and format. It is shown where that is possible. A page of JSON is no file.
pub(super) fn of_rows(reply: Reply, name: &DatasetName, format: Format) -> Reply {
    of_lines(reply, name.as_str(), format)
}

/// The answer with lines, under that name, which has no character that would need escaping.
pub(super) fn of_lines(reply: Reply, name: &str, format: Format) -> Reply {
    match format {
        Format::Csv | Format::Ndjson => with(reply, "inline", name, format),
        Format::Parquet => with(reply, "attachment", name, format),
        Format::Json | Format::Csvm | Format::Html => reply,
    }
}

/// The answer with a source, which is to be saved.
pub(super) fn of_source(reply: Reply, name: &DatasetName) -> Reply {
    with(reply, "attachment", name.as_str(), Format::Csv)
}

/// Names of datasets have no character that would need escaping.
fn with(reply: Reply, kind: &str, name: &str, format: Format) -> Reply {
    let value = format!("{kind}; filename=\"{name}.{format}\"");
    reply.with(CONTENT_DISPOSITION, value)
}
