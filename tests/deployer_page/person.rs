//! Somebody at the page: finds things by what they read, and waits for what they expect.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use system_tests::browser::Browser;
use system_tests::local_workspace::Ready;
use thirtyfour::{WindowHandle, prelude::*};

/// A deployment through the local workspace is done well before.
const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);

/// Everything that the page and the browser keep of it, by place.
const KEPT: &str = "
    const done = arguments[arguments.length - 1];
    const inputs = [...document.querySelectorAll('input, textarea')].map(input => input.value);
    // a frame without an origin has neither cookies nor storage
    const kept = async read => { try { return String(await read()) } catch (error) { return error.name } };
    const places = Object.entries({
        'the document': () => document.documentElement.outerHTML,
        'the inputs': () => JSON.stringify(inputs),
        'the address': () => location.href,
        'cookies': () => document.cookie,
        'local storage': () => JSON.stringify({...localStorage}),
        'session storage': () => JSON.stringify({...sessionStorage}),
        'history': () => JSON.stringify(history.state),
        'requested addresses': () => JSON.stringify(performance.getEntriesByType('resource').map(entry => entry.name)),
        'the window': () => window.name,
        'databases': async () => JSON.stringify(await indexedDB.databases()),
        'caches': async () => JSON.stringify(await caches.keys()),
        'service workers': async () =>
            JSON.stringify((await navigator.serviceWorker.getRegistrations()).map(worker => worker.scope)),
    });
    Promise.all(places.map(async ([place, read]) => [place, await kept(read)])).then(done);";

/// What the screen reads, and whether it shows a problem: both of one moment.
const MAIN: &str = "
    const main = document.querySelector('main');
    return [main ? main.innerText : '', Boolean(document.querySelector('.problem'))];";

/// A browser window with somebody in front of it.
pub(crate) struct Person {
    pub(crate) browser: Browser,
    /// Whether the page is in a frame of the window.
    is_in_frame: AtomicBool,
}

impl Person {
    /// Opens `address`.
    pub(crate) async fn at(address: &str, width: u32, height: u32) -> anyhow::Result<Self> {
        let browser = Browser::open(width, height).await?;
        browser.resize(width, height).await?;
        browser.window.goto(address).await?;
        Ok(Self { browser, is_in_frame: AtomicBool::new(false) })
    }

    /// Opens `address` afresh.
    pub(crate) async fn go_to(&self, address: &str) -> anyhow::Result<()> {
        // two addresses that differ in what stands behind `#` are one page
        self.browser.window.goto("about:blank").await?;
        Ok(self.browser.window.goto(address).await?)
    }

    /// Closes the tab, whatever it is doing, and looks at an empty one.
    pub(crate) async fn close_tab(&self) -> anyhow::Result<()> {
        let window = &self.browser.window;
        let empty = window.new_tab().await?;
        window.close_window().await?;
        window.switch_to_window(empty).await?;
        Ok(())
    }

    /// Fills in the first screen.
    pub(crate) async fn sign_in(&self, ready: &Ready) -> anyhow::Result<()> {
        self.fill("host", &ready.host).await?;
        self.fill("token", &ready.token).await?;
        self.press("Connect").await
    }

    /// Waits for the screen with this heading.
    pub(crate) async fn heading(&self, text: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let (page, problem): (String, bool) =
                self.browser.window.execute(MAIN, Vec::new()).await?.convert()?;
            if page.lines().next() == Some(text) {
                return Ok(());
            }
            let stuck = problem || started.elapsed() > DEADLINE;
            if stuck {
                self.picture("stuck").await?;
            }
            ensure!(!stuck, "waited for the screen `{text}`, but the page shows\n{page}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits for a text on the screen.
    pub(crate) async fn shows(&self, text: &str) -> anyhow::Result<()> {
        let path = format!("//main//*[contains(normalize-space(), \"{text}\")]");
        self.found(By::XPath(path), text).await.map(drop)
    }

    /// Waits for a text on the screen, whatever is in it.
    pub(crate) async fn shows_literally(&self, text: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.glance("main").await?.contains(text) {
            ensure!(started.elapsed() < DEADLINE, "`{text}` does not show: {}", self.glance("main").await?);
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Presses the button, link or label with exactly this text.
    pub(crate) async fn press(&self, text: &str) -> anyhow::Result<()> {
        let path = format!("//main//*[self::button or self::a][normalize-space()=\"{text}\"]");
        let button = self.found(By::XPath(path), text).await?;
        button.scroll_into_view().await?;
        button.click().await.with_context(|| format!("`{text}` cannot be pressed"))
    }

    /// Presses the button that is announced with exactly this text.
    pub(crate) async fn press_labelled(&self, label: &str) -> anyhow::Result<()> {
        let button = self.found(By::XPath(format!("//main//button[@aria-label=\"{label}\"]")), label).await?;
        button.scroll_into_view().await?;
        button.click().await.with_context(|| format!("`{label}` cannot be pressed"))
    }

    /// Whether there is an element of that id.
    pub(crate) async fn has(&self, id: &str) -> anyhow::Result<bool> {
        Ok(!self.browser.window.find_all(By::Id(id)).await?.is_empty())
    }

    /// Chooses a value of a list.
    pub(crate) async fn choose(&self, id: &str, value: &str) -> anyhow::Result<()> {
        let option = self.found(By::Css(format!("#{id} option[value='{value}']")), id).await?;
        Ok(option.click().await?)
    }

    /// Types into a field.
    pub(crate) async fn fill(&self, id: &str, text: &str) -> anyhow::Result<()> {
        let input = self.found(By::Id(id), id).await?;
        input.send_keys(Key::Control + "a").await?;
        input.send_keys(Key::Delete + text).await.with_context(|| format!("{id} takes no text"))
    }

    /// Opens what is folded under this text.
    pub(crate) async fn unfold(&self, text: &str) -> anyhow::Result<()> {
        let summary = By::XPath(format!("//main//summary[normalize-space()=\"{text}\"]"));
        let summary = self.found(summary, text).await?;
        let is_open = "return arguments[0].parentElement.open;";
        let is_open: bool =
            self.browser.window.execute(is_open, vec![summary.to_json()?]).await?.convert()?;
        if !is_open {
            summary.scroll_into_view().await?;
            summary.click().await?;
        }
        Ok(())
    }

    /// Back to the first screen behind the sign-in, as somebody who reloads the page.
    pub(crate) async fn go_to_overview(&self) -> anyhow::Result<()> {
        self.browser.window.refresh().await?;
        self.heading("What shall be done?").await
    }

    /// Turns a switch on.
    pub(crate) async fn switch_on(&self, id: &str) -> anyhow::Result<()> {
        let switch = self.found(By::Id(id), id).await?;
        switch.scroll_into_view().await?;
        if !switch.is_selected().await? {
            switch.click().await?;
        }
        Ok(())
    }

    /// The text of an element.
    pub(crate) async fn text(&self, css: &str) -> anyhow::Result<String> {
        // the page may put another element in its place between the two calls
        let started = Instant::now();
        loop {
            match self.found(By::Css(css.to_owned()), css).await?.text().await {
                Err(_) if started.elapsed() < DEADLINE => tokio::time::sleep(POLL).await,
                text => return Ok(text?),
            }
        }
    }

    /// The text of an element as it is now; empty if there is none.
    pub(crate) async fn glance(&self, css: &str) -> anyhow::Result<String> {
        let script =
            "const found = document.querySelector(arguments[0]); return found ? found.innerText : '';";
        Ok(self.browser.window.execute(script, vec![css.into()]).await?.convert()?)
    }

    /// Waits until something has gone wrong; gives what is told about it.
    pub(crate) async fn problem(&self) -> anyhow::Result<String> {
        self.text(".problem").await
    }

    /// What has the focus: `BODY` if nothing has.
    pub(crate) async fn focused(&self) -> anyhow::Result<String> {
        let script = "return document.activeElement ? document.activeElement.tagName : 'BODY';";
        Ok(self.browser.window.execute(script, Vec::new()).await?.convert()?)
    }

    /// Sets the size of all letters; none is that of the page.
    pub(crate) async fn letters(&self, size: &str) -> anyhow::Result<()> {
        let script = "document.documentElement.style.fontSize = arguments[0];";
        self.browser.window.execute(script, vec![size.into()]).await?;
        Ok(())
    }

    /// What moves.
    pub(crate) async fn moving(&self) -> anyhow::Result<Vec<String>> {
        let script = "return document.getAnimations().filter(one => one.playState === 'running')
            .map(one => one.animationName || String(one));";
        Ok(self.browser.window.execute(script, Vec::new()).await?.convert()?)
    }

    /// What stands in a field.
    pub(crate) async fn value(&self, id: &str) -> anyhow::Result<String> {
        Ok(self.found(By::Id(id), id).await?.prop("value").await?.unwrap_or_default())
    }

    /// Where a link leads.
    pub(crate) async fn address_of(&self, id: &str) -> anyhow::Result<String> {
        self.found(By::Id(id), id).await?.prop("href").await?.with_context(|| format!("{id} leads nowhere"))
    }

    /// What page and browser keep, by place.
    pub(crate) async fn everything_kept(&self) -> anyhow::Result<Vec<(String, String)>> {
        let kept = self.browser.window.execute_async(KEPT, Vec::new()).await?;
        let kept: Vec<(String, String)> = kept.convert()?;
        ensure!(kept.len() == 12 && kept.iter().any(|(_, content)| content.contains("<html")), "{kept:?}");
        Ok(kept)
    }

    /// Keeps a picture of the window for people.
    pub(crate) async fn picture(&self, name: &str) -> anyhow::Result<()> {
        self.browser.screenshot(&format!("deployer-{name}")).await
    }

    /// Closes the window.
    pub(crate) async fn leave(self) -> anyhow::Result<()> {
        self.browser.quit().await
    }

    /// Goes on inside the frame that the window shows.
    pub(crate) async fn enter_frame(&self) -> anyhow::Result<()> {
        self.is_in_frame.store(true, Ordering::Relaxed);
        Ok(self.found(By::Css("iframe"), "the frame").await?.enter_frame().await?)
    }

    /// Looks at something else in a window of its own, and comes back.
    pub(crate) async fn visits(&self, address: &str) -> anyhow::Result<()> {
        let here = self.browser.window.window().await?;
        let other = self.browser.window.new_window().await?;
        self.browser.window.switch_to_window(other).await?;
        self.browser.window.goto(address).await?;
        self.come_back(here).await
    }

    /// Where the window is that opens when the link is pressed.
    pub(crate) async fn opens(&self, link: &str) -> anyhow::Result<String> {
        let here = self.browser.window.window().await?;
        let before = self.browser.window.windows().await?;
        self.found(By::Id(link.to_owned()), link).await?.click().await?;
        let started = Instant::now();
        let opened = loop {
            let now = self.browser.window.windows().await?;
            if let Some(opened) = now.into_iter().find(|window| !before.contains(window)) {
                break opened;
            }
            ensure!(started.elapsed() < DEADLINE, "`{link}` opens no window");
            tokio::time::sleep(POLL).await;
        };
        self.browser.window.switch_to_window(opened).await?;
        loop {
            let address = self.browser.window.current_url().await?.to_string();
            if address.starts_with("http") {
                self.come_back(here).await?;
                return Ok(address);
            }
            ensure!(started.elapsed() < DEADLINE, "what `{link}` opens stays {address}");
            tokio::time::sleep(POLL).await;
        }
    }

    async fn come_back(&self, here: WindowHandle) -> anyhow::Result<()> {
        self.browser.window.close_window().await?;
        self.browser.window.switch_to_window(here).await?;
        if self.is_in_frame.load(Ordering::Relaxed) {
            self.enter_frame().await?;
        }
        Ok(())
    }

    async fn found(&self, by: By, what: &str) -> anyhow::Result<WebElement> {
        let query = self.browser.window.query(by).wait(DEADLINE, POLL).and_displayed();
        query.first().await.with_context(|| format!("`{what}` does not show"))
    }
}
