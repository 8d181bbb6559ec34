//! The parameters of an upload that say what form the file has and how values are written.

use crate::api::error::Error;
use crate::api::query::Query;
use crate::dataset::formats::{DateOrder, Datetimes, Decimal, Thousands, Zone};
use crate::dataset::{Dialect, Formats, PARAMETERS};

/// The form of the file: `skip=4&comment=#` and so on.
pub(super) fn dialect(query: &mut Query) -> Result<Dialect, Error> {
    let mut dialect = Dialect::default();
    for parameter in &PARAMETERS {
        if let Some(value) = query.take(parameter.name)? {
            let stated = dialect.state(parameter.name, &value);
            stated
                .map_err(|error| Error::bad_parameter(error.name, error.value, error.expected))?;
        }
    }
    Ok(dialect)
}

/// Whether an upload without rows may replace rows: `empty=allow`.
pub(super) fn allows_empty(query: &mut Query) -> Result<bool, Error> {
    match query.take("empty")?.as_deref() {
        None => Ok(false),
        Some("allow") => Ok(true),
        Some(other) => Err(Error::bad_parameter("empty", other, "allow")),
    }
}

/// Whether to do all of a write but keep it: `dry_run=true`.
pub(super) fn is_dry_run(query: &mut Query) -> Result<bool, Error> {
    let wanted = query.take_parsed("dry_run", "true or false")?;
    Ok(wanted.unwrap_or(false))
}

/// What takes a format back that the dataset has had so far.
const NONE: &str = "none";

/// The formats that the dataset shall not keep: `zone=none` and so on.
pub(super) fn dropped_formats(query: &mut Query) -> Vec<&'static str> {
    let names = ["thousands", "dates", "datetimes", "zone"];
    let dropped = names.into_iter().filter(|name| query.take_if(name, NONE));
    dropped.collect()
}

/// `decimal=,&thousands=.&dates=dmy&datetimes=local&zone=Europe/Rome`.
pub(super) fn formats(query: &mut Query) -> Result<Formats, Error> {
    let formats = Formats {
        decimal: query.take_parsed("decimal", Decimal::CHOICES)?,
        thousands: query.take_parsed("thousands", Thousands::CHOICES)?,
        dates: query.take_parsed("dates", DateOrder::CHOICES)?,
        datetimes: query.take_parsed("datetimes", Datetimes::CHOICES)?,
        zone: query.take_parsed("zone", Zone::CHOICES)?,
    };
    match (formats.check(), formats.thousands) {
        (Err(_), Some(thousands)) => {
            let decimal = formats.decimal.unwrap_or_default();
            let other = format_args!("another separator than decimal={decimal}");
            Err(Error::bad_parameter(
                "thousands",
                thousands.to_string(),
                other,
            ))
        }
        _ => Ok(formats),
    }
}
