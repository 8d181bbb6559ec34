//! The `flash` program: reads the command line and runs one command; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    match flash::cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            flash::cli::complain(&flash::logging::with_causes(&failure).to_string());
            failure.exit_code()
        }
    }
}
