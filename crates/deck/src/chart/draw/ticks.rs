//! Where the ticks of an axis stand.

/// An axis of numbers: from where to where, and how far from tick to tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) step: f64,
}

impl Scale {
    /// A scale with round numbers at its ticks, about so many, that holds everything between two numbers. A bound that is
    /// set is kept.
    pub(super) fn around(low: f64, high: f64, (min, max): (Option<f64>, Option<f64>), ticks: f64) -> Self {
        let (mut low, mut high) = (min.unwrap_or(low), max.unwrap_or(high));
        if low > high {
            (low, high) = (high, low);
        }
        if high - low <= f64::EPSILON * high.abs().max(low.abs()) * 4.0 {
            let room = if high == 0.0 { 1.0 } else { high.abs() * 0.5 };
            (low, high) = (low - if low == 0.0 { 0.0 } else { room }, high + room);
        }
        let step = round_step((high - low) / ticks.max(1.0));
        let below = (low / step + 1e-9).floor() * step;
        let above = (high / step - 1e-9).ceil() * step;
        let keep = |bound: Option<f64>, round: f64| {
            bound.filter(|bound| *bound >= low && *bound <= high).unwrap_or(round)
        };
        Self { min: keep(min, below), max: keep(max, above), step }
    }

    /// Whether it can be drawn.
    fn is_sound(self) -> bool {
        self.step > 0.0 && self.max > self.min && (self.max - self.min) / self.step < 1000.0
    }

    /// The numbers at the ticks.
    pub(super) fn ticks(self) -> Vec<f64> {
        if !self.is_sound() {
            return Vec::new();
        }
        let first = (self.min / self.step - 1e-9).ceil() * self.step;
        let tick = |index: u32| {
            let value = f64::from(index).mul_add(self.step, first);
            if value.abs() < self.step * 1e-9 { 0.0 } else { value }
        };
        (0..1000).map(tick).take_while(|value| *value <= self.max + self.step * 1e-6).collect()
    }

    /// Where a number lies, from 0 at the beginning to 1 at the end; beyond the ends, at the ends.
    pub(super) fn place(self, number: f64) -> f64 {
        if self.max > self.min { ((number - self.min) / (self.max - self.min)).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The next larger of 1, 2, 2.5, 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.abs().max(f64::MIN_POSITIVE).log10().floor());
    let fraction = step / power;
    let round = [1.0, 2.0, 2.5, 5.0].into_iter().find(|round| fraction <= round * 1.000_001).unwrap_or(10.0);
    round * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let scale = Scale::around(0.0, 97.0, (None, None), 5.0);
        assert_eq!(scale.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        let scale = Scale::around(-3.0, 4.2, (None, None), 5.0);
        assert_eq!(scale.ticks(), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]);
        let scale = Scale::around(5.0, 5.0, (None, None), 5.0);
        assert!(scale.min < 5.0 && scale.max > 5.0, "{scale:?}");
        let scale = Scale::around(0.0, 0.0, (None, None), 5.0);
        assert!(scale.min == 0.0 && scale.max > 0.0, "{scale:?}");
        let scale = Scale::around(0.0, 7.0, (Some(0.0), Some(10.0)), 5.0);
        assert_eq!((scale.min, scale.max), (0.0, 10.0));
    }
}
