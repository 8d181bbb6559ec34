//! Permits for what only a bounded number of callers can do at once, shared fairly.
//!
//! A caller may have at most [`SHARE`] times as many permits as are free, so a single caller can have seven eighths of them. The
//! last free permits, one in [`RESERVE`] of all, are for callers that have none. When a permit becomes free, it goes to the
//! waiting caller with the fewest permits; among equals, to the one that came first.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::settings::customer;

/// How many times as many permits as are free a caller may have.
const SHARE: usize = 7;
/// One permit in this many is reserved for callers that have none.
const RESERVE: usize = 16;

/// Who a permit counts against.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PermitOwner {
    /// A registered client, by its number.
    Client(i64),
    /// An address. For IPv6 it is the /64 network that one customer gets.
    Address(IpAddr),
    /// The server itself.
    Itself,
}

impl PermitOwner {
    /// A caller without a key at `address`.
    pub fn at(address: IpAddr) -> Self {
        Self::Address(customer(address))
    }
}

/// A fixed number of permits.
#[derive(Debug)]
pub struct FairPermits {
    size: usize,
    state: Mutex<State>,
    vacated: Notify,
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    reserve: usize,
    taken: HashMap<PermitOwner, usize>,
    /// In the order of arrival.
    waiting: Vec<(PermitOwner, oneshot::Sender<Permit>)>,
}

/// A permit. Dropping it returns it.
#[derive(Debug)]
pub struct Permit {
    permits: Arc<FairPermits>,
    owner: PermitOwner,
}

impl FairPermits {
    /// `size` permits, all free.
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

    /// How many permits there are, free or not.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A permit for `owner`, if it may have one now.
    pub fn try_take(self: &Arc<Self>, owner: PermitOwner) -> Option<Permit> {
        let mut state = self.state();
        state.may_take(owner).then(|| {
            state.take(owner);
            self.permit(owner)
        })
    }

    /// A permit for `owner`, as soon as it may have one.
    pub async fn take(self: &Arc<Self>, owner: PermitOwner) -> Permit {
        let waiting = {
            let mut state = self.state();
            if state.may_take(owner) {
                state.take(owner);
                return self.permit(owner);
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting.push((owner, sender));
            receiver
        };
        waiting.await.expect("a sender is kept until it has sent")
    }

    /// Waits until any permit is free.
    pub async fn vacancy(&self) {
        loop {
            let vacated = self.vacated.notified();
            if self.state().free > 0 {
                return;
            }
            vacated.await;
        }
    }

    /// Whether anybody waits for a permit.
    pub fn are_wanted(&self) -> bool {
        let state = self.state();
        state.waiting.iter().any(|(_, sender)| !sender.is_closed())
    }

    fn permit(self: &Arc<Self>, owner: PermitOwner) -> Permit {
        Permit {
            permits: Arc::clone(self),
            owner,
        }
    }

    fn give_back(self: &Arc<Self>, owner: PermitOwner) {
        let mut given = Vec::new();
        {
            let mut state = self.state();
            state.give_back(owner);
            while let Some((owner, sender)) = state.next() {
                state.take(owner);
                given.push((self.permit(owner), sender));
            }
        }
        for (permit, sender) in given {
            // If its caller has gone meanwhile, the permit is dropped here, and so returned.
            drop(sender.send(permit));
        }
        self.vacated.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic can't leave the state inconsistent: related changes have nothing between them that panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn taken_by(&self, owner: PermitOwner) -> usize {
        self.taken.get(&owner).copied().unwrap_or_default()
    }

    fn may_take(&self, owner: PermitOwner) -> bool {
        match self.taken_by(owner) {
            0 => self.free > 0,
            taken => self.free > self.reserve && taken < SHARE * self.free,
        }
    }

    fn take(&mut self, owner: PermitOwner) {
        self.free -= 1;
        *self.taken.entry(owner).or_default() += 1;
    }

    fn give_back(&mut self, owner: PermitOwner) {
        self.free += 1;
        if let Some(taken) = self.taken.get_mut(&owner) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&owner);
            }
        }
    }

    /// Removes the waiting caller that gets the next permit, if one is free for it.
    fn next(&mut self) -> Option<(PermitOwner, oneshot::Sender<Permit>)> {
        self.waiting.retain(|(_, sender)| !sender.is_closed());
        let waiting = self.waiting.iter().enumerate();
        let next = waiting.min_by_key(|(_, (owner, _))| self.taken_by(*owner));
        let (index, (owner, _)) = next?;
        self.may_take(*owner).then(|| self.waiting.remove(index))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permits.give_back(self.owner);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn caller(number: u8) -> PermitOwner {
        PermitOwner::at([127, 0, 0, number].into())
    }

    /// As many permits as that caller can have.
    fn fill(permits: &Arc<FairPermits>, number: u8) -> Vec<Permit> {
        std::iter::from_fn(|| permits.try_take(caller(number))).collect()
    }

    #[test]
    fn one_caller_can_have_most_permits_and_the_rest_is_kept_for_others() {
        for (size, most) in [(1, 1), (2, 2), (7, 7), (8, 7), (16, 14), (1024, 896)] {
            let permits = FairPermits::new(size);
            let first = fill(&permits, 1);
            assert_eq!(first.len(), most, "of {size}");
            if size >= 8 {
                assert!(!fill(&permits, 2).is_empty(), "of {size}");
            }
        }
    }

    #[test]
    fn after_some_callers_took_what_they_could_the_next_one_gets_a_permit() {
        let permits = FairPermits::new(1024);
        let taken: Vec<_> = (1..=60).map(|number| fill(&permits, number)).collect();
        assert!(taken.iter().all(|permits| !permits.is_empty()));
        assert!(permits.try_take(caller(61)).is_some());
    }

    #[test]
    fn the_caller_with_the_fewest_permits_is_next_and_among_equals_the_first_that_came() {
        let permits = FairPermits::new(2);
        let mut taken = fill(&permits, 1);
        let mut waiting = [1, 2, 3].map(|number| Box::pin(permits.take(caller(number))));
        for permit in &mut waiting {
            assert!(permit.now_or_never().is_none());
        }
        assert!(permits.are_wanted());
        let [first, second, third] = &mut waiting;
        drop(taken.pop());
        assert!(first.now_or_never().is_none());
        let permit = second.now_or_never().expect("2 had none");
        drop(taken.pop());
        assert!(third.now_or_never().is_none());
        let other = first
            .now_or_never()
            .expect("1 has none any more, and came before 3");
        drop(permit);
        drop(third.now_or_never().expect("3 is the last"));
        drop(other);
        assert!(!permits.are_wanted());
    }

    #[test]
    fn a_caller_that_leaves_while_it_waits_takes_no_permit_along() {
        let permits = FairPermits::new(1);
        let first = permits.try_take(caller(1)).unwrap();
        let mut gone = Box::pin(permits.take(caller(2)));
        assert!(gone.as_mut().now_or_never().is_none());
        let mut late = Box::pin(permits.take(caller(3)));
        assert!(late.as_mut().now_or_never().is_none());
        drop(gone);
        drop(first);
        // It was given a permit already, and never took it.
        drop(late);
        assert!(permits.try_take(caller(4)).is_some());
    }

    #[test]
    fn addresses_of_one_customer_are_one_caller() {
        let at = |address: &str| PermitOwner::at(address.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:10.0.0.7"), at("10.0.0.7"));
        assert_ne!(at("10.0.0.7"), at("10.0.0.8"));
    }
}
