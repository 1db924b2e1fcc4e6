//! Charts as data, and their drawing.

mod chartjs;
mod data;
mod draw;
mod format;

pub use chartjs::{FoundChart, read_script};
pub use data::{Axis, Chart, ChartError, ChartKind, Legend, Point, Series, Value};
pub use draw::draw;
pub use format::{NumberFormat, Style as NumberStyle};
