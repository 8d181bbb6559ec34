//! `flash copy`: a whole store into another database.

use crate::{
    services,
    settings::CopySettings,
    store::{self, Step},
};

use super::{Failure, progress};

/// Copies, reads the copy back, and prints a summary.
pub(super) fn run(settings: &CopySettings) -> Result<(), Failure> {
    let (from, to) = settings.resolve()?;
    let bar = progress::bytes(Some(0));
    let copied = store::copy(
        &services::address(&from),
        &services::address(&to),
        &mut |step| match step {
            Step::Of(total) => bar.set_length(total),
            Step::Copied(bytes) => bar.inc(bytes),
            Step::Verifying => bar.set_message("reading it back"),
        },
    );
    bar.finish_and_clear();
    let copied = copied?;
    super::say(&format!(
        "copied {from} to {to}: {}, {}, {}; read back {}",
        super::counted(copied.datasets, "dataset"),
        super::counted(copied.revisions, "revision"),
        super::counted(copied.segments, "upload segment"),
        super::counted(copied.bytes, "byte")
    ));
    Ok(())
}
