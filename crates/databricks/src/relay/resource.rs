//! What a database credential is for, and the stand-in for its token that a page gets.

use serde::{Deserialize, Serialize};

use crate::path;
use crate::secret::Secret;

const STAND_IN: &str = "relayed:";

/// A database as the platform names it where it gives credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseResource {
    /// An endpoint of Lakebase Autoscaling, `projects/p/branches/b/endpoints/e`.
    Endpoint(String),
    /// An instance of Lakebase Provisioned.
    Instance(String),
}

impl DatabaseResource {
    /// Whether the platform could have given it this name. Any other name could stand for another path of the API.
    pub fn is_possible(&self) -> bool {
        let is_name = |name: &str| path::segment("name", name).is_ok_and(|spelled| spelled == name);
        match self {
            Self::Instance(name) => is_name(name),
            Self::Endpoint(name) => match name.split('/').collect::<Vec<_>>().as_slice() {
                ["projects", project, "branches", branch, "endpoints", endpoint] => {
                    [project, branch, endpoint].into_iter().all(|name| is_name(name))
                }
                _ => false,
            },
        }
    }

    /// What a relay gives to a page instead of a token: it says for which database the relay holds one, and opens nothing.
    pub fn stand_in(&self) -> Secret {
        Secret::new(match self {
            Self::Endpoint(name) => format!("{STAND_IN}endpoint:{name}"),
            Self::Instance(name) => format!("{STAND_IN}instance:{name}"),
        })
    }

    /// Reads a stand-in; `None` for anything else, such as a real token.
    pub fn of_stand_in(token: &Secret) -> Option<Self> {
        match token.expose().strip_prefix(STAND_IN)?.split_once(':')? {
            ("endpoint", name) => Some(Self::Endpoint(name.to_owned())),
            ("instance", name) => Some(Self::Instance(name.to_owned())),
            _ => None,
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_says_which_database_is_meant() {
        for resource in [
            DatabaseResource::Endpoint("projects/p/branches/b/endpoints/e".into()),
            DatabaseResource::Instance("tellr:db".into()),
        ] {
            assert_eq!(DatabaseResource::of_stand_in(&resource.stand_in()), Some(resource));
        }
    }

    #[test]
    fn only_names_of_databases_are_possible() {
        let endpoint = |name: &str| DatabaseResource::Endpoint(name.into()).is_possible();
        assert!(endpoint("projects/p/branches/production/endpoints/primary"));
        for name in [
            "",
            "p",
            "projects/p",
            "projects/p/branches/b/roles/r",
            "projects/p/branches/../endpoints/e",
            "projects/p/branches//endpoints/e",
            "projects/p/branches/b/endpoints/e/",
            "projects/p/branches/b/endpoints/e?x=y",
            "projects/p/branches/b/endpoints/%2e%2e",
        ] {
            assert!(!endpoint(name), "{name}");
        }
        let instance = |name: &str| DatabaseResource::Instance(name.into()).is_possible();
        assert!(instance("tellr-db"));
        assert!(!instance("..") && !instance("a/b") && !instance(""));
    }

    #[test]
    fn a_real_token_is_no_stand_in() {
        for token in ["", "eyJhbGciOi.x.y", "relayed:", "relayed:table:x"] {
            assert_eq!(DatabaseResource::of_stand_in(&Secret::new(token)), None, "{token}");
        }
    }
}
