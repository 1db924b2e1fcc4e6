//! Everything by keys alone: Tab, Shift+Tab, Enter, Space, arrows, typing. Where the keys go is always to be seen, and never
//! nowhere.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use system_tests::{LocalWorkspace, Settings};
use thirtyfour::prelude::*;

use crate::examination::{NARROW, WIDE};
use crate::person::Person;
use crate::served::StaticSite;

/// More stops than any screen has.
const MOST_STOPS: usize = 60;

/// What has the focus, and whether somebody who looks at the window sees that.
const FOCUS: &str = "
    const element = document.activeElement;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return {
        tag: element.tagName,
        id: element.id,
        words: element.getAttribute('aria-label') || element.innerText || '',
        outlined: outlined && element.matches(':focus-visible'),
        in_sight: box.bottom > 0 && box.top < window.innerHeight,
    };";

#[derive(Debug, Deserialize)]
struct Focus {
    tag: String,
    id: String,
    words: String,
    outlined: bool,
    in_sight: bool,
}

impl Focus {
    fn is(&self, what: &str) -> bool {
        self.id == what || self.words.trim() == what
    }
}

/// Hands on the keys.
struct Typist<'a> {
    person: &'a Person,
}

impl Typist<'_> {
    async fn press(&self, keys: impl Into<TypingData>) -> anyhow::Result<()> {
        Ok(self.person.browser.window.action_chain().send_keys(keys).perform().await?)
    }

    async fn focus(&self) -> anyhow::Result<Focus> {
        let focus: Focus = self.person.browser.window.execute(FOCUS, Vec::new()).await?.convert()?;
        ensure!(focus.tag != "BODY", "the focus is lost");
        ensure!(focus.outlined, "the focus is not to be seen: {focus:?}");
        ensure!(focus.in_sight, "the focus is outside of the window: {focus:?}");
        Ok(focus)
    }

    /// Waits for the screen; its heading has the focus.
    async fn arrive(&self, heading: &str) -> anyhow::Result<()> {
        self.person.heading(heading).await?;
        let focus = self.person.focused().await?;
        ensure!(focus == "H1", "the focus is at {focus} when `{heading}` shows");
        Ok(())
    }

    /// Tab until `what` has the focus, by its id or its words.
    async fn go_to(&self, what: &str) -> anyhow::Result<()> {
        self.go(what, false).await
    }

    /// The same, backwards.
    async fn go_back_to(&self, what: &str) -> anyhow::Result<()> {
        self.go(what, true).await
    }

    async fn go(&self, what: &str, back: bool) -> anyhow::Result<()> {
        let mut stops = BTreeMap::new();
        for stop in 0..MOST_STOPS {
            let keys = self.person.browser.window.action_chain();
            let keys = if back {
                keys.key_down(Key::Shift).send_keys(Key::Tab).key_up(Key::Shift)
            } else {
                keys.send_keys(Key::Tab)
            };
            keys.perform().await?;
            let focus: Focus = self.person.browser.window.execute(FOCUS, Vec::new()).await?.convert()?;
            if focus.is(what) {
                self.focus().await?;
                return Ok(());
            }
            // between the last and the first stop lies the browser itself
            if focus.tag != "BODY" {
                let focus = self.focus().await?;
                stops.insert(stop, format!("{} {}", focus.id, focus.words));
            }
        }
        bail!("no way by keys to `{what}`, only to {stops:?}")
    }

    /// Goes to a button or link and presses it.
    async fn choose(&self, what: &str) -> anyhow::Result<()> {
        self.go_to(what).await?;
        self.press(Key::Enter).await
    }
}

async fn create(typist: &Typist<'_>) -> anyhow::Result<()> {
    typist.arrive("What shall be done?").await?;
    typist.choose("New deployment").await?;
    typist.arrive("New deployment").await?;
    typist.go_to("schema_name").await?;
    typist.press(Key::End + "_keys").await?;
    typist.choose("More settings").await?;
    typist.go_to("lakebase_type").await?;
    typist.press(Key::Down).await?;
    ensure!(typist.person.value("lakebase_type").await? == "autoscaling", "arrows choose nothing");
    typist.choose("Show the plan").await?;
    typist.arrive("The plan").await?;
    typist.person.shows("What will be done").await?;
    typist.go_to("Deploy").await?;
    typist.press(" ").await?;
    typist.arrive("Done").await?;
    typist.choose("Notebook cell").await?;
    typist.go_back_to("Back to the deployments").await?;
    typist.press(Key::Enter).await
}

async fn update(typist: &Typist<'_>) -> anyhow::Result<()> {
    typist.arrive("What shall be done?").await?;
    typist.person.shows("Open").await?;
    typist.choose("Look at tellr").await?;
    typist.arrive("tellr").await?;
    typist.person.shows("How it stands").await?;
    typist.choose("Update").await?;
    typist.arrive("Update").await?;
    typist.go_to("reset_database").await?;
    typist.press(" ").await?;
    typist.choose("Show the plan").await?;
    typist.arrive("The plan").await?;
    typist.person.shows("What will be done").await?;
    typist.go_to("confirm").await?;
    typist.press("tellr").await?;
    typist.choose("Update").await?;
    typist.arrive("Done").await?;
    ensure!(typist.person.text("dl.facts").await?.contains("reset"), "the data was not reset");
    typist.choose("Back to the deployments").await
}

async fn delete(typist: &Typist<'_>) -> anyhow::Result<()> {
    typist.arrive("What shall be done?").await?;
    typist.person.shows("Open").await?;
    typist.choose("Look at tellr").await?;
    typist.arrive("tellr").await?;
    typist.person.shows("How it stands").await?;
    typist.choose("Delete").await?;
    typist.arrive("Delete").await?;
    typist.choose("Show what would go").await?;
    typist.arrive("The plan").await?;
    typist.person.shows("What will be done").await?;
    typist.go_to("confirm").await?;
    typist.press("tellr").await?;
    typist.choose("Delete").await?;
    typist.arrive("Done").await
}

async fn by_keys_alone() -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings { open_to_pages: true, ..Settings::default() })?;
    let site = StaticSite::start().await?;
    let person = Person::at(&site.address, WIDE.0, WIDE.1).await?;
    let typist = Typist { person: &person };
    typist.arrive("Deploy Tellr").await?;
    typist.go_to("host").await?;
    typist.press(workspace.ready().host.as_str()).await?;
    typist.go_to("token").await?;
    typist.press(workspace.ready().token.as_str()).await?;
    typist.press(Key::Enter).await?;
    create(&typist).await.context("create")?;
    person.browser.resize(NARROW.0, NARROW.1).await?;
    update(&typist).await.context("update")?;
    delete(&typist).await.context("delete")?;
    person.leave().await
}

#[tokio::test]
async fn keys_alone_deploy_update_and_delete_and_are_never_lost() {
    by_keys_alone().await.unwrap();
}
