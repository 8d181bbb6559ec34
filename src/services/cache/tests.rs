use std::sync::atomic::AtomicUsize;

use bytes::Bytes;

use super::*;
use crate::dataset::BlockText;
use crate::store::{BlockHandle, SegmentId};

const SOON: Duration = Duration::from_millis(20);
const NEVER: Duration = Duration::from_secs(3600);

/// The key of an index page.
fn handles_of(number: i64, first_row: u64) -> CacheKey {
    CacheKey::BlockHandles(IndexPageKey {
        segment: SegmentId { dataset: 1, number },
        first_row,
        end_row: first_row + 1,
    })
}

fn value() -> Result<CachedValue, StoreError> {
    Ok(CachedValue::BlockHandles(Arc::new([])))
}

#[tokio::test]
async fn nobody_waits_longer_than_its_own_time_for_what_somebody_else_makes() {
    let cache = Cache::new(1 << 20, SOON);
    let key = handles_of(1, 0);
    let hangs = cache.get_or(
        key,
        std::future::pending::<Result<CachedValue, StoreError>>(),
    );
    let mut hangs = Box::pin(hangs);
    assert!(futures_util::FutureExt::now_or_never(&mut hangs).is_none());
    // Twenty requests wait no longer than one.
    let waiting = (0..20).map(|_| cache.get_or(key, async { value() }));
    for outcome in futures_util::future::join_all(waiting).await {
        assert!(matches!(outcome, Err(StoreError::Waited)));
    }
    let keys = [handles_of(0, 0), key];
    let waited = cache.get_or_all(&keys, async |_| Err(StoreError::Worker));
    assert!(matches!(waited.await, Err(StoreError::Waited)));
    // After it was abandoned, the next request makes it.
    drop(hangs);
    assert!(cache.get_or(key, async { value() }).await.is_ok());
}

#[tokio::test]
async fn if_making_a_value_fails_each_waiting_request_tries_at_once() {
    let cache = Cache::new(1 << 20, NEVER);
    let made = AtomicUsize::new(0);
    let make = || async {
        made.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Err::<CachedValue, _>(StoreError::Closed)
    };
    let asking = (0..20).map(|_| cache.get_or(handles_of(1, 0), make()));
    for outcome in futures_util::future::join_all(asking).await {
        assert!(matches!(outcome, Err(StoreError::Closed)));
    }
    assert_eq!(made.into_inner(), 20);
}

#[tokio::test]
async fn after_a_failure_one_waiting_request_makes_the_value_for_all_others() {
    let cache = Cache::new(1 << 20, NEVER);
    let made = AtomicUsize::new(0);
    let make = || async {
        let first = made.fetch_add(1, Ordering::Relaxed) == 0;
        tokio::task::yield_now().await;
        if first {
            return Err(StoreError::Closed);
        }
        value()
    };
    let asking = (0..20).map(|_| cache.get_or(handles_of(1, 0), make()));
    let outcomes = futures_util::future::join_all(asking).await;
    let failed = outcomes.iter().filter(|outcome| outcome.is_err());
    assert_eq!(failed.count(), 1);
    assert_eq!(made.into_inner(), 2);
}

#[tokio::test]
async fn several_values_are_made_at_once_and_only_those_that_are_not_there() {
    let cache = Cache::new(1 << 20, NEVER);
    let keys = [0, 1, 2, 3].map(|number| handles_of(1, number));
    let handles = |number: usize| {
        let handle = BlockHandle {
            first_row: number as u64,
            rows: 1,
            first_byte: 0,
            bytes: 1,
            body_start: 0,
        };
        CachedValue::BlockHandles(Arc::new([handle]))
    };
    let first = |value: &CachedValue| match value {
        CachedValue::BlockHandles(handles) => handles[0].first_row,
        _ => unreachable!(),
    };
    cache.keep(keys[1], handles(1));
    let calls = AtomicUsize::new(0);
    let asking = (0..3).map(|_| {
        cache.get_or_all(&keys, async |lacking| {
            calls.fetch_add(1, Ordering::Relaxed);
            assert_eq!(lacking, [0, 2, 3]);
            tokio::task::yield_now().await;
            Ok::<_, StoreError>(lacking.into_iter().map(handles).collect())
        })
    });
    for values in futures_util::future::join_all(asking).await {
        let numbers: Vec<_> = values.unwrap().iter().map(first).collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
    }
    assert_eq!(calls.into_inner(), 1);
}

#[test]
fn segments_of_two_datasets_with_the_same_number_are_cached_apart() {
    let cache = Cache::new(1 << 20, NEVER);
    let segment = |dataset| SegmentId { dataset, number: 5 };
    let text = |dataset| CacheKey::Text(segment(dataset), 0);
    let page = |dataset| PageKey {
        made_by: segment(dataset),
        query: None,
        first: None,
        limit: 100,
        is_counted: false,
        version: 2,
    };
    let block = BlockText::new("a\n1\n".to_owned(), 1);
    cache.keep(text(1), CachedValue::Text(Arc::new(block)));
    let body = Page {
        body: Bytes::from_static(b"1"),
        next: None,
    };
    cache.keep(CacheKey::Page(page(1)), CachedValue::Page(body));
    assert!(cache.get(&text(1)).is_some() && cache.page(&page(1)).is_some());
    assert!(cache.get(&text(2)).is_none() && cache.page(&page(2)).is_none());
}
