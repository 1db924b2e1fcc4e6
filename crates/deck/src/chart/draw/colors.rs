//! Colours of series.

use super::super::data::Series;

/// The palette once more, lighter: for what comes after the first ten.
const LIGHT: [&str; 10] = [
    "#97b7ee", "#f8c695", "#8bd2c4", "#eaa1a7", "#c6b1e6", "#efd77f", "#a6daf0", "#cdb5a6", "#f1bbd3",
    "#bfc5cc",
];

/// Told apart by people with the common kinds of colour blindness, and readable on white and on near-black.
const PALETTE: [&str; 10] = [
    "#2f6fde", "#f28e2b", "#17a589", "#d64550", "#8e63ce", "#e0b000", "#4db6e2", "#9c6b4e", "#e377a8",
    "#7f8c9a",
];

/// The colour of the so-many-th thing that has none of its own.
fn of_palette(index: usize) -> &'static str {
    let palette = if (index / PALETTE.len()).is_multiple_of(2) { PALETTE } else { LIGHT };
    palette.get(index % palette.len()).copied().unwrap_or("currentColor")
}

/// The colour of a series.
pub(super) fn of_series(series: &Series, index: usize) -> &str {
    series.color.as_deref().unwrap_or_else(|| of_palette(index))
}

/// The colour of one value of a series: its own, or its series'.
pub(super) fn of_value(series: &Series, index: usize, value: usize) -> &str {
    series
        .colors
        .get(value % series.colors.len().max(1))
        .map_or_else(|| of_series(series, index), String::as_str)
}

/// The colour of a part of a whole.
pub(super) fn of_part(series: &Series, part: usize) -> &str {
    match series.colors.get(part % series.colors.len().max(1)) {
        Some(color) => color,
        None => of_palette(part),
    }
}

/// White or near-black, whichever is read better on a colour written as a hash; white on others.
pub(super) fn on(color: &str) -> &'static str {
    let Some(digits) = color.trim().strip_prefix('#') else { return "#ffffff" };
    let wide: String = if digits.len() < 6 {
        digits.chars().flat_map(|digit| [digit, digit]).collect()
    } else {
        digits.to_owned()
    };
    let part = |from: usize| {
        wide.get(from..from + 2).and_then(|part| u8::from_str_radix(part, 16).ok()).map_or(0.0, f64::from)
    };
    let brightness = 0.299f64.mul_add(part(0), 0.587f64.mul_add(part(2), 0.114 * part(4)));
    if brightness > 160.0 { "#1c2330" } else { "#ffffff" }
}
