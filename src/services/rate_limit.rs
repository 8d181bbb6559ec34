//! Rate limits: how many requests a caller may send.
//!
//! Each caller has a bucket of requests. A request takes one, and they come back evenly (GCRA, the leaky bucket as a meter: of each
//! caller, only the time at which its bucket is full again is kept). This server counts alone.
//!
//! The table of callers is bounded. A caller whose bucket is full is the same as one that is not in it. If the table is full all the
//! same, because very many addresses send requests at once, the half of a part whose buckets are fullest is forgotten: these callers
//! get a little more than their limit, and none gets less. So nobody is refused because of the others.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::settings::{RateLimit, customer};
use crate::store::{Client, ClientLimit};

/// Parts of the table, each with a lock.
const PARTS: usize = 16;
/// The most callers in a part: as many as a hash table of 4,096 places takes.
const CALLERS: usize = 4096 / 8 * 7;

/// Whom a request counts against.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Counted {
    /// A registered client, by its number.
    Client(i64),
    /// An address, of callers without a key.
    Address(IpAddr),
    /// An address, of callers with wrong keys. They don't count against others at that address.
    WrongKeys(IpAddr),
}

impl Counted {
    /// Callers without a key at that address. An IPv6 address stands for its /64.
    pub fn at(address: IpAddr) -> Self {
        Self::Address(customer(address))
    }

    /// Callers with wrong keys at that address.
    pub fn with_wrong_keys(address: IpAddr) -> Self {
        Self::WrongKeys(customer(address))
    }

    /// The label in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Address(_) => "address",
            Self::WrongKeys(_) => "wrong keys",
        }
    }
}

/// What a limit says about a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// The limit.
    pub limit: RateLimit,
    /// Whether it is the client's own.
    pub own: bool,
    /// Whether the request may go on.
    pub allowed: bool,
    /// How many further ones may at once.
    pub left: u32,
    /// Seconds until the bucket is full; if it is empty, until the next request may go on.
    pub seconds: u32,
}

/// The limits of a server, and its callers.
#[derive(Debug)]
pub struct RateLimits {
    /// The limit of everyone who has none of their own.
    limit: RateLimit,
    began: Instant,
    hasher: RandomState,
    /// When the bucket of each caller is full again, in nanoseconds since the start.
    parts: [Mutex<HashMap<Counted, u64>>; PARTS],
}

impl RateLimits {
    /// No callers yet.
    pub fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            began: Instant::now(),
            hasher: RandomState::new(),
            parts: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Takes a request from the bucket of a caller: of the client, or of the address. `None`: the client has no limit.
    pub fn take(&self, client: Option<&Client>, address: IpAddr) -> Option<Verdict> {
        let Some(client) = client else {
            return Some(self.count(Counted::at(address), self.limit, false));
        };
        let (limit, own) = match client.rate_limit {
            None => (self.limit, false),
            Some(ClientLimit::Unlimited) => return None,
            Some(ClientLimit::Rate { requests, seconds }) => {
                (RateLimit { requests, seconds }, true)
            }
        };
        Some(self.count(Counted::Client(client.id), limit, own))
    }

    /// Takes a request with a wrong key from the bucket of its address.
    pub fn take_wrong_key(&self, address: IpAddr) -> Verdict {
        self.count(Counted::with_wrong_keys(address), self.limit, false)
    }

    /// The verdict on a request whose key is not known yet, if so many wrong ones came from its address that it isn't even looked up.
    pub fn refuse_key(&self, address: IpAddr) -> Option<Verdict> {
        let counted = Counted::with_wrong_keys(address);
        let now = self.now();
        let callers = self.part(&counted).lock();
        let callers = callers.unwrap_or_else(PoisonError::into_inner);
        let full_at = callers.get(&counted)?;
        let (verdict, _) = judge(self.limit, *full_at, now);
        (!verdict.allowed).then_some(verdict)
    }

    fn count(&self, counted: Counted, limit: RateLimit, own: bool) -> Verdict {
        self.count_at(self.now(), counted, limit, own)
    }

    fn count_at(&self, now: u64, counted: Counted, limit: RateLimit, own: bool) -> Verdict {
        let callers = self.part(&counted).lock();
        let mut callers = callers.unwrap_or_else(PoisonError::into_inner);
        let known = callers.get_mut(&counted);
        let (verdict, full_at) = judge(limit, known.as_deref().copied().unwrap_or(0), now);
        match known {
            Some(known) => *known = full_at,
            None => {
                make_room(&mut callers, now);
                callers.insert(counted, full_at);
            }
        }
        Verdict { own, ..verdict }
    }

    fn now(&self) -> u64 {
        nanoseconds(self.began.elapsed())
    }

    fn part(&self, counted: &Counted) -> &Mutex<HashMap<Counted, u64>> {
        // The remainder is below the number of parts.
        let part = self.hasher.hash_one(counted) % PARTS as u64;
        &self.parts[part as usize]
    }
}

/// The verdict on a request at `now`, and when the bucket is full after it. Without the request, it would be full at `full_at`.
fn judge(limit: RateLimit, full_at: u64, now: u64) -> (Verdict, u64) {
    let window = nanoseconds(Duration::from_secs(limit.seconds.into()));
    // A window of a second has a nanosecond for each of the most requests.
    let each = (window / u64::from(limit.requests)).max(1);
    let whole = each * u64::from(limit.requests);
    // How long until it is full: as long as it takes for what has been taken.
    let debt = full_at.saturating_sub(now);
    let allowed = debt + each <= whole;
    let debt = if allowed { debt + each } else { debt };
    let left = whole.saturating_sub(debt) / each;
    let wait = match left {
        0 => (debt + each).saturating_sub(whole),
        _ => debt,
    };
    let verdict = Verdict {
        limit,
        own: false,
        allowed,
        left: u32::try_from(left).unwrap_or(limit.requests),
        seconds: u32::try_from(wait.div_ceil(1_000_000_000)).unwrap_or(u32::MAX),
    };
    (verdict, now + debt)
}

/// Makes room for one more caller in a part that is full.
fn make_room(callers: &mut HashMap<Counted, u64>, now: u64) {
    if callers.len() < CALLERS {
        return;
    }
    callers.retain(|_, full_at| *full_at > now);
    if callers.len() < CALLERS {
        return;
    }
    let mut times: Vec<u64> = callers.values().copied().collect();
    let (_, median, _) = times.select_nth_unstable(CALLERS / 2);
    let median = *median;
    callers.retain(|_, full_at| *full_at > median);
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn address(number: u32) -> Counted {
        Counted::at(IpAddr::from(number.to_be_bytes()))
    }

    fn limits(text: &str) -> (RateLimits, RateLimit) {
        let limit = text.parse().unwrap();
        (RateLimits::new(limit), limit)
    }

    #[test]
    fn a_caller_has_all_its_requests_at_once_and_then_they_come_back_evenly() {
        let (limits, limit) = limits("10/s");
        let at = |now| limits.count_at(now, address(1), limit, false);
        for left in (0..10).rev() {
            let verdict = at(SECOND);
            assert!(verdict.allowed);
            assert_eq!((verdict.left, verdict.seconds), (left, 1));
        }
        let refused = at(SECOND);
        assert!(!refused.allowed);
        assert_eq!((refused.left, refused.seconds), (0, 1));
        assert!(!at(SECOND + SECOND / 10 - 1).allowed);
        assert!(at(SECOND + SECOND / 10).allowed);
        assert!(!at(SECOND + SECOND / 10).allowed);
        // Refused requests cost nothing.
        assert_eq!(at(3 * SECOND).left, 9);
    }

    #[test]
    fn the_time_is_that_of_the_next_request_if_none_is_left_else_that_of_all() {
        let (limits, limit) = limits("3/min");
        let at = |now| limits.count_at(now, address(1), limit, false);
        assert_eq!((at(0).left, at(0).seconds, at(0).seconds), (2, 40, 20));
        assert_eq!(at(5 * SECOND).seconds, 15);
        assert_eq!(at(20 * SECOND).seconds, 20);
    }

    #[test]
    fn callers_do_not_count_against_each_other() {
        let (limits, limit) = limits("1/h");
        let take = |counted| limits.count_at(0, counted, limit, false).allowed;
        let v6 = |text: &str| Counted::at(text.parse().unwrap());
        assert!(take(address(1)));
        assert!(!take(address(1)));
        assert!(take(address(2)));
        assert!(take(Counted::Client(1)));
        assert!(take(Counted::with_wrong_keys(IpAddr::from([0, 0, 0, 1]))));
        assert!(take(v6("2001:db8::1")));
        assert!(!take(v6("2001:db8::ffff")), "the /64 is one caller");
        assert!(take(v6("2001:db8:0:1::1")));
        assert!(take(v6("::ffff:9.9.9.9")));
        assert!(!take(v6("9.9.9.9")), "the same address");
    }

    #[test]
    fn many_addresses_take_a_bounded_table_and_those_at_their_limit_stay_refused() {
        let (limits, limit) = limits("3/min");
        let take = |number| limits.count_at(0, address(number), limit, false).allowed;
        for _ in 0..3 {
            assert!(take(1));
        }
        for number in 2..400_000 {
            assert!(take(number), "{number} is refused because of the others");
        }
        let callers = limits.parts.iter().map(|part| part.lock().unwrap().len());
        assert!(callers.sum::<usize>() <= PARTS * CALLERS);
        assert!(!take(1), "who is at the limit was forgotten");
    }

    #[test]
    fn the_largest_limit_and_the_smallest_work() {
        for text in ["1000000000/s", "1/24h", "1000000000/24h"] {
            let (limits, limit) = limits(text);
            let verdict = limits.count_at(0, address(1), limit, false);
            assert!(verdict.allowed);
            assert_eq!(verdict.left, limit.requests - 1);
        }
    }
}
