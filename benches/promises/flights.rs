//! A CSV of the same shape as the flights of New York: 19 short columns, some of them with `NA`.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

const HEADER: &str = "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,\
                      tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n";
/// Rows of the original.
pub const ROWS: usize = 336_776;

/// Its lines, the header first, without an end. The same each time.
pub fn lines() -> impl Iterator<Item = String> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = move |below: u64| {
        // A linear congruential generator (Knuth, MMIX); its upper bits are good enough for a look of chance.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let body = (0..).map(move |row: u64| {
        let (month, day, hour) = (1 + row / 28_000 % 12, 1 + row / 930 % 28, 5 + row / 50 % 18);
        let airport = |at: u64| ["EWR", "JFK", "LGA", "LAX", "SFO", "ORD", "ATL", "BOS", "IAH", "MIA"][at as usize];
        let minute = next(60);
        let delay = match next(40) {
            0 => "NA".to_owned(),
            late => (late as i64 * 3 - 20).to_string(),
        };
        format!(
            "2013,{month},{day},{},{},{delay},{},{},{delay},{},{},N{}UA,{},{},{},{},{hour},{minute},\
             2013-{month:02}-{day:02}T{hour:02}:00:00Z\n",
            hour * 100 + minute,
            hour * 100 + next(60),
            hour * 100 + 200 + next(60),
            hour * 100 + 200 + next(60),
            ["UA", "AA", "B6", "DL", "EV"][next(5) as usize],
            1 + next(6000),
            10_000 + next(4000),
            airport(next(3)),
            airport(3 + next(7)),
            30 + next(400),
            200 + next(2500),
        )
    });
    std::iter::once(HEADER.to_owned()).chain(body)
}

/// Writes as many rows as the original has.
pub fn write(path: &Path) -> PathBuf {
    let mut file = BufWriter::new(std::fs::File::create(path).expect("the CSV can be made"));
    for line in lines().take(ROWS + 1) {
        file.write_all(line.as_bytes()).expect("the disk has room");
    }
    path.to_owned()
}

/// The beginning, of about `bytes` bytes.
pub fn small(bytes: usize) -> String {
    let mut csv = String::new();
    for line in lines() {
        if csv.len() + line.len() > bytes {
            break;
        }
        csv.push_str(&line);
    }
    csv
}
