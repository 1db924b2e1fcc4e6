//! Writes a page of every chart type with easy and hard data: `cargo run -p deck --example gallery -- FOLDER`.
#![expect(clippy::print_stdout, reason = "a command for people")]

use std::fmt::Write as _;
use std::path::Path;

use deck::chart::{Axis, Chart, ChartKind, Legend, NumberFormat, NumberStyle, Point, Series, Value, draw};

fn series(name: &str, values: &[f64]) -> Series {
    let value = |number: &f64| if number.is_nan() { Value::GAP } else { Value::Number(*number) };
    Series { name: name.into(), values: values.iter().map(value).collect(), ..Series::default() }
}

fn labels(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).into()).collect()
}

fn money(prefix: &str, style: NumberStyle) -> NumberFormat {
    NumberFormat { prefix: prefix.into(), style, ..NumberFormat::default() }
}

fn titled(kind: ChartKind, title: &str) -> Chart {
    Chart { kind, title: Some(title.into()), width: Some(580.0), height: Some(330.0), ..Chart::default() }
}

fn points(name: &str, count: u32, seed: f64) -> Series {
    let point = |index: u32| {
        let at = f64::from(index);
        let wave = (at * 1.7 + seed).sin() * 14.0 + (at * 0.31 + seed).cos() * 9.0;
        Value::Point(Point {
            x: at * 2.4 + 4.0 * (at + seed).cos(),
            y: at * 1.3 + 30.0 + wave + seed,
            r: Some(2.0 + (at * 2.1 + seed).sin().abs() * 30.0),
        })
    };
    Series { name: name.into(), values: (0..count).map(point).collect(), ..Series::default() }
}

fn bars() -> Vec<Chart> {
    let quarters = labels(&["Q1", "Q2", "Q3", "Q4"]);
    let regions = labels(&[
        "North America, including Canada and Mexico",
        "Europe, Middle East and Africa",
        "Asia Pacific without Japan",
        "Japan",
        "Latin America and the Caribbean",
        "Australia & New Zealand",
    ]);
    let hundred: Vec<f64> =
        (0..100).map(|index| 40.0 + f64::from(index) * 0.4 + 18.0 * (f64::from(index) / 4.0).sin()).collect();
    vec![
        Chart {
            labels: quarters.clone(),
            data_labels: true,
            series: vec![series("Revenue", &[4_200_000.0, 5_100_000.0, 4_800_000.0, 6_400_000.0])],
            y: Axis { format: money("$", NumberStyle::Compact), ..Axis::default() },
            source: Some("Finance data warehouse, table sales.orders, 14 November 2026".into()),
            ..titled(ChartKind::Bar, "Revenue reached $6.4M in the fourth quarter")
        },
        Chart {
            labels: quarters.clone(),
            data_labels: true,
            series: vec![
                series("2024", &[12.0, 19.0, 3.0, 5.0]),
                series("2025", &[14.0, 17.0, f64::NAN, 8.0]),
                series("2026", &[15.0, 22.0, 6.0, 11.0]),
            ],
            ..titled(ChartKind::Bar, "Orders by quarter, thousands")
        },
        Chart {
            labels: quarters.clone(),
            stacked: true,
            data_labels: true,
            series: vec![
                series("Cloud", &[30.0, 35.0, 42.0, 51.0]),
                series("Licences", &[22.0, 20.0, 17.0, 12.0]),
                series("Services", &[9.0, 11.0, 8.0, 14.0]),
            ],
            y: Axis { title: Some("Million euros".into()), ..Axis::default() },
            ..titled(ChartKind::Bar, "Cloud now carries most of the revenue")
        },
        Chart {
            labels: quarters.clone(),
            data_labels: true,
            series: vec![series("Cash flow", &[1_250_000.0, -740_000.0, -90_000.0, 2_100_000.0])],
            y: Axis { format: money("€", NumberStyle::Compact), ..Axis::default() },
            ..titled(ChartKind::Bar, "Cash flow: two quarters below zero")
        },
        Chart {
            labels: regions.clone(),
            horizontal: true,
            data_labels: true,
            series: vec![series("Customers", &[12_840.0, 9_120.0, 7_455.0, 3_910.0, 2_260.0, 1_485.0])],
            ..titled(ChartKind::Bar, "Customers by region")
        },
        Chart {
            labels: regions.clone(),
            horizontal: true,
            stacked: true,
            data_labels: true,
            series: vec![
                series("Won", &[40.0, 33.0, 25.0, 14.0, 9.0, 6.0]),
                series("Lost", &[-21.0, -18.0, -12.0, -3.0, -8.0, -2.0]),
            ],
            ..titled(ChartKind::Bar, "Won and lost deals")
        },
        Chart {
            labels: regions,
            series: vec![series("Share", &[0.34, 0.25, 0.18, 0.11, 0.07, 0.05])],
            y: Axis { format: money("", NumberStyle::Fraction), ..Axis::default() },
            data_labels: true,
            ..titled(ChartKind::Bar, "Long names below standing bars")
        },
        Chart {
            labels: (1..=100).map(|day| format!("Day {day}")).collect(),
            series: vec![series("Visits", &hundred)],
            ..titled(ChartKind::Bar, "A hundred bars")
        },
        Chart {
            labels: labels(&["Only"]),
            series: vec![series("One", &[42.0])],
            data_labels: true,
            ..titled(ChartKind::Bar, "One bar")
        },
        Chart {
            labels: quarters,
            series: vec![series("Nothing", &[0.0, 0.0, 0.0, 0.0])],
            data_labels: true,
            ..titled(ChartKind::Bar, "All zero")
        },
    ]
}

fn lines() -> Vec<Chart> {
    let months =
        labels(&["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]);
    let hundred: Vec<f64> = (0..100)
        .map(|index| 1200.0 + f64::from(index) * 9.0 + 160.0 * (f64::from(index) / 7.0).sin())
        .collect();
    let actual = [82.0, 85.0, 84.0, 90.0, 93.0, 91.0, 97.0, f64::NAN, f64::NAN, 104.0, 103.0, 108.0];
    let plan = [80.0, 82.0, 85.0, 88.0, 90.0, 93.0, 96.0, 98.0, 100.0, 102.0, 104.0, 106.0];
    vec![
        Chart {
            labels: months.clone(),
            series: vec![series("Actual", &actual), Series { dashed: true, ..series("Plan", &plan) }],
            y: Axis { title: Some("Index, January 2025 = 80".into()), ..Axis::default() },
            ..titled(ChartKind::Line, "Two months are missing, the plan was met")
        },
        Chart {
            labels: months.clone(),
            data_labels: true,
            series: vec![series("Churn", &[4.1, 4.0, 3.8, 3.9, 3.5, 3.2, 3.3, 3.0, 2.9, 2.7, 2.6, 2.4])],
            y: Axis { format: money("", NumberStyle::Percent), ..Axis::default() },
            ..titled(ChartKind::Line, "Churn fell in ten of twelve months")
        },
        Chart {
            labels: (0..100).map(|day| format!("2026-{:02}-{:02}", day / 28 + 1, day % 28 + 1)).collect(),
            series: vec![series("Price", &hundred)],
            ..titled(ChartKind::Line, "A hundred days")
        },
        Chart {
            labels: months.clone(),
            series: vec![series(
                "Profit",
                &[-20.0, -14.0, -6.0, 1.0, 9.0, 4.0, -3.0, 6.0, 14.0, 20.0, 24.0, 31.0],
            )],
            ..titled(ChartKind::Area, "Profit: below zero until April")
        },
        Chart {
            labels: months.clone(),
            stacked: true,
            series: vec![
                series("Desktop", &[50.0, 48.0, 47.0, 45.0, 44.0, 42.0, 40.0, 39.0, 37.0, 36.0, 35.0, 33.0]),
                series("Phone", &[30.0, 33.0, 35.0, 38.0, 41.0, 44.0, 46.0, 49.0, 52.0, 55.0, 58.0, 62.0]),
                series("Tablet", &[10.0, 10.0, 9.0, 9.0, 8.0, 8.0, 8.0, 7.0, 7.0, 6.0, 6.0, 5.0]),
            ],
            ..titled(ChartKind::Area, "Sessions by device, thousands")
        },
        Chart {
            labels: months,
            legend: Legend::Bottom,
            series: vec![
                series(
                    "Revenue",
                    &[310.0, 325.0, 300.0, 340.0, 362.0, 371.0, 360.0, 390.0, 402.0, 418.0, 430.0, 455.0],
                ),
                Series {
                    kind: Some(ChartKind::Line),
                    second_axis: true,
                    ..series(
                        "Margin",
                        &[18.0, 18.5, 17.9, 19.2, 20.0, 20.4, 19.8, 21.1, 21.7, 22.0, 22.6, 23.1],
                    )
                },
            ],
            y: Axis {
                title: Some("Revenue".into()),
                format: NumberFormat { prefix: "$".into(), suffix: "K".into(), ..NumberFormat::default() },
                ..Axis::default()
            },
            y2: Axis {
                title: Some("Margin".into()),
                format: money("", NumberStyle::Percent),
                ..Axis::default()
            },
            ..titled(ChartKind::Bar, "Revenue and margin grow together")
        },
        Chart {
            labels: labels(&["Now"]),
            series: vec![series("One", &[7.0])],
            data_labels: true,
            ..titled(ChartKind::Line, "One point")
        },
        Chart {
            labels: labels(&["2019", "2020", "2021", "2022", "2023", "2024"]),
            series: (1..=9)
                .map(|line| {
                    series(
                        &format!("Product line {line}"),
                        &(0..6)
                            .map(|year| f64::from(line) * 10.0 + f64::from(year * line))
                            .collect::<Vec<_>>(),
                    )
                })
                .collect(),
            ..titled(ChartKind::Line, "Nine lines")
        },
    ]
}

fn parts() -> Vec<Chart> {
    let names = labels(&["Enterprise", "Mid-market", "Small business", "Public sector", "Education"]);
    let many: Vec<String> = (1..=18).map(|index| format!("Category number {index}")).collect();
    let spokes =
        labels(&["Speed", "Reliability", "Security and compliance", "Price", "Support", "Documentation"]);
    vec![
        Chart {
            labels: names.clone(),
            series: vec![series("Share", &[44.0, 26.0, 17.0, 9.0, 4.0])],
            ..titled(ChartKind::Pie, "Enterprise is almost half of the business")
        },
        Chart {
            labels: names,
            series: vec![series("Revenue", &[4_400_000.0, 2_600_000.0, 1_700_000.0, 900_000.0, 400_000.0])],
            y: Axis { format: money("$", NumberStyle::Compact), ..Axis::default() },
            data_labels: true,
            source: Some("CRM".into()),
            ..titled(ChartKind::Doughnut, "Revenue by segment")
        },
        Chart {
            labels: many,
            series: vec![series("Many", &(1..=18).map(|index| 400.0 / f64::from(index)).collect::<Vec<_>>())],
            ..titled(ChartKind::Pie, "Eighteen parts")
        },
        Chart {
            labels: labels(&["Everything"]),
            series: vec![series("All", &[100.0])],
            ..titled(ChartKind::Doughnut, "One part")
        },
        Chart {
            labels: spokes.clone(),
            series: vec![
                series("We", &[8.0, 9.0, 7.0, 5.0, 8.5, 6.0]),
                series("Competitor", &[6.0, 7.0, 8.0, 8.0, 5.0, 4.0]),
            ],
            ..titled(ChartKind::Radar, "Where we are ahead")
        },
        Chart {
            labels: spokes,
            series: vec![series("Change", &[3.0, -2.0, f64::NAN, 1.0, -1.0, 2.0])],
            ..titled(ChartKind::Radar, "With a gap and negative values")
        },
        Chart {
            series: vec![points("Existing", 30, 1.0), points("New", 24, 4.0)],
            x: Axis { title: Some("Seats".into()), ..Axis::default() },
            y: Axis { title: Some("Usage, hours a week".into()), ..Axis::default() },
            ..titled(ChartKind::Scatter, "More seats, more use")
        },
        Chart {
            labels: labels(&[
                "Berlin", "Paris", "Madrid", "Rome", "Vienna", "Prague", "Warsaw", "Athens", "Lisbon",
                "Oslo", "Dublin", "Zürich",
            ]),
            data_labels: true,
            series: vec![points("Markets", 12, 2.0)],
            x: Axis {
                title: Some("Market share".into()),
                format: money("", NumberStyle::Percent),
                ..Axis::default()
            },
            ..titled(ChartKind::Bubble, "Markets by share, growth and size")
        },
        Chart {
            series: vec![Series {
                name: "One".into(),
                values: vec![Value::Point(Point { x: 5.0, y: -3.0, r: None })],
                ..Series::default()
            }],
            ..titled(ChartKind::Scatter, "One point")
        },
        Chart {
            labels: labels(&["القاهرة", "東京の売上", "Málaga", "🚀 Launch"]),
            data_labels: true,
            series: vec![series("多言語", &[3.0, 5.0, 2.0, 7.0])],
            ..titled(ChartKind::Bar, "Other scripts: العربية, 日本語, emoji 🎉")
        },
    ]
}

fn page(charts: &[Chart], dark: bool) -> String {
    let (back, text) = if dark { ("#14203a", "#eef2fa") } else { ("#ffffff", "#1c2330") };
    let mut html = format!(
        "<!DOCTYPE html><meta charset=utf-8><style>body{{margin:0;padding:20px;width:1240px;background:{back};color:{text};font-family:'Helvetica Neue',Arial,'DejaVu Sans',sans-serif;display:grid;grid-template-columns:1fr 1fr;gap:30px 40px}}body>div{{width:600px;height:341px}}</style>"
    );
    for chart in charts {
        let mut left_out = Vec::new();
        let checked = chart.clone().checked(&mut left_out);
        assert!(left_out.is_empty(), "{left_out:?}");
        let _ = write!(
            html,
            "<div>{}</div>",
            checked.map_or_else(|error| error.to_string(), |chart| draw(&chart))
        );
    }
    html
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/gallery".into());
    std::fs::create_dir_all(&folder)?;
    for (name, charts, dark) in [
        ("bars", bars(), false),
        ("lines", lines(), false),
        ("parts", parts(), false),
        ("dark", bars().into_iter().take(3).chain(lines()).take(6).collect(), true),
    ] {
        let rows = charts.len().div_ceil(2);
        std::fs::write(Path::new(&folder).join(format!("{name}.html")), page(&charts, dark))?;
        println!("{name} {}", rows * 371 + 10);
    }
    Ok(())
}
