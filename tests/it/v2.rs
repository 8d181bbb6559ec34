//! Version 2: datasets that know their columns, and revisions.

mod access;
mod coding;
mod conditional;
mod conditional_writes;
mod datasets;
mod source;
