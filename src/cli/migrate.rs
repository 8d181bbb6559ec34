//! `flash migrate`: brings the schema of a database up to date, and does nothing else.

use crate::{services, settings::DatabaseSettings, store};

use super::Failure;

/// Takes the missing steps, and prints which they were.
pub(super) fn run(database: &DatabaseSettings) -> Result<(), Failure> {
    let database = database.resolve()?;
    let steps = store::migrate(&services::address(&database))?;
    let taken = match steps.taken.as_slice() {
        [] => "there was nothing to do".to_owned(),
        taken => format!("steps taken: {}", taken.join(", ")),
    };
    super::say(&format!("the schema of {database} is up to date; {taken}"));
    for step in steps.unknown {
        super::say(&format!(
            "the schema also has {step}, a step of a later release"
        ));
    }
    Ok(())
}
