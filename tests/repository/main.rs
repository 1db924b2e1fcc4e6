//! What holds for the repository as a whole: one version, the rooms' borders, the pins of tools.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what it checks has failed")]

mod dependencies;
mod rooms;
mod versions;
