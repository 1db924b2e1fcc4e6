//! What a chart says, without how it is drawn.

use serde::{Deserialize, Serialize};

use super::format::NumberFormat;
use crate::report::quote;

/// The most series of a chart.
pub(super) const MOST_SERIES: usize = 40;
/// The most values of a series.
pub(super) const MOST_VALUES: usize = 2_000;
/// The longest text of a chart, in characters.
const LONGEST_TEXT: usize = 300;

/// So many different things that are left out are noted of one chart.
const MOST_NOTED: usize = 40;

/// How data is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Bars beside each other; `horizontal` lays them down, `stacked` puts them on each other.
    #[default]
    Bar,
    /// Points joined by lines.
    Line,
    /// Lines with the area below them filled.
    Area,
    /// A circle cut into parts of the whole.
    Pie,
    /// A ring cut into parts of the whole.
    Doughnut,
    /// Points by two numbers.
    Scatter,
    /// Points by two numbers, with a third as their size.
    Bubble,
    /// Values on spokes around a centre.
    Radar,
}

impl ChartKind {
    /// Whether points carry numbers for both axes, instead of standing at the labels.
    #[must_use]
    pub fn is_by_points(self) -> bool {
        matches!(self, Self::Scatter | Self::Bubble)
    }

    /// Whether it shows parts of a whole.
    #[must_use]
    pub fn is_round(self) -> bool {
        matches!(self, Self::Pie | Self::Doughnut)
    }
}

/// A point of a scatter or bubble chart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Along the horizontal axis.
    pub x: f64,
    /// Along the vertical axis.
    pub y: f64,
    /// A bubble's size: its area is in proportion to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r: Option<f64>,
}

/// One value of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// At the label with the same index.
    Number(f64),
    /// Anywhere.
    Point(Point),
    /// A gap.
    Missing(Option<()>),
}

impl Value {
    /// No value.
    pub const GAP: Self = Self::Missing(None);

    /// The number, or a point's `y`.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Point(point) => Some(point.y),
            Self::Missing(_) => None,
        }
    }
}

/// A row of values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it is called in the legend.
    #[serde(default)]
    pub name: String,
    /// Its values, in the order of the labels.
    pub values: Vec<Value>,
    /// How it is shown, if not like the chart: bars with a line over them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ChartKind>,
    /// Its colour, as CSS writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// A colour for each value: parts of a pie, single bars.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub colors: Vec<String>,
    /// Whether its values stand on the second axis, at the right.
    #[serde(default, skip_serializing_if = "is_false")]
    pub second_axis: bool,
    /// Which series it is stacked with, where there are several stacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Whether its line is broken into dashes: a plan, a forecast.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dashed: bool,
}

/// An axis.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What it measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it begins, if the data shall not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Where it ends, if the data shall not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// How its numbers are written.
    #[serde(default, skip_serializing_if = "NumberFormat::is_default")]
    pub format: NumberFormat,
}

/// Where the legend stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Legend {
    /// Above the chart, if it says more than the title does.
    #[default]
    Auto,
    /// Above the chart.
    Top,
    /// Below the chart.
    Bottom,
    /// At the right of the chart.
    Right,
    /// Nowhere.
    None,
}

/// A chart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// How its data is shown.
    #[serde(rename = "type", default)]
    pub kind: ChartKind,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The data.
    pub series: Vec<Series>,
    /// Whether bars lie.
    #[serde(default, skip_serializing_if = "is_false")]
    pub horizontal: bool,
    /// Whether bars or areas stand on each other.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stacked: bool,
    /// The axis of the categories, or of a point's `x`.
    #[serde(default, skip_serializing_if = "is_default_axis")]
    pub x: Axis,
    /// The axis of the values.
    #[serde(default, skip_serializing_if = "is_default_axis")]
    pub y: Axis,
    /// The second axis of values, at the right.
    #[serde(default, skip_serializing_if = "is_default_axis")]
    pub y2: Axis,
    /// Where the legend stands.
    #[serde(default, skip_serializing_if = "is_auto")]
    pub legend: Legend,
    /// Whether values are written at their bars, points and parts, where there is room.
    #[serde(default, skip_serializing_if = "is_false")]
    pub data_labels: bool,
    /// Where its figures come from: shown below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Width in CSS pixels that it is laid out for; its picture scales.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Height in CSS pixels that it is laid out for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_auto(legend: &Legend) -> bool {
    *legend == Legend::Auto
}

fn is_default_axis(axis: &Axis) -> bool {
    *axis == Axis::default()
}

/// Why data is not a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// It is not JSON of the right shape.
    #[error("the chart's JSON cannot be read: {0}; write an object with `type`, `labels` and `series`")]
    Json(String),
    /// There is nothing to draw.
    #[error("the chart has no values; give each series a `values` list")]
    Empty,
    /// There is more than anybody could read.
    #[error("the chart has {0}; leave out or sum up what is too much")]
    TooMuch(String),
}

impl Chart {
    /// Reads and checks a chart's own JSON. The second part says what of it was left out, for a report.
    ///
    /// # Errors
    /// If it has another shape, no values, or more than 40 series of 2,000 values.
    pub fn from_json(json: &str) -> Result<(Self, Vec<String>), ChartError> {
        let mut left_out = Vec::new();
        let mut reader = serde_json::Deserializer::from_str(json);
        let unknown = |path: serde_ignored::Path<'_>| {
            note(&mut left_out, format!("the unknown field {}", quote(&path.to_string())))
        };
        let chart: Self = serde_ignored::deserialize(&mut reader, unknown)
            .and_then(|chart| reader.end().map(|()| chart))
            .map_err(|error| ChartError::Json(error.to_string()))?;
        let chart = chart.checked(&mut left_out)?;
        Ok((chart, left_out))
    }

    /// The chart within bounds: finite numbers, short texts, colours that are colours. What is beyond them is left out and
    /// noted.
    ///
    /// # Errors
    /// If there is nothing to draw, or too much.
    pub fn checked(mut self, left_out: &mut Vec<String>) -> Result<Self, ChartError> {
        if self.series.len() > MOST_SERIES {
            return Err(ChartError::TooMuch(format!("{} series", self.series.len())));
        }
        let most = self.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
        if most.max(self.labels.len()) > MOST_VALUES {
            return Err(ChartError::TooMuch(format!("{} values", most.max(self.labels.len()))));
        }
        for series in &mut self.series {
            for value in &mut series.values {
                if make_finite(value) {
                    note(left_out, "a number too large to draw; it is a gap".to_owned());
                }
            }
            shorten(&mut series.name, left_out);
            series.stack.iter_mut().for_each(|name| shorten(name, left_out));
            if let Some(color) = series.color.take_if(|color| !is_color(color)) {
                note(left_out, format!("{}, which is no colour", quote(&color)));
            }
            if let Some(color) = series.colors.iter().find(|color| !is_color(color)) {
                note(left_out, format!("the colours of values: {} is none", quote(color)));
                series.colors.clear();
            }
            if series.colors.len() > MOST_VALUES {
                note(left_out, format!("colours after the first {MOST_VALUES}"));
                series.colors.truncate(MOST_VALUES);
            }
        }
        if !self.series.iter().any(|series| series.values.iter().any(|value| value.number().is_some())) {
            return Err(ChartError::Empty);
        }
        let texts = self.labels.iter_mut().chain(&mut self.title).chain(&mut self.source);
        texts.for_each(|text| shorten(text, left_out));
        for axis in [&mut self.x, &mut self.y, &mut self.y2] {
            axis.title.iter_mut().for_each(|title| shorten(title, left_out));
            for bound in [&mut axis.min, &mut axis.max] {
                if bound.take_if(|bound| !is_plausible(*bound)).is_some() {
                    note(left_out, "the bound of an axis, too large to draw".to_owned());
                }
            }
            if axis.format.check() {
                note(left_out, "a part of a number format that is too long".to_owned());
            }
        }
        for size in [&mut self.width, &mut self.height] {
            if let Some(size) = size.take_if(|size| !(40.0..=4000.0).contains(size)) {
                note(left_out, format!("a size of {size}; one between 40 and 4000 is used"));
            }
        }
        Ok(self)
    }
}

/// Notes what is left out, once each.
fn note(left_out: &mut Vec<String>, what: String) {
    if left_out.len() < MOST_NOTED && !left_out.contains(&what) {
        left_out.push(what);
    }
}

/// Beyond this, differences of numbers can no longer be told.
fn is_plausible(number: f64) -> bool {
    number.is_finite() && number.abs() < 1e300
}

/// Makes a gap of what cannot be drawn; whether it did.
fn make_finite(value: &mut Value) -> bool {
    let plausible = match value {
        Value::Number(number) => is_plausible(*number),
        Value::Point(point) => {
            is_plausible(point.x) && is_plausible(point.y) && point.r.is_none_or(is_plausible)
        }
        Value::Missing(_) => true,
    };
    if !plausible {
        *value = Value::GAP;
    }
    !plausible
}

fn shorten(text: &mut String, left_out: &mut Vec<String>) {
    text.retain(|character| !character.is_control());
    if text.chars().count() > LONGEST_TEXT {
        note(
            left_out,
            format!("what follows {}, the first {LONGEST_TEXT} characters of a text", quote(text)),
        );
        *text = text.chars().take(LONGEST_TEXT - 1).chain(['…']).collect();
    }
}

/// Whether a text is a colour and no more: a hash, a name, or a colour function.
fn is_color(text: &str) -> bool {
    let text = text.trim();
    let named = !text.is_empty() && text.len() <= 24 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let hash = text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let function = ["rgb(", "rgba(", "hsl(", "hsla(", "oklch(", "hwb("].iter().any(|name| {
        text.strip_prefix(name).and_then(|rest| rest.strip_suffix(')')).is_some_and(|arguments| {
            arguments.len() <= 60
                && arguments.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .,%/-+".contains(&byte))
        })
    });
    named || hash || function
}
