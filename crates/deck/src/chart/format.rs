//! How numbers are written.

use serde::{Deserialize, Serialize};

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// With a separator between thousands.
    #[default]
    Number,
    /// 1.2K, 3.4M, 5B.
    Compact,
    /// 12 is 12%.
    Percent,
    /// 0.12 is 12%.
    Fraction,
    /// As it is, without separators: years.
    Plain,
}

/// How numbers are written on an axis, at values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberFormat {
    /// What the numbers are.
    #[serde(default)]
    pub style: Style,
    /// Before the number, after its sign: `$`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// After the number: ` €`, ` kg`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
    /// Digits after the point; by default as many as the ticks need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
}

impl NumberFormat {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Bounds what is set; whether anything was beyond the bounds.
    pub(super) fn check(&mut self) -> bool {
        let was = self.clone();
        for text in [&mut self.prefix, &mut self.suffix] {
            *text = text.chars().filter(|character| !character.is_control()).take(12).collect();
        }
        self.decimals = self.decimals.map(|decimals| decimals.min(6));
        *self != was
    }

    /// Writes a number. `step` is the distance between neighbours, which tells how many digits matter.
    #[must_use]
    pub fn write(&self, number: f64, step: Option<f64>) -> String {
        self.write_beside(number, number, step)
    }

    /// Writes a number in the unit that the largest of its neighbours has: $0.5M below $1.0M.
    pub(super) fn write_beside(&self, number: f64, largest: f64, step: Option<f64>) -> String {
        let (scaled, unit) = match self.style {
            Style::Compact if number == 0.0 => return format!("{}0{}", self.prefix, self.suffix),
            Style::Compact => {
                let (size, unit) = compact(largest, step);
                (number / size, unit)
            }
            Style::Fraction => (number * 100.0, "%"),
            Style::Percent => (number, "%"),
            Style::Number | Style::Plain => (number, ""),
        };
        let factor = match self.style {
            Style::Fraction => 100.0,
            Style::Compact => 1.0 / compact(largest, step).0,
            _ => 1.0,
        };
        let decimals = self
            .decimals
            .map_or_else(|| needed_decimals(scaled, step.map(|step| step * factor)), usize::from);
        let mut digits = format!("{:.decimals$}", scaled.abs());
        if self.decimals.is_none() && step.is_none() && digits.contains('.') {
            digits.truncate(digits.trim_end_matches('0').trim_end_matches('.').len());
        }
        if self.style != Style::Plain {
            digits = with_separators(&digits);
        }
        let zero = !digits.bytes().any(|byte| byte.is_ascii_digit() && byte != b'0');
        let sign = if scaled < 0.0 && !zero { "−" } else { "" };
        format!("{sign}{}{digits}{unit}{}", self.prefix, self.suffix)
    }
}

/// Thousands, millions, …: the unit that a number is written in.
fn compact(number: f64, step: Option<f64>) -> (f64, &'static str) {
    let size = number.abs() + step.map_or(0.0, |step| step.abs() * 1e-9);
    // What would be rounded up to the next unit is written in it.
    for (unit, name) in [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")] {
        if size >= unit * 0.9995 {
            return (unit, name);
        }
    }
    (1.0, "")
}

fn needed_decimals(number: f64, step: Option<f64>) -> usize {
    let needed = match step.map(f64::abs).filter(|step| *step > 0.0 && step.is_finite()) {
        // As many digits as tell neighbours apart: 0.25 needs two.
        Some(step) => (0..=6).find(|decimals| {
            let scaled = step * 10f64.powi(*decimals);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0) && scaled.round() >= 1.0
        }),
        None if number.abs() >= 100.0 => Some(0),
        None if number.abs() >= 10.0 => Some(1),
        None => Some(2),
    };
    usize::try_from(needed.unwrap_or(6)).unwrap_or(6)
}

fn with_separators(digits: &str) -> String {
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::with_capacity(digits.len() + 4);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(style: Style, number: f64, step: Option<f64>) -> String {
        NumberFormat { style, ..NumberFormat::default() }.write(number, step)
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(write(Style::Number, 1_234_567.0, None), "1,234,567");
        assert_eq!(write(Style::Number, -1234.5, None), "−1,234");
        assert_eq!(write(Style::Number, 0.25, Some(0.25)), "0.25");
        assert_eq!(write(Style::Number, 1.0, Some(0.25)), "1.00");
        assert_eq!(write(Style::Number, -0.0001, Some(1.0)), "0");
        assert_eq!(write(Style::Compact, 1_500_000.0, None), "1.5M");
        assert_eq!(write(Style::Compact, 999_999.0, None), "1M");
        assert_eq!(write(Style::Compact, 2500.0, Some(500.0)), "2.5K");
        assert_eq!(write(Style::Percent, 12.5, None), "12.5%");
        assert_eq!(write(Style::Fraction, 0.125, None), "12.5%");
        assert_eq!(write(Style::Plain, 2024.0, Some(1.0)), "2024");
        let compact = NumberFormat { style: Style::Compact, prefix: "$".into(), ..NumberFormat::default() };
        let beside = |number| compact.write_beside(number, 2e6, Some(5e5));
        assert_eq!([beside(0.0), beside(-5e5), beside(2e6)], ["$0", "−$0.5M", "$2.0M"]);
        let dollars = NumberFormat { prefix: "$".into(), suffix: " m".into(), ..NumberFormat::default() };
        assert_eq!(dollars.write(-1200.0, Some(100.0)), "−$1,200 m");
    }
}
