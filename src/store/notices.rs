//! Notices for the operator's webhook: an outbox. All servers of a database note the same events, and each event is noted and sent once.

use std::time::Duration;

use diesel::prelude::*;

use super::backend::dialect::insert_unless_there;
use super::backend::{AnyConnection, WriteOptions};
use super::error::StoreError;
use super::handle::Store;
use super::schema::notices;
use super::units::{from_db, micros};

/// How many notices may wait. Further events are not noted.
const WAITING: i64 = 1000;
/// How long a notice is remembered, so that its event isn't noted again.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// An event to tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened, as a text that no other event has.
    pub event: String,
    /// What is sent.
    pub body: String,
}

/// A notice that this server is to send now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueNotice {
    /// What it tells of.
    pub notice: Notice,
    /// How often sending it was begun, this time included.
    pub attempt: u64,
}

/// What came of sending a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It arrived.
    Done,
    /// It is to be sent again after this time.
    Again(Duration),
    /// It is never sent again.
    GivenUp,
}

impl Store {
    /// Notes events, unless they were noted before.
    pub async fn note(&self, notices: Vec<Notice>) -> Result<(), StoreError> {
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let now = tx.now();
                Ok(insert(tx, &notices, now)?)
            })
            .await
    }

    /// Which of these events were not noted yet.
    pub async fn not_noted(&self, mut events: Vec<String>) -> Result<Vec<String>, StoreError> {
        self.backend()
            .read(move |connection| {
                let noted: Vec<String> = notices::table
                    .filter(notices::event.eq_any(&events))
                    .select(notices::event)
                    .load(connection)?;
                events.retain(|event| !noted.contains(event));
                Ok(events)
            })
            .await
    }

    /// Takes up to `most` notices that are due. No other server takes them while `lease` lasts.
    pub async fn claim_notices(
        &self,
        most: i64,
        lease: Duration,
    ) -> Result<Vec<DueNotice>, StoreError> {
        let now = (self.shared.clock)().as_microsecond();
        let is_any = self.backend().read(move |connection| {
            let found = due(connection, now, 1)?;
            Ok(!found.is_empty())
        });
        // Mostly there is none, and then nothing is written.
        if !is_any.await? {
            return Ok(Vec::new());
        }
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let now = tx.now();
                let mut claimed = Vec::new();
                for (event, body, attempts) in due(tx, now, most)? {
                    // Another server may have claimed it meanwhile.
                    let taken = diesel::update(notices::table.find(&event))
                        .filter(notices::due_at.le(now))
                        .set((
                            notices::due_at.eq(now + micros(lease)),
                            notices::attempts.eq(attempts + 1),
                        ))
                        .execute(&mut **tx)?;
                    if taken > 0 {
                        claimed.push(DueNotice {
                            notice: Notice { event, body },
                            attempt: from_db(attempts) + 1,
                        });
                    }
                }
                Ok(claimed)
            })
            .await
    }

    /// Notes what came of sending a notice.
    pub async fn settle_notice(&self, event: String, delivery: Delivery) -> Result<(), StoreError> {
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let now = tx.now();
                let (due_at, sent_at) = match delivery {
                    Delivery::Done => (None, Some(now)),
                    Delivery::Again(after) => (Some(now + micros(after)), None),
                    Delivery::GivenUp => (None, None),
                };
                diesel::update(notices::table.find(&event))
                    .set((notices::due_at.eq(due_at), notices::sent_at.eq(sent_at)))
                    .execute(&mut **tx)?;
                Ok(())
            })
            .await
    }
}

/// Notices that are due: event, body and attempts.
fn due(
    connection: &mut AnyConnection,
    now: i64,
    most: i64,
) -> QueryResult<Vec<(String, String, i64)>> {
    notices::table
        .filter(notices::due_at.le(now))
        .order((notices::due_at, notices::event))
        .limit(most)
        .select((notices::event, notices::body, notices::attempts))
        .load(connection)
}

/// Notes events, unless they were noted before or too many wait, and forgets old ones.
pub(crate) fn insert(connection: &mut AnyConnection, all: &[Notice], now: i64) -> QueryResult<()> {
    if all.is_empty() {
        return Ok(());
    }
    let old = notices::created_at.lt(now - micros(KEPT));
    diesel::delete(notices::table.filter(old)).execute(connection)?;
    let waiting: i64 = notices::table
        .filter(notices::due_at.is_not_null())
        .count()
        .get_result(connection)?;
    let fit = usize::try_from(WAITING - waiting).unwrap_or(0);
    if fit < all.len() {
        let dropped = all.len() - fit;
        log::warn!("{WAITING} notices wait for the webhook: {dropped} further events are not told");
    }
    for notice in all.iter().take(fit) {
        let values = (
            notices::event.eq(&notice.event),
            notices::body.eq(&notice.body),
            notices::created_at.eq(now),
            notices::attempts.eq(0),
            notices::due_at.eq(now),
        );
        insert_unless_there!(&mut *connection, notices::table, values)?;
    }
    Ok(())
}
