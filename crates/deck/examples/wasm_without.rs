//! What a WebAssembly module weighs before it knows decks: beside `wasm_with`, for `cargo xtask bench`.

use std::hint::black_box;

fn main() {
    let bytes: Vec<u8> = black_box(Vec::new());
    black_box(String::from_utf8_lossy(&bytes).into_owned());
}
