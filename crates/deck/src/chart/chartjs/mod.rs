//! Charts that a script sets up with Chart.js, read as data. The script is parsed and never run.

mod configuration;
mod literal;
mod nesting;

use oxc_allocator::Allocator;
use oxc_ast_visit::Visit;
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::data::{Chart, ChartError};
use literal::{Collector, Literal};

/// Longer scripts are not read.
const LONGEST: usize = 512 * 1024;

/// A chart found in a script.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundChart {
    /// The id of the canvas that it was to be drawn on, if the script names one.
    pub canvas: Option<String>,
    /// The chart, or why its configuration is none.
    pub chart: Result<Chart, ChartError>,
    /// What of its configuration is left out, for a report.
    pub left_out: Vec<String>,
}

/// Finds every `new Chart(canvas, {…})` in a script, with literals, also in variables.
///
/// # Errors
/// Says why the script is not read: it is too long, too deeply nested, or no JavaScript.
pub fn read_script(script: &str) -> Result<Vec<FoundChart>, String> {
    if script.len() > LONGEST {
        return Err("a script longer than 512 KiB".to_owned());
    }
    nesting::check(script).map_err(|_too_deep| "a script nested too deep to be read".to_owned())?;
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, script, SourceType::script()).parse();
    let mut collector = Collector::default();
    collector.visit_program(&parsed.program);
    if collector.charts.is_empty() && !parsed.diagnostics.is_empty() {
        return Err("a script that is no JavaScript".to_owned());
    }
    let further = (collector.further > 0).then(|| FoundChart {
        canvas: None,
        chart: Err(ChartError::TooMuch(format!("{} charts beside it in one script", literal::MOST_CHARTS))),
        left_out: Vec::new(),
    });
    Ok(collector
        .charts
        .iter()
        .map(|found| {
            let read = configuration::read(&found.configuration);
            let canvas = match &*found.target {
                Literal::Canvas(id) | Literal::Text(id) => Some(id.trim_start_matches('#').to_owned()),
                _ => None,
            };
            FoundChart { canvas, chart: read.chart, left_out: read.left_out }
        })
        .chain(further)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{ChartKind, Value};

    #[test]
    fn a_literal_configuration_is_data() {
        let script = r"
            (function() {
                const ctx = document.getElementById('revenue').getContext('2d');
                const months = ['Jan', 'Feb'];
                const config = { type: 'bar', data: { labels: months, datasets: [
                    { label: `Revenue ${2026}`, data: [1, -2.5, , null], backgroundColor: '#ff0000' },
                    { type: 'line', label: 'Margin', yAxisID: 'y1', data: [3, 4] } ] },
                    options: { scales: { y: { ticks: { callback: (v) => fetch('https://x.example/' + v) } } } } };
                new Chart(ctx, config);
                new Chart('other', { type: 'pie', data: { labels: ['a'], datasets: [{ data: [2 * 3] }] } });
            })();";
        let found = read_script(script).unwrap();
        assert_eq!(found.len(), 2);
        let first = &found[0];
        assert_eq!(first.canvas.as_deref(), Some("revenue"));
        assert_eq!(first.left_out, ["the callback `options.scales.y.ticks.callback`"]);
        let chart = first.chart.as_ref().unwrap();
        assert_eq!(chart.labels, ["Jan", "Feb"]);
        assert_eq!(chart.series[0].name, "Revenue 2026");
        assert_eq!(chart.series[0].values, [Value::Number(1.0), Value::Number(-2.5), Value::GAP, Value::GAP]);
        assert!(chart.series[1].second_axis);
        assert_eq!(chart.series[1].kind, Some(ChartKind::Line));
        assert_eq!(found[1].chart.as_ref().unwrap().series[0].values, [Value::Number(6.0)]);
    }
}
