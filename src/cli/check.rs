//! `flash check`: reads a whole store and reports what is damaged.

use crate::{services, settings::DatabaseSettings, store};

use super::Failure;

/// Prints a line for each problem, then a summary.
pub(super) fn run(database: &DatabaseSettings) -> Result<(), Failure> {
    let database = database.resolve()?;
    let checked = store::check(&services::address(&database), &mut |problem| {
        super::say(&problem.to_string());
    })?;
    super::say(&checked.to_string());
    match checked.problems {
        0 => Ok(()),
        _ => Err(Failure::Problems(database.to_string())),
    }
}
