//! Names of resources: paths such as `projects/p/branches/b/roles/r`.

/// What a path names. Operations may hang below every resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    Project {
        project: String,
    },
    Branches {
        project: String,
    },
    Branch {
        project: String,
        branch: String,
    },
    Endpoints {
        project: String,
        branch: String,
    },
    Endpoint {
        project: String,
        branch: String,
        endpoint: String,
    },
    Roles {
        project: String,
        branch: String,
    },
    Role {
        project: String,
        branch: String,
        role: String,
    },
    Databases {
        project: String,
        branch: String,
    },
    Database {
        project: String,
        branch: String,
        database: String,
    },
    /// The whole path is the operation's name.
    Operation,
}

impl Resource {
    /// Reads a path without a leading slash; `None` if it names nothing.
    pub(super) fn parse(path: &str) -> Option<Resource> {
        let segments: Vec<&str> = path.split('/').collect();
        if segments.iter().any(|segment| segment.is_empty()) {
            return None;
        }
        let own = |text: &&str| (*text).to_owned();
        match segments.as_slice() {
            ["projects", .., "operations", _] => Some(Resource::Operation),
            ["projects", p] => Some(Resource::Project { project: own(p) }),
            ["projects", p, "branches"] => Some(Resource::Branches { project: own(p) }),
            ["projects", p, "branches", b] => Some(Resource::Branch { project: own(p), branch: own(b) }),
            ["projects", p, "branches", b, kind] => {
                let (project, branch) = (own(p), own(b));
                match *kind {
                    "endpoints" => Some(Resource::Endpoints { project, branch }),
                    "roles" => Some(Resource::Roles { project, branch }),
                    "databases" => Some(Resource::Databases { project, branch }),
                    _ => None,
                }
            }
            ["projects", p, "branches", b, kind, id] => {
                let (project, branch) = (own(p), own(b));
                match *kind {
                    "endpoints" => Some(Resource::Endpoint { project, branch, endpoint: own(id) }),
                    "roles" => Some(Resource::Role { project, branch, role: own(id) }),
                    "databases" => Some(Resource::Database { project, branch, database: own(id) }),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether `id` can name a project, branch or endpoint: `^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`.
pub(super) fn is_valid_id(id: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&id.len())
        && id.bytes().all(inner)
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && !id.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_name_resources() {
        let role =
            Resource::Role { project: "p".to_owned(), branch: "b".to_owned(), role: "sp-1".to_owned() };
        assert_eq!(Resource::parse("projects/p/branches/b/roles/sp-1"), Some(role));
        assert_eq!(Resource::parse("projects/p/operations/x"), Some(Resource::Operation));
        assert_eq!(Resource::parse("projects/p/branches/b/roles/r/operations/x"), Some(Resource::Operation));
        for nothing in
            ["projects", "projects/", "projects/p/x", "projects/p/branches/b/x/y", "", "instances/x"]
        {
            assert_eq!(Resource::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn ids() {
        for (id, valid) in
            [("a", true), ("tellr-db", true), ("1a", false), ("a-", false), ("", false), ("A", false)]
        {
            assert_eq!(is_valid_id(id), valid, "{id}");
        }
        assert!(is_valid_id(&"a".repeat(63)) && !is_valid_id(&"a".repeat(64)));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in ".*|[a-z/]{0,30}") {
            let _ = Resource::parse(&text);
            let _ = is_valid_id(&text);
        }
    }
}
