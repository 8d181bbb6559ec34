//! How fast a CSV is ingested and read again, in bytes of its text.
//!
//! The file is the one that `FLASH_BENCH_CSV` names, or else one that looks like a month of flights.

use std::{fmt::Write, hint::black_box, sync::Arc};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flash::dataset::{
    Analysis, Block, Ingest, Layout, Limits, Profile, RawBlock, Records, Summary, UploadOptions,
    block,
};

/// Bytes that arrive at a time.
const FRAME: usize = 64 << 10;

fn text() -> String {
    match std::env::var_os("FLASH_BENCH_CSV") {
        Some(path) => std::fs::read_to_string(path).expect("FLASH_BENCH_CSV names a UTF-8 file"),
        None => flights(27_000),
    }
}

/// 19 short columns: integers, codes, a datetime, and `NA` where a flight never left.
fn flights(rows: usize) -> String {
    let mut text = String::from(
        "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,\
         carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n",
    );
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = move |most: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % most
    };
    for row in 0..rows {
        let (day, hour, minute) = (1 + row * 30 / rows, 5 + below(18), below(60));
        let (carrier, origin) = (["UA", "AA", "B6", "DL", "EV"], ["EWR", "JFK", "LGA"]);
        let dest = ["IAH", "MIA", "ATL", "ORD", "LAX", "SFO", "BQN"];
        let left = if below(40) == 0 {
            "NA,#,NA,NA,#,NA".to_owned()
        } else {
            let delay = below(90) as i64 - 20;
            format!(
                "{hour}{minute:02},#,{delay},{},#,{}",
                100 + below(2200),
                delay - 7
            )
        };
        let left = left.replacen('#', &format!("{hour}{minute:02}"), 1);
        let left = left.replacen('#', &format!("{}", 100 + below(2200)), 1);
        let _ = writeln!(
            text,
            "2013,1,{day},{left},{},{},N{}UA,{},{},{},{},{hour},{minute},2013-01-{day:02}T{hour:02}:00:00Z",
            carrier[below(5) as usize],
            1 + below(5000),
            100 + below(899),
            origin[below(3) as usize],
            dest[below(7) as usize],
            40 + below(400),
            100 + below(2500),
        );
    }
    text
}

/// Splits a CSV, which arrives in frames, and passes each raw block to `each`.
fn split_into(text: &str, mut each: impl FnMut(RawBlock)) -> Arc<Layout> {
    let mut ingest = Ingest::new(UploadOptions::default(), Limits::default()).expect("no charset");
    let mut raw_blocks = Vec::new();
    for frame in text.as_bytes().chunks(FRAME) {
        ingest.push(frame, &mut raw_blocks).expect("a valid CSV");
        raw_blocks.drain(..).for_each(&mut each);
    }
    ingest.finish(&mut raw_blocks).expect("a valid CSV");
    raw_blocks.drain(..).for_each(&mut each);
    Arc::clone(ingest.layout().expect("a header"))
}

fn split(text: &str) -> (Vec<RawBlock>, Arc<Layout>) {
    let mut raw_blocks = Vec::new();
    let layout = split_into(text, |raw_block| raw_blocks.push(raw_block));
    (raw_blocks, layout)
}

fn quoted(text: &str) -> String {
    let quoted = format!("\"{}", text.replace(',', "\",\"").replace('\n', "\"\n\""));
    quoted.trim_end_matches('"').to_owned()
}

fn analyse(raw_blocks: &[RawBlock]) -> Vec<Analysis> {
    raw_blocks
        .iter()
        .map(|raw_block| raw_block.analyse().expect("a valid CSV"))
        .collect()
}

fn whole(text: &str) -> (Vec<Block>, Profile) {
    let (raw_blocks, layout) = split(text);
    let mut profile = Profile::new(layout);
    let seal = |raw_block: &RawBlock| {
        let analysis = raw_block.analyse().expect("a valid CSV");
        profile.absorb(&analysis);
        Block::seal(raw_block, &analysis)
    };
    (raw_blocks.iter().map(seal).collect(), profile)
}

fn intake(criterion: &mut Criterion) {
    let text = text();
    let (raw_blocks, _) = split(&text);
    let analyses = analyse(&raw_blocks);
    let mut group = criterion.benchmark_group("intake");
    group
        .throughput(Throughput::Bytes(text.len() as u64))
        .sample_size(20);
    group.bench_function("cut", |b| b.iter(|| split_into(black_box(&text), drop)));
    group.bench_function("analyse", |b| b.iter(|| analyse(black_box(&raw_blocks))));
    group.bench_function("analyse and summarise", |b| {
        b.iter(|| {
            let mut summary = Summary::new(
                raw_blocks[0].layout.columns.len(),
                &raw_blocks[0].layout.formats,
            );
            for raw_block in black_box(&raw_blocks) {
                black_box(raw_block.analyse_into(&mut summary).expect("a valid CSV"));
            }
            summary
        });
    });
    group.bench_function("seal", |b| {
        let seal = |(raw_block, analysis)| Block::seal(raw_block, analysis);
        b.iter(|| {
            black_box(&raw_blocks)
                .iter()
                .zip(&analyses)
                .map(seal)
                .collect::<Vec<_>>()
        });
    });
    let quoted = quoted(&text);
    group.throughput(Throughput::Bytes(quoted.len() as u64));
    group.bench_function("cut, every field quoted", |b| {
        b.iter(|| split_into(black_box(&quoted), drop));
    });
    let (raw_blocks, _) = split(&quoted);
    group.bench_function("analyse, every field quoted", |b| {
        b.iter(|| analyse(black_box(&raw_blocks)));
    });
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let text = text();
    let (raw_blocks, layout) = split(&text);
    let blocks: Vec<_> = raw_blocks
        .iter()
        .map(|raw_block| (block::compress(&raw_block.text), raw_block.text.len()))
        .collect();
    let bodies: Vec<&str> = raw_blocks
        .iter()
        .map(|raw_block| {
            std::str::from_utf8(&raw_block.text[raw_block.body_start..]).expect("UTF-8")
        })
        .collect();
    let columns = layout.columns.len();
    let mut group = criterion.benchmark_group("reading");
    group
        .throughput(Throughput::Bytes(text.len() as u64))
        .sample_size(20);
    group.bench_function("decompress", |b| {
        let open =
            |(data, bytes): &(Vec<u8>, usize)| block::decompress(data, *bytes).map(|t| t.len());
        b.iter(|| {
            black_box(&blocks)
                .iter()
                .map(open)
                .collect::<Result<Vec<_>, _>>()
        });
    });
    group.bench_function("records", |b| {
        let mut fields = Vec::new();
        b.iter(|| {
            for body in black_box(&bodies) {
                let mut records = Records::new(body, layout.delimiter, columns);
                while records.next_into(&mut fields) {
                    black_box(&fields);
                }
            }
        });
    });
    group.bench_function("skip", |b| {
        let skip = |body: &&str| Records::new(body, layout.delimiter, columns).skip(usize::MAX);
        b.iter(|| black_box(&bodies).iter().map(skip).sum::<usize>());
    });
    group.finish();
}

fn small(criterion: &mut Criterion) {
    let text = text();
    let end = text[..1024].rfind('\n').expect("lines shorter than 1 KB") + 1;
    let text = &text[..end];
    let mut group = criterion.benchmark_group("small");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("end to end", |b| {
        b.iter(|| {
            let (blocks, profile) = whole(black_box(text));
            (blocks, profile.columns())
        });
    });
    group.bench_function("cut", |b| b.iter(|| split_into(black_box(text), drop)));
    let (raw_blocks, _) = split(text);
    let analyses = analyse(&raw_blocks);
    group.bench_function("analyse", |b| b.iter(|| analyse(black_box(&raw_blocks))));
    group.bench_function("seal", |b| {
        b.iter(|| Block::seal(black_box(&raw_blocks[0]), &analyses[0]));
    });
    group.finish();
}

criterion_group!(benches, intake, reading, small);
criterion_main!(benches);
