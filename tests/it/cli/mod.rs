//! What the program promises to those who start it and stop it.

mod command_line;
mod process;
mod settings;
