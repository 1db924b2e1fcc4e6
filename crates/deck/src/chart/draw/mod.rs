//! Drawing a chart as SVG.
//!
//! The picture uses `currentColor` for text and lines, so that it fits a light and a dark slide, and scales with its
//! place. Nothing in it depends on a font's file: widths of text are estimated, a little too wide.

mod axis;
mod bands;
mod categories;
mod colors;
mod frame;
mod labels;
mod points;
mod radar;
mod round;
mod svg;
mod text;
mod ticks;

use super::data::{Chart, ChartKind};
use frame::Frame;
use svg::Svg;

/// Width and height, in CSS pixels, of a chart that does not say.
const SIZE: (f64, f64) = (640.0, 360.0);

/// A rectangle, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn right(self) -> f64 {
        self.x + self.width
    }

    fn bottom(self) -> f64 {
        self.y + self.height
    }

    fn overlaps(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    fn contains(self, other: Self) -> bool {
        self.x <= other.x
            && other.right() <= self.right()
            && self.y <= other.y
            && other.bottom() <= self.bottom()
    }
}

/// Draws a chart. The result is one `<svg>` element, laid out for the chart's width and height (640 × 360 CSS pixels if
/// it has none) and scaling to the size of its place. The chart is taken as [`Chart::checked`] leaves it.
#[must_use]
pub fn draw(chart: &Chart) -> String {
    let width = chart.width.unwrap_or(SIZE.0);
    let height = chart.height.unwrap_or(SIZE.1);
    let mut svg = Svg::new(width, height, &description(chart));
    let plot = Frame::draw(chart, width, height, &mut svg);
    match chart.kind {
        ChartKind::Bar | ChartKind::Line | ChartKind::Area => bands::draw(chart, plot, &mut svg),
        ChartKind::Scatter | ChartKind::Bubble => points::draw(chart, plot, &mut svg),
        ChartKind::Pie | ChartKind::Doughnut => round::draw(chart, plot, &mut svg),
        ChartKind::Radar => radar::draw(chart, plot, &mut svg),
    }
    svg.finish()
}

/// What somebody hears who cannot see it.
fn description(chart: &Chart) -> String {
    let kind = match chart.kind {
        ChartKind::Bar => "Bar chart",
        ChartKind::Line => "Line chart",
        ChartKind::Area => "Area chart",
        ChartKind::Pie => "Pie chart",
        ChartKind::Doughnut => "Doughnut chart",
        ChartKind::Scatter => "Scatter chart",
        ChartKind::Bubble => "Bubble chart",
        ChartKind::Radar => "Radar chart",
    };
    let mut text = kind.to_owned();
    if let Some(title) = &chart.title {
        text.push_str(": ");
        text.push_str(title);
    }
    let names: Vec<&str> =
        chart.series.iter().map(|series| series.name.as_str()).filter(|name| !name.is_empty()).collect();
    if !names.is_empty() {
        text.push_str(" (");
        text.push_str(&names.join(", "));
        text.push(')');
    }
    text
}
