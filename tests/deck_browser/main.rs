//! Attacks on decks, in a real browser: the deck as one file from disk, and in a frame without its content policy.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, ensure};
use deck::{Deck, Images, Report, SlideContent, document, standalone};
use system_tests::browser::Browser;

const VECTORS: &str = include_str!("../../crates/deck/tests/xss/vectors.txt");
const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// So many attacks are on one page: a deck has no more than 500 slides.
const ON_A_PAGE: usize = 200;

/// A server that answers the same page to every path it knows, and remembers what was asked for.
struct Counter {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Counter {
    fn start(pages: impl FnOnce(&str) -> Vec<(String, String)>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let pages = pages(&address);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // One that breaks off has been counted, or asked for nothing.
                let _ = answer(stream, &pages, &log);
            }
        });
        Ok(Self { address, asked })
    }

    fn take(&self) -> Vec<String> {
        self.asked.lock().map(|mut asked| std::mem::take(&mut *asked)).unwrap_or_default()
    }
}

fn answer(mut stream: TcpStream, pages: &[(String, String)], log: &Mutex<Vec<String>>) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut request = [0; 4096];
    let length = stream.read(&mut request)?;
    let request = String::from_utf8_lossy(request.get(..length).unwrap_or_default()).into_owned();
    let Some(path) = request.split_whitespace().nth(1).map(str::to_owned) else { return Ok(()) };
    let page = pages.iter().find(|(known, _)| *known == path).map(|(_, page)| page.as_str());
    if page.is_none() && path != "/favicon.ico" {
        log.lock().map_err(|_| anyhow::anyhow!("the log is broken"))?.push(path);
    }
    let (status, body) = page.map_or(("404 Not Found", ""), |page| ("200 OK", page));
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

fn vectors(address: &str) -> Vec<String> {
    VECTORS.split_terminator('\n').map(|line| line.replace('⏎', "\n").replace("HOST", address)).collect()
}

/// Decks with one attack on each slide, and all of their styles: none is left out.
fn decks(address: &str) -> Vec<Deck> {
    vectors(address).chunks(ON_A_PAGE).map(deck).collect()
}

fn deck(vectors: &[String]) -> Deck {
    let mut style = String::new();
    let mut slides: Vec<SlideContent> = Vec::new();
    for vector in vectors {
        let read = document(format!("<div class=\"slide\"><p>x</p>{vector}</div>").as_bytes(), None);
        style.push_str(read.deck.style());
        slides.extend(read.deck.slides().iter().map(|slide| (*slide.content).clone()));
    }
    let mut report = Report::default();
    let deck = Deck::new("Attacks", &style, slides, None, &mut report);
    assert!(report.findings().iter().all(|finding| !finding.what.contains("slides after")), "{report}");
    deck
}

/// A page that counts the scripts that run in it.
fn counting(page: &str) -> String {
    page.replacen(
        "<head>",
        "<head><script>window.ran = 0; window.alert = () => { window.ran += 1; }; window.onbeforeunload = () => { document.title = 'left'; };</script>",
        1,
    )
}

async fn ran(browser: &Browser) -> anyhow::Result<u64> {
    let script = "const inner = document.querySelector('iframe'); return window.ran ?? (inner && inner.contentWindow.ran) ?? 0";
    let found = browser.window.execute(script, Vec::new()).await?;
    Ok(found.convert()?)
}

async fn settle(browser: &Browser) -> anyhow::Result<()> {
    let ready = "return document.readyState === 'complete' && [...document.querySelectorAll('iframe')].every(frame => frame.contentDocument && frame.contentDocument.readyState === 'complete' && frame.contentDocument.body && frame.contentDocument.body.childElementCount > 0)";
    let started = std::time::Instant::now();
    loop {
        if browser.window.execute(ready, Vec::new()).await?.convert::<bool>()? {
            // Two frames are painted: what styles load is asked for, what animates has begun.
            let painted = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300)))";
            browser.window.execute_async(painted, Vec::new()).await?;
            return Ok(());
        }
        ensure!(started.elapsed() < DEADLINE, "the page does not load within {DEADLINE:?}");
        tokio::time::sleep(POLL).await;
    }
}

async fn attacks() -> anyhow::Result<()> {
    let server = Counter::start(|address| {
        let raw: String = vectors(address)
            .iter()
            .filter(|vector| vector.starts_with("<img") || vector.contains("background:url("))
            .cloned()
            .collect();
        let mut pages =
            vec![("/raw".to_owned(), counting(&format!("<html><head></head><body>{raw}</body></html>")))];
        for (number, deck) in decks(address).iter().enumerate() {
            let frame = format!(
                "<!DOCTYPE html><title>frame</title><iframe src=/deck{number} width=1280 height=720></iframe>"
            );
            pages.push((format!("/deck{number}"), counting(&without_policy(deck))));
            pages.push((format!("/frame{number}"), frame));
        }
        pages
    })?;
    // It names the TLS library, which the driver's client needs, too.
    drop(system_tests::rest::client()?);
    let browser = Browser::open(1280, 900).await?;

    // The test would see an attack.
    browser.window.goto(format!("http://{}/raw", server.address)).await?;
    settle(&browser).await?;
    ensure!(ran(&browser).await? > 0, "the unsanitised attacks did not run");
    ensure!(!server.take().is_empty(), "the unsanitised attacks loaded nothing");

    let decks = decks(&server.address);
    for page in (0..decks.len()).flat_map(|number| [format!("deck{number}"), format!("frame{number}")]) {
        let address = format!("http://{}/{page}", server.address);
        browser.window.goto(&address).await?;
        settle(&browser).await?;
        ensure!(ran(&browser).await? == 0, "a script ran in /{page}");
        let there = browser.window.current_url().await?.to_string();
        ensure!(there == address, "/{page} went to {there}");
        let title = browser.window.title().await?;
        ensure!(title != "left", "/{page} tried to leave");
        let asked = server.take();
        ensure!(asked.is_empty(), "/{page} asked for {asked:?}");
        if page.starts_with("frame") {
            let inner = "return document.querySelector('iframe').contentWindow.location.pathname";
            let inner: String = browser.window.execute(inner, Vec::new()).await?.convert()?;
            ensure!(inner == page.replace("frame", "/deck"), "the frame went to {inner}");
        }
    }
    let mut seen = 0;
    for deck in &decks {
        seen += from_disk(&browser, &server, deck).await?;
    }
    ensure!(seen >= vectors("x").len() * 9 / 10, "only {seen} attacks are on slides");
    browser.quit().await
}

/// The file without its content policy: the sanitiser has to hold alone.
fn without_policy(deck: &Deck) -> String {
    let file = standalone(deck, &Images::new());
    let start = file.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap_or_default();
    let end = file.get(start..).and_then(|rest| rest.find('\n')).map_or(start, |length| start + length);
    format!("{}{}", &file[..start], &file[end..])
}

/// The file as it is given to people; how many slides it shows.
async fn from_disk(browser: &Browser, server: &Counter, deck: &Deck) -> anyhow::Result<usize> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("deck.html");
    std::fs::write(&path, standalone(deck, &Images::new()))?;
    let address = format!("file://{}", path.to_str().context("a path that is not UTF-8")?);
    browser.window.goto(&address).await?;
    settle(browser).await?;
    ensure!(browser.window.get_alert_text().await.is_err(), "an alert is open");
    ensure!(browser.window.current_url().await?.to_string() == address, "the file went elsewhere");
    let loaded: Vec<String> = browser.window.execute("return performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.startsWith('data:'))", Vec::new()).await?.convert()?;
    ensure!(loaded.is_empty(), "the file loaded {loaded:?}");
    let slides: usize = browser
        .window
        .execute("return document.querySelectorAll('tellr-page').length", Vec::new())
        .await?
        .convert()?;
    ensure!(slides == deck.slides().len(), "only {slides} slides are shown");
    ensure!(server.take().is_empty(), "the file asked for something");
    Ok(slides)
}

#[tokio::test]
async fn attacks_do_nothing() -> anyhow::Result<()> {
    attacks().await
}
