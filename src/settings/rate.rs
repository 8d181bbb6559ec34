//! A rate limit: so many requests at once, and then as many again in a time.

use std::fmt;
use std::str::FromStr;

/// The most requests of a limit.
const MOST: u32 = 1_000_000_000;
/// The longest time of a limit, in seconds: a day.
const LONGEST: u32 = 24 * 60 * 60;
/// The units of time, with their seconds. The first name of each is the one that is written.
const UNITS: [(&str, u32); 4] = [("s", 1), ("min", 60), ("h", 60 * 60), ("m", 60)];

/// A rate limit. A caller has `requests` at once, and they come back evenly, all of them within `seconds`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RateLimit {
    /// How many requests; at least one.
    pub requests: u32,
    /// In how many seconds; at least one.
    pub seconds: u32,
}

impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| {
            format!(
                "{text:?} isn't a rate limit; write a number of requests and a time, such as 100/s, 6000/min, 20000/h or 500/10s, with at \
                 most {MOST} requests and 24h"
            )
        })
    }
}

fn read(text: &str) -> Option<RateLimit> {
    let (requests, time) = text.split_once('/')?;
    let digits = time.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = time.split_at(digits);
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let count = if count.is_empty() { 1 } else { number(count)? };
    let limit = RateLimit {
        requests: number(requests)?,
        seconds: count.checked_mul(*unit)?,
    };
    let fits = (1..=MOST).contains(&limit.requests) && (1..=LONGEST).contains(&limit.seconds);
    fits.then_some(limit)
}

/// Digits alone: a sign is none.
fn number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, seconds } = self;
        match UNITS.iter().find(|(_, unit)| unit == seconds) {
            Some((name, _)) => write!(f, "{requests}/{name}"),
            None => write!(f, "{requests}/{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_requests_and_a_time() {
        for (text, requests, seconds, written) in [
            ("100/s", 100, 1, "100/s"),
            ("6000/min", 6000, 60, "6000/min"),
            ("6000/m", 6000, 60, "6000/min"),
            ("20000/h", 20_000, 3600, "20000/h"),
            ("500/10s", 500, 10, "500/10s"),
            ("5/2min", 5, 120, "5/120s"),
            ("1/60s", 1, 60, "1/min"),
            ("1/24h", 1, 86_400, "1/86400s"),
        ] {
            let limit: RateLimit = text.parse().unwrap();
            assert_eq!(limit, RateLimit { requests, seconds }, "{text}");
            assert_eq!(limit.to_string(), written);
            assert_eq!(written.parse(), Ok(limit));
        }
    }

    #[test]
    fn what_is_no_rate_is_refused_with_examples() {
        for text in [
            "",
            "100",
            "/s",
            "100/",
            "0/s",
            "1/0s",
            "-1/s",
            "+1/s",
            "1.5/s",
            "100 /s",
            "100/ s",
            "1/d",
            "1/25h",
            "2000000000/s",
            "1/99999999999s",
            "100/s/s",
        ] {
            let error = text.parse::<RateLimit>().unwrap_err();
            assert!(error.contains("such as 100/s, 6000/min"), "{error}");
        }
    }
}
