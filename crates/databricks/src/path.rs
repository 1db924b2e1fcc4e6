//! URL paths and queries from untrusted parts.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::InvalidArgument;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One path segment. Empty ones and `.`/`..` are refused: URL parsers fold them, even encoded, into another path.
pub(crate) fn segment(what: &'static str, text: &str) -> Result<String, InvalidArgument> {
    if matches!(text, "" | "." | "..") {
        return Err(InvalidArgument { what, given: text.to_owned(), rule: "it must be a non-empty name" });
    }
    Ok(encode(text))
}

/// A resource name such as `projects/p/branches/b`: slashes stay, each part is encoded.
pub(crate) fn resource(what: &'static str, name: &str) -> Result<String, InvalidArgument> {
    let segments: Result<Vec<_>, _> = name.split('/').map(|part| segment(what, part)).collect();
    segments.map(|segments| segments.join("/")).map_err(|error| InvalidArgument {
        given: name.to_owned(),
        rule: "it must be a resource path",
        ..error
    })
}

/// `?a=b&c=d`, or nothing when there are no pairs.
pub(crate) fn query(pairs: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        text.push_str(&encode(value));
    }
    text
}

/// `a=b&c=d` for a form body.
pub(crate) fn form(pairs: &[(&'static str, String)]) -> String {
    query(pairs).split_off(usize::from(!pairs.is_empty()))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_parts_cannot_leave_their_segment() {
        assert_eq!(segment("app", "a/../b?x#y%2f").unwrap(), "a%2F..%2Fb%3Fx%23y%252f");
        assert!(segment("app", "..").is_err());
        assert!(segment("app", "").is_err());
        assert_eq!(resource("role", "projects/p/branches/b c").unwrap(), "projects/p/branches/b%20c");
        for name in ["projects/../apps", "projects//x", "/projects", "projects/", ""] {
            assert!(resource("project", name).is_err(), "{name}");
        }
    }

    #[test]
    fn queries_and_forms_are_encoded() {
        assert_eq!(query(&[]), "");
        assert_eq!(
            query(&[("path", "/a b&c=ü".into()), ("d", "true".into())]),
            "?path=%2Fa%20b%26c%3D%C3%BC&d=true"
        );
        assert_eq!(form(&[("scope", "all-apis".into())]), "scope=all-apis");
        assert_eq!(form(&[]), "");
    }
}
