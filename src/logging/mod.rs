//! Log lines on standard error, through the `log` facade.
//!
//! Logging never waits for the reader of standard error: the calling thread formats the line and appends it to a bounded queue in
//! memory (`queue`), and a writer thread writes the queue in batches. If the queue is full, lines are dropped and counted, and a
//! later line has the count. Dropping the [`Guard`] writes the rest of the queue.
//!
//! A line has a message and named values (`log`'s `kv`), so that one call produces readable text
//! (`… INFO  request method=GET status=200`) and a JSON object with the same fields.

mod line;
mod queue;

use std::{
    cell::RefCell,
    io::{self, IsTerminal, Write},
    panic::PanicHookInfo,
};

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::settings::{LogFormat, LogSettings};
use line::{Scratch, Style};
use queue::Queue;

/// Targets of this program. Lines of libraries below a warning are logged only at level trace.
const OWN_TARGETS: &str = "flash";

/// Logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// There is a logger already.
    #[error("logging was started twice")]
    StartedTwice(#[from] log::SetLoggerError),
    /// The writer thread could not be started.
    #[error("the thread that writes the log could not be started")]
    NoThread(#[from] io::Error),
}

/// Writes the queue when it is dropped. Keep it until the end of `main`.
#[must_use = "dropping the guard writes the lines that are still queued"]
#[derive(Debug)]
pub struct Guard {
    queue: Queue,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Starts logging to standard error, including panics.
///
/// # Errors
///
/// When logging was started before, or its thread can't be started.
pub fn start(settings: &LogSettings) -> Result<Guard, LoggingError> {
    let colour =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let style = match settings.log_format {
        LogFormat::Text => Style::Text { colour },
        LogFormat::Json => Style::Json,
    };
    let guard = start_with(style, settings.log_level.into(), Box::new(io::stderr()))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(guard)
}

fn start_with(
    style: Style,
    level: Level,
    sink: Box<dyn Write + Send>,
) -> Result<Guard, LoggingError> {
    let queue = Queue::start(sink, move |dropped, out| {
        let message = format_args!("standard error is read too slowly, lines were dropped");
        let values = [("lines", dropped)];
        let record = Record::builder()
            .level(Level::Warn)
            .target("flash::logging")
            .args(message)
            .key_values(&values)
            .build();
        out.extend_from_slice(Scratch::default().format(style, &record));
    })?;
    let logger = Logger {
        style,
        level,
        queue: queue.clone(),
    };
    log::set_boxed_logger(Box::new(logger))?;
    log::set_max_level(level.to_level_filter());
    Ok(Guard { queue })
}

/// An error and its causes, as one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line.replace(['\n', '\r'], " ")
}

struct Logger {
    style: Style,
    level: Level,
    queue: Queue,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = metadata.level();
        level <= self.level
            && (level <= Level::Warn
                || metadata.target().starts_with(OWN_TARGETS)
                || self.level.to_level_filter() == LevelFilter::Trace)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let write = |scratch: &mut Scratch| self.queue.push(scratch.format(self.style, record));
        // The buffer is in use if formatting a value logs, too, and gone when its thread is ending.
        let kept =
            SCRATCH.try_with(|kept| kept.try_borrow_mut().map(|mut scratch| write(&mut scratch)));
        if !matches!(kept, Ok(Ok(()))) {
            write(&mut Scratch::default());
        }
    }

    fn flush(&self) {
        self.queue.flush();
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let text = panic.payload_as_str().unwrap_or("the panic has no message");
    let location = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = std::backtrace::Backtrace::capture();
    match backtrace.status() {
        std::backtrace::BacktraceStatus::Captured => {
            log::error!(target: "flash::panic", location = location.as_str(), thread = thread, backtrace:% = backtrace; "panic: {text}");
        }
        _ => {
            log::error!(target: "flash::panic", location = location.as_str(), thread = thread; "panic: {text}");
        }
    }
}
