//! Values on spokes around a centre.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::super::data::{Chart, Value};
use super::axis::{Numbers, extent};
use super::svg::{Anchor, Look, Svg, path};
use super::{Area, colors, text};

const NAME: f64 = 12.0;
const TICK: f64 = 10.5;

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}

/// Draws the chart into a free area.
pub(super) fn draw(chart: &Chart, area: Area, svg: &mut Svg) {
    let longest = chart.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
    let spokes = longest.max(chart.labels.len());
    if spokes == 0 {
        return;
    }
    let numbers =
        chart.series.iter().flat_map(|series| series.values.iter()).filter_map(|value| value.number());
    let (low, high) = extent(numbers);
    let axis = Numbers::new(&chart.y, low.min(0.0), high.max(0.0), 4.0);
    let widest = chart.labels.iter().map(|name| text::width(name, NAME)).fold(0.0, f64::max);
    let beside = widest.min(area.width * 0.26) + 8.0;
    let radius = ((area.width / 2.0) - beside).min(area.height / 2.0 - NAME * 1.7).max(10.0);
    let center = (area.x + area.width / 2.0, area.y + area.height / 2.0);
    let at = |spoke: usize, share: f64| {
        let angle = TAU.mul_add(count(spoke) / count(spokes), -FRAC_PI_2);
        (angle.cos().mul_add(radius * share, center.0), angle.sin().mul_add(radius * share, center.1))
    };
    for tick in axis.scale.ticks() {
        let share = axis.scale.place(tick);
        let ring: Vec<(f64, f64)> = (0..spokes).map(|spoke| at(spoke, share)).collect();
        svg.outline(&path(&ring, true), if tick == 0.0 { 0.4 } else { 0.16 });
    }
    // Many spokes would be a grey disc.
    let every = spokes.div_ceil(24);
    for spoke in (0..spokes).step_by(every) {
        svg.line(center, at(spoke, 1.0), 0.16);
        name(chart, spoke, at(spoke, 1.0), center, beside - 8.0, svg);
    }
    for (index, series) in chart.series.iter().enumerate() {
        let color = colors::of_series(series, index);
        let value = |spoke: usize| series.values.get(spoke).copied().and_then(Value::number);
        let points: Vec<(f64, f64)> = (0..spokes)
            .filter_map(|spoke| value(spoke).map(|number| at(spoke, axis.scale.place(number))))
            .collect();
        svg.shape(&path(&points, true), color, 0.16);
        let closing: Vec<(f64, f64)> = points.iter().chain(points.first()).copied().collect();
        svg.stroke(&path(&closing, false), color, 2.2, series.dashed);
        for point in points.iter().filter(|_| spokes <= 24) {
            svg.circle(*point, 3.0, color, 1.0);
        }
    }
    for tick in axis.scale.ticks().into_iter().skip(1) {
        let (x, y) = at(0, axis.scale.place(tick));
        let look = Look { strength: 0.6, ..Look::new(TICK, Anchor::Start) };
        svg.text(&axis.tick(tick), (x + 4.0, y + TICK + 1.0), look);
    }
}

fn name(chart: &Chart, spoke: usize, (x, y): (f64, f64), center: (f64, f64), room: f64, svg: &mut Svg) {
    let Some(name) = chart.labels.get(spoke) else { return };
    let (dx, dy) = (x - center.0, y - center.1);
    let length = dx.hypot(dy).max(1.0);
    let (x, y) = (x + dx / length * 10.0, y + dy / length * 10.0);
    let anchor = match dx / length {
        across if across > 0.25 => Anchor::Start,
        across if across < -0.25 => Anchor::End,
        _ => Anchor::Middle,
    };
    let room = if anchor == Anchor::Middle { room * 2.0 } else { room };
    let down = if dy > length * 0.5 {
        NAME * 0.75
    } else if dy < -length * 0.5 {
        0.0
    } else {
        NAME * 0.35
    };
    svg.text(&text::fit(name, NAME, room), (x, y + down), Look::new(NAME, anchor));
}
