//! What a WebAssembly module weighs that reads, sanitises, changes, draws and writes decks: for `cargo xtask bench`.

use std::hint::black_box;

use deck::{Deck, History, Images, Revision, StreamReader, difference, document, operations, standalone};

fn main() {
    let bytes: Vec<u8> = black_box(Vec::new());
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let read = document(&bytes, None);
    let mut stream = StreamReader::new();
    black_box(stream.push(&bytes));
    black_box(stream.preview());
    black_box(stream.finish());
    black_box(Deck::from_json(&text).is_ok());
    black_box(Deck::from_upstream_json(&text).is_ok());
    let (operations, refused) = operations(&read.deck, &black_box(Vec::new()), None);
    black_box(refused.len());
    let mut history = History::new(Revision::first(read.deck.clone(), None));
    black_box(history.apply(&operations, None).is_ok());
    if let Some(current) = history.current() {
        black_box(difference(&read.deck, current.deck()));
        black_box(current.deck().to_json());
        black_box(current.deck().to_upstream_json());
        black_box(standalone(current.deck(), &Images::new()));
    }
}
