//! The stream gives the same changes wherever it is cut, and they hold nothing outside the lists. The first byte says how
//! it is cut.
#![no_main]

#[path = "../../tests/allowed/mod.rs"]
mod allowed;

use deck::{Change, Event, StreamReader};
use libfuzzer_sys::fuzz_target;

/// The prose, the other events and the report. Lengths of pieces follow from a seed.
fn read(mut bytes: &[u8], mut seed: u32) -> (String, Vec<Event>, String) {
    let mut reader = StreamReader::new();
    let mut events = Vec::new();
    while !bytes.is_empty() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = match seed >> 28 {
            0..8 => 1,
            8..14 => 1 + (seed >> 20) as usize % 64,
            _ => 1024,
        };
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        events.extend(reader.push(piece));
        bytes = rest;
    }
    // A preview changes nothing.
    let _ = reader.preview();
    finish(reader, events)
}

fn finish(reader: StreamReader, mut events: Vec<Event>) -> (String, Vec<Event>, String) {
    let (last, report) = reader.finish();
    events.extend(last);
    let mut prose = String::new();
    events.retain(|event| match event {
        Event::Prose(text) => {
            prose.push_str(text);
            false
        }
        _ => true,
    });
    (prose, events, report.to_string())
}

fn check(change: &Change) {
    match change {
        Change::New(content)
        | Change::Replace(_, content)
        | Change::InsertAfter(_, content)
        | Change::InsertBefore(_, content) => allowed::html(&content.rendered()),
        Change::AddStyle(style) | Change::SetStyle(style) => allowed::css(style.as_str()),
        Change::Delete(_) | Change::Move(..) | Change::Title(_) | Change::Source(..) => {}
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((seed, bytes)) = bytes.split_first() else { return };
    let mut whole = StreamReader::new();
    let events = whole.push(bytes);
    let whole = finish(whole, events);
    for event in &whole.1 {
        if let Event::Change(change) | Event::ChangeUpdated(_, change) = event {
            check(change);
        }
    }
    assert_eq!(read(bytes, u32::from(*seed)), whole);
});
