//! How far long work is, for a person who looks at it: nothing is drawn where standard error is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of bytes; without a total, what there is so far.
pub(super) fn bytes(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}",
        ),
        None => (
            ProgressBar::no_length(),
            "{bytes} {bytes_per_sec} {elapsed} {msg}",
        ),
    };
    // A template that can't be read is no reason not to work.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
