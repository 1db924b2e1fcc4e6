//! Who is asking (`GET /api/user/current`).

use serde::{Deserialize, Serialize};

/// The person that the platform's proxy says is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// Databricks user name, usually an e-mail address.
    pub username: String,
    /// The name to show; the user name until a directory is asked.
    pub display_name: String,
    /// The platform's id of the user, when the proxy sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// E-mail address, when the proxy sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}
