//! The `flash` program: reads the command line and runs one command; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    match flash::cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            #[expect(
                clippy::print_stderr,
                reason = "the one line that says why the program ends"
            )]
            {
                eprintln!("flash: {}", flash::logging::with_causes(&failure));
            }
            failure.exit_code()
        }
    }
}
