//! `flash migrate`: brings the schema of a database up to date, and does nothing else.

use crate::{services, settings::DatabaseSettings, store};

use super::Failure;

/// Takes the steps that are missing, and says which.
pub(super) fn run(database: &DatabaseSettings) -> Result<(), Failure> {
    let database = database.resolve()?;
    let steps = store::migrate(&services::address(&database))?;
    let taken = match steps.taken.as_slice() {
        [] => "nothing was to be done".to_owned(),
        taken => format!("taken: {}", taken.join(", ")),
    };
    super::say(&format!("the schema of {database} is up to date; {taken}"));
    for step in steps.unknown {
        super::say(&format!("it also has {step}, of a later release"));
    }
    Ok(())
}
