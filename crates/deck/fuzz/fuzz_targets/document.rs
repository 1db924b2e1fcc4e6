//! Whatever comes in, a document is read; its deck holds nothing outside the lists, and reads back as itself.
#![no_main]

#[path = "../../tests/allowed/mod.rs"]
mod allowed;

use deck::{Deck, Images, document, standalone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = document(bytes, None);
    for slide in read.deck.slides() {
        allowed::html(slide.content.html());
        allowed::html(&slide.content.rendered());
    }
    allowed::css(read.deck.style());
    let json = read.deck.to_json();
    let (again, report) = Deck::from_json(&json).expect("a deck's own JSON is read");
    assert_eq!(again.to_json(), json, "{report}");
    let (upstream, _) = Deck::from_upstream_json(&read.deck.to_upstream_json()).expect("and upstream's");
    assert_eq!(upstream.slides().len(), read.deck.slides().len());
    standalone(&read.deck, &Images::new());
});
