//! A Chart.js configuration as a chart.

use super::super::data::{
    Axis, Chart, ChartError, ChartKind, Legend, MOST_SERIES, MOST_VALUES, Point, Series, Value,
};
use super::literal::Literal;

/// So many nodes of a configuration are looked through for functions.
const MOST_NODES: usize = 20_000;

/// A chart, and what of its configuration was not taken over.
pub(super) struct Read {
    pub(super) chart: Result<Chart, ChartError>,
    pub(super) left_out: Vec<String>,
}

/// Reads a configuration.
pub(super) fn read(configuration: &Literal) -> Read {
    let mut left_out = Vec::new();
    functions(configuration, &mut String::new(), &mut left_out, &mut 0, 0);
    Read { chart: chart(configuration, &mut left_out).and_then(Chart::checked), left_out }
}

/// Which functions and unreadable values there are, by their path.
fn functions(literal: &Literal, path: &mut String, found: &mut Vec<String>, seen: &mut usize, depth: usize) {
    *seen += 1;
    if *seen > MOST_NODES || found.len() > 30 || depth > 24 {
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
                path.extend(name.chars().take(40));
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
        apply_options(options, &mut chart);
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
    if let Some(Literal::List(values)) = dataset.at(&["data"]) {
        series.values = values.iter().take(MOST_VALUES + 1).map(|item| value(item, chart)).collect();
    }
    series
}

/// The value of an entry. A point at a named category becomes the value of that category.
fn value(item: &Literal, chart: &mut Chart) -> Value {
    let Literal::Map(_) = item else { return item.number().map_or(Value::GAP, Value::Number) };
    let number = |name: &str| item.at(&[name]).and_then(Literal::number);
    match (number("x"), number("y")) {
        (Some(x), Some(y)) if chart.kind.is_by_points() => Value::Point(Point { x, y, r: number("r") }),
        (_, Some(y)) => {
            if let Some(label) = item.at(&["x"]).and_then(Literal::text)
                && !chart.labels.contains(&label)
                && chart.labels.len() < MOST_VALUES
            {
                chart.labels.push(label);
            }
            Value::Number(y)
        }
        _ => Value::GAP,
    }
}

fn is_second(id: &str) -> bool {
    !matches!(id, "y" | "y0" | "yAxis" | "y-axis-0" | "y-axis-1" | "left" | "yLeft" | "A")
}

fn apply_options(options: &Literal, chart: &mut Chart) {
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
            apply_scale(scale, target);
        }
    }
}

fn apply_scale(scale: &Literal, axis: &mut Axis) {
    let shown = scale.at(&["title"]).or_else(|| scale.at(&["scaleLabel"]));
    let title = shown.filter(|title| title.at(&["display"]).is_some_and(Literal::is_true));
    axis.title = title
        .and_then(|title| title.at(&["text"]).or_else(|| title.at(&["labelString"])))
        .and_then(Literal::text);
    axis.min = scale.at(&["min"]).and_then(Literal::number);
    axis.max = scale.at(&["max"]).and_then(Literal::number);
}
