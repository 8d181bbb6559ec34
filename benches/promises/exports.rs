//! All rows as CSV and as NDJSON, against serde_json writing the same rows from memory.

use std::io::Write as _;
use std::time::Instant;

use serde::Serialize;

use super::Ground;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::in_turn;

const TIMES: usize = 5;

/// A row of the flights, as a program would hold it.
#[derive(Serialize)]
struct Flight {
    year: i64,
    month: i64,
    day: i64,
    dep_time: Option<i64>,
    sched_dep_time: i64,
    dep_delay: Option<i64>,
    arr_time: Option<i64>,
    sched_arr_time: i64,
    arr_delay: Option<i64>,
    carrier: String,
    flight: i64,
    tailnum: Option<String>,
    origin: String,
    dest: String,
    air_time: Option<i64>,
    distance: i64,
    hour: i64,
    minute: i64,
    time_hour: String,
}

/// What is measured, on the CSV.
pub fn measure(ground: &Ground) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    let body = ground.body();
    program.put("/datasets/flights?null=NA", &body);
    let flights = flights(&String::from_utf8(body).expect("UTF-8"));
    let [csv, lines, theirs] = in_turn(
        TIMES,
        [
            &mut |_| rate(&program, "application/vnd.flash.v2+csv"),
            &mut |_| rate(&program, "application/vnd.flash.v2+ndjson"),
            &mut |_| serde(&flights),
        ],
    );
    vec![
        Row::of("all rows as CSV", csv, Unit::MegabytesPerSecond).at_least(300.0),
        Row::of("all rows as NDJSON", lines, Unit::MegabytesPerSecond)
            .against("serde_json from memory", theirs)
            .at_least(0.5),
    ]
}

fn rate(program: &Program, accept: &str) -> f64 {
    let begun = Instant::now();
    let bytes = program.drain("/datasets/flights/rows", accept);
    bytes as f64 / 1e6 / begun.elapsed().as_secs_f64()
}

fn serde(flights: &[Flight]) -> f64 {
    let mut out = Vec::with_capacity(256 << 20);
    let begun = Instant::now();
    for flight in flights {
        serde_json::to_writer(&mut out, flight).expect("memory takes it");
        out.write_all(b"\n").expect("memory takes it");
    }
    out.len() as f64 / 1e6 / begun.elapsed().as_secs_f64()
}

fn flights(csv: &str) -> Vec<Flight> {
    let rows = csv.lines().skip(1);
    rows.map(|line| {
        let mut fields = line.split(',');
        let mut text = || fields.next().expect("a field").to_owned();
        let number = |text: String| text.parse().expect("a number");
        let perhaps = |text: String| (text != "NA").then(|| text.parse().expect("a number"));
        Flight {
            year: number(text()),
            month: number(text()),
            day: number(text()),
            dep_time: perhaps(text()),
            sched_dep_time: number(text()),
            dep_delay: perhaps(text()),
            arr_time: perhaps(text()),
            sched_arr_time: number(text()),
            arr_delay: perhaps(text()),
            carrier: text(),
            flight: number(text()),
            tailnum: Some(text()).filter(|text| text != "NA"),
            origin: text(),
            dest: text(),
            air_time: perhaps(text()),
            distance: number(text()),
            hour: number(text()),
            minute: number(text()),
            time_hour: text(),
        }
    })
    .collect()
}
