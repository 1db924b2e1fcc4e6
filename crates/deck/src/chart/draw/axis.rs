//! Axes of numbers.

use super::super::data::Axis;
use super::super::format::{NumberFormat, Style};
use super::svg::{Anchor, Look, Svg};
use super::ticks::Scale;
use super::{Area, text};

pub(super) const TICK: f64 = 12.0;
pub(super) const TITLE: f64 = 12.0;

/// Which side of the plot an axis stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    Bottom,
}

/// An axis ready to be drawn: its scale and how its numbers are written.
pub(super) struct Numbers<'c> {
    pub(super) scale: Scale,
    axis: &'c Axis,
    format: NumberFormat,
    /// Digits after the point of values, if they are aligned.
    decimals: Option<u8>,
}

impl<'c> Numbers<'c> {
    /// An axis for numbers from `low` to `high`, with about so many ticks.
    pub(super) fn new(axis: &'c Axis, low: f64, high: f64, ticks: f64) -> Self {
        let scale = Scale::around(low, high, (axis.min, axis.max), ticks);
        let mut format = axis.format.clone();
        // Long numbers are not read from an axis.
        if format.style == Style::Number && scale.max.abs().max(scale.min.abs()) >= 100_000.0 {
            format.style = Style::Compact;
        }
        Self { scale, axis, format, decimals: None }
    }

    /// A number as the ticks show it.
    pub(super) fn tick(&self, number: f64) -> String {
        let largest = self.scale.max.abs().max(self.scale.min.abs());
        self.format.write_beside(number, largest, Some(self.scale.step))
    }

    /// Values beside each other are written with as many digits as the one that needs most.
    pub(super) fn align(&mut self, values: impl Iterator<Item = f64>) {
        if self.format.style != Style::Compact && self.format.decimals.is_none() {
            let digits = values.map(|value| {
                let written =
                    NumberFormat { style: self.format.style, ..NumberFormat::default() }.write(value, None);
                let fraction = written.split_once('.').map_or("", |(_, fraction)| fraction);
                fraction.bytes().take_while(u8::is_ascii_digit).count()
            });
            self.decimals = digits.max().and_then(|most| u8::try_from(most).ok());
        }
    }

    /// A number as a value shows it.
    pub(super) fn value(&self, number: f64) -> String {
        let decimals = self.format.decimals.or(self.decimals);
        NumberFormat { decimals, ..self.format.clone() }.write(number, None)
    }

    /// How much room its numbers and its title need beside the plot.
    pub(super) fn breadth(&self, side: Side) -> f64 {
        let title = if self.title().is_some() { TITLE * 1.6 } else { 0.0 };
        if side == Side::Bottom {
            return TICK * 1.8 + title;
        }
        let widest =
            self.scale.ticks().iter().map(|tick| text::width(&self.tick(*tick), TICK)).fold(0.0, f64::max);
        widest + 10.0 + title
    }

    /// Draws lines across the plot, numbers beside it, the title.
    pub(super) fn draw(&self, plot: Area, side: Side, grid: bool, svg: &mut Svg) {
        let mut free_from = f64::NEG_INFINITY;
        for tick in self.scale.ticks() {
            let share = self.scale.place(tick);
            let label = self.tick(tick);
            let strength = if tick == 0.0 { 0.45 } else { 0.12 };
            if side == Side::Bottom {
                let x = share.mul_add(plot.width, plot.x);
                if grid {
                    svg.line((x, plot.y), (x, plot.bottom()), strength);
                }
                let width = text::width(&label, TICK);
                if x - width / 2.0 > free_from {
                    svg.text(&label, (x, plot.bottom() + TICK * 1.45), Look::new(TICK, Anchor::Middle));
                    free_from = x + width / 2.0 + 4.0;
                }
                continue;
            }
            let y = share.mul_add(-plot.height, plot.bottom());
            if grid {
                svg.line((plot.x, y), (plot.right(), y), strength);
            }
            let (x, anchor) = if side == Side::Left {
                (plot.x - 8.0, Anchor::End)
            } else {
                (plot.right() + 8.0, Anchor::Start)
            };
            svg.text(&label, (x, y + TICK * 0.35), Look::new(TICK, anchor));
        }
        self.draw_title(plot, side, svg);
    }

    fn draw_title(&self, plot: Area, side: Side, svg: &mut Svg) {
        let Some(title) = self.title() else { return };
        let breadth = self.breadth(side);
        let look = Look { strength: 0.7, ..Look::new(TITLE, Anchor::Middle) };
        let middle = plot.y + plot.height / 2.0;
        match side {
            Side::Bottom => {
                let title = text::fit(title, TITLE, plot.width);
                svg.text(&title, (plot.x + plot.width / 2.0, plot.bottom() + breadth - 3.0), look);
            }
            Side::Left => {
                let title = text::fit(title, TITLE, plot.height);
                svg.text(&title, (plot.x - breadth + TITLE * 0.8, middle), Look { turned: -90.0, ..look });
            }
            Side::Right => {
                let title = text::fit(title, TITLE, plot.height);
                svg.text(
                    &title,
                    (plot.right() + breadth - TITLE * 0.8, middle),
                    Look { turned: 90.0, ..look },
                );
            }
        }
    }

    fn title(&self) -> Option<&str> {
        self.axis.title.as_deref().filter(|title| !title.is_empty())
    }
}

/// The smallest and the largest of some numbers; from 0 to 1 without any.
pub(super) fn extent(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = numbers
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)));
    if low > high { (0.0, 1.0) } else { (low, high) }
}
