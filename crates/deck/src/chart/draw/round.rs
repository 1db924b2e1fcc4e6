//! Parts of a whole: pie and doughnut.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::fmt::Write as _;

use super::super::data::{Chart, ChartKind};
use super::super::format::{NumberFormat, Style};
use super::labels::Labels;
use super::svg::{Anchor, Look, Svg, round};
use super::{Area, colors, text};

const LABEL: f64 = 12.5;
const OUTSIDE: f64 = 11.5;
/// The hole of a doughnut, as a share of its radius.
const HOLE: f64 = 0.54;

/// Draws the chart into a free area. Only positive values are parts of a whole.
pub(super) fn draw(chart: &Chart, area: Area, svg: &mut Svg) {
    let Some(series) = chart.series.first() else { return };
    let number = |value: Option<f64>| value.filter(|number| *number > 0.0).unwrap_or(0.0);
    let parts: Vec<f64> = series.values.iter().map(|value| number(value.number())).collect();
    let total: f64 = parts.iter().sum();
    // Around it there is room for the labels of small parts.
    let radius = (area.width.min(area.height) / 2.0 - 18.0).max(1.0);
    let center = (area.x + area.width / 2.0, area.y + area.height / 2.0);
    if total <= 0.0 || !total.is_finite() {
        svg.circle(center, radius, "none", 0.2);
        svg.text("No positive values", center, Look::new(LABEL, Anchor::Middle));
        return;
    }
    let hole = if chart.kind == ChartKind::Doughnut { radius * HOLE } else { 0.0 };
    let mut from = -FRAC_PI_2;
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| **part > 0.0) {
        let share = part / total;
        let to = TAU.mul_add(share, from);
        let color = colors::of_part(series, index);
        // The ends of a full circle are one point.
        if share > 0.9999 {
            svg.ring(center, radius, hole, color);
        } else {
            svg.shape(&slice(center, radius, hole, from, to), color, 1.0);
        }
        from = to;
    }
    separate(&parts, total, center, radius, hole, svg);
    let mut from = -FRAC_PI_2;
    let mut outside = Labels::default();
    for (index, part) in parts.iter().enumerate() {
        let to = TAU.mul_add(part / total, from);
        let middle = (from + to) / 2.0;
        let words = words(chart, *part, total);
        if *part > 0.0 && !label(chart, &words, (index, part / total), center, (radius, hole), middle, svg) {
            label_outside(&words, center, radius, middle, area, &mut outside, svg);
        }
        from = to;
    }
    if hole > 0.0 {
        let sum = chart.y.format.write(total, None);
        let sum = if chart.y.format.is_default() && total >= 100_000.0 {
            NumberFormat { style: Style::Compact, ..NumberFormat::default() }.write(total, None)
        } else {
            sum
        };
        let size = (hole * 0.42).min(hole * 1.5 / text::width(&sum, 1.0).max(1.0)).clamp(9.0, 30.0);
        let look = Look { bold: true, strength: 0.95, ..Look::new(size, Anchor::Middle) };
        svg.text(&sum, (center.0, center.1 + size * 0.35), look);
    }
}

/// A slice as a path: outside clockwise, inside back.
fn slice((x, y): (f64, f64), radius: f64, hole: f64, from: f64, to: f64) -> String {
    let large = u8::from(to - from > TAU / 2.0);
    let at = |angle: f64, radius: f64| {
        (round(angle.cos().mul_add(radius, x)), round(angle.sin().mul_add(radius, y)))
    };
    let (start, end) = (at(from, radius), at(to, radius));
    let outer = round(radius);
    let mut path = format!("M{} {}A{outer} {outer} 0 {large} 1 {} {}", start.0, start.1, end.0, end.1);
    if hole > 0.0 {
        let (inner_end, inner_start) = (at(to, hole), at(from, hole));
        let inner = round(hole);
        let _ = write!(
            path,
            "L{} {}A{inner} {inner} 0 {large} 0 {} {}",
            inner_end.0, inner_end.1, inner_start.0, inner_start.1
        );
    } else {
        let _ = write!(path, "L{} {}", round(x), round(y));
    }
    path.push('Z');
    path
}

/// White lines between slices.
fn separate(parts: &[f64], total: f64, (x, y): (f64, f64), radius: f64, hole: f64, svg: &mut Svg) {
    if parts.iter().filter(|part| **part > 0.0).count() < 2 {
        return;
    }
    let mut angle = -FRAC_PI_2;
    for part in parts.iter().filter(|part| **part > 0.0) {
        let at = |radius: f64| (angle.cos().mul_add(radius, x), angle.sin().mul_add(radius, y));
        svg.stroke(&super::svg::path(&[at(hole), at(radius)], false), "#ffffff", 1.5, false);
        angle = TAU.mul_add(part / total, angle);
    }
}

/// What is written at a part: its value, where a format says how; else its share.
fn words(chart: &Chart, part: f64, total: f64) -> String {
    let percent = NumberFormat { style: Style::Fraction, decimals: Some(0), ..NumberFormat::default() };
    if chart.data_labels && !chart.y.format.is_default() {
        chart.y.format.write(part, None)
    } else {
        percent.write(part / total, None)
    }
}

/// Writes a label beside a part that is too small to hold it, unless another one is there.
fn label_outside(
    words: &str,
    (x, y): (f64, f64),
    radius: f64,
    angle: f64,
    area: Area,
    labels: &mut Labels,
    svg: &mut Svg,
) {
    let (cos, sin) = (angle.cos(), angle.sin());
    let anchor = match cos {
        _ if cos > 0.3 => Anchor::Start,
        _ if cos < -0.3 => Anchor::End,
        _ => Anchor::Middle,
    };
    let distance = radius + 7.0;
    let place = (cos.mul_add(distance, x), sin.mul_add(distance, y) + OUTSIDE * (0.35 + 0.35 * sin));
    labels.write(svg, words, place, Look { strength: 0.85, ..Look::new(OUTSIDE, anchor) }, area);
}

/// Writes a label on its part; whether there is room.
fn label(
    chart: &Chart,
    words: &str,
    (index, share): (usize, f64),
    (x, y): (f64, f64),
    (radius, hole): (f64, f64),
    angle: f64,
    svg: &mut Svg,
) -> bool {
    let Some(series) = chart.series.first() else { return false };
    let distance = if hole > 0.0 { (radius + hole) / 2.0 } else { radius * 0.66 };
    // The part must be as wide as the label there, and its ring as thick.
    let room = (share * TAU * distance).min(if hole > 0.0 { (radius - hole) * 1.25 } else { radius });
    let width = text::width(words, LABEL);
    if share < 0.5 && (room < width + 6.0 || share * TAU * distance < LABEL * 1.7)
        || width > radius - hole - 4.0
    {
        return false;
    }
    let color = colors::of_part(series, index);
    let look =
        Look { fill: Some(colors::on(color)), strength: 1.0, bold: true, ..Look::new(LABEL, Anchor::Middle) };
    let place = (angle.cos().mul_add(distance, x), angle.sin().mul_add(distance, y) + LABEL * 0.35);
    svg.text(words, place, look);
    true
}
