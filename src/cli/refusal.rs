//! Turns a wrong command line into one line that says what to write instead.
//!
//! clap's own messages take five lines and repeat the refused value, which may hold a password. The details come from the
//! error's context and not from its text, so that they don't depend on clap's wording.

use std::ffi::OsString;

use clap::{
    Command,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

use super::place::Place;

/// The line for `error`, which `command` made of `arguments`, the program's name first.
pub(super) fn one_line(error: &Error, command: &Command, arguments: &[OsString]) -> String {
    let place = Place::of(command, arguments);
    let argument = context(error, ContextKind::InvalidArg);
    let value = context(error, ContextKind::InvalidValue);
    let line = match (error.kind(), argument) {
        (ErrorKind::ValueValidation, Some(argument)) => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            let origin = origin(&place, &argument, value.as_deref());
            format!(
                "{origin}: {}",
                reason.unwrap_or_else(|| "not a valid value".to_owned())
            )
        }
        (ErrorKind::InvalidValue, Some(argument)) => {
            let origin = origin(&place, &argument, value.as_deref());
            let known = context(error, ContextKind::ValidValue).filter(|known| !known.is_empty());
            match (value.filter(|value| !value.is_empty()), known) {
                (Some(value), Some(known)) => {
                    format!("{origin}: {value:?} isn't a valid value; use one of: {known}")
                }
                (None, Some(known)) => format!("{origin} needs a value: {known}"),
                (_, None) => format!("{origin} needs a value: write {argument}"),
            }
        }
        (ErrorKind::UnknownArgument, Some(argument)) => place.unknown(&argument),
        (ErrorKind::InvalidSubcommand, _) => {
            let name = context(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            place.no_command(&name)
        }
        (ErrorKind::MissingRequiredArgument, Some(missing)) => {
            let usage = context(error, ContextKind::Usage).unwrap_or_default();
            let usage = usage.trim_start_matches("Usage:").trim();
            format!("`{place}` needs {missing}; write `{usage}`")
        }
        (ErrorKind::MissingSubcommand, _) => place.needs_command(),
        (ErrorKind::ArgumentConflict, Some(argument)) => {
            match context(error, ContextKind::PriorArg).filter(|prior| *prior != argument) {
                Some(prior) => format!("{argument} can't be used with {prior}"),
                None => format!("{argument} may be given only once"),
            }
        }
        _ => first_line(error),
    };
    line.replace(['\n', '\r'], " ")
}

fn context(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::Strings(several) => Some(several.join(", ")),
        one => Some(one.to_string()),
    }
}

/// Where the wrong value came from: the environment variable if it has that value, else the flag.
fn origin(place: &Place<'_>, argument: &str, value: Option<&str>) -> String {
    let flag = argument.split_whitespace().next().unwrap_or(argument);
    let variable = flag
        .strip_prefix("--")
        .and_then(|long| place.variable(long));
    match variable {
        Some(name) if value.is_some() && std::env::var(name).ok().as_deref() == value => {
            name.to_string_lossy().into_owned()
        }
        _ => flag.to_owned(),
    }
}

/// The first line of clap's own message.
fn first_line(error: &Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or("the command line is wrong");
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
