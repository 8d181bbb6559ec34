//! The rows of the tables: a figure, its baseline, and what is promised of the two.
//!
//! A row is put together from left to right: `Row::of(what, ours, unit).against(baseline, theirs).at_least(0.8)`.

/// What a figure is measured in.
#[derive(Clone, Copy)]
pub enum Unit {
    Milliseconds,
    PerSecond,
    MegabytesPerSecond,
    Mebibytes,
}

impl Unit {
    fn write(self, value: f64) -> String {
        let value = match value {
            ..10.0 => format!("{value:.2}"),
            ..100.0 => format!("{value:.1}"),
            _ => grouped(value),
        };
        match self {
            Self::Milliseconds => format!("{value} ms"),
            Self::PerSecond => format!("{value}/s"),
            Self::MegabytesPerSecond => format!("{value} MB/s"),
            Self::Mebibytes => format!("{value} MiB"),
        }
    }
}

/// A whole number, with a comma before each three digits.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn ratio(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

const NOTHING: &str = "–";

/// A figure, its baseline, and what the ratio of the two should be.
pub struct Row {
    pub what: String,
    ours: String,
    baseline: String,
    ratio: String,
    promise: String,
    /// How many times as good as promised it is; `None`: nothing is promised, or it was not measured.
    pub margin: Option<f64>,
}

/// A row without a baseline as yet.
pub struct Figure {
    what: String,
    value: f64,
    unit: Unit,
    also: String,
}

/// A row without a promise as yet.
pub struct Compared {
    figure: Figure,
    baseline: &'static str,
    theirs: f64,
}

impl Row {
    pub fn of(what: impl Into<String>, value: f64, unit: Unit) -> Figure {
        Figure {
            what: what.into(),
            value,
            unit,
            also: String::new(),
        }
    }

    /// What could not be measured here, and why.
    pub fn unmeasured(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ours: NOTHING.to_owned(),
            baseline: why.into(),
            ratio: NOTHING.to_owned(),
            promise: "not measured".to_owned(),
            margin: None,
        }
    }

    fn promised(mut self, promise: &str, margin: f64) -> Self {
        let missed = if margin < 1.0 { ": **missed**" } else { "" };
        self.promise = format!("{promise}{missed}");
        self.margin = Some(margin);
        self
    }
}

impl Figure {
    /// The figure in other words, beside it.
    pub fn also(mut self, value: f64, unit: Unit) -> Self {
        self.also = format!(" ({})", unit.write(value));
        self
    }

    pub fn under(self, most: f64) -> Row {
        let margin = most / self.value;
        let promise = format!("under {}", self.bound(most));
        self.alone().promised(&promise, margin)
    }

    pub fn at_least(self, least: f64) -> Row {
        let margin = self.value / least;
        let promise = format!("at least {}", self.bound(least));
        self.alone().promised(&promise, margin)
    }

    /// Without a promise, because there is nothing to compare it with.
    pub fn without(self, why: impl Into<String>) -> Row {
        Row {
            ours: self.ours(),
            ..Row::unmeasured(self.what, why)
        }
    }

    pub fn against(self, baseline: &'static str, theirs: f64) -> Compared {
        Compared {
            figure: self,
            baseline,
            theirs,
        }
    }

    fn ours(&self) -> String {
        format!("{}{}", self.unit.write(self.value), self.also)
    }

    fn bound(&self, bound: f64) -> String {
        let digits = self.unit.write(bound);
        let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
        format!("{bound}{unit}")
    }

    fn alone(self) -> Row {
        Row {
            promise: NOTHING.to_owned(),
            ..self.without(NOTHING)
        }
    }
}

impl Compared {
    /// Ours in theirs.
    fn ratio(&self) -> f64 {
        self.figure.value / self.theirs
    }

    /// At least so large a part of theirs.
    pub fn at_least(self, least: f64) -> Row {
        let margin = self.ratio() / least;
        self.unpromised()
            .promised(&format!("at least {least}"), margin)
    }

    /// At most so large a part of theirs.
    pub fn at_most(self, most: f64) -> Row {
        let margin = most / self.ratio();
        self.unpromised()
            .promised(&format!("at most {most}"), margin)
    }

    /// No worse than theirs; two figures that are the same differ by chance.
    pub fn within_a_tenth(self) -> Row {
        let margin = match self.figure.unit {
            Unit::Milliseconds | Unit::Mebibytes => 1.1 / self.ratio(),
            Unit::PerSecond | Unit::MegabytesPerSecond => self.ratio() / 0.9,
        };
        self.unpromised().promised("within 10 %", margin)
    }

    /// How many times as fast, and at least how many that should be, where that is promised.
    pub fn times_as_fast(self, least: Option<f64>) -> Row {
        let times = 1.0 / self.ratio();
        let row = Row {
            ratio: format!("{} times as fast", ratio(times)),
            ..self.unpromised()
        };
        match least {
            Some(least) => row.promised(&format!("at least {least}"), times / least),
            None => row,
        }
    }

    /// Told beside what is promised.
    pub fn unpromised(self) -> Row {
        let theirs = self.figure.unit.write(self.theirs);
        Row {
            baseline: format!("{} {theirs}", self.baseline),
            ratio: ratio(self.ratio()),
            ..self.figure.alone()
        }
    }
}

/// A table of docs/performance.md.
pub struct Table {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

impl Table {
    /// Prints it in Markdown, unless it is empty.
    pub fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        println!("\n### {}\n", self.title);
        println!("| what | Flash | baseline | ratio | promise |");
        println!("| --- | --- | --- | --- | --- |");
        for row in &self.rows {
            let Row {
                what,
                ours,
                baseline,
                ratio,
                promise,
                ..
            } = row;
            println!("| {what} | {ours} | {baseline} | {ratio} | {promise} |");
        }
    }
}
