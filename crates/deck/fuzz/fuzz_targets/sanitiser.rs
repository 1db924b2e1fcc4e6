//! What is sanitised stays as it is, as HTML and as CSS.
#![no_main]

use deck::{Report, sanitise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let html = sanitise::html(text, &mut Report::default());
    assert_eq!(sanitise::html(&html, &mut Report::default()), html);
    let css = sanitise::css(text, &mut Report::default());
    assert_eq!(sanitise::css(&css, &mut Report::default()), css);
    assert!(!css.contains("</"));
});
