//! Version 2: datasets that know their columns, and revisions.

mod access;
mod conditional;
mod datasets;
mod source;
