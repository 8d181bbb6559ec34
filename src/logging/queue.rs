//! A bounded queue of bytes, and the thread that writes them.
//!
//! The queue is one buffer behind a mutex. The mutex is held only to append a line or to swap the buffer for an empty one, and
//! never during a write. So a line costs its thread one copy and no allocation, and lines that gather during a write go out in
//! one call.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Most bytes that wait to be written: about 20,000 request lines.
const CAPACITY: usize = 4 * 1024 * 1024;

/// Pause after a batch, so that lines gather and the writer thread wakes up less often.
const PAUSE: Duration = Duration::from_millis(5);

/// Longest wait for the queue to be written at the end. The reader of standard error may have stopped.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// A handle on the queue. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notifies the writer thread of new bytes, or of the end.
    filled: Condvar,
    /// Notifies `flush` that a batch was written.
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    dropped: u64,
    /// The writer thread sleeps until it is notified.
    idle: bool,
    /// The writer thread has a batch that is not written yet.
    writing: bool,
    closed: bool,
}

impl Queue {
    /// Starts the writer thread. `report` formats the line with the number of dropped lines.
    pub(super) fn start(
        sink: Box<dyn Write + Send>,
        report: impl Fn(u64, &mut Vec<u8>) + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Self {
            shared: Arc::new(Shared::default()),
        };
        let shared = Arc::clone(&queue.shared);
        thread::Builder::new()
            .name("flash-log".to_owned())
            .spawn(move || shared.write_out(sink, report))?;
        Ok(queue)
    }

    /// Appends a line, or drops and counts it if the queue is full.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.shared.lock();
        if state.waiting.len() + line.len() > CAPACITY {
            state.dropped += 1;
            return;
        }
        state.waiting.extend_from_slice(line);
        if std::mem::take(&mut state.idle) {
            drop(state);
            self.shared.filled.notify_one();
        }
    }

    /// Waits until the current queue is written, for [`LAST_WAIT`] at most.
    pub(super) fn flush(&self) {
        let deadline = Instant::now() + LAST_WAIT;
        let mut state = self.shared.lock();
        while state.writing || !state.waiting.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.written.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has the queue written without a pause, and waits for that like [`Queue::flush`].
    pub(super) fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.filled.notify_one();
        self.flush();
    }
}

impl Shared {
    /// No holder of the lock can panic half-way, so the state behind a poisoned lock is consistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_out(&self, mut sink: Box<dyn Write + Send>, report: impl Fn(u64, &mut Vec<u8>)) {
        let mut batch = Vec::new();
        loop {
            let dropped = self.take(&mut batch);
            if dropped > 0 {
                report(dropped, &mut batch);
            }
            write_patiently(&mut sink, &batch);
            batch.clear();
            let mut state = self.lock();
            state.writing = false;
            self.written.notify_all();
            if !state.closed {
                let paused = self
                    .filled
                    .wait_timeout_while(state, PAUSE, |state| !state.closed);
                drop(paused);
            }
        }
    }

    /// Waits for bytes, swaps them into `batch`, and returns how many lines were dropped before them.
    fn take(&self, batch: &mut Vec<u8>) -> u64 {
        let mut state = self.lock();
        while state.waiting.is_empty() && state.dropped == 0 {
            state.idle = true;
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        state.writing = true;
        std::mem::swap(&mut state.waiting, batch);
        std::mem::take(&mut state.dropped)
    }
}

/// Writes the whole batch, also to a terminal that another program has made non-blocking. Other errors end the attempt: with a
/// broken standard error, there is no way to report them.
fn write_patiently(sink: &mut dyn Write, mut rest: &[u8]) {
    while !rest.is_empty() {
        match sink.write(rest) {
            Ok(0) => return,
            Ok(length) => rest = &rest[length..],
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
                _ => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::{CAPACITY, Queue};

    /// A sink that reports each write, and continues when the test lets it.
    struct Gate {
        asked: mpsc::Sender<Vec<u8>>,
        let_on: mpsc::Receiver<()>,
    }

    impl std::io::Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.asked.send(bytes.to_vec()).unwrap();
            self.let_on.recv().unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_reader_costs_lines_but_nobody_waits_and_the_loss_is_told() {
        let (asked, writes) = mpsc::channel();
        let (gate, let_on) = mpsc::channel();
        let queue = Queue::start(Box::new(Gate { asked, let_on }), |dropped, out| {
            out.extend_from_slice(format!("{dropped} dropped\n").as_bytes());
        })
        .unwrap();
        queue.push(b"first\n");
        assert_eq!(writes.recv().unwrap(), b"first\n");
        let line = vec![b'x'; CAPACITY / 4];
        for _ in 0..7 {
            queue.push(&line);
        }
        gate.send(()).unwrap();
        let batch = writes.recv().unwrap();
        assert_eq!(batch.len(), CAPACITY + "3 dropped\n".len());
        assert!(batch.ends_with(b"3 dropped\n"));
        gate.send(()).unwrap();
        queue.close();
    }

    #[test]
    fn what_is_queued_is_written_at_the_end() {
        let (asked, writes) = mpsc::channel();
        let (gate, let_on) = mpsc::channel();
        for _ in 0..2 {
            gate.send(()).unwrap();
        }
        let queue = Queue::start(Box::new(Gate { asked, let_on }), |_, _| {}).unwrap();
        queue.push(b"one\n");
        queue.push(b"two\n");
        queue.close();
        let written: Vec<u8> = writes.try_iter().flatten().collect();
        assert_eq!(written, b"one\ntwo\n");
    }
}
