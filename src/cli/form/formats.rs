//! How the values of files are written.

use clap::Args;

use crate::dataset::Formats;
use crate::dataset::formats::{DateOrder, Datetimes, Decimal, SameSeparator, Thousands, Zone};

/// How numbers, dates and datetimes are written.
#[derive(Args, Clone, Debug)]
pub(super) struct FormatSettings {
    /// What separates the decimals of a number: . or , [default: .]
    #[arg(long, value_name = "CHARACTER")]
    decimal: Option<Decimal>,
    /// What separates the thousands of a number: . , ' _ or space [default: nothing]
    #[arg(long, value_name = "CHARACTER")]
    thousands: Option<Thousands>,
    /// The order of day, month and year in dates beside YYYY-MM-DD: dmy, mdy or ymd
    #[arg(long, value_name = "ORDER")]
    dates: Option<DateOrder>,
    /// Read datetimes without a zone too, such as 2026-01-01 12:00, in the zone of --zone: local
    #[arg(long, value_name = "FORM")]
    datetimes: Option<Datetimes>,
    /// The zone of datetimes that name none, such as Europe/Rome or +02:00; implies --datetimes local [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    zone: Option<Zone>,
}

impl FormatSettings {
    /// The formats.
    ///
    /// # Errors
    /// [`SameSeparator`] if a number could be read in two ways.
    pub(super) fn formats(&self) -> Result<Formats, SameSeparator> {
        let formats = Formats {
            decimal: self.decimal,
            thousands: self.thousands,
            dates: self.dates,
            datetimes: self.datetimes,
            zone: self.zone.clone(),
        };
        formats.check().map(|()| formats)
    }
}
