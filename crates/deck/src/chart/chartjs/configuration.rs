//! A Chart.js configuration as a chart.

use super::super::data::{
    Axis, Chart, ChartError, ChartKind, Legend, MOST_SERIES, MOST_VALUES, Point, Series, Value,
};
use super::literal::Literal;

/// So many nodes of a configuration are looked through for functions.
const MOST_NODES: usize = 200_000;
/// So many functions and unreadable values are listed.
const MOST_LISTED: usize = 30;

/// A chart, and what of its configuration was not taken over.
pub(super) struct Read {
    pub(super) chart: Result<Chart, ChartError>,
    pub(super) left_out: Vec<String>,
}

/// Reads a configuration.
pub(super) fn read(configuration: &Literal) -> Read {
    let mut left_out = Vec::new();
    let read = chart(configuration, &mut left_out).and_then(|chart| chart.checked(&mut left_out));
    let mut seen = 0;
    functions(configuration, &mut String::new(), &mut left_out, &mut seen, 0);
    if seen > MOST_NODES || left_out.len() >= MOST_LISTED {
        left_out.push("further callbacks and computed values, if there are any".to_owned());
    }
    Read { chart: read, left_out }
}

/// Which functions and unreadable values there are, by their path.
fn functions(literal: &Literal, path: &mut String, found: &mut Vec<String>, seen: &mut usize, depth: usize) {
    *seen += 1;
    if *seen > MOST_NODES || found.len() >= MOST_LISTED || depth > 24 {
        return;
    }
    let length = path.len();
    match literal {
        Literal::Function => found.push(format!("the callback `{path}`")),
        Literal::Unknown if !path.is_empty() => found.push(format!("`{path}`, which is computed")),
        Literal::Map(entries) => {
            for (name, value) in entries {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&short(name));
                functions(value, path, found, seen, depth + 1);
                path.truncate(length);
            }
        }
        Literal::List(list) => {
            for value in list {
                path.push_str("[]");
                functions(value, path, found, seen, depth + 1);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn chart(configuration: &Literal, left_out: &mut Vec<String>) -> Result<Chart, ChartError> {
    let kind = configuration.at(&["type"]).and_then(Literal::text).unwrap_or_default();
    let mut chart = Chart { kind: kind_of(&kind, left_out), ..Chart::default() };
    if let Some(Literal::List(labels)) = configuration.at(&["data", "labels"]) {
        chart.labels =
            labels.iter().take(MOST_VALUES + 1).map(|label| label.text().unwrap_or_default()).collect();
    }
    let Some(Literal::List(datasets)) = configuration.at(&["data", "datasets"]) else {
        return Err(ChartError::Empty);
    };
    chart.horizontal = kind == "horizontalBar";
    for dataset in datasets.iter().take(MOST_SERIES + 1) {
        let series = series(dataset, &mut chart, left_out);
        chart.series.push(series);
    }
    if let Some(options) = configuration.at(&["options"]) {
        apply_options(options, &mut chart, left_out);
    }
    if chart.kind == ChartKind::Line && chart.series.iter().all(|series| series.kind == Some(ChartKind::Area))
    {
        chart.kind = ChartKind::Area;
    }
    for series in &mut chart.series {
        series.kind = series.kind.filter(|kind| *kind != chart.kind);
    }
    Ok(chart)
}

fn short(id: &str) -> String {
    id.chars().take(40).collect()
}

fn kind_of(name: &str, left_out: &mut Vec<String>) -> ChartKind {
    match name {
        "bar" | "horizontalBar" => ChartKind::Bar,
        "line" => ChartKind::Line,
        "pie" => ChartKind::Pie,
        "doughnut" => ChartKind::Doughnut,
        "scatter" => ChartKind::Scatter,
        "bubble" => ChartKind::Bubble,
        "radar" => ChartKind::Radar,
        // What it shows, parts of a whole, in another form.
        "polarArea" => {
            left_out.push("the type `polarArea`; drawn as a pie".to_owned());
            ChartKind::Pie
        }
        other => {
            left_out.push(format!("the type {}; drawn as bars", crate::report::quote(other)));
            ChartKind::Bar
        }
    }
}

fn series(dataset: &Literal, chart: &mut Chart, left_out: &mut Vec<String>) -> Series {
    let text = |name: &str| dataset.at(&[name]).and_then(Literal::text);
    let mut series =
        Series { name: text("label").unwrap_or_default(), stack: text("stack"), ..Series::default() };
    if let Some(kind) = text("type") {
        series.kind = Some(kind_of(&kind, left_out));
    }
    let filled = dataset.at(&["fill"]).is_some_and(|fill| !fill.is_false() && !matches!(fill, Literal::Null));
    if filled && series.kind.unwrap_or(chart.kind) == ChartKind::Line {
        series.kind = Some(ChartKind::Area);
    }
    series.second_axis = dataset.at(&["yAxisID"]).and_then(Literal::text).is_some_and(|id| is_second(&id));
    series.dashed = matches!(dataset.at(&["borderDash"]), Some(Literal::List(dashes)) if !dashes.is_empty());
    let is_line =
        matches!(series.kind.unwrap_or(chart.kind), ChartKind::Line | ChartKind::Area | ChartKind::Radar);
    let names = if is_line { ["borderColor", "backgroundColor"] } else { ["backgroundColor", "borderColor"] };
    for name in names {
        match dataset.at(&[name]) {
            Some(Literal::Text(color)) if series.color.is_none() => series.color = Some(color.clone()),
            Some(Literal::List(colors)) if series.colors.is_empty() && series.color.is_none() => {
                series.colors = colors.iter().take(MOST_VALUES).filter_map(|color| color.text()).collect();
            }
            _ => {}
        }
    }
    match dataset.at(&["data"]) {
        Some(Literal::List(values)) => {
            for item in values.iter().take(MOST_VALUES + 1) {
                add_value(item, &mut series, chart);
            }
        }
        // Categories and their values.
        Some(Literal::Map(entries)) => {
            for (label, value) in entries.iter().take(MOST_VALUES + 1) {
                let value = value.number().map_or(Value::GAP, Value::Number);
                set_at(label, value, &mut series, chart);
            }
        }
        _ => {}
    }
    series
}

/// Adds an entry. A point at a named category becomes the value of that category.
fn add_value(item: &Literal, series: &mut Series, chart: &mut Chart) {
    let Literal::Map(_) = item else {
        return series.values.push(item.number().map_or(Value::GAP, Value::Number));
    };
    let number = |name: &str| item.at(&[name]).and_then(Literal::number);
    let is_by_points = series.kind.unwrap_or(chart.kind).is_by_points();
    match (number("x"), number("y")) {
        (Some(x), Some(y)) if is_by_points => {
            series.values.push(Value::Point(Point { x, y, r: number("r") }));
        }
        // Where categories run along the other axis, so do their names.
        (Some(x), None) => match item.at(&["y"]).and_then(Literal::text) {
            Some(label) => set_at(&label, Value::Number(x), series, chart),
            None => series.values.push(Value::GAP),
        },
        (_, Some(y)) => match item.at(&["x"]).and_then(Literal::text) {
            Some(label) => set_at(&label, Value::Number(y), series, chart),
            None => series.values.push(Value::Number(y)),
        },
        (None, None) => series.values.push(Value::GAP),
    }
}

/// Puts a value at a category, which is added if it is new.
fn set_at(label: &str, value: Value, series: &mut Series, chart: &mut Chart) {
    let known = chart.labels.iter().position(|known| known == label);
    let at = known.unwrap_or(chart.labels.len());
    if at > MOST_VALUES {
        return;
    }
    if known.is_none() {
        chart.labels.push(label.to_owned());
    }
    if series.values.len() <= at {
        series.values.resize(at + 1, Value::GAP);
    }
    if let Some(place) = series.values.get_mut(at) {
        *place = value;
    }
}

fn is_second(id: &str) -> bool {
    !matches!(id, "y" | "y0" | "yAxis" | "y-axis-0" | "y-axis-1" | "left" | "yLeft" | "A")
}

fn apply_options(options: &Literal, chart: &mut Chart, left_out: &mut Vec<String>) {
    let is_true = |path: &[&str]| options.at(path).is_some_and(Literal::is_true);
    chart.horizontal |= options.at(&["indexAxis"]).and_then(Literal::text).is_some_and(|axis| axis == "y");
    chart.stacked = is_true(&["scales", "x", "stacked"]) || is_true(&["scales", "y", "stacked"]);
    let title = |path: &[&str]| {
        options
            .at(path)
            .filter(|title| title.at(&["display"]).is_some_and(Literal::is_true))
            .and_then(|title| title.at(&["text"]))
            .and_then(Literal::text)
    };
    chart.title = title(&["plugins", "title"]).or_else(|| title(&["title"]));
    if let Some(subtitle) = title(&["plugins", "subtitle"]) {
        chart.title =
            Some(chart.title.take().map_or_else(|| subtitle.clone(), |title| format!("{title}: {subtitle}")));
    }
    if let Some(legend) = options.at(&["plugins", "legend"]).or_else(|| options.at(&["legend"])) {
        chart.legend = match legend.at(&["position"]).and_then(Literal::text).as_deref() {
            _ if legend.at(&["display"]).is_some_and(Literal::is_false) => Legend::None,
            Some("bottom") => Legend::Bottom,
            Some("right" | "left") => Legend::Right,
            Some("top") => Legend::Top,
            _ => Legend::Auto,
        };
    }
    chart.data_labels = options.at(&["plugins", "datalabels"]).is_some_and(|labels| {
        matches!(labels, Literal::Map(_)) && !labels.at(&["display"]).is_some_and(Literal::is_false)
    });
    if let Some(Literal::Map(scales)) = options.at(&["scales"]) {
        for (id, scale) in scales {
            let target = match id.as_str() {
                id if id.starts_with('x') => &mut chart.x,
                "r" => &mut chart.y,
                id if is_second(id) => &mut chart.y2,
                _ => &mut chart.y,
            };
            apply_scale(id, scale, target, left_out);
        }
    }
}

fn apply_scale(id: &str, scale: &Literal, axis: &mut Axis, left_out: &mut Vec<String>) {
    if let Some(kind) = scale.at(&["type"]).and_then(Literal::text)
        && !matches!(kind.as_str(), "linear" | "category" | "radialLinear")
    {
        left_out.push(format!(
            "the {} scale `{}`; its steps are even",
            crate::report::quote(&kind),
            short(id)
        ));
    }
    if scale.at(&["reverse"]).is_some_and(Literal::is_true) {
        left_out.push(format!("the reversed direction of the scale `{}`", short(id)));
    }
    let shown = scale.at(&["title"]).or_else(|| scale.at(&["scaleLabel"]));
    let title = shown.filter(|title| title.at(&["display"]).is_some_and(Literal::is_true));
    axis.title = title
        .and_then(|title| title.at(&["text"]).or_else(|| title.at(&["labelString"])))
        .and_then(Literal::text);
    axis.min = scale.at(&["min"]).and_then(Literal::number);
    axis.max = scale.at(&["max"]).and_then(Literal::number);
}
