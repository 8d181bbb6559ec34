//! What the program promises to those who start it and stop it.

mod backup;
mod check;
mod clients;
mod command_line;
mod completions;
mod copy;
mod datasets;
mod export;
mod import;
mod json;
mod list;
mod log_lines;
mod process;
mod push;
mod settings;
mod starting;
mod stores;
mod unreliable;
mod versions;
