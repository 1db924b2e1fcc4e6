//! Who exists in the workspace: one user, and service principals.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::secret::Secret;

/// The workspace itself and its one user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) workspace_id: String,
    pub(crate) account_id: String,
    pub(crate) user_name: String,
    pub(crate) user_id: String,
    pub(crate) display_name: String,
    /// Personal access token of the user.
    pub(crate) token: Secret,
    /// Client id of the service principal that is announced for OAuth M2M.
    pub(crate) client_id: String,
    /// Key that signs access tokens.
    pub(crate) signing_key: Secret,
}

impl Identity {
    pub(super) fn new() -> Identity {
        // 12 digits, as the ids of real workspaces look; the first is never 0
        let workspace_number = 100_000_000_000 + Uuid::new_v4().as_u128() % 900_000_000_000;
        Identity {
            workspace_id: workspace_number.to_string(),
            account_id: Uuid::new_v4().to_string(),
            user_name: "deployer@example.com".to_owned(),
            user_id: "1000012345".to_owned(),
            display_name: "Deployer".to_owned(),
            token: Secret::random("dapi"),
            client_id: String::new(),
            signing_key: Secret::random(&Uuid::new_v4().simple().to_string()),
        }
    }

    /// The user, if what was typed into a form is their token.
    pub(crate) fn user_with(&self, typed: &str) -> Option<String> {
        self.token.matches(typed.trim()).then(|| self.user_name.clone())
    }
}

/// An identity for machines. Each app has one; its client id is the name of its Postgres role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServicePrincipal {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) id: i64,
    pub(crate) display_name: String,
    pub(crate) admin: bool,
}

impl ServicePrincipal {
    pub(super) fn new(id: i64, display_name: &str, admin: bool) -> ServicePrincipal {
        ServicePrincipal {
            client_id: Uuid::new_v4().to_string(),
            client_secret: Secret::random("dose"),
            id,
            display_name: display_name.to_owned(),
            admin,
        }
    }
}
