//! The proleptic Gregorian calendar of the years 0000 to 9999, which is what RFC 3339 writes dates in.

/// Days from 1970-01-01 to a day, or `None` when the calendar has no such day.
pub(crate) fn days(year: u32, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const TO_1970: i32 = 719_528;
    let index = month.checked_sub(1)? as usize;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = LENGTHS.get(index)? + u32::from(leap && month == 2);
    if day == 0 || day > length || year > 9999 {
        return None;
    }
    // Leap days of all years before this one; year 0 is one.
    let leaps = year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
    let in_year = BEFORE[index] + u32::from(leap && month > 2) + day - 1;
    i32::try_from(year * 365 + leaps + in_year)
        .ok()
        .map(|days| days - TO_1970)
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn every_day_of_ten_thousand_years_follows_the_one_before() {
        let mut expected = days(0, 1, 1).unwrap();
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in (1..=32).map_while(|day| days(year, month, day)) {
                    assert_eq!(day, expected, "{year}-{month}");
                    expected += 1;
                }
            }
        }
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(expected, days(9999, 12, 31).unwrap() + 1);
    }

    #[test]
    fn the_calendar_is_the_one_that_jiff_knows() {
        for year in (0..=9999).step_by(7) {
            for month in 0..=13 {
                for day in [0, 1, 28, 29, 30, 31, 32] {
                    let theirs = jiff::civil::Date::new(year, month, day).ok().map(|date| {
                        let since = date
                            .since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1)))
                            .unwrap();
                        since.get_days()
                    });
                    assert_eq!(
                        days(year as u32, month as u32, day as u32),
                        theirs,
                        "{year}-{month}-{day}"
                    );
                }
            }
        }
    }
}
