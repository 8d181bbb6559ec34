//! `flash completions` and `flash man`: what shells and `man` know about the commands.

use std::io::{self, ErrorKind};
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::Failure;

/// Prints the completions of a shell. A closed standard output is fine.
pub(super) fn print(shell: Shell, mut command: Command) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "flash", &mut script);
    super::say(String::from_utf8_lossy(&script).trim_end());
}

/// Prints the manual page of the program, or writes that of each command into a folder.
pub(super) fn man(command: Command, directory: Option<&Path>) -> Result<(), Failure> {
    let Some(directory) = directory else {
        return match Man::new(command).render(&mut io::stdout()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(failed(Path::new("-"), &error))
            }
            _ => Ok(()),
        };
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(command, directory))
        .map_err(|error| failed(directory, &error))
}

fn failed(file: &Path, error: &io::Error) -> Failure {
    Failure::File {
        file: file.into(),
        reason: error.to_string(),
    }
}
