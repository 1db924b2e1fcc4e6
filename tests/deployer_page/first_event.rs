//! How long a person looks at a run before its first event shows. A figure for docs/deployer-page.md, asserted nowhere.

use anyhow::{Context, ensure};

use crate::person::Person;

/// Starts a clock at the next click on the button, and stops it when a step shows as begun.
const WATCH: &str = "
    const button = [...document.querySelectorAll('main button')].find(one => one.innerText.trim() === arguments[0]);
    if (!button) return false;
    button.addEventListener('click', () => {
        const start = performance.now();
        const observer = new MutationObserver(() => {
            if (document.querySelector('.timeline .running')) {
                window.firstEvent = performance.now() - start;
                observer.disconnect();
            }
        });
        observer.observe(document.body, {subtree: true, childList: true, attributes: true});
    }, {capture: true, once: true});
    return true;";

/// Watches for the first event after the next click on `button`.
pub(crate) async fn watch(person: &Person, button: &str) -> anyhow::Result<()> {
    let watched: bool = person.browser.window.execute(WATCH, vec![button.into()]).await?.convert()?;
    ensure!(watched, "no button `{button}`");
    Ok(())
}

/// Milliseconds from the click to the first event.
pub(crate) async fn milliseconds(person: &Person) -> anyhow::Result<f64> {
    let measured = person.browser.window.execute("return window.firstEvent || null;", Vec::new()).await?;
    let measured: Option<f64> = measured.convert()?;
    measured.context("no step has been seen to begin")
}
