//! The stream gives the same changes wherever it is cut. The first byte says how long the pieces are.
#![no_main]

use deck::{Event, StreamReader};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8], piece: usize) -> (String, Vec<Event>, String) {
    let mut reader = StreamReader::new();
    let mut events: Vec<Event> = bytes.chunks(piece).flat_map(|piece| reader.push(piece)).collect();
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

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, bytes)) = bytes.split_first() else { return };
    assert_eq!(read(bytes, usize::from(*piece).max(1)), read(bytes, bytes.len().max(1)));
});
