//! What holds for all input.
#![expect(clippy::expect_used, reason = "output that is not canonical fails the test")]

mod allowed;

use deck::sanitise;
use deck::{
    Change, Deck, Event, History, Operation, Place, Report, Revision, SlideContent, SlideId, StreamReader,
    StyleSheet, document,
};
use proptest::prelude::*;

/// Pieces that HTML goes wrong with.
fn fragment() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<div>",
        "</div>",
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<i class=a>",
        "</i>",
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "</td>",
        "<svg>",
        "</svg>",
        "<math>",
        "</math>",
        "<mtext>",
        "<mi>",
        "<foreignObject>",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<textarea>",
        "<xmp>",
        "<noscript>",
        "</noscript>",
        "<template>",
        "</template>",
        "<a href=#x>",
        "</a>",
        "<h1>",
        "</h1>",
        "<select>",
        "<option>",
        "<form>",
        "<button>",
        "<pre>\n\n",
        "</pre>",
        "<li>",
        "<ul>",
        "</ul>",
        "<br>",
        "<img src=x onerror=a>",
        "<img src=\"image:1\">",
        "<path d='M0 0'/>",
        "<desc>",
        "<annotation-xml encoding=text/html>",
        "<malignmark>",
        "<mglyph>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "--!>",
        "&lt;",
        "&amp;lt;",
        "&#0;",
        "&#13;",
        "\r",
        "\0",
        "text",
        " ",
        "\"",
        "'",
        "`",
        "<",
        ">",
        "<p style=\"color:red;background:url(x)\">",
        "<p style='--x:\"</p>\"'>",
        "<frameset>",
        "<plaintext>",
        "<nobr>",
        "<font color=red>",
        "<caption>",
        "<col>",
        "<ruby><rt>",
        "<dd>",
        "<section class=slide>",
        "</section>",
        "<canvas id=c>",
        "<script>",
        "</script>",
        "<div data-chart=c>x</div>",
        "<math><mi><b>",
        "<svg><p>",
        "<svg><title><p>",
        "<use href=#a>",
        "<image href='data:image/png;base64,AAAA'>",
    ]);
    prop::collection::vec(prop_oneof![6 => piece.prop_map(str::to_owned), 1 => "\\PC{0,12}"], 0..40)
        .prop_map(|pieces| pieces.concat())
}

fn css() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        ".b",
        "#c",
        ".slide",
        "body",
        ":root",
        " > ",
        " + ",
        "~",
        ",",
        "{",
        "}",
        "color:red",
        ";",
        "position:fixed",
        "--x:",
        "url(x)",
        "url(\"data:image/png;base64,AAAA\")",
        "@media print",
        "@media (width<5px)",
        "@keyframes k",
        "from",
        "50%",
        "@import 'x'",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "'",
        "\\",
        "\\75 rl(",
        "/*",
        "*/",
        "<!--",
        "-->",
        "</style>",
        "!important",
        "calc(1px + 2px)",
        "var(--x)",
        ":not(.a)",
        "::before",
        ":has(> b)",
        "[x=y]",
        "@supports (a:b)",
        "@layer x",
        "@font-face",
        "src:",
        "expression(1)",
        "1e3",
        ".5px",
        "-0",
        "+1",
        "#fff",
        " ",
        "\n",
        "\0",
        "é",
        "\\a ",
        "%",
    ]);
    prop::collection::vec(prop_oneof![8 => piece.prop_map(str::to_owned), 1 => "\\PC{0,8}"], 0..40)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn sanitised_html_is_stable_and_holds_what_is_listed(input in fragment()) {
        let once = sanitise::html(&input, &mut Report::default());
        let twice = sanitise::html(&once, &mut Report::default());
        prop_assert_eq!(&once, &twice);
        allowed::html(&once);
    }

    #[test]
    fn sanitised_css_is_stable_and_holds_what_is_listed(input in css()) {
        let once = sanitise::css(&input, &mut Report::default());
        let twice = sanitise::css(&once, &mut Report::default());
        prop_assert_eq!(&once, &twice);
        allowed::css(&once);
    }

    #[test]
    fn every_input_is_read(input in prop::collection::vec(any::<u8>(), 0..400), html in fragment()) {
        let _ = document(&input, None);
        let read = document(html.as_bytes(), None);
        let json = read.deck.to_json();
        let (again, report) = Deck::from_json(&json).unwrap();
        prop_assert_eq!(again.to_json(), json, "{}", report);
    }

    #[test]
    fn the_stream_is_the_same_for_every_cut(input in stream(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let whole = read(&[input.as_bytes()]);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        places.extend([0, input.len()]);
        places.sort_unstable();
        let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &input.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&read(&pieces), &whole);
        let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        prop_assert_eq!(read(&bytes), whole);
    }

    #[test]
    fn operations_keep_ids_and_can_be_undone(steps in prop::collection::vec((0_u8..9, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..30)) {
        let content = |text: &str| SlideContent::new(&format!("<h1>{text}</h1>"), Vec::new(), "", &mut Report::default());
        let deck = Deck::new("Deck", "h1{color:red}", vec![content("1"), content("2"), content("3")], None, &mut Report::default());
        let mut history = History::new(Revision::first(deck, None));
        let mut ever: Vec<SlideId> = Vec::new();
        for (kind, one, other) in steps {
            let before = history.current().unwrap().clone();
            let slides = before.deck().slides();
            let pick = |index: prop::sample::Index| {
                if slides.is_empty() { SlideId::new("none").unwrap() } else { slides[index.index(slides.len())].id.clone() }
            };
            let (slide, place) = (pick(one), Place::After(pick(other)));
            let operation = match kind {
                0 => Operation::Replace { slide, content: content("new") },
                1 => Operation::Insert { place, content: content("inserted") },
                2 => Operation::Delete { slide },
                3 => Operation::Move { slide, place },
                4 => Operation::Duplicate { slide },
                5 => Operation::AddStyle { style: style("@media print { p { color: blue } }") },
                6 => Operation::SetTitle { title: "Other".into() },
                7 => Operation::SetNotes { slide, notes: "Say".into() },
                _ => Operation::Insert { place: Place::Start, content: content("first") },
            };
            let Ok(()) = history.apply(&[operation], None) else {
                prop_assert_eq!(history.current().unwrap(), &before);
                continue;
            };
            let after = history.current().unwrap().clone();
            prop_assert_eq!(after.parent(), Some(before.id()));
            prop_assert_eq!(after.number(), before.number() + 1);
            let ids: std::collections::BTreeSet<_> = after.deck().slides().iter().map(|slide| slide.id.clone()).collect();
            prop_assert_eq!(ids.len(), after.deck().slides().len());
            // An id is never given a second time.
            for id in &ids {
                let is_new = before.deck().position(id).is_none();
                prop_assert!(!is_new || !ever.contains(id), "{} again", id);
            }
            ever.extend(ids);
            prop_assert!(history.undo());
            prop_assert_eq!(history.current().unwrap().deck().to_json(), before.deck().to_json());
            prop_assert!(history.redo());
            prop_assert_eq!(history.current().unwrap().deck().to_json(), after.deck().to_json());
        }
    }
}

/// Pieces of a stream.
fn stream() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "Here are the slides.\n",
        "a < b & c ",
        "```html\n",
        "```\n",
        "```sql\nSELECT 1\n```\n",
        "`code`",
        "<section class=\"slide\">",
        "<section class='slide' data-op=\"replace\" data-slide=\"s2\">",
        "<section class=slide data-op=insert-after data-slide=s1>",
        "<section class=\"slide\" data-op=\"delete\" data-slide=\"s3\"></section>",
        "<h1>Title</h1>",
        "<section>",
        "</section>",
        "<p title=\"a>b</section>\">x</p>",
        "<!-- </section> -->",
        "<script>\"</section>\"</script>",
        "<canvas id=\"c\"></canvas>",
        "<script>new Chart('c',{type:'bar',data:{labels:['a'],datasets:[{data:[1]}]}})</script>",
        "<style>h1{color:red}</style>",
        "<style data-op=\"replace\">p{color:blue}</style>",
        "<title>A title</title>",
        "<div class=\"slide\">",
        "</div>",
        "<div>",
        "é🚀",
        "\n",
        "  ",
        "<aside class=\"notes\">Say it</aside>",
        "<script type=\"application/json\" data-chart=\"k\">{\"series\":[{\"values\":[1]}]}</script>",
        "<",
        "</",
        "<!",
        "<!-",
        "<s",
        "<!DOCTYPE html><html><body>",
        "</body></html>",
        "<link href=x>",
        "Vec<String>",
        "`",
        "``",
        "\r\n",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The events with prose joined, and the report.
fn read(pieces: &[&[u8]]) -> (String, Vec<Event>, String) {
    let mut reader = StreamReader::new();
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(reader.push(piece));
        // A preview changes nothing; it costs as much as the slide is long.
        if pieces.len() < 20 {
            let _ = reader.preview();
        }
    }
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

#[test]
fn a_turn_becomes_operations() {
    let text = "I made three changes.\n\n<section class=\"slide\" data-op=\"insert-after\" data-slide=\"s1\"><h1>A</h1></section>\n\
        <section class=\"slide\" data-op=\"insert-after\" data-slide=\"s1\"><h1>B</h1></section>\n\
        <section class=\"slide\" data-op=\"replace\" data-slide=\"s2\"><h1>New two</h1></section>\n\
        <section class=\"slide\" data-op=\"delete\" data-slide=\"s9\"></section>Done.";
    let (prose, events, report) = read(&[text.as_bytes()]);
    assert_eq!(prose.split_whitespace().collect::<Vec<_>>().join(" "), "I made three changes. Done.");
    assert_eq!(report, "");
    let changes: Vec<Change> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::Change(change) => Some(change),
            _ => None,
        })
        .collect();
    let content =
        |text: &str| SlideContent::new(&format!("<h1>{text}</h1>"), Vec::new(), "", &mut Report::default());
    let deck = Deck::new("Deck", "", vec![content("1"), content("2")], None, &mut Report::default());
    let revision = Revision::first(deck, None);
    let (operations, refused) = deck::operations(revision.deck(), &changes, None);
    assert_eq!(refused.len(), 1);
    assert_eq!(
        refused[0].1.to_string(),
        "there is no slide s9; it may have been deleted: read the deck again"
    );
    let next = revision.apply(&operations, None).unwrap();
    let headings: Vec<_> = next.deck().slides().iter().filter_map(|slide| slide.content.heading()).collect();
    assert_eq!(headings, ["1", "A", "B", "New two"]);
    assert_eq!(next.summary(), "slide 2 added, slide 3 added, slide 4 rewritten");
}

fn style(css: &str) -> StyleSheet {
    StyleSheet::new(css, &mut Report::default())
}

#[test]
fn a_style_merge_loses_nothing() {
    let rules =
        "@media print{p{color:red}}@keyframes in{from{opacity:0}to{opacity:1}}.a{color:red}.a{color:blue}";
    let deck = Deck::new("", rules, Vec::new(), None, &mut Report::default());
    let next = deck.apply(&Operation::AddStyle { style: style(".b{color:green}") }, None).unwrap();
    assert!(next.style().starts_with(deck.style().trim_end()), "{}", next.style());
    assert!(
        next.style().contains("@media print")
            && next.style().contains("@keyframes in")
            && next.style().contains(".b")
    );
}
