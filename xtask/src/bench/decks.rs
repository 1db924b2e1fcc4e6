//! Reading, sanitising and drawing decks, and what they add to a WebAssembly module.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};
use brotli::enc::BrotliEncoderParams;

use super::figures::{Figures, Unit};
use crate::command;
use crate::repository::Repository;

const RUNS: usize = 3;

/// What is measured, by the name that `crates/deck/examples/figures.rs` gives it.
const MEASURED: [(&str, &str, &str, Unit); 4] = [
    ("sanitise", "sanitising the HTML of slides", "≥ 20 MB/s", Unit::MegabytesPerSecond),
    ("document", "reading a document of 15 slides, 45 KB, with 10 charts", "< 10 ms", Unit::Milliseconds),
    ("stream", "reading a slide of 3 KB from a stream, 24 bytes at a time", "< 0.5 ms", Unit::Milliseconds),
    ("chart", "drawing a chart of three series", "< 1 ms", Unit::Milliseconds),
];

/// Times on a processor, and sizes.
pub(super) fn measure(figures: &mut Figures, repository: &Repository) -> anyhow::Result<()> {
    let mut samples: [Vec<f64>; MEASURED.len()] = Default::default();
    for _ in 0..RUNS {
        let mut run = Command::new("cargo");
        run.args(["run", "--quiet", "--release", "-p", "deck", "--example", "figures"]);
        let output = command::output(run.current_dir(repository.path(".")))?;
        for ((name, ..), samples) in MEASURED.iter().zip(&mut samples) {
            let line = output.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
            samples.push(line.with_context(|| format!("no figure {name} in {output}"))?.trim().parse()?);
        }
    }
    for ((_, what, target, unit), samples) in MEASURED.into_iter().zip(samples) {
        figures.add(what, target, unit, samples);
    }
    let (with, without) = (module(repository, "wasm_with")?, module(repository, "wasm_without")?);
    let kilobytes = |with: usize, without: usize| with.saturating_sub(without) as f64 / 1e3;
    let what = "decks in a WebAssembly module";
    figures.add(what, "", Unit::Kilobytes, vec![kilobytes(with.len(), without.len())]);
    let small = kilobytes(compressed(&with)?, compressed(&without)?);
    figures.add(&format!("{what}, with brotli"), "", Unit::Kilobytes, vec![small]);
    Ok(())
}

/// The size with the strongest brotli, as pages are delivered.
fn compressed(module: &[u8]) -> anyhow::Result<usize> {
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &module[..], &mut out, &BrotliEncoderParams::default())
        .context("brotli failed")?;
    Ok(out.len())
}

/// An example of `crates/deck` as a module, as small as the front ends are built.
fn module(repository: &Repository, example: &str) -> anyhow::Result<Vec<u8>> {
    let target = "wasm32-unknown-unknown";
    let mut build = Command::new("cargo");
    build.args([
        "build",
        "--quiet",
        "--profile",
        "wasm-release",
        "--target",
        target,
        "-p",
        "deck",
        "--example",
        example,
    ]);
    // The front ends' own build takes the names out.
    build.env("CARGO_PROFILE_WASM_RELEASE_STRIP", "symbols");
    command::run(build.current_dir(repository.path(".")))?;
    let path = repository.target(&format!("{target}/wasm-release/examples/{example}.wasm"));
    let module = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    ensure!(module.starts_with(b"\0asm"), "{} is no module", path.display());
    Ok(module)
}
