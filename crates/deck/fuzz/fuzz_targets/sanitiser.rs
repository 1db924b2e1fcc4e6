//! What is sanitised stays as it is, as HTML and as CSS, and holds nothing outside the lists.
#![no_main]

#[path = "../../tests/allowed/mod.rs"]
mod allowed;

use deck::{Report, sanitise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let html = sanitise::html(text, &mut Report::default());
    assert_eq!(sanitise::html(&html, &mut Report::default()), html);
    allowed::html(&html);
    let css = sanitise::css(text, &mut Report::default());
    assert_eq!(sanitise::css(&css, &mut Report::default()), css);
    allowed::css(&css);
});
