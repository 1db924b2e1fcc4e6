//! The model as its users see it: sharing, chains, differences in words, both forms of JSON.
#![expect(clippy::unwrap_used, reason = "what does not fit fails the test")]

use std::sync::Arc;

use deck::{
    Deck, History, Images, JsonError, Operation, Place, Refusal, Report, Revision, SlideContent, SlideId,
    Stamp, StyleSheet, difference, document, standalone,
};

fn content(html: &str) -> SlideContent {
    SlideContent::new(html, Vec::new(), "", &mut Report::default())
}

fn id(id: &str) -> SlideId {
    SlideId::new(id).unwrap()
}

fn deck(slides: &[&str]) -> Deck {
    Deck::new("Deck", "", slides.iter().map(|html| content(html)).collect(), None, &mut Report::default())
}

fn apply(deck: &Deck, operations: &[Operation]) -> Deck {
    operations.iter().fold(deck.clone(), |deck, operation| deck.apply(operation, None).unwrap())
}

#[test]
fn revisions_share_the_slides_that_stay() {
    let first = Revision::first(deck(&["<h1>1</h1>", "<h1>2</h1>"]), None);
    let replace = Operation::Replace { slide: id("s1"), content: content("<h1>New</h1>") };
    let next = first.apply(&[replace, Operation::Duplicate { slide: id("s2") }], None).unwrap();
    let of = |revision: &Revision, at: usize| Arc::clone(&revision.deck().slides()[at].content);
    assert!(!Arc::ptr_eq(&of(&first, 0), &of(&next, 0)));
    assert!(Arc::ptr_eq(&of(&first, 1), &of(&next, 1)));
    assert!(Arc::ptr_eq(&of(&next, 1), &of(&next, 2)));
    assert_eq!(content("<h1>1</h1>").id(), of(&first, 0).id(), "the same content has the same name");
    assert_eq!((next.parent(), next.number()), (Some(first.id()), 2));
}

#[test]
fn differences_are_told_in_words() {
    let before = deck(&["<h1>1</h1>", "<h1>2</h1>", "<h1>3</h1>", "<h1>4</h1>"]);
    let told = |operations: &[Operation]| difference(&before, &apply(&before, operations));
    let replace = Operation::Replace { slide: id("s3"), content: content("<h1>New</h1>") };
    let insert = Operation::Insert { place: Place::End, content: content("<h1>5</h1>") };
    assert_eq!(told(&[replace, insert]), "slide 3 rewritten, slide 5 added");
    assert_eq!(told(&[Operation::Move { slide: id("s4"), place: Place::Start }]), "slide 4 moved to 1");
    assert_eq!(told(&[Operation::Delete { slide: id("s2") }]), "slide 2 deleted");
    let notes = Operation::SetNotes { slide: id("s1"), notes: "Say it".into() };
    assert_eq!(told(&[notes]), "notes of slide 1 changed");
    let style = StyleSheet::new("h1 { color: red }", &mut Report::default());
    let title = Operation::SetTitle { title: "Other".into() };
    assert_eq!(told(&[title, Operation::SetStyle { style }]), "title changed to `Other`, style changed");
    assert_eq!(told(&[]), "nothing changed");
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut history = History::new(Revision::first(deck(&["<h1>1</h1>"]), None));
    let refused = |history: &mut History, operation| history.apply(&[operation], None).unwrap_err().1;
    let gone = Operation::Delete { slide: id("s9") };
    assert_eq!(refused(&mut history, gone), Refusal::NoSuchSlide(id("s9")));
    let long = Operation::SetTitle { title: "x".repeat(256) };
    assert_eq!(refused(&mut history, long), Refusal::TitleTooLong);
    let long = Operation::SetNotes { slide: id("s1"), notes: "x".repeat(70_000) };
    assert_eq!(refused(&mut history, long), Refusal::NotesTooLong);
    let next = Operation::Move { slide: id("s1"), place: Place::After(id("s1")) };
    assert_eq!(refused(&mut history, next), Refusal::NextToItself(id("s1")));
    assert_eq!(history.revisions().len(), 1);
    assert!(!history.undo() && !history.redo());
}

#[test]
fn what_is_undone_can_be_done_again_until_something_else_is_done() {
    let mut history = History::new(Revision::first(deck(&["<h1>1</h1>"]), None));
    history.apply(&[Operation::Duplicate { slide: id("s1") }], None).unwrap();
    assert!(history.undo() && history.redo() && history.undo());
    history.apply(&[Operation::SetTitle { title: "Other".into() }], None).unwrap();
    assert!(!history.redo());
    assert_eq!(history.revisions().len(), 2);
}

#[test]
fn its_own_json_has_a_version_and_names_what_it_does_not_know() {
    let stamp = Stamp { by: "ada@example.com".into(), at: "2026-11-25T10:00:00Z".parse().unwrap() };
    let made = deck(&["<h1>1</h1>"]).apply(&Operation::Duplicate { slide: id("s1") }, Some(&stamp)).unwrap();
    let (read, report) = Deck::from_json(&made.to_json()).unwrap();
    assert_eq!((read, report.to_string()), (made.clone(), String::new()));
    let newer = made.to_json().replace("\"version\":1", "\"version\":2");
    assert_eq!(Deck::from_json(&newer).unwrap_err(), JsonError::Newer(2));
    let unknown = made.to_json().replacen("\"html\"", "\"colour\":\"red\",\"html\"", 1);
    let (_, report) = Deck::from_json(&unknown).unwrap();
    assert_eq!(report.to_string(), "dropped: the unknown field `slides.0.colour`\n");
}

const UPSTREAM: &str = r##"{"title":"Review","slide_count":2,"css":".card{color:red}@media print{.card{color:black}}",
    "external_scripts":["https://cdn.jsdelivr.net/npm/chart.js"],"scripts":"SCRIPTS","head_meta":{"charset":"utf-8"},
    "slides":[{"index":0,"slide_id":"slide_0","html":"<div class=\"slide\"><h1>One</h1><canvas id=\"c\"></canvas></div>",
        "scripts":"OWN","created_by":"ada","created_at":"2026-11-25T10:00:00.5"},
      {"index":1,"slide_id":"slide_1","html":"<div class=\"slide\"><p>Two</p></div>","scripts":"","content_hash":"x",
        "modified_by":"ada","modified_at":"yesterday"}]}"##;
const SCRIPT: &str =
    "new Chart(document.getElementById('c'), {type: 'bar', data: {labels: ['a'], datasets: [{data: [1]}]}});";

#[test]
fn the_originals_json_is_read_and_written() {
    for (deck_script, own) in [("(function() {SCRIPT})();", SCRIPT), (SCRIPT, "")] {
        let deck_script = deck_script.replace("SCRIPT", SCRIPT);
        let json = UPSTREAM.replace("SCRIPTS", &deck_script).replace("OWN", own);
        let (read, report) = Deck::from_upstream_json(&json).unwrap();
        assert_eq!(read.slides()[0].content.charts().len(), 1, "{report}");
        assert!(read.style().contains("@media print"), "{}", read.style());
        assert_eq!(read.slides()[0].created.as_ref().unwrap().by, "ada");
        assert_eq!(
            report.to_string(),
            "dropped: the script `https://cdn.jsdelivr.net/npm/chart.js`\n\
             slide 2: dropped: the author `ada`: `yesterday` is no time\n"
        );
        let written: serde_json::Value = serde_json::from_str(&read.to_upstream_json()).unwrap();
        assert_eq!((&written["title"], &written["slide_count"]), (&"Review".into(), &2.into()));
        assert_eq!((&written["scripts"], &written["slides"][1]["index"]), (&"".into(), &1.into()));
        assert!(written["slides"][0]["html"].as_str().unwrap().contains("<svg"));
    }
}

#[test]
fn the_file_stands_alone() {
    let html = "<div class=\"slide\"><img src=\"image:7\"><img src=\"image:8\"><h1>Title</h1></div>";
    let read = document(html.as_bytes(), None);
    let images = Images::from([("7".to_owned(), "data:image/png;base64,iVBORw0KGgo=".to_owned())]);
    let file = standalone(&read.deck, &images);
    assert!(file.contains("src=\"data:image/png;base64,iVBORw0KGgo=\"") && file.contains("src=\"data:,\""));
    assert!(!file.contains("<script") && !file.contains("http:") && !file.contains("https:"));
    assert!(file.contains("@page{size:1280px 720px"));
}
