//! Runs that do not go straight through: killed at every one of their points, met by every fault, racing with each other.
//! They end in the state of an undisturbed run, or untouched with a message that says why and what to do.

mod faults;
mod killed;
mod races;

#[expect(clippy::print_stderr, reason = "progress for whoever runs the test with --nocapture")]
fn tell(text: &str) {
    eprintln!("{text}");
}
