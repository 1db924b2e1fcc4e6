//! Points by two numbers: scatter and bubble charts.

use super::super::data::{Chart, ChartKind, Point, Series, Value};
use super::axis::{Numbers, Side, extent};
use super::labels::Labels;
use super::svg::{Anchor, Look, Svg};
use super::{Area, colors, text};

const LABEL: f64 = 11.5;
const DOT: f64 = 4.5;
/// More points than this have no labels: they would lie over each other.
const MOST_LABELLED: usize = 200;
/// The radius of the largest bubble.
const LARGEST: f64 = 34.0;
const SMALLEST: f64 = 3.0;

/// The points of a series; a plain number stands at its index.
fn points(series: &Series) -> impl Iterator<Item = (usize, Point)> + '_ {
    series.values.iter().enumerate().filter_map(|(index, value)| match value {
        Value::Point(point) => Some((index, *point)),
        Value::Number(y) => {
            Some((index, Point { x: u32::try_from(index).map_or(0.0, f64::from) + 1.0, y: *y, r: None }))
        }
        Value::Missing(_) => None,
    })
}

/// Draws the chart into a free area.
pub(super) fn draw(chart: &Chart, area: Area, svg: &mut Svg) {
    let all = || chart.series.iter().flat_map(points).map(|(_, point)| point);
    let (left, right) = roomy(extent(all().map(|point| point.x)));
    let (low, high) = roomy(extent(all().map(|point| point.y)));
    let x = Numbers::new(&chart.x, left, right, (area.width / 90.0).clamp(2.0, 9.0));
    let y = Numbers::new(&chart.y, low, high, (area.height / 46.0).clamp(2.0, 8.0));
    let mut plot = area;
    let beside = y.breadth(Side::Left);
    plot.x += beside;
    plot.width -= beside + 14.0;
    plot.y += 6.0;
    plot.height -= 6.0 + x.breadth(Side::Bottom);
    if plot.width < 20.0 || plot.height < 20.0 {
        return;
    }
    y.draw(plot, Side::Left, true, svg);
    x.draw(plot, Side::Bottom, true, svg);

    let largest = all().filter_map(|point| point.r).fold(0.0, f64::max);
    let reach = LARGEST.min(plot.width.min(plot.height) / 8.0);
    let radius = |point: Point| match point.r {
        Some(size) if chart.kind == ChartKind::Bubble && largest > 0.0 => {
            ((size.max(0.0) / largest).sqrt() * reach).max(SMALLEST)
        }
        _ => DOT,
    };
    let place = |point: Point| {
        (
            x.scale.place(point.x).mul_add(plot.width, plot.x),
            y.scale.place(point.y).mul_add(-plot.height, plot.bottom()),
        )
    };
    // Large bubbles lie below small ones.
    let mut bubbles: Vec<(usize, usize, Point)> = chart
        .series
        .iter()
        .enumerate()
        .flat_map(|(series, values)| points(values).map(move |(index, point)| (series, index, point)))
        .collect();
    bubbles.sort_by(|one, other| radius(other.2).total_cmp(&radius(one.2)));
    for (at, index, point) in &bubbles {
        if let Some(series) = chart.series.get(*at) {
            svg.circle(place(*point), radius(*point), colors::of_value(series, *at, *index), 0.6);
        }
    }
    if chart.data_labels {
        write_labels(chart, &bubbles, &y, plot, svg, |point| (place(point), radius(point)));
    }
}

fn write_labels(
    chart: &Chart,
    bubbles: &[(usize, usize, Point)],
    y: &Numbers<'_>,
    plot: Area,
    svg: &mut Svg,
    place: impl Fn(Point) -> ((f64, f64), f64),
) {
    if bubbles.len() > MOST_LABELLED {
        return;
    }
    let mut labels = Labels::default();
    for (_, _, point) in bubbles {
        let ((x, y), radius) = place(*point);
        // The square in the circle.
        let half = radius * 0.75;
        labels.take(Area { x: x - half, y: y - half, width: half * 2.0, height: half * 2.0 });
    }
    for (own, (_, index, point)) in bubbles.iter().enumerate() {
        let ((at, height), radius) = place(*point);
        // A name says more than a number that the axis shows.
        let label = chart.labels.get(*index).cloned().unwrap_or_else(|| y.value(point.y));
        let middle = height + LABEL * 0.35;
        let in_middle = Look { strength: 0.95, ..Look::new(LABEL, Anchor::Middle) };
        if text::width(&label, LABEL) < radius * 1.8
            && labels.write_over(own, svg, &label, (at, middle), in_middle, plot)
        {
            continue;
        }
        let around = [
            ((at, height - radius - 4.0), Anchor::Middle),
            ((at + radius + 4.0, middle), Anchor::Start),
            ((at - radius - 4.0, middle), Anchor::End),
            ((at, height + radius + LABEL), Anchor::Middle),
        ];
        around.into_iter().any(|(place, anchor)| {
            labels.write(svg, &label, place, Look { strength: 0.9, ..Look::new(LABEL, anchor) }, plot)
        });
    }
}

/// With room around the outermost points, but not below zero if no point is.
fn roomy((low, high): (f64, f64)) -> (f64, f64) {
    let room = (high - low) * 0.06;
    let from = if low >= 0.0 { (low - room).max(0.0) } else { low - room };
    // Zero is shown where it is near.
    let from = if from > 0.0 && from < high * 0.35 { 0.0 } else { from };
    (from, high + room)
}
