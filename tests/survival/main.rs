//! What a deployment survives while nobody deploys: tokens that expire all the time, a life begun by the Python original,
//! changes by other hands, updates that break the app.

mod drift;
mod python_original;
mod rollback;
mod token_lifetime;
mod wheels;

#[expect(clippy::print_stderr, reason = "figures for whoever runs the test with --nocapture")]
fn report(text: &str) {
    eprintln!("{text}");
}
