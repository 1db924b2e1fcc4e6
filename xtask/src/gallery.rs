//! A page of every chart type, as pictures in `docs/gallery/`.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::browser::Browser;
use crate::repository::Repository;
use crate::say;

/// Draws the pages with `crates/deck`'s example and takes their pictures with Chromium.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    let browser = Browser::find()?;
    let pages = repository.target("gallery");
    let pictures = repository.path("docs/gallery");
    fs::create_dir_all(&pictures)?;
    say::heading("drawing the charts");
    let drawn = Command::new("cargo")
        .args(["run", "--quiet", "-p", "deck", "--example", "gallery", "--"])
        .arg(&pages)
        .current_dir(repository.path("."))
        .output()
        .context("cargo does not start")?;
    ensure!(drawn.status.success(), "the charts are not drawn: {}", String::from_utf8_lossy(&drawn.stderr));
    for line in String::from_utf8_lossy(&drawn.stdout).lines() {
        let (name, height) = line.split_once(' ').with_context(|| format!("not a page: {line}"))?;
        let picture = pictures.join(format!("{name}.png"));
        let taken = Command::new(&browser.program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--disable-background-networking",
            ])
            .arg(format!("--window-size=1280,{height}"))
            .arg(format!("--screenshot={}", picture.display()))
            .arg(format!("file://{}", pages.join(format!("{name}.html")).display()))
            .output()
            .context("Chromium does not start")?;
        ensure!(
            taken.status.success() && picture.is_file(),
            "no picture of {name}: {}",
            String::from_utf8_lossy(&taken.stderr)
        );
        say::line(&format!("docs/gallery/{name}.png"));
    }
    Ok(())
}
