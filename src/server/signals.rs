//! SIGTERM and Ctrl-C, in the order in which they arrive.

use std::io;
use std::time::{Duration, Instant};

/// Signals within this time after one that was told are the same one: `timeout` of GNU, for example, signals a process and then its group.
const ONE: Duration = Duration::from_millis(200);

/// Listens for the signals that ask a server to stop. Once it exists, they no longer end the process by themselves, so create
/// it before anything that must be stopped in order.
#[derive(Debug)]
pub struct Signals {
    /// When the last one was told.
    last: Option<Instant>,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Starts listening.
    ///
    /// # Errors
    ///
    /// When the operating system refuses the handlers.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            last: None,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Starts listening.
    ///
    /// # Errors
    ///
    /// Never on this platform.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self { last: None })
    }

    /// Waits for the next signal, and returns its name. Signals that follow each other closely are one.
    pub async fn next(&mut self) -> &'static str {
        loop {
            let signal = self.receive().await;
            if self.last.is_none_or(|last| last.elapsed() >= ONE) {
                self.last = Some(Instant::now());
                return signal;
            }
        }
    }

    #[cfg(unix)]
    async fn receive(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    #[cfg(not(unix))]
    async fn receive(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}
