//! Sketches of the values whose texts are not counted exactly.

use datasketches::frequencies::FrequentItemsSketch;
use datasketches::hll::{HllSketch, HllType, HllUnion};
use datasketches::kll::{KllFloat, KllSketch};

use super::SketchSizes;
use super::counted::{CountedText, shown};
use super::extremes::{Extremes, position};
use crate::{ColumnType, Formats, value};

/// Many values.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    /// How many different ones.
    pub(super) distinct: HllSketch,
    /// Frequent values, of those that are neither numbers nor times.
    pub(super) frequent: FrequentItemsSketch<String>,
    /// Values that were not given to `frequent`.
    pub(super) uncounted: u64,
    /// How numbers and times are spread.
    pub(super) spread: KllSketch<KllFloat<f64>>,
    pub(super) sum: Sum,
    /// The first and the last of the numbers or times, and which of them they are.
    pub(super) placed: Option<(ColumnType, Extremes)>,
    /// The first and the last as texts.
    pub(super) texts: Option<Extremes>,
}

/// A sum of numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sum {
    /// Exact: fewer than 2^63 values of 64 bits.
    pub(super) integers: i128,
    pub(super) numbers: f64,
}

impl Sum {
    /// Adds a number that comes so often, and says which it is.
    pub(super) fn add(&mut self, text: &[u8], count: u64) -> Option<f64> {
        if let Some(integer) = value::integer(text) {
            self.integers += i128::from(integer) * i128::from(count);
            return Some(integer as f64);
        }
        let number = value::number(text)?;
        self.numbers += number * count as f64;
        Some(number)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.integers += other.integers;
        self.numbers += other.numbers;
    }

    pub(super) fn total(self) -> f64 {
        self.integers as f64 + self.numbers
    }
}

impl Rest {
    pub(super) fn new(sizes: SketchSizes) -> Self {
        const RIGHT: &str = "a sizes has only sizes that sketches have";
        Self {
            distinct: HllSketch::new(sizes.log_buckets, HllType::Hll8).expect(RIGHT),
            frequent: FrequentItemsSketch::new(sizes.items).expect(RIGHT),
            uncounted: 0,
            spread: KllSketch::new(sizes.k).expect(RIGHT),
            sum: Sum::default(),
            placed: None,
            texts: None,
        }
    }

    /// Adds a text that occurs `count` times in a raw block; `kind` is the narrowest type of the values there.
    pub(super) fn add(
        &mut self,
        text: &[u8],
        hash: u64,
        count: u64,
        kind: Option<ColumnType>,
        formats: &Formats,
    ) {
        let (text, cut) = shown(text, kind, formats);
        let known = CountedText {
            hash,
            count,
            text: &text,
            cut,
        };
        self.add_shown(known, kind, formats);
    }

    /// Adds a text that was counted exactly elsewhere.
    pub(super) fn add_known(&mut self, known: CountedText<'_>, formats: &Formats) {
        let kind = match known.cut {
            true => ColumnType::of(known.text),
            false => formats.kind_of(known.text),
        };
        self.add_shown(known, Some(kind), formats);
    }

    fn add_shown(&mut self, known: CountedText<'_>, kind: Option<ColumnType>, formats: &Formats) {
        let CountedText {
            hash,
            count,
            text,
            cut,
        } = known;
        self.distinct.update(hash);
        match &mut self.texts {
            Some(texts) => texts.include(ColumnType::String, text, 0.0),
            None => self.texts = Some(Extremes::one(text, 0.0)),
        }
        let placed = kind.is_some_and(|kind| {
            let canonical = known.canonical(kind, formats);
            self.add_placed(kind, &canonical, count)
        });
        if placed {
            return;
        }
        // Of a long text only the beginning is kept, which may be that of many.
        if cut {
            self.uncounted += count;
        } else {
            self.frequent.update_with_count_ref(text, count);
        }
    }

    /// Adds a number or a time; says whether it was one.
    fn add_placed(&mut self, kind: ColumnType, text: &str, count: u64) -> bool {
        // Integers are numbers, in whatever raw block they are.
        let kind = match kind {
            ColumnType::Integer => ColumnType::Number,
            other => other,
        };
        let place = match kind {
            ColumnType::Number => self.sum.add(text.as_bytes(), count),
            _ => position(kind, text.as_bytes()),
        };
        let Some(place) = place else {
            return false;
        };
        match &mut self.placed {
            Some((there, extremes)) if *there == kind => extremes.include(kind, text, place),
            // A column of both is one of texts.
            Some(_) => {}
            none => *none = Some((kind, Extremes::one(text, place))),
        }
        self.uncounted += count;
        self.add_spread(place, count);
        true
    }

    /// Adds one position many times, by merging sketches of powers of two.
    fn add_spread(&mut self, place: f64, count: u64) {
        const FEW: u64 = 32;
        const RIGHT: &str = "fewer than 2^64 values";
        // Only NaN is refused, and no text is one.
        let Ok(place) = KllFloat::<f64>::new(place) else {
            return;
        };
        if count <= FEW {
            (0..count).for_each(|_| self.spread.update(place));
            return;
        }
        let mut power = KllSketch::new(self.spread.k()).expect("the size of another");
        power.update(place);
        let mut left = count;
        loop {
            if left & 1 == 1 {
                self.spread.merge(&power).expect(RIGHT);
            }
            left >>= 1;
            if left == 0 {
                return;
            }
            let twin = power.clone();
            power.merge(&twin).expect(RIGHT);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let most = self
            .distinct
            .lg_config_k()
            .max(other.distinct.lg_config_k());
        let mut union = HllUnion::new(most).expect("the size of another");
        union.update(&self.distinct);
        union.update(&other.distinct);
        self.distinct = union.to_sketch(HllType::Hll8);
        self.frequent.merge(&other.frequent);
        self.uncounted += other.uncounted;
        self.spread
            .merge(&other.spread)
            .expect("fewer than 2^64 values");
        self.sum.merge(other.sum);
        match (&mut self.placed, &other.placed) {
            (Some((kind, mine)), Some((same, others))) if kind == same => mine.merge(*kind, others),
            (mine @ None, others) => mine.clone_from(others),
            _ => {}
        }
        match (&mut self.texts, &other.texts) {
            (Some(mine), Some(others)) => mine.merge(ColumnType::String, others),
            (mine @ None, others) => mine.clone_from(others),
            _ => {}
        }
    }
}
