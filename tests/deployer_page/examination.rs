//! What must hold on every screen, however it is looked at: the rules of axe-core, in light and dark; nothing wider than the
//! window, narrow as a notebook's cell, with large letters; no motion for whoever wants none; a place where keys arrive; no
//! secret anywhere; no complaint of the browser.

use std::fs;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use system_tests::binaries;

use crate::person::Person;

/// Width and height of a desktop's window, and of a narrow one.
pub(crate) const WIDE: (u32, u32) = (1280, 800);
pub(crate) const NARROW: (u32, u32) = (360, 740);

/// All rules of axe-core; gives what breaks them, in words.
const AXE: &str = "
    const done = arguments[arguments.length - 1];
    const told = violation => `${violation.id} (${violation.impact}): ${violation.help}\\n`
        + violation.nodes.map(node => `    ${node.html}\\n    ${node.failureSummary}`).join('\\n');
    axe.run(document, {resultTypes: ['violations']})
        .then(result => done({passes: result.passes.length, violations: result.violations.map(told)}))
        .catch(error => done({passes: 0, violations: [String(error)]}));";

/// Elements that stick out of the window, in words; none if it needs no scrolling sideways.
const TOO_WIDE: &str = "
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().right > width + 1)
        .map(element => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 60)}`)
        .concat(`the page has ${document.scrollingElement.scrollWidth} px of ${width}`);";

/// Somebody who looks closely at each screen.
pub(crate) struct Examiner<'a> {
    pub(crate) person: &'a Person,
    /// First part of the pictures' names.
    pub(crate) name: &'a str,
    /// What may be nowhere, with a name for it.
    pub(crate) secrets: Vec<(&'static str, String)>,
}

impl Examiner<'_> {
    /// Looks at the screen that shows.
    pub(crate) async fn screen(&self, screen: &str) -> anyhow::Result<()> {
        self.look(screen).await.with_context(|| format!("screen `{screen}` of {}", self.name))
    }

    async fn look(&self, screen: &str) -> anyhow::Result<()> {
        let person = self.person;
        ensure!(person.focused().await? != "BODY", "the focus is lost");
        for (colours, size) in [("light", WIDE), ("dark", NARROW), ("light", NARROW), ("dark", WIDE)] {
            let (width, height) = size;
            person.browser.resize(width, height).await?;
            self.prefer(colours).await?;
            person.picture(&format!("{}-{screen}-{colours}-{width}", self.name)).await?;
            self.nothing_sticks_out().await.with_context(|| format!("{width} px wide"))?;
            // what differs between the widths is the layout, and between the colours the contrast
            if colours == "light" && size == WIDE || colours == "dark" && size == NARROW {
                self.axe().await.with_context(|| format!("{colours}, {width} px wide"))?;
            }
            if colours == "light" {
                person.letters("200%").await?;
                let fits = self.nothing_sticks_out().await;
                person.letters("").await?;
                fits.with_context(|| format!("letters of twice their size, {width} px wide"))?;
            }
        }
        ensure!(person.moving().await?.is_empty(), "motion for somebody who wants none");
        person.browser.resize(WIDE.0, WIDE.1).await?;
        self.prefer("light").await?;
        self.no_secret().await?;
        self.no_complaint().await
    }

    async fn prefer(&self, colours: &str) -> anyhow::Result<()> {
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": colours},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.person.browser.devtools("Emulation.setEmulatedMedia", features).await.map(drop)
    }

    async fn axe(&self) -> anyhow::Result<()> {
        let window = &self.person.browser.window;
        let is_there: bool = window.execute("return 'axe' in window;", Vec::new()).await?.convert()?;
        if !is_there {
            // the driver runs it beside the page, so the page's policy stays what it is
            let script = fs::read_to_string(binaries::axe_core()?)?;
            window.execute(&script, Vec::new()).await?;
        }
        let found: Value = window.execute_async(AXE, Vec::new()).await?.convert()?;
        let violations = found["violations"].as_array().context("axe answers something else")?;
        let words: Vec<&str> = violations.iter().filter_map(Value::as_str).collect();
        ensure!(words.is_empty(), "{}", words.join("\n"));
        ensure!(found["passes"].as_u64() > Some(0), "axe has looked at nothing");
        Ok(())
    }

    async fn nothing_sticks_out(&self) -> anyhow::Result<()> {
        let wide: Vec<String> = self.person.browser.window.execute(TOO_WIDE, Vec::new()).await?.convert()?;
        ensure!(wide.is_empty(), "wider than the window: {wide:#?}");
        Ok(())
    }

    async fn no_secret(&self) -> anyhow::Result<()> {
        for (place, content) in self.person.everything_kept().await? {
            for (what, secret) in &self.secrets {
                ensure!(!content.contains(secret.as_str()), "{what} is in {place}");
            }
        }
        Ok(())
    }

    /// The console holds nothing that breaks the page's policy or failed in the page, and no secret.
    async fn no_complaint(&self) -> anyhow::Result<()> {
        for entry in self.person.browser.console().await? {
            for (what, secret) in &self.secrets {
                ensure!(!entry.message.contains(secret.as_str()), "{what} is in the console");
            }
            // a call that the workspace refuses, or that finds nothing, is told by the browser as well
            let is_of_network = entry.source.as_deref() == Some("network")
                || entry.message.contains("blocked by CORS policy");
            ensure!(is_of_network || entry.level != "SEVERE", "the browser complains: {}", entry.message);
        }
        Ok(())
    }
}
