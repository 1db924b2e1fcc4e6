//! Scripts and chart JSON are read and drawn; a drawing passes the sanitiser as it is, and a chart reads back as itself.
#![no_main]

#[path = "../../tests/allowed/mod.rs"]
mod allowed;

use deck::chart::{Chart, draw, read_script};
use deck::{Report, sanitise};
use libfuzzer_sys::fuzz_target;

fn check(chart: &Chart) {
    let svg = draw(chart);
    allowed::html(&svg);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert_eq!(sanitise::html(&svg, &mut Report::default()), svg);
    let json = serde_json::to_string(chart).expect("a chart is JSON");
    assert_eq!(Chart::from_json(&json), Ok((chart.clone(), Vec::new())), "{json}");
}

fuzz_target!(|text: &str| {
    for found in read_script(text).unwrap_or_default() {
        if let Ok(chart) = &found.chart {
            check(chart);
        }
    }
    if let Ok((chart, _)) = Chart::from_json(text) {
        check(&chart);
    }
});
