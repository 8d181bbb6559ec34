//! Progress bars for long work. They are drawn only if standard error is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of bytes. Without a total, it shows the bytes so far.
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
    // Fall back to the default style.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
