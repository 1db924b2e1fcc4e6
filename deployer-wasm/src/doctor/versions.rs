//! Versions: this program's, and the newest.

use std::cmp::Ordering;

use super::check::Check;
use super::{PROGRAM_PACKAGE, Surroundings};

/// Whether a newer program is published.
pub(super) async fn check(surroundings: &dyn Surroundings, program_version: &str) -> Check {
    let own = format!("this is tellr {program_version}");
    match surroundings.published(PROGRAM_PACKAGE).await {
        Err(reason) => {
            Check::warning("version", format!("{own}; whether there is a newer one is not known: {reason}"))
        }
        Ok(published) => match newest(&published.versions) {
            Some(latest) if is_older(program_version, latest) => {
                Check::warning("version", format!("{own}; {latest} is published in {}", published.index))
                    .advise(format!("`pip install --upgrade {PROGRAM_PACKAGE}`"))
            }
            Some(_) => Check::ok("version", format!("{own}; {} has no newer one", published.index)),
            None => Check::ok("version", format!("{own}; {} has none", published.index)),
        },
    }
}

/// The greatest version that is not a pre-release, else the greatest of all.
pub(super) fn newest(versions: &[String]) -> Option<&str> {
    let greatest = |pre: bool| {
        let candidates =
            versions.iter().map(String::as_str).filter(move |version| is_pre_release(version) == pre);
        candidates.max_by(|one, other| compare(one, other))
    };
    greatest(false).or_else(|| greatest(true))
}

/// Whether `one` comes before `other`, by the numbers of their releases.
pub(super) fn is_older(one: &str, other: &str) -> bool {
    compare(one, other) == Ordering::Less
}

/// By epoch and release numbers (PEP 440); what follows them is not told apart, and no caller needs it to be.
fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (release(one), release(other));
    let length = one.len().max(other.len());
    let padded = |numbers: &[u64], at: usize| numbers.get(at).copied().unwrap_or(0);
    (0..length)
        .map(|at| padded(&one, at).cmp(&padded(&other, at)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The epoch, then the numbers of the release.
fn release(version: &str) -> Vec<u64> {
    let (epoch, rest) = version.split_once('!').unwrap_or(("0", version));
    let mut numbers = vec![epoch.parse().unwrap_or(0)];
    for part in rest.split('.') {
        let digits = &part[..part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len())];
        match digits.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => break,
        }
        if digits.len() < part.len() {
            break;
        }
    }
    numbers
}

fn is_pre_release(version: &str) -> bool {
    let public = version.split('+').next().unwrap_or(version).to_ascii_lowercase();
    let words = public.replace("post", "").replace("rev", "");
    words.contains(['a', 'b', 'c']) || words.contains("dev")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (one, other) in
            [("0.4.2", "1.0.0"), ("1.9", "1.10"), ("1.0", "1.0.1"), ("2.0", "1!0.1"), ("1.0rc1", "1.1")]
        {
            assert!(is_older(one, other) && !is_older(other, one), "{one} {other}");
        }
        assert!(!is_older("1.0", "1.0.0") && !is_older("1.0.0", "1.0"));
    }

    #[test]
    fn pre_releases_count_only_when_there_is_nothing_else() {
        let versions = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            newest(&versions(&["1.0.0", "2.0.0rc1", "1.10.0", "1.9.0.post1", "3.0.dev4"])),
            Some("1.10.0")
        );
        assert_eq!(newest(&versions(&["2.0.0a1", "2.1.0b2"])), Some("2.1.0b2"));
        assert_eq!(newest(&[]), None);
    }
}
