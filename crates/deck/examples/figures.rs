//! Measures what decks have figures for: `cargo run --release -p deck --example figures`. One figure a line: megabytes a second, or
//! milliseconds.
#![expect(clippy::print_stdout, reason = "a command for people")]

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use deck::chart::{Chart, draw};
use deck::{Report, StreamReader, document, sanitise};

/// How long each thing is done again and again.
const TIME: Duration = Duration::from_millis(1500);

/// The time that something takes on a processor, whoever else is at work on the machine.
fn spent(mut what: impl FnMut()) -> Duration {
    let (started, mut times) = (processor_time(), 0);
    loop {
        what();
        times += 1;
        let all = processor_time().saturating_sub(started);
        if all > TIME && times >= 5 {
            return all / times;
        }
    }
}

/// How long this thread has been on a processor; where the system does not say, how long it has been running.
fn processor_time() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let known = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = known.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

/// A slide as models write them, about 3 KB.
fn slide(number: u32, chart: bool) -> String {
    let card = "<div class=\"card\" style=\"background: linear-gradient(135deg, #667eea 0%, #764ba2 100%); padding: 24px; border-radius: 12px\">\
        <h3>Key figure</h3><p class=\"value\">$4.2M</p><p>Revenue grew by <strong>12%</strong> compared with the quarter before, mostly in the north. The south follows in the second half of the year, when the new plant delivers.</p>\
        <ul><li>Orders: 1,240</li><li>Open offers: 318, worth $2.9M</li><li>Return rate: 2.4%</li></ul></div>";
    let table: String = (0..12)
        .map(|row| {
            format!("<tr><td>Region {row}</td><td style=\"text-align: right\">{}</td></tr>", row * 317)
        })
        .collect();
    let chart = if chart {
        format!("<div style=\"height: 300px\"><canvas id=\"chart{number}\"></canvas></div>")
    } else {
        String::new()
    };
    format!(
        "<div class=\"slide\"><h1>Slide {number}: results of the quarter</h1><div class=\"grid\">{}</div><table>{table}</table>{chart}</div>\n",
        card.repeat(4)
    )
}

fn deck() -> String {
    let slides: String = (1..=15).map(|number| slide(number, number <= 10)).collect();
    let charts: String = (1..=10)
        .map(|number| format!("new Chart(document.getElementById('chart{number}').getContext('2d'), {{ type: 'bar', data: {{ labels: ['Q1','Q2','Q3','Q4'], datasets: [{{ label: 'Revenue', data: [10, 20, 15, {number}], backgroundColor: ['#36a', '#39c', '#3cc', '#c33'] }}] }}, options: {{ responsive: true, plugins: {{ legend: {{ display: false }} }}, scales: {{ y: {{ beginAtZero: true, ticks: {{ callback: (v) => '$' + v }} }} }} }} }});\n"))
        .collect();
    let style = ".slide { width: 1280px; height: 720px; padding: 48px; font-family: 'Inter', sans-serif } .grid { display: grid; grid-template-columns: repeat(2, 1fr); gap: 24px } .card h3 { margin: 0 } @media print { .card { box-shadow: none } }";
    format!(
        "<!DOCTYPE html><html><head><title>Review</title><script src=\"https://cdn.jsdelivr.net/npm/chart.js\"></script><style>{style}</style></head><body>{slides}<script>{charts}</script></body></html>"
    )
}

fn main() {
    let slides: Vec<String> = (0..200).map(|number| slide(number, false)).collect();
    let time = spent(|| {
        for html in &slides {
            black_box(sanitise::html(black_box(html), &mut Report::default()));
        }
    });
    let bytes = slides.iter().map(String::len).sum::<usize>();
    let megabytes = u32::try_from(bytes).map_or(0.0, f64::from) / 1e6;
    println!("sanitise {:.2}", megabytes / time.as_secs_f64());

    let deck = deck();
    assert!((44_000..46_000).contains(&deck.len()), "{} bytes", deck.len());
    let time = spent(|| {
        black_box(document(black_box(deck.as_bytes()), None));
    });
    println!("document {:.3}", time.as_secs_f64() * 1e3);

    let section = slide(1, false)
        .replacen("<div class=\"slide\">", "<section class=\"slide\">", 1)
        .trim_end()
        .trim_end_matches("</div>")
        .to_owned()
        + "</section>";
    assert!((2_600..3_200).contains(&section.len()), "{} bytes", section.len());
    let time = spent(|| {
        let mut reader = StreamReader::new();
        for piece in section.as_bytes().chunks(24) {
            black_box(reader.push(piece));
        }
        black_box(reader.finish());
    });
    println!("stream {:.4}", time.as_secs_f64() * 1e3);

    let json = r##"{"type":"bar","title":"Revenue and margin","labels":["Jan","Feb","Mar","Apr","May","Jun","Jul","Aug","Sep","Oct","Nov","Dec"],"series":[{"name":"2025","values":[1,2,3,4,5,6,7,8,9,10,11,12]},{"name":"2026","values":[2,3,4,5,6,7,8,9,10,11,12,13]},{"name":"Margin","kind":"line","second_axis":true,"values":[9,8,7,8,9,8,7,8,9,8,7,8]}],"data_labels":true}"##;
    if let Ok((chart, _)) = Chart::from_json(json) {
        let time = spent(|| {
            black_box(draw(black_box(&chart)));
        });
        println!("chart {:.4}", time.as_secs_f64() * 1e3);
    }
}
