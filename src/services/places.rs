//! Places for what can only be done a bounded number of times at once, so shared that no caller takes them all.
//!
//! A caller may have at most [`SHARE`] times as many places as are free, so one alone can have seven eighths of them. The last
//! of the free ones, a [`RESERVE`]th of all, are for callers that have none. Of those who wait, the one whose caller has the
//! fewest places is next, and among equals the one that came first.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

/// How many times as many places as are free a caller may have.
const SHARE: usize = 7;
/// What part of all places is for callers that have none.
const RESERVE: usize = 16;

/// Who takes a place.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Caller {
    /// A registered client, by its number.
    Client(i64),
    /// An address; of IPv6 the network that one customer gets, a /64.
    Address(IpAddr),
    /// This program itself.
    Itself,
}

impl Caller {
    /// Whoever calls from `address`.
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// A number of places.
#[derive(Debug)]
pub struct Places {
    size: usize,
    state: Mutex<State>,
    vacated: Notify,
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    reserve: usize,
    taken: HashMap<Caller, usize>,
    /// In the order in which they came.
    waiting: Vec<(Caller, oneshot::Sender<Place>)>,
}

/// A place that is taken. It is given back when this is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    caller: Caller,
}

impl Places {
    /// So many places, all free.
    pub fn new(size: usize) -> Arc<Self> {
        Arc::new(Self {
            size,
            state: Mutex::new(State {
                free: size,
                reserve: size / RESERVE,
                ..State::default()
            }),
            vacated: Notify::new(),
        })
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A place for `caller`, if it may have one now.
    pub fn try_take(self: &Arc<Self>, caller: Caller) -> Option<Place> {
        let mut state = self.state();
        state.may_take(caller).then(|| {
            state.take(caller);
            self.place(caller)
        })
    }

    /// A place for `caller`, as soon as it may have one.
    pub async fn take(self: &Arc<Self>, caller: Caller) -> Place {
        let waiting = {
            let mut state = self.state();
            if state.may_take(caller) {
                state.take(caller);
                return self.place(caller);
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting.push((caller, sender));
            receiver
        };
        waiting.await.expect("a sender is kept until it has sent")
    }

    /// Waits until a place is free, for whomever.
    pub async fn vacancy(&self) {
        loop {
            let vacated = self.vacated.notified();
            if self.state().free > 0 {
                return;
            }
            vacated.await;
        }
    }

    /// Whether somebody waits for a place.
    pub fn are_wanted(&self) -> bool {
        let state = self.state();
        state.waiting.iter().any(|(_, sender)| !sender.is_closed())
    }

    fn place(self: &Arc<Self>, caller: Caller) -> Place {
        Place {
            places: Arc::clone(self),
            caller,
        }
    }

    fn give_back(self: &Arc<Self>, caller: Caller) {
        let mut given = Vec::new();
        {
            let mut state = self.state();
            state.give_back(caller);
            while let Some((caller, sender)) = state.next() {
                state.take(caller);
                given.push((self.place(caller), sender));
            }
        }
        for (place, sender) in given {
            // A place for somebody who has gone meanwhile is given back when it is dropped here.
            drop(sender.send(place));
        }
        self.vacated.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn taken_by(&self, caller: Caller) -> usize {
        self.taken.get(&caller).copied().unwrap_or_default()
    }

    fn may_take(&self, caller: Caller) -> bool {
        match self.taken_by(caller) {
            0 => self.free > 0,
            taken => self.free > self.reserve && taken < SHARE * self.free,
        }
    }

    fn take(&mut self, caller: Caller) {
        self.free -= 1;
        *self.taken.entry(caller).or_default() += 1;
    }

    fn give_back(&mut self, caller: Caller) {
        self.free += 1;
        if let Some(taken) = self.taken.get_mut(&caller) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&caller);
            }
        }
    }

    /// Who waits and is the next to get a place, if one is free for it.
    fn next(&mut self) -> Option<(Caller, oneshot::Sender<Place>)> {
        self.waiting.retain(|(_, sender)| !sender.is_closed());
        let waiting = self.waiting.iter().enumerate();
        let next = waiting.min_by_key(|(_, (caller, _))| self.taken_by(*caller));
        let (index, (caller, _)) = next?;
        self.may_take(*caller).then(|| self.waiting.remove(index))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(self.caller);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn caller(number: u8) -> Caller {
        Caller::at([127, 0, 0, number].into())
    }

    /// As many places as that caller can have.
    fn fill(places: &Arc<Places>, number: u8) -> Vec<Place> {
        std::iter::from_fn(|| places.try_take(caller(number))).collect()
    }

    #[test]
    fn one_caller_can_have_most_places_and_the_rest_is_kept_for_others() {
        for (size, most) in [(1, 1), (2, 2), (7, 7), (8, 7), (16, 14), (1024, 896)] {
            let places = Places::new(size);
            let first = fill(&places, 1);
            assert_eq!(first.len(), most, "of {size}");
            if size >= 8 {
                assert!(!fill(&places, 2).is_empty(), "of {size}");
            }
        }
    }

    #[test]
    fn after_some_callers_took_what_they_could_the_next_one_gets_a_place() {
        let places = Places::new(1024);
        let taken: Vec<_> = (1..=60).map(|number| fill(&places, number)).collect();
        assert!(taken.iter().all(|places| !places.is_empty()));
        assert!(places.try_take(caller(61)).is_some());
    }

    #[test]
    fn who_has_the_fewest_places_is_next_and_among_equals_who_came_first() {
        let places = Places::new(2);
        let mut taken = fill(&places, 1);
        let mut waiting = [1, 2, 3].map(|number| Box::pin(places.take(caller(number))));
        for place in &mut waiting {
            assert!(place.now_or_never().is_none());
        }
        assert!(places.are_wanted());
        let [first, second, third] = &mut waiting;
        drop(taken.pop());
        assert!(first.now_or_never().is_none());
        let place = second.now_or_never().expect("2 had none");
        drop(taken.pop());
        assert!(third.now_or_never().is_none());
        let other = first
            .now_or_never()
            .expect("1 has none any more, and came before 3");
        drop(place);
        drop(third.now_or_never().expect("3 is the last"));
        drop(other);
        assert!(!places.are_wanted());
    }

    #[test]
    fn who_goes_away_while_it_waits_takes_no_place_along() {
        let places = Places::new(1);
        let first = places.try_take(caller(1)).unwrap();
        let mut gone = Box::pin(places.take(caller(2)));
        assert!(gone.as_mut().now_or_never().is_none());
        let mut late = Box::pin(places.take(caller(3)));
        assert!(late.as_mut().now_or_never().is_none());
        drop(gone);
        drop(first);
        // It was given one already, and never took it.
        drop(late);
        assert!(places.try_take(caller(4)).is_some());
    }

    #[test]
    fn addresses_of_one_customer_are_one_caller() {
        let at = |address: &str| Caller::at(address.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:10.0.0.7"), at("10.0.0.7"));
        assert_ne!(at("10.0.0.7"), at("10.0.0.8"));
    }
}
