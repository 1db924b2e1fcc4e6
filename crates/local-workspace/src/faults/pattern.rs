//! Which calls a rule is about.

use serde::{Deserialize, Serialize};

use super::call::Call;

const LONGEST: usize = 1000;

/// `on` of a rule; what is left out matches everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pattern {
    /// An HTTP method, `COMMIT`, `*`, or `mutating`.
    #[serde(default = "anything")]
    method: String,
    /// A glob: `*` within a segment, `**` across segments. The query plays no part.
    #[serde(default = "everywhere")]
    path: String,
    /// Part of the `User-Agent`, or of a database connection's `application_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

fn anything() -> String {
    "*".to_owned()
}

fn everywhere() -> String {
    "**".to_owned()
}

impl Default for Pattern {
    fn default() -> Self {
        Pattern { method: anything(), path: everywhere(), user_agent: None }
    }
}

impl Pattern {
    /// Refuses what could never be meant.
    pub(super) fn check(&self) -> Result<(), String> {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        if [self.method.as_str(), self.path.as_str(), agent].iter().any(|text| text.len() > LONGEST) {
            return Err(format!("method, path and user_agent have at most {LONGEST} characters each"));
        }
        if self.method.is_empty() || self.path.is_empty() {
            return Err("method and path must not be empty; leave them out to match everything".to_owned());
        }
        Ok(())
    }

    /// Whether `call` is meant.
    pub(super) fn matches(&self, call: &Call) -> bool {
        let method = match self.method.as_str() {
            "*" => true,
            "mutating" => call.is_mutating(),
            method => method.eq_ignore_ascii_case(&call.method),
        };
        let agent = self.user_agent.as_deref().is_none_or(|part| call.user_agent.contains(part));
        method && agent && glob(self.path.as_bytes(), call.path.as_bytes())
    }
}

/// Whether `pattern` matches all of `path`. Takes at most the product of the lengths in steps.
fn glob(pattern: &[u8], path: &[u8]) -> bool {
    // which beginnings of the path the pattern so far can match
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let mut next = vec![false; path.len() + 1];
        if pattern[at] == b'*' {
            let across = pattern.get(at + 1) == Some(&b'*');
            at += if across { 2 } else { 1 };
            let mut open = false;
            for end in 0..=path.len() {
                // a single star does not pass a slash
                open = reached[end] || (open && (across || path[end - 1] != b'/'));
                next[end] = open;
            }
        } else {
            for end in 1..=path.len() {
                next[end] = reached[end - 1] && path[end - 1] == pattern[at];
            }
            at += 1;
        }
        reached = next;
    }
    reached[path.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        glob(pattern.as_bytes(), path.as_bytes())
    }

    #[test]
    fn one_star_stays_in_its_segment_and_two_do_not() {
        for (pattern, path, expected) in [
            ("/api/2.0/apps", "/api/2.0/apps", true),
            ("/api/2.0/apps", "/api/2.0/apps/x", false),
            ("/api/2.0/apps/*", "/api/2.0/apps/tellr", true),
            ("/api/2.0/apps/*", "/api/2.0/apps/tellr/deployments", false),
            ("/api/2.0/apps/*/deployments", "/api/2.0/apps/tellr/deployments", true),
            ("/api/2.0/apps/t*r", "/api/2.0/apps/tellr", true),
            ("/api/**", "/api/2.0/apps/tellr/deployments", true),
            ("/api/**/deployments", "/api/2.0/apps/tellr/deployments", true),
            ("/api/**", "/oidc/v1/token", false),
            ("**", "/", true),
            ("*", "/", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn mutating_means_the_api_and_commits() {
        let pattern = Pattern { method: "mutating".to_owned(), ..Pattern::default() };
        for (method, path, expected) in [
            ("POST", "/api/2.0/apps", true),
            ("PATCH", "/api/2.0/apps/x", true),
            ("GET", "/api/2.0/apps", false),
            ("HEAD", "/api/2.0/apps", false),
            ("POST", "/oidc/v1/token", false),
            ("COMMIT", "/lakebase/tellr-db", true),
        ] {
            assert_eq!(pattern.matches(&Call::new(method, path, "")), expected, "{method} {path}");
        }
    }

    #[test]
    fn the_caller_can_be_named() {
        let pattern = Pattern { user_agent: Some("tellr/".to_owned()), ..Pattern::default() };
        assert!(pattern.matches(&Call::new("GET", "/api/2.0/apps", "tellr/1.0.0 os/linux")));
        assert!(!pattern.matches(&Call::new("GET", "/api/2.0/apps", "curl/8")));
    }

    proptest! {
        #[test]
        fn any_pattern_meets_any_path(pattern in "[*/a.]{0,40}", path in "[*/a.]{0,60}") {
            let _ = matches(&pattern, &path);
        }

        #[test]
        fn a_path_matches_itself_and_two_stars(path in "/[a-z0-9/._-]{0,60}") {
            prop_assert!(matches(&path, &path));
            prop_assert!(matches("**", &path));
            prop_assert!(matches("/**", &path));
        }
    }
}
