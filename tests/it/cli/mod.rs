//! What the program promises to those who start it and stop it.

mod backup;
mod check;
mod clients;
mod command_line;
mod copy;
mod export;
mod import;
mod process;
mod settings;
mod stores;
mod versions;
