//! Paths of workspace objects.

use crate::rest::ApiError;

const PREFIX: &str = "/Workspace";
const MAX_LENGTH: usize = 4096;

/// A checked path: absolute, without `.` and `..`, without the optional `/Workspace` in front.
///
/// `/Workspace/Users/x` and `/Users/x` are the same object; answers use the form that was asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkspacePath {
    canonical: String,
    prefixed: bool,
}

impl WorkspacePath {
    /// Checks a path from a request.
    pub(crate) fn parse(text: &str) -> Result<WorkspacePath, ApiError> {
        let refuse = |why: &str| ApiError::invalid_parameter(format!("Path ({text}) is not valid: {why}."));
        if text.is_empty() {
            return Err(ApiError::invalid_parameter("Missing required field: path"));
        }
        if text.len() > MAX_LENGTH {
            return Err(ApiError::invalid_parameter(format!("The path is longer than {MAX_LENGTH} bytes.")));
        }
        if !text.starts_with('/') {
            return Err(refuse("it must start with '/'"));
        }
        if text.chars().any(char::is_control) {
            return Err(ApiError::invalid_parameter("The path contains control characters."));
        }
        let mut segments: Vec<&str> = text.split('/').filter(|segment| !segment.is_empty()).collect();
        if segments.iter().any(|segment| matches!(*segment, "." | "..")) {
            return Err(refuse("it must not contain '.' or '..'"));
        }
        let prefixed = segments.first() == Some(&"Workspace");
        if prefixed {
            segments.remove(0);
        }
        Ok(WorkspacePath { canonical: format!("/{}", segments.join("/")), prefixed })
    }

    /// The path without `/Workspace`: the key of the records.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    /// `canonical` in the form the request used.
    pub(crate) fn shown(&self, canonical: &str) -> String {
        if self.prefixed {
            format!("{PREFIX}{}", canonical.trim_end_matches('/'))
        } else {
            canonical.to_owned()
        }
    }

    /// This path in the form the request used.
    pub(crate) fn shown_self(&self) -> String {
        self.shown(&self.canonical)
    }

    /// The folder it lies in; the root lies in itself.
    pub(crate) fn parent(&self) -> WorkspacePath {
        let parent = match self.canonical.rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((parent, _)) => parent,
        };
        WorkspacePath { canonical: parent.to_owned(), prefixed: self.prefixed }
    }

    /// Last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.canonical.rsplit('/').next().unwrap_or("")
    }

    /// The same path under another name.
    pub(crate) fn with_name(&self, name: &str) -> WorkspacePath {
        let parent = self.parent();
        let canonical = format!("{}/{name}", parent.canonical.trim_end_matches('/'));
        WorkspacePath { canonical, prefixed: self.prefixed }
    }

    /// Whose home folder it is or lies in: `/Users/<owner>[/…]`.
    pub(crate) fn home_owner(&self) -> Option<&str> {
        self.canonical.strip_prefix("/Users/").and_then(|rest| rest.split('/').next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn workspace_is_an_alias() -> Result<(), String> {
        let parse = |text| WorkspacePath::parse(text).map_err(|error| error.message().to_owned());
        let path = parse("/Workspace/Users/me@x/a//b/")?;
        assert_eq!(path.canonical(), "/Users/me@x/a/b");
        assert_eq!(path.shown_self(), "/Workspace/Users/me@x/a/b");
        assert_eq!((path.name(), path.home_owner()), ("b", Some("me@x")));
        assert_eq!(path.with_name("c").canonical(), "/Users/me@x/a/c");
        assert_eq!(parse("/Users/me@x/a/b")?.canonical(), path.canonical());
        assert_eq!(parse("/Workspace")?.canonical(), "/");
        assert_eq!(parse("/a")?.parent().canonical(), "/");
        for bad in ["", "a", "/a/../b", "/a/./b", "/a\nb"] {
            assert!(WorkspacePath::parse(bad).is_err(), "{bad:?}");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn no_path_climbs(text in "[/.a-zW]{0,40}|.*") {
            if let Ok(path) = WorkspacePath::parse(&text) {
                prop_assert!(path.canonical().starts_with('/'));
                prop_assert!(path.canonical().split('/').all(|segment| segment != ".." && segment != "."));
            }
        }
    }
}
