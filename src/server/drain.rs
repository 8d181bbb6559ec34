//! The stage of a server's shutdown, shared by all parts that need it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

/// A stage of a listener's shutdown.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// It serves.
    Serving,
    /// It still accepts and serves, so that load balancers have time to take it out. HTTP/1 clients are asked to reconnect
    /// (elsewhere) after their response.
    LameDuck,
    /// It accepts no more connections, and finishes requests in flight.
    Closing,
}

/// The stage of one listener. Clones share it. `/readyz` reads it, and [`serve`](super::serve) advances it.
#[derive(Clone, Debug)]
pub struct Drain {
    stage: watch::Sender<Stage>,
    /// Whether it is past [`Stage::Serving`]. It is outside the lock of the stage, because every response reads it.
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

    /// The current stage.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Whether the shutdown has begun. Then the readiness probe is answered with 503.
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

    /// Advances to a later stage. It never goes back.
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
