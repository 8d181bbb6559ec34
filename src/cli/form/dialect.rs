//! The options that say what form a file has: one for each parameter of an upload.

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::dataset::{Delimiter, Dialect, PARAMETERS, Separator};

/// What is stated about the form of the files.
#[derive(Clone, Debug, Default)]
pub(super) struct DialectOptions(Dialect);

impl DialectOptions {
    /// The dialect of a file; `tabs` says that its name ends in .tsv.
    pub(super) fn of(&self, tabs: bool) -> Dialect {
        let mut dialect = self.0.clone();
        if tabs && dialect.delimiter.is_none() {
            dialect.delimiter = Some(Separator::Usual(Delimiter::TAB));
        }
        dialect
    }
}

impl Args for DialectOptions {
    fn augment_args(command: Command) -> Command {
        PARAMETERS.iter().fold(command, |command, parameter| {
            let help = format!("{} Choose {}", parameter.meaning, parameter.expected);
            let arg = Arg::new(parameter.name)
                .long(parameter.option)
                .value_name("VALUE")
                .allow_hyphen_values(true)
                .help(help);
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DialectOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for parameter in &PARAMETERS {
            if let Some(value) = matches.get_one::<String>(parameter.name)
                && let Err(error) = self.0.state(parameter.name, value)
            {
                let option = parameter.option;
                let message = format!(
                    "invalid value '{value}' for '--{option}': choose {}\n",
                    error.expected
                );
                return Err(clap::Error::raw(ErrorKind::ValueValidation, message));
            }
        }
        Ok(())
    }
}
