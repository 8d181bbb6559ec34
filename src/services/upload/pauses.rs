//! When an upload holds its permit: while its client sends nothing, other uploads may use it.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{UPLOAD, Upload, UploadError};
use crate::services::memory::{Held, Kind};

/// How long an upload may wait for its client while others wait for a permit. Time in which it does not read does not count.
const SLOW: Duration = Duration::from_secs(1);

/// Bytes that an upload without a permit holds: its unfinished record, unless that is long, and its summaries.
const AT_REST: usize = 512 << 10;

impl Upload {
    /// Waits for what the client sends next. If others wait for a permit, a slow client's upload gives its permit back.
    pub async fn wait_for<T>(&mut self, next: impl Future<Output = T>) -> Result<T, UploadError> {
        let mut next = pin!(next);
        while self.permit.is_some() {
            let began = Instant::now();
            let left = SLOW.saturating_sub(self.waited);
            if let Ok(next) = timeout(left, &mut next).await {
                self.waited += began.elapsed();
                return Ok(next);
            }
            self.waited = Duration::ZERO;
            let services = &self.services;
            if services.uploads.are_wanted() || services.memory.is_wanted(Kind::Uploads) {
                self.rest().await?;
            }
        }
        Ok(next.await)
    }

    pub(super) async fn take_permit(&mut self) -> Result<(), UploadError> {
        if self.permit.is_none() {
            let patience = self.services.settings.timeouts.queue_timeout;
            let permit = timeout(patience, self.services.uploads.take(self.owner)).await;
            self.permit = Some(permit.map_err(|_| UploadError::Busy)?);
            self.take_memory(patience).await?;
            self.waited = Duration::ZERO;
        }
        Ok(())
    }

    /// Stores what has come so far, and returns the permit.
    async fn rest(&mut self) -> Result<(), UploadError> {
        self.next_step(false).await?;
        self.settle_split().await?;
        while !self.analysing.is_empty() {
            self.settle_analysis().await?;
        }
        if self.part.weight() > 0 {
            self.stage_part().await?;
        }
        self.settle_staging().await?;
        self.permit = None;
        if let Some(held) = &mut self.memory.usual {
            held.shrink_to(AT_REST);
        }
        Ok(())
    }

    /// Takes the memory that an upload with a permit needs.
    async fn take_memory(&mut self, patience: Duration) -> Result<(), UploadError> {
        if self.memory.covered {
            return Ok(());
        }
        let has = self.memory.usual.as_ref().map_or(0, Held::bytes);
        let memory = &self.services.memory;
        let more = memory.take_within(Kind::Uploads, UPLOAD - has, patience);
        let more = more.await?;
        match &mut self.memory.usual {
            Some(held) => held.add(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}
