//! What the person at the terminal reads. The only place that prints.

use std::time::Duration;

/// A plain line.
#[expect(clippy::print_stdout, reason = "a build tool talks to the person who started it")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// The heading of a part of the work.
pub(crate) fn heading(text: &str) {
    line(&format!("\n== {text}"));
}

/// What a part of the work took.
pub(crate) fn done(what: &str, took: Duration) {
    line(&format!("-- {what}: {}", seconds(took)));
}

/// Why the command failed, with every cause on its own line.
#[expect(clippy::print_stderr, reason = "a build tool talks to the person who started it")]
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

/// `0.4 s`, `12.3 s`, `3 min 20 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 100 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(440)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(99)), "99.0 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }
}
