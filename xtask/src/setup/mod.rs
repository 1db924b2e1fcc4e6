//! What a machine must have, and how it gets it.

mod apt;
mod npm;
mod python;
mod rust;

pub(crate) use apt::{Package, ensure as apt};
pub(crate) use npm::axe_core;
pub(crate) use python::Tools;
pub(crate) use rust::{Component, ensure_components as rust_components, ensure_targets as rust_targets};

/// The target of everything that runs in a browser.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";
