//! Attacks, as text: nothing of what runs or loads is left, and what is left stays as it is.
#![expect(clippy::expect_used, reason = "output that is not canonical fails the test")]

use deck::{Report, document, sanitise, standalone};

/// One a line; `⏎` stands for a line break, `HOST` for a server that counts.
const VECTORS: &str = include_str!("xss/vectors.txt");

fn vectors() -> Vec<String> {
    VECTORS.split_terminator('\n').map(|line| line.replace('⏎', "\n")).collect()
}

#[test]
fn there_are_enough() {
    assert!(vectors().len() >= 300, "{}", vectors().len());
}

/// The tags of HTML that the sanitiser wrote, with their text.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|tag| tag.split_once('>').expect("a tag that does not end").0).collect()
}

/// Attribute names and values of a tag in canonical form.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut rest = tag.split_once(' ').map_or("", |(_, rest)| rest);
    let mut attributes = Vec::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').expect("a value that does not end");
        attributes.push((name, value));
        rest = after.trim_start();
    }
    assert!(rest.is_empty(), "{tag}");
    attributes
}

#[test]
fn nothing_runs_and_nothing_loads() {
    let allowed = [
        "a",
        "b",
        "blockquote",
        "br",
        "div",
        "g",
        "i",
        "image",
        "img",
        "li",
        "linearGradient",
        "math",
        "mi",
        "mtext",
        "p",
        "pattern",
        "rect",
        "rt",
        "ruby",
        "s",
        "section",
        "svg",
        "table",
        "tbody",
        "td",
        "text",
        "textPath",
        "thead",
        "tr",
        "filter",
    ];
    for vector in vectors() {
        let html = sanitise::html(&vector, &mut Report::default());
        assert_eq!(sanitise::html(&html, &mut Report::default()), html, "not stable: {vector}");
        for tag in tags(&html) {
            let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
            assert!(allowed.contains(&name), "<{tag}> from {vector}");
            for (attribute, value) in attributes(tag) {
                // A string in a custom property loads nothing: no function that loads takes one.
                let value = value.to_ascii_lowercase().replace("--a:&quot;http://host/css&quot;", "");
                assert!(
                    !attribute.starts_with("on") && attribute != "srcset" && attribute != "srcdoc",
                    "<{tag}> from {vector}"
                );
                let is_link = name == "a" && attribute == "href";
                if matches!(attribute, "src" | "href" | "style" | "fill" | "stroke" | "filter") && !is_link {
                    assert!(
                        !value.contains("host") && !value.contains("script:") && !value.contains("svg"),
                        "<{tag}> from {vector}"
                    );
                }
                if is_link {
                    assert!(
                        value.starts_with("http") || value.starts_with('#') || value.starts_with("mailto:"),
                        "<{tag}> from {vector}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_document_of_each_is_inert() {
    for vector in vectors() {
        let page = format!("<div class=\"slide\"><p>before</p>{vector}</div>");
        let read = document(page.as_bytes(), None);
        let style = read.deck.style().to_ascii_lowercase().replace("--a:\"http://host/css\"", "");
        assert!(!style.contains("host"), "{style} from {vector}");
        assert!(!read.deck.style().contains("</"), "{} from {vector}", read.deck.style());
        let file = standalone(&read.deck, &deck::Images::new());
        assert!(!file.to_ascii_lowercase().contains("<script"), "{vector}");
    }
}
