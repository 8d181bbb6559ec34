//! `flash check`: reads everything that a store holds and says what is damaged.

use crate::{services, settings::DatabaseSettings, store};

use super::Failure;

/// Says each problem in a line, and then what was looked at.
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
