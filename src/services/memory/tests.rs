use std::time::Duration;

use super::*;

const PATIENCE: Duration = Duration::from_secs(5);

fn load(memory: &Memory, kind: Kind) -> ShareLoad {
    memory.load().find(|load| load.kind == kind).unwrap()
}

#[test]
fn the_shares_and_the_cache_are_the_whole_budget() {
    assert_eq!(Kind::ALL.map(Kind::sixteenths).iter().sum::<u64>(), 16);
    let memory = Memory::new(256 << 20, 32 << 20, PATIENCE, PATIENCE);
    let all: usize = memory.load().map(|load| load.bytes).sum();
    assert_eq!(all, 224 << 20);
}

#[tokio::test]
async fn a_request_without_memory_in_time_is_refused_and_other_shares_are_not_touched() {
    let memory = Memory::new(64 << 20, 0, Duration::from_millis(1), PATIENCE);
    let all = load(&memory, Kind::Answers).bytes;
    let held = memory.take(Kind::Answers, all).await.unwrap();
    assert_eq!(load(&memory, Kind::Answers).held, all);
    assert!(memory.try_take(Kind::Answers, 1).is_none());
    let refused = memory.take(Kind::Answers, 1).await.unwrap_err();
    assert_eq!(refused, Exhausted(Kind::Answers));
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Answers) {
        assert!(memory.try_take(kind, 1 << 10).is_some(), "{kind:?}");
    }
    drop(held);
    assert_eq!(load(&memory, Kind::Answers).held, 0);
    memory.take(Kind::Answers, all).await.unwrap();
}

#[tokio::test]
async fn waiting_requests_are_counted_and_get_what_others_return() {
    let memory = Memory::new(64 << 20, 0, PATIENCE, PATIENCE);
    let all = load(&memory, Kind::Texts).bytes;
    let mut held = memory.take(Kind::Texts, all).await.unwrap();
    let waiting = tokio::spawn({
        let memory = Arc::clone(&memory);
        async move { memory.take(Kind::Texts, 4 << 10).await }
    });
    while load(&memory, Kind::Texts).waiting == 0 {
        tokio::task::yield_now().await;
    }
    held.shrink_to(all - (4 << 10));
    let more = waiting.await.unwrap().unwrap();
    assert_eq!(more.bytes(), 4 << 10);
    assert_eq!(load(&memory, Kind::Texts).waiting, 0);
    assert_eq!(load(&memory, Kind::Texts).held, all);
}

#[tokio::test]
async fn bytes_are_held_until_the_last_reader_has_dropped_them() {
    let memory = Memory::new(64 << 20, 0, PATIENCE, PATIENCE);
    let held = memory.take(Kind::Small, SMALL).await.unwrap();
    let bytes = held.around(Bytes::from(vec![1; 1500]));
    assert_eq!(load(&memory, Kind::Small).held, 2 << 10);
    let part = bytes.slice(3..5);
    drop(bytes);
    assert_eq!(load(&memory, Kind::Small).held, 2 << 10);
    assert_eq!(&part[..], [1, 1]);
    drop(part);
    assert_eq!(load(&memory, Kind::Small).held, 0);
}

#[tokio::test]
async fn what_is_larger_than_its_share_gets_all_of_it() {
    let memory = Memory::new(64 << 20, 0, PATIENCE, PATIENCE);
    let held = memory.take(Kind::Large, usize::MAX).await.unwrap();
    assert_eq!(held.bytes(), load(&memory, Kind::Large).bytes);
}

#[tokio::test]
async fn an_ebb_is_noticed_once() {
    let memory = Memory::new(256 << 20, 0, PATIENCE, PATIENCE);
    assert!(!memory.has_ebbed());
    let held = memory.take(Kind::Uploads, 32 << 20).await.unwrap();
    assert!(!memory.has_ebbed());
    drop(held);
    assert!(memory.has_ebbed());
    assert!(!memory.has_ebbed());
}
