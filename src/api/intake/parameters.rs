//! The parameters of an upload that say how values are written.

use crate::api::error::Error;
use crate::api::query::Query;
use crate::dataset::Formats;
use crate::dataset::formats::{DateOrder, Datetimes, Decimal, Thousands, Zone};

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
