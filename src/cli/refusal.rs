//! Turns a wrong command line into one line that says what to write instead.
//!
//! clap's own messages take five lines and repeat the refused value, which may hold a password. The details come from the
//! error's context and not from its text, so that they don't depend on clap's wording.

use clap::{
    Command,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

/// The line for `error`, which came from `command`.
pub(super) fn one_line(error: &Error, command: &Command) -> String {
    let argument = context(error, ContextKind::InvalidArg);
    let value = context(error, ContextKind::InvalidValue);
    let line = match (error.kind(), argument) {
        (ErrorKind::ValueValidation, Some(argument)) => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            let origin = origin(command, &argument, value.as_deref());
            format!(
                "{origin}: {}",
                reason.unwrap_or_else(|| "not a valid value".to_owned())
            )
        }
        (ErrorKind::InvalidValue, Some(argument)) => {
            let origin = origin(command, &argument, value.as_deref());
            let known = context(error, ContextKind::ValidValue).unwrap_or_default();
            match value.filter(|value| !value.is_empty()) {
                Some(value) => {
                    format!("{origin}: {value:?} isn't a valid value; use one of: {known}")
                }
                None => format!("{origin} needs a value: {known}"),
            }
        }
        (ErrorKind::UnknownArgument, Some(argument)) => {
            format!(
                "{argument:?} isn't a flag or argument here{}",
                instead(error, ContextKind::SuggestedArg)
            )
        }
        (ErrorKind::InvalidSubcommand, _) => {
            let name = context(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            format!(
                "{name:?} isn't a command{}",
                instead(error, ContextKind::SuggestedSubcommand)
            )
        }
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

fn instead(error: &Error, kind: ContextKind) -> String {
    match context(error, kind) {
        Some(known) => format!("; did you mean {known}?"),
        None => "; see `flash --help` and `flash serve --help`".to_owned(),
    }
}

/// Where the wrong value came from: the environment variable if it has that value, else the flag.
fn origin(command: &Command, argument: &str, value: Option<&str>) -> String {
    let flag = argument.split_whitespace().next().unwrap_or(argument);
    let variable = command
        .get_subcommands()
        .flat_map(Command::get_arguments)
        .find(|known| known.get_long() == flag.strip_prefix("--"))
        .and_then(clap::Arg::get_env);
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
