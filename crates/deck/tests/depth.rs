//! Nesting that no person writes: the stack of a browser's WebAssembly is enough for it, in a debug build, too.
#![expect(clippy::unwrap_used, reason = "a thread that does not come back fails the test")]

use deck::chart::{Chart, read_script};
use deck::{Deck, Report, StreamReader, document, sanitise};

/// What a WebAssembly module of Rust has.
const STACK: usize = 1024 * 1024;

fn on_small_stack(what: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(what).unwrap().join().unwrap();
}

/// Text that opens the same thing as often as the bounds of a script let it, in chains between brackets.
fn nested(unit: &str, bracket: &str) -> Vec<String> {
    let inner = [1, 8, 100, 380].map(|often| unit.repeat(often) + bracket);
    inner
        .iter()
        .flat_map(|level| [1, 10, 47, 60].map(|levels| format!("new Chart(c,{}", level.repeat(levels))))
        .collect()
}

#[test]
fn scripts() {
    on_small_stack(|| {
        for unit in [
            "!", "-", "typeof ", "a=", "a=>", "a?b:", "if(a)", "new ", "a+", "1+", "a.b.", "else ", "a**",
            "a??", "async ", "do ", "x:", "...",
        ] {
            for bracket in ["(", "[", "{a:", "`${", "f(", "a[", "{", "(a=>"] {
                for script in nested(unit, bracket) {
                    let _ = read_script(&script);
                }
            }
        }
        let _ = read_script(&format!("const a={}1", "1+".repeat(399)));
    });
}

#[test]
fn names_of_names() {
    on_small_stack(|| {
        let lists: String = (1..20_000).map(|number| format!("const a{number}=[a{}];", number - 1)).collect();
        let found = read_script(&format!(
            "const a0=[1];{lists}new Chart('c',{{type:'bar',data:{{datasets:[{{data:a19999}}]}}}})"
        ));
        assert!(found.is_ok(), "{found:?}");
    });
}

#[test]
fn markup_and_style() {
    on_small_stack(|| {
        for unit in [
            "<div>",
            "<b>",
            "<svg>",
            "<svg><g>",
            "<math><mrow>",
            "<table><tr><td>",
            "<section class=slide>",
            "<p style='a:((((((((((((((((((((((((('>",
            "<template>",
            "<ul><li>",
        ] {
            let html = unit.repeat(4_000);
            let _ = sanitise::html(&html, &mut Report::default());
            let _ = document(html.as_bytes(), None);
            let mut reader = StreamReader::new();
            let _ = reader.push(html.as_bytes());
            let _ = reader.finish();
        }
        for unit in
            ["(", "[", "{", "@media x{", "a{", ":not(", "calc(", "url(", "@supports (", ":is(a", "@layer x{"]
        {
            let _ = sanitise::css(&unit.repeat(8_000), &mut Report::default());
            let _ = sanitise::css(&format!("a{{b:{}", unit.repeat(8_000)), &mut Report::default());
        }
    });
}

#[test]
fn json() {
    on_small_stack(|| {
        for unit in ["[", "{\"a\":", "{\"series\":["] {
            let json = unit.repeat(8_000);
            assert!(Chart::from_json(&json).is_err());
            assert!(Deck::from_json(&json).is_err());
            assert!(Deck::from_upstream_json(&json).is_err());
        }
    });
}
