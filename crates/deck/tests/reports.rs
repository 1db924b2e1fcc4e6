//! Nothing disappears without a line: what readers once left out in silence.
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use deck::chart::Chart;
use deck::{Change, Event, Report, StreamReader, StyleSheet, document, sanitise};

fn report_of(html: &str) -> String {
    document(html.as_bytes(), None).report.to_string()
}

fn stream(text: &str) -> (Vec<Change>, String) {
    let mut reader = StreamReader::new();
    let mut events = reader.push(text.as_bytes());
    let (last, report) = reader.finish();
    events.extend(last);
    let mut changes = Vec::new();
    for event in events {
        match event {
            Event::Change(change) => changes.push(change),
            Event::ChangeUpdated(at, change) => changes[at] = change,
            Event::Prose(_) | Event::SlideBegan(_) => {}
        }
    }
    (changes, report.to_string())
}

#[track_caller]
fn says(report: &str, line: &str) {
    assert!(report.lines().any(|said| said == line), "no `{line}` in:\n{report}");
}

#[test]
fn attributes_and_elements() {
    let report = report_of(
        "<html><head><base href=x><meta name=description content=y></head><body class=dark><div class=slide>\
         <table><tr><td colspan=900>x</td></tr></table><a href=https://a.example target=_top>x</a>\
         <div data-chart=c><img src=image:1></div><canvas id=k aria-label=l>old</canvas></div></body></html>",
    );
    for line in [
        "dropped: the base to `x`",
        "dropped: the page's `description` `y`",
        "dropped: `class` `dark` of the <body> around the slides",
        "slide 1: repaired: colspan with 900; it is 100",
        "slide 1: dropped: target with `_top`",
        "slide 1: dropped: <img> where a chart is drawn",
        "slide 1: dropped: the attribute `aria-label` of a canvas",
        "slide 1: dropped: text in a canvas: `old`",
    ] {
        says(&report, line);
    }
}

#[test]
fn markup_that_the_parser_mends() {
    says(
        &report_of("<div class=slide><p>x</h1></p></div>"),
        "repaired: 1 mistakes in the markup; it is read as a browser reads it",
    );
    let mut report = Report::default();
    sanitise::html("<svg><p>x</svg><a href=#x><table><a href=#y>z", &mut report);
    assert!(report.to_string().contains("repaired"), "{report}");
}

#[test]
fn styles() {
    let mut report = Report::default();
    let style = StyleSheet::new("p { position: fixed; color: red }", &mut report);
    assert_eq!(style.as_str(), ".slide p{color:red}\n");
    says(
        &report.to_string(),
        "dropped: the declaration `position: fixed;`: a slide's parts stay on the slide",
    );
    let report = report_of("<style type=text/less>@a: b;</style><div class=slide>x</div>");
    says(&report, "dropped: a style of the type `text/less`: `@a: b;`");
    let read = document(b"<style media=print>p{color:red}</style><div class=slide>x</div>", None);
    assert_eq!(read.deck.style(), "@media print{.slide p{color:red}\n}\n");
}

#[test]
fn language_and_direction_are_kept() {
    let html = "<html lang=ar dir=rtl><body><section class=slide>x</section></body></html>";
    let kept = "<section class=\"slide\" lang=\"ar\" dir=\"rtl\">x</section>";
    assert_eq!(document(html.as_bytes(), None).deck.slides()[0].content.html(), kept);
    let (changes, _) = stream(html);
    let [Change::New(content)] = changes.as_slice() else { unreachable!("{changes:?}") };
    assert_eq!(content.html(), kept);
}

#[test]
fn late_scripts() {
    let canvas = "<section class=slide><canvas id=a></canvas></section>";
    let chart = "new Chart('a', {type: 'bar', data: {labels: ['x'], datasets: [{data: [1]}]}, options: {scales: {y: {ticks: {callback: v => v}}}}})";
    let (changes, report) = stream(&format!("{canvas}<script>{chart}</script>"));
    let [Change::New(content)] = changes.as_slice() else { unreachable!("{changes:?}") };
    assert_eq!(content.charts().len(), 1);
    assert_eq!(
        report,
        "slide 1: dropped: the callback `options.scales.y.ticks.callback`, of the chart `a`\n"
    );
    let (_, report) = stream(&format!("{canvas}<script>new Chart('a', {{data: rows()}})</script>"));
    says(&report, "slide 1: dropped: `data`, which is computed, of the chart `a`");
    says(&report, "slide 1: not placed: nothing: the place of the chart `a` stays empty");
}

#[test]
fn sections_that_say_too_much() {
    let (_, report) = stream("<section class=slide data-op=delete data-slide=s1><p>text</p></section>");
    says(&report, "slide 1: dropped: what stands in a section that deletes or moves a slide");
    let (_, report) = stream("<section class=slide data-slide=s1><p>text</p></section>");
    says(&report, "slide 1: dropped: data-slide=`s1`: it says nothing here");
}

#[test]
fn charts() {
    let (chart, left_out) = Chart::from_json(
        r#"{"type":"bar","datalabels":true,"series":[{"values":[1,1e308],"color":"url(x)"}],"y":{"max":1e305},"width":5}"#,
    )
    .unwrap();
    assert_eq!(chart.series[0].color, None);
    assert_eq!(
        left_out,
        [
            "the unknown field `datalabels`",
            "a number too large to draw; it is a gap",
            "`url(x)`, which is no colour",
            "the bound of an axis, too large to draw",
            "a size of 5; one between 40 and 4000 is used",
        ]
    );
    let scripts = "new Chart('a', {type: 'line', data: {labels: ['x', 'y'], datasets: [{data: [{x: 'y', y: 2}]}, {data: {x: 1}}]}, options: {scales: {y: {type: 'logarithmic', reverse: true}}}, ...rest})";
    let report =
        report_of(&format!("<div class=slide><canvas id=a></canvas></div><script>{scripts}</script>"));
    says(&report, "slide 1: dropped: the `logarithmic` scale `y`; its steps are even, of the chart `a`");
    says(&report, "slide 1: dropped: the reversed direction of the scale `y`, of the chart `a`");
    says(&report, "slide 1: dropped: `...`, which is computed, of the chart `a`");
}

#[test]
fn the_configuration_of_chartjs_as_json() {
    let json = r#"{"type":"bar","data":{"labels":["a"],"datasets":[{"label":"n","data":[1]}]}}"#;
    let html = format!("<div class=slide><script type=application/json data-chart=a>{json}</script></div>");
    let read = document(html.as_bytes(), None);
    assert_eq!(read.deck.slides()[0].content.charts()[0].chart.labels, ["a"]);
    says(&read.report.to_string(), "slide 1: repaired: the chart `a`, written as Chart.js takes it");
}

/// Cases that fuzzing found.
#[test]
fn found_by_fuzzing() {
    // A title became another one when it was read again.
    let read = document(b"<title>a \t\x01\t b</title><div class=slide>x</div>", None);
    assert_eq!(read.deck.title(), "a b");
    // A layer without a name was written as it stood.
    assert_eq!(sanitise::css("@layer ;", &mut Report::default()), "");
    // A finding about bytes came before or after others, depending on where the stream was cut.
    let bytes = b"```html\n<div class=slide>x</div>\n```\xa0";
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = StreamReader::new();
        pieces.for_each(|piece| drop(reader.push(piece)));
        reader.finish().1
    };
    assert_eq!(read(&mut bytes.chunks(1)), read(&mut bytes.chunks(bytes.len())));
}
