//! The command that a command line is about, and what was probably meant by a flag or a command that it doesn't have.

use std::ffi::{OsStr, OsString};
use std::fmt;

use clap::{Arg, Command};

use crate::store::nearest;

/// Flags of other programs, and those that do the same here.
const SYNONYMS: &[(&str, &str)] = &[
    ("-p", "listen"),
    ("--port", "listen"),
    ("--bind", "listen"),
    ("--address", "listen"),
    ("--db", "database"),
];

/// A command, below those that contain it; the program is the first.
pub(super) struct Place<'a>(Vec<&'a Command>);

impl<'a> Place<'a> {
    /// The command that these arguments name, after the program's name.
    pub(super) fn of(program: &'a Command, arguments: &[OsString]) -> Self {
        let mut path = vec![program];
        for argument in arguments.iter().skip(1) {
            let here = path.last().copied().unwrap_or(program);
            path.extend(here.find_subcommand(argument));
        }
        Self(path)
    }

    fn program(&self) -> Option<&'a Command> {
        self.0.first().copied()
    }

    fn here(&self) -> Option<&'a Command> {
        self.0.last().copied()
    }

    /// The environment variable of a flag.
    pub(super) fn variable(&self, long: &str) -> Option<&'a OsStr> {
        self.0
            .iter()
            .rev()
            .find_map(|command| flag(command, long)?.get_env())
    }

    /// What is wrong with a flag or an argument that the command doesn't have.
    pub(super) fn unknown(&self, argument: &str) -> String {
        let Some(here) = self.here() else {
            return String::new();
        };
        if !argument.starts_with('-') {
            return format!("{argument:?} is one argument too many; see `{self} --help`");
        }
        let long = argument.trim_start_matches("--");
        let (_, outer) = self.0.split_last().unwrap_or((&here, &[]));
        if outer.iter().any(|command| flag(command, long).is_some()) {
            let name = here.get_name();
            return format!(
                "{argument} is a flag of what contains `{name}`: write it before `{name}`"
            );
        }
        let synonym = SYNONYMS.iter().find(|(other, _)| *other == argument);
        let synonym = synonym.filter(|(_, ours)| flag(here, ours).is_some());
        let near = || nearest(long, here.get_arguments().filter_map(Arg::get_long));
        let instead = match synonym.map(|(_, ours)| *ours).or_else(near) {
            Some(near) => format!("; did you mean --{near}?"),
            None => match self.owner(long) {
                Some(owner) => format!(", but of `{owner}`"),
                None => format!("; see `{self} --help`"),
            },
        };
        format!("{argument:?} isn't a flag of `{self}`{instead}")
    }

    /// What is wrong with a command that isn't there.
    pub(super) fn no_command(&self, name: &str) -> String {
        let Some(here) = self.here() else {
            return String::new();
        };
        let instead = match (nearest(name, commands(here)), self.whole(name)) {
            (_, Some(whole)) => format!("; write `{whole}`"),
            (Some(near), None) => format!("; did you mean `{self} {near}`?"),
            (None, None) => format!("; it has {}", list(here)),
        };
        format!("{name:?} isn't a command of `{self}`{instead}")
    }

    /// What is missing if a command of this one has to be named.
    pub(super) fn needs_command(&self) -> String {
        let list = self.here().map(list).unwrap_or_default();
        format!("`{self}` needs a command: {list}")
    }

    /// The command elsewhere that has a flag.
    fn owner(&self, long: &str) -> Option<String> {
        let program = self.program()?;
        let mut commands = program.get_subcommands();
        let owner = commands.find(|command| flag(command, long).is_some())?;
        Some(format!("{} {}", program.get_name(), owner.get_name()))
    }

    /// The whole name of a command elsewhere.
    fn whole(&self, name: &str) -> Option<String> {
        let program = self.program()?;
        if self.0.len() > 1 && program.find_subcommand(name).is_some() {
            return Some(format!("{} {name}", program.get_name()));
        }
        let mut outer = program.get_subcommands();
        let outer = outer.find(|outer| outer.find_subcommand(name).is_some())?;
        Some(format!(
            "{} {} {name}",
            program.get_name(),
            outer.get_name()
        ))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|command| command.get_name()).collect();
        f.write_str(&names.join(" "))
    }
}

fn flag<'a>(command: &'a Command, long: &str) -> Option<&'a Arg> {
    let mut arguments = command.get_arguments();
    arguments.find(|known| known.get_long() == Some(long))
}

/// The names of a command's commands.
fn commands(command: &Command) -> impl Iterator<Item = &str> {
    let names = command.get_subcommands().map(Command::get_name);
    names.filter(|name| *name != "help")
}

fn list(command: &Command) -> String {
    commands(command).collect::<Vec<_>>().join(", ")
}
