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
    const inputs = [...document.querySelectorAll('input, textarea')].map(input => input.value);
    // a frame without an origin has neither cookies nor storage
    const kept = read => { try { return String(read()) } catch (error) { return error.name } };
    return Object.entries({
        'the document': () => document.documentElement.outerHTML,
        'the inputs': () => JSON.stringify(inputs),
        'the address': () => location.href,
        'cookies': () => document.cookie,
        'local storage': () => JSON.stringify({...localStorage}),
        'session storage': () => JSON.stringify({...sessionStorage}),
        'history': () => JSON.stringify(history.state),
        'requested addresses': () => JSON.stringify(performance.getEntriesByType('resource').map(entry => entry.name)),
        'the window': () => window.name,
    }).map(([place, read]) => [place, kept(read)]);";

/// A browser window with somebody in front of it.
pub(crate) struct Person {
    browser: Browser,
    /// Whether the page is in a frame of the window.
    is_in_frame: AtomicBool,
}

impl Person {
    /// Opens `address`.
    pub(crate) async fn at(address: &str, width: u32, height: u32) -> anyhow::Result<Self> {
        let browser = Browser::open(width, height).await?;
        browser.window.goto(address).await?;
        Ok(Self { browser, is_in_frame: AtomicBool::new(false) })
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
            let page = self.text("main").await?;
            if page.lines().next() == Some(text) {
                return Ok(());
            }
            let problem = self.browser.window.find_all(By::Css(".problem")).await?;
            let stuck = !problem.is_empty() || started.elapsed() > DEADLINE;
            if stuck {
                self.picture("stuck").await?;
            }
            ensure!(!stuck, "waited for the screen `{text}`, but the page shows\n{page}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits for a text on the screen.
    pub(crate) async fn shows(&self, text: &str) -> anyhow::Result<()> {
        let path = format!("//main//*[contains(normalize-space(), '{text}')]");
        self.found(By::XPath(path), text).await.map(drop)
    }

    /// Presses the button, link or label with exactly this text.
    pub(crate) async fn press(&self, text: &str) -> anyhow::Result<()> {
        let path = format!("//main//*[self::button or self::a][normalize-space()='{text}']");
        let button = self.found(By::XPath(path), text).await?;
        button.scroll_into_view().await?;
        button.click().await.with_context(|| format!("`{text}` cannot be pressed"))
    }

    /// Types into a field.
    pub(crate) async fn fill(&self, id: &str, text: &str) -> anyhow::Result<()> {
        let input = self.found(By::Id(id), id).await?;
        input.clear().await?;
        Ok(input.send_keys(text).await?)
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
        let kept: Vec<(String, String)> = self.browser.window.execute(KEPT, Vec::new()).await?.convert()?;
        ensure!(kept.len() == 9 && kept.iter().any(|(_, content)| content.contains("<html")), "{kept:?}");
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

    /// What a script gives to the function that is its last argument.
    pub(crate) async fn runs(&self, script: &str) -> anyhow::Result<serde_json::Value> {
        Ok(self.browser.window.execute_async(script, Vec::new()).await?.json().clone())
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
