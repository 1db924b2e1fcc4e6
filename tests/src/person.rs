//! Somebody at the page: finds things by what they read, and waits for what they expect.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use thirtyfour::prelude::*;

use crate::browser::Browser;
use crate::local_workspace::Ready;

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
#[derive(Debug)]
pub struct Person {
    browser: Browser,
}

impl Person {
    /// Opens `address`.
    pub async fn at(address: &str, width: u32, height: u32) -> anyhow::Result<Self> {
        let browser = Browser::open(width, height).await?;
        browser.window.goto(address).await?;
        Ok(Self { browser })
    }

    /// Goes on inside the frame that the window shows.
    pub async fn enter_frame(&self) -> anyhow::Result<()> {
        Ok(self.found(By::Css("iframe"), "the frame").await?.enter_frame().await?)
    }

    /// The address that opens in a window of its own when the link is pressed.
    pub async fn opens(&self, link: &str) -> anyhow::Result<String> {
        let before = self.browser.window.windows().await?;
        let frame = self.browser.window.window().await?;
        self.found(By::Id(link.to_owned()), link).await?.click().await?;
        let started = Instant::now();
        loop {
            let now = self.browser.window.windows().await?;
            if let Some(opened) = now.into_iter().find(|window| !before.contains(window)) {
                self.browser.window.switch_to_window(opened).await?;
                let address = self.browser.window.current_url().await?.to_string();
                self.browser.window.close_window().await?;
                self.browser.window.switch_to_window(frame).await?;
                return Ok(address);
            }
            ensure!(started.elapsed() < DEADLINE, "`{link}` opens no window");
            tokio::time::sleep(POLL).await;
        }
    }

    /// What a script gives.
    pub async fn runs(&self, script: &str) -> anyhow::Result<serde_json::Value> {
        Ok(self.browser.window.execute_async(script, Vec::new()).await?.json().clone())
    }

    /// Fills in the first screen.
    pub async fn sign_in(&self, ready: &Ready) -> anyhow::Result<()> {
        self.fill("host", &ready.host).await?;
        self.fill("token", &ready.token).await?;
        self.press("Connect").await
    }

    /// Waits for the screen with this heading.
    pub async fn heading(&self, text: &str) -> anyhow::Result<()> {
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
    pub async fn shows(&self, text: &str) -> anyhow::Result<()> {
        let path = format!("//main//*[contains(normalize-space(), '{text}')]");
        self.found(By::XPath(path), text).await.map(drop)
    }

    /// Presses the button, link or label with exactly this text.
    pub async fn press(&self, text: &str) -> anyhow::Result<()> {
        let path = format!("//main//*[self::button or self::a][normalize-space()='{text}']");
        let button = self.found(By::XPath(path), text).await?;
        button.scroll_into_view().await?;
        button.click().await.with_context(|| format!("`{text}` cannot be pressed"))
    }

    /// Types into a field.
    pub async fn fill(&self, id: &str, text: &str) -> anyhow::Result<()> {
        let input = self.found(By::Id(id), id).await?;
        input.clear().await?;
        Ok(input.send_keys(text).await?)
    }

    /// Turns a switch on.
    pub async fn switch_on(&self, id: &str) -> anyhow::Result<()> {
        let switch = self.found(By::Id(id), id).await?;
        switch.scroll_into_view().await?;
        if !switch.is_selected().await? {
            switch.click().await?;
        }
        Ok(())
    }

    /// The text of an element.
    pub async fn text(&self, css: &str) -> anyhow::Result<String> {
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
    pub async fn value(&self, id: &str) -> anyhow::Result<String> {
        Ok(self.found(By::Id(id), id).await?.prop("value").await?.unwrap_or_default())
    }

    /// Where a link leads.
    pub async fn address_of(&self, id: &str) -> anyhow::Result<String> {
        self.found(By::Id(id), id).await?.prop("href").await?.with_context(|| format!("{id} leads nowhere"))
    }

    /// What page and browser keep, by place.
    pub async fn everything_kept(&self) -> anyhow::Result<Vec<(String, String)>> {
        let kept: Vec<(String, String)> = self.browser.window.execute(KEPT, Vec::new()).await?.convert()?;
        ensure!(kept.len() == 9 && kept.iter().any(|(_, content)| content.contains("<html")), "{kept:?}");
        Ok(kept)
    }

    /// Keeps a picture of the window for people.
    pub async fn picture(&self, name: &str) -> anyhow::Result<()> {
        self.browser.screenshot(&format!("deployer-{name}")).await
    }

    /// Closes the window.
    pub async fn leave(self) -> anyhow::Result<()> {
        self.browser.quit().await
    }

    async fn found(&self, by: By, what: &str) -> anyhow::Result<WebElement> {
        let query = self.browser.window.query(by).wait(DEADLINE, POLL).and_displayed();
        query.first().await.with_context(|| format!("`{what}` does not show"))
    }
}
