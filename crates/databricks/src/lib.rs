//! Placeholder until its first inhabitant.
