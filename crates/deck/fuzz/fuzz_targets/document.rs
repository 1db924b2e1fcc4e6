//! Whatever comes in, a document is read, and its deck reads back as itself.
#![no_main]

use deck::{Deck, document};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = document(bytes, None);
    let json = read.deck.to_json();
    let (again, _) = Deck::from_json(&json).expect("a deck's own JSON is read");
    assert_eq!(again.to_json(), json);
});
