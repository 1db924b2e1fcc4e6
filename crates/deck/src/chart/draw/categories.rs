//! Names of categories, below the plot or beside it.

use super::super::data::Axis;
use super::axis::{TICK, TITLE};
use super::svg::{Anchor, Look, Svg};
use super::{Area, text};

/// So many names are a sequence, such as days, of which some are enough.
const MANY: usize = 24;
const LINE: f64 = TICK * 1.2;
/// The most room that turned names take below the plot.
const TURNED_HEIGHT: f64 = 96.0;
/// The cosine and the sine of the angle that long names are turned by.
const TURNED: (f64, f64, f64) = (-40.0, 0.766, 0.643);

/// How names stand below a plot.
enum Layout {
    /// In lines below each other; every so many categories has one.
    Level { lines: Vec<Vec<String>>, every: usize },
    /// Turned.
    Turned { names: Vec<String>, every: usize, height: f64 },
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 10,000")]
fn every(needed: f64, band: f64) -> usize {
    (needed / band.max(0.01)).ceil().clamp(1.0, 10_000.0) as usize
}

fn layout(names: &[String], width: f64) -> Layout {
    let band = width / count(names.len().max(1));
    let widest = names.iter().map(|name| text::width(name, TICK)).fold(0.0, f64::max);
    // Short names, such as years, are left out where there are too many; long ones are broken, or turned.
    let many = names.len() > MANY && widest <= 120.0;
    if widest <= 46.0 || many {
        let lines = names.iter().map(|name| vec![name.clone()]).collect();
        return Layout::Level { lines, every: every(widest + if many { 14.0 } else { 8.0 }, band) };
    }
    if widest + 8.0 <= band {
        return Layout::Level { lines: names.iter().map(|name| vec![name.clone()]).collect(), every: 1 };
    }
    let wrapped: Vec<Vec<String>> = names.iter().map(|name| text::wrap(name, TICK, band - 8.0, 3)).collect();
    let whole = |(name, lines): (&String, &Vec<String>)| {
        name.split_whitespace().collect::<Vec<_>>().join(" ") == lines.join(" ")
    };
    if band >= 44.0 && (names.iter().zip(&wrapped).all(whole) || band >= 110.0) {
        return Layout::Level { lines: wrapped, every: 1 };
    }
    let room = TURNED_HEIGHT / TURNED.2;
    let names: Vec<String> = names.iter().map(|name| text::fit(name, TICK, room)).collect();
    let widest = names.iter().map(|name| text::width(name, TICK)).fold(0.0, f64::max);
    Layout::Turned { names, every: every(TICK * 2.1, band), height: widest.mul_add(TURNED.2, TICK) + 6.0 }
}

fn title(axis: &Axis) -> Option<&str> {
    axis.title.as_deref().filter(|title| !title.is_empty())
}

/// How much room names and title need below a plot of that width.
pub(super) fn height_below(names: &[String], width: f64, axis: &Axis) -> f64 {
    let names = match layout(names, width) {
        Layout::Level { lines, .. } => LINE * count(lines.iter().map(Vec::len).max().unwrap_or(0)) + 8.0,
        Layout::Turned { height, .. } => height,
    };
    names + if title(axis).is_some() { TITLE * 1.5 } else { 0.0 }
}

/// Writes names and title below the plot.
pub(super) fn draw_below(names: &[String], plot: Area, axis: &Axis, svg: &mut Svg) {
    let band = plot.width / count(names.len().max(1));
    let middle = |at: usize| band.mul_add(count(at) + 0.5, plot.x);
    let top = plot.bottom();
    match layout(names, plot.width) {
        Layout::Level { lines, every } => {
            for (at, lines) in lines.iter().enumerate().step_by(every) {
                let half = lines.iter().map(|words| text::width(words, TICK)).fold(0.0, f64::max) / 2.0;
                // The last one of many would run out of the picture.
                if every > 1 && middle(at) + half > plot.right() + 16.0 {
                    continue;
                }
                for (line, words) in lines.iter().enumerate() {
                    let y = LINE.mul_add(count(line) + 1.0, top + 3.0);
                    svg.text(words, (middle(at), y), Look::new(TICK, Anchor::Middle));
                }
            }
        }
        Layout::Turned { names, every, .. } => {
            for (at, name) in names.iter().enumerate().step_by(every) {
                let look = Look { turned: TURNED.0, ..Look::new(TICK, Anchor::End) };
                let x = middle(at) + TICK * 0.3;
                // The first ones would run out of the picture.
                let name = text::fit(name, TICK, (x - 6.0).max(0.0) / TURNED.1);
                svg.text(&name, (x, top + TICK + 2.0), look);
            }
        }
    }
    if let Some(title) = title(axis) {
        let y = top + height_below(names, plot.width, axis) - 3.0;
        let look = Look { strength: 0.7, ..Look::new(TITLE, Anchor::Middle) };
        svg.text(&text::fit(title, TITLE, plot.width), (plot.x + plot.width / 2.0, y), look);
    }
}

/// How much room names need beside a plot, at most.
pub(super) fn breadth_beside(names: &[String], most: f64) -> f64 {
    names.iter().map(|name| text::width(name, TICK)).fold(0.0, f64::max).min(most) + 10.0
}

/// Writes names beside the plot.
pub(super) fn draw_beside(names: &[String], plot: Area, svg: &mut Svg) {
    let band = plot.height / count(names.len().max(1));
    let room = plot.x - 10.0;
    for (at, name) in names.iter().enumerate().step_by(every(TICK * 1.25, band)) {
        let middle = band.mul_add(count(at) + 0.5, plot.y);
        let lines = if band >= LINE * 2.2 {
            text::wrap(name, TICK, room, 2)
        } else {
            vec![text::fit(name, TICK, room)]
        };
        let first = (count(lines.len()) - 1.0).mul_add(-LINE / 2.0, middle);
        for (line, words) in lines.iter().enumerate() {
            let y = LINE.mul_add(count(line), first) + TICK * 0.35;
            svg.text(words, (plot.x - 8.0, y), Look::new(TICK, Anchor::End));
        }
    }
}
