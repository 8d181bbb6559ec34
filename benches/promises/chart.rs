//! The tables as a picture: how far each promise holds, in SVG.
//!
//! A bar begins at the line that is the promise: to the right where it holds, hatched and to the left where it is missed, on a
//! scale of powers of two. The picture has a ground of its own, light or dark as whoever looks at it prefers.

use std::fmt::Write as _;

use super::table::Table;

/// Where the bars are, and how wide the picture is.
const LEFT: f64 = 440.0;
const RIGHT: f64 = 800.0;
const WIDTH: u32 = 900;
/// The height of a line.
const LINE: f64 = 20.0;
/// How bars are filled.
const HOLDS: &str = "class=\"holds\"";
const MISSED: &str = "fill=\"url(#missed)\"";

const HEAD: &str = "\
<style>\
text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}\
.ground{fill:#fff}.grid{stroke:#d1d9e0}.promise{stroke:#1f2328;stroke-width:2}.holds,.missed{fill:#0969da}.missed{fill:#bc4c00}\
.stripe{stroke:#fff;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.ground,.stripe{fill:#0d1117;stroke:#0d1117}.grid{stroke:#3d444d}\
.promise{stroke:#f0f6fc}.holds{fill:#4493f8}.missed{fill:#f0883e}}\
</style>
<defs><pattern id=\"missed\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect class=\"missed\" width=\"6\" height=\"6\"/><path class=\"stripe\" d=\"M0 0V6\"/></pattern></defs>
";

/// A part of the picture, from top to bottom.
enum Line<'t> {
    Title(&'t str),
    Bar { what: &'t str, margin: f64 },
}

/// Powers of two: how good the worst is, and the best.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn of(lines: &[Line<'_>]) -> Self {
        let (mut least, mut most) = (-1.0_f64, 1.0_f64);
        for line in lines {
            if let Line::Bar { margin, .. } = line {
                least = least.min(margin.log2().floor());
                most = most.max(margin.log2().ceil());
            }
        }
        Self { least, most }
    }

    /// Every how many powers there is a line, so that there is room for what it says.
    fn step(&self) -> i32 {
        const BITS_PER_TEXT: f64 = 45.0;
        ((self.most - self.least) * BITS_PER_TEXT / (RIGHT - LEFT)).ceil() as i32
    }

    fn x(&self, margin: f64) -> f64 {
        LEFT + (margin.log2() - self.least) / (self.most - self.least) * (RIGHT - LEFT)
    }
}

/// The picture of these tables: of the rows of which something is promised.
pub fn of(tables: &[Table]) -> String {
    let lines = lines(tables);
    let scale = Scale::of(&lines);
    let (top, bottom) = (3.0 * LINE, (lines.len() as f64 + 3.0) * LINE);
    let height = bottom + LINE / 2.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>How far each promise holds</title>\n{HEAD}<rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    axis(&mut svg, &scale, top, bottom);
    for (at, line) in lines.iter().enumerate() {
        draw(&mut svg, line, &scale, top + at as f64 * LINE);
    }
    svg.push_str("</svg>\n");
    svg
}

fn lines(tables: &[Table]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for table in tables {
        let bars = table.rows.iter().filter_map(|row| {
            Some(Line::Bar {
                what: &row.what,
                margin: row.margin?,
            })
        });
        let mut bars = bars.peekable();
        if bars.peek().is_some() {
            lines.push(Line::Title(table.title));
            lines.extend(bars);
        }
    }
    lines
}

/// The scale above the bars, and the lines that go down from it.
fn axis(svg: &mut String, scale: &Scale, top: f64, bottom: f64) {
    let promise = scale.x(1.0);
    text(svg, "end", promise - 8.0, LINE, "missed");
    text(svg, "", promise + 8.0, LINE, "times as good as promised");
    let powers = (scale.least as i32..=scale.most as i32).filter(|power| power % scale.step() == 0);
    for margin in powers.map(|power| f64::from(power).exp2()) {
        let x = scale.x(margin);
        let class = if margin == 1.0 { "promise" } else { "grid" };
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"M{x:.0} {:.0}V{bottom:.0}\"/>",
            top - 14.0
        );
        let told = match margin < 1.0 {
            true => format!("1/{}", 1.0 / margin),
            false => margin.to_string(),
        };
        text(svg, "middle", x, top - LINE, &told);
    }
}

fn draw(svg: &mut String, line: &Line<'_>, scale: &Scale, top: f64) {
    let base = top + 14.0;
    let (what, margin) = match *line {
        Line::Title(title) => return text(svg, "title", 12.0, base, title),
        Line::Bar { what, margin } => (what, margin),
    };
    text(svg, "end", LEFT - 12.0, base, what);
    let (from, to) = (scale.x(margin.min(1.0)), scale.x(margin.max(1.0)));
    let (fill, told) = match margin {
        ..0.1 => (MISSED, format!("1/{:.0} missed", 1.0 / margin)),
        ..1.0 => (MISSED, format!("{margin:.2} missed")),
        _ => (HOLDS, format!("{margin:.2}")),
    };
    let _ = writeln!(
        svg,
        "<rect {fill} x=\"{from:.1}\" y=\"{:.0}\" width=\"{:.1}\" height=\"13\"/>",
        top + 3.0,
        to - from
    );
    text(svg, "", scale.x(margin.max(1.0)) + 6.0, base, &told);
}

/// A text of docs/performance.md, without its marks of code.
fn text(svg: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let text = text.replace('`', "");
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let class = match class {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    let _ = writeln!(svg, "<text{class} x=\"{x:.0}\" y=\"{y:.0}\">{text}</text>");
}
