//! Documents as models and people write them, each with a reviewed snapshot of the deck and of the report.
#![expect(clippy::unwrap_used, reason = "a broken document fails the test")]

use std::fmt::Write as _;
use std::path::Path;

use deck::{Deck, Document, document};

/// The deck and the report, for people.
fn shown(read: &Document) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "title: {}\nstyle:\n{}", read.deck.title(), read.deck.style());
    for slide in read.deck.slides() {
        let _ = writeln!(out, "--- {}\n{}", slide.id, slide.content.html());
        for placed in slide.content.charts() {
            let _ = writeln!(out, "chart {}", serde_json::to_string(placed).unwrap());
        }
        if !slide.content.notes().is_empty() {
            let _ = writeln!(out, "notes: {}", slide.content.notes());
        }
    }
    for (id, source) in read.deck.sources() {
        let _ = writeln!(out, "source {id} {}", serde_json::to_string(source.as_ref()).unwrap());
    }
    let _ = write!(out, "=== prose\n{}\n=== report\n{}", read.prose, read.report);
    out
}

/// The same, for what is too long to read: how many, and how the first one looks.
fn summed_up(read: &Document) -> String {
    let first = read.deck.slides().first().map_or("", |slide| slide.content.html());
    let charts: usize = read.deck.slides().iter().map(|slide| slide.content.charts().len()).sum();
    let size: usize = read.deck.slides().iter().map(|slide| slide.content.html().len()).sum();
    let start: String = first.chars().take(300).collect();
    format!(
        "{} slides, {charts} charts, {size} bytes\n{start}\n=== report\n{}",
        read.deck.slides().len(),
        read.report
    )
}

/// What holds for every deck.
fn check(read: &Document) {
    let deck = &read.deck;
    let (again, report) = Deck::from_json(&deck.to_json()).unwrap();
    assert_eq!(again.to_json(), deck.to_json(), "{report}");
    let (upstream, _) = Deck::from_upstream_json(&deck.to_upstream_json()).unwrap();
    assert_eq!(upstream.slides().len(), deck.slides().len());
}

#[test]
fn written_documents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40);
    for file in files {
        let read = document(&std::fs::read(&file).unwrap(), None);
        check(&read);
        insta::assert_snapshot!(file.file_stem().unwrap().to_str().unwrap(), shown(&read));
    }
}

fn page(slides: &str) -> Vec<u8> {
    format!("<!DOCTYPE html><html><head><title>Large</title></head><body>{slides}</body></html>").into_bytes()
}

fn generated(name: &str, bytes: &[u8]) {
    let read = document(bytes, None);
    check(&read);
    insta::assert_snapshot!(name, summed_up(&read));
}

#[test]
fn a_hundred_and_twenty_slides() {
    let slide =
        |number| format!("<div class=\"slide\"><h1>Slide {number}</h1><p>Text of slide {number}</p></div>\n");
    generated("large_120_slides", &page(&(1..=120).map(slide).collect::<String>()));
}

#[test]
fn two_megabytes() {
    let row = "<tr><td style=\"color: #333; padding: 4px 8px\">Value</td><td>12,345.67</td></tr>";
    let slide = format!("<div class=\"slide\"><table>{}</table></div>", row.repeat(2_000));
    generated("large_two_megabytes", &page(&slide.repeat(13)));
}

#[test]
fn deep_nesting() {
    let deep = format!(
        "<div class=\"slide\">{}deep{}</div>",
        "<div><b>".repeat(20_000),
        "</b></div>".repeat(20_000)
    );
    generated("large_deep_nesting", &page(&deep));
}

#[test]
fn multiplying_formatting() {
    let deep = format!(
        "<div class=\"slide\"><p>{}{}</div>",
        (0..180).map(|n| format!("<b id=b{n}>")).collect::<String>(),
        "<p>x".repeat(20_000)
    );
    generated("large_multiplying_formatting", &page(&deep));
}

#[test]
fn a_tag_of_attributes() {
    let names: String = (0..200_000).map(|number| format!(" a{number}")).collect();
    generated("large_tag", &page(&format!("<div class=\"slide\"><p{names}>text</p></div>")));
}

#[test]
fn broken_utf8() {
    let mut bytes = b"\xef\xbb\xbf<div class=\"slide\"><h1>Caf\xe9 \xff\xfe</h1><p>\xf0\x9f\x9a".to_vec();
    bytes.extend_from_slice(b"</p></div>");
    generated("broken_utf8", &bytes);
}

#[test]
fn utf16_and_bytes() {
    let bytes: Vec<u8> = "<div class=\"slide\">x</div>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    generated("utf16", &bytes);
    let noise: Vec<u8> =
        (0..200_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    check(&document(&noise, None));
}
