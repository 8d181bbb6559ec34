//! Measuring in turn: the machine may be shared, and what is compared is to have the same of it.

use std::time::{Duration, Instant};

/// How often a wall time is taken; the median counts.
pub const RUNS: usize = 7;
/// How long a rate is measured, and how often, in turn with its baseline: often, since the speed of a shared machine
/// changes within seconds.
pub const SPELL: Duration = Duration::from_secs(1);
pub const SPELLS: usize = 9;

/// The median of what each gives, so many times in turn; each is told which time it is.
pub fn in_turn<const N: usize>(
    times: usize,
    mut measured: [&mut dyn FnMut(usize) -> f64; N],
) -> [f64; N] {
    let mut values = [const { Vec::new() }; N];
    for time in 0..times {
        for (measure, values) in measured.iter_mut().zip(&mut values) {
            values.push(measure(time));
        }
    }
    values.map(median)
}

/// What the work gives, and the milliseconds that it takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed().as_secs_f64() * 1e3, done)
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
