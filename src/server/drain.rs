//! How far a server has got in going away, shared by everybody who has to know.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

/// How far a listener has got in going away.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// It serves.
    Serving,
    /// It still accepts and serves, so that load balancers have time to learn; HTTP/1 clients are asked to reconnect
    /// (elsewhere) after their response.
    LameDuck,
    /// It accepts nothing more and finishes what is in flight.
    Closing,
}

/// The stage of one listener; clones share it. `/readyz` reads it, [`serve`](super::serve) moves it on.
#[derive(Clone, Debug)]
pub struct Drain {
    stage: watch::Sender<Stage>,
    /// Whether it is past [`Stage::Serving`], beside the lock around the stage: every response asks.
    draining: Arc<AtomicBool>,
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}

impl Drain {
    /// A listener that serves.
    pub fn new() -> Self {
        Self {
            stage: watch::Sender::new(Stage::Serving),
            draining: Arc::default(),
        }
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Whether it goes away: a probe for readiness is then answered with 503.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Waits until `stage` is reached.
    pub async fn reached(&self, stage: Stage) {
        let mut stages = self.stage.subscribe();
        stages
            .wait_for(|now| *now >= stage)
            .await
            .expect("self holds the sender");
    }

    /// Moves on; there is no way back.
    pub(super) fn advance(&self, to: Stage) {
        self.draining
            .fetch_or(to > Stage::Serving, Ordering::Release);
        self.stage.send_if_modified(|stage| {
            let later = to > *stage;
            *stage = to.max(*stage);
            later
        });
    }
}
