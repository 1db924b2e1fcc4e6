//! The caller's own identity.

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use serde::{Deserialize, Serialize};

/// Calls about the caller.
#[derive(Clone, Copy, Debug)]
pub struct CurrentUser<'a> {
    client: &'a Client,
}

impl<'a> CurrentUser<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The user or service principal that the token belongs to.
    pub async fn me(self) -> Result<User, Error> {
        self.client.json(Call::get("/api/2.0/preview/scim/v2/Me")).await
    }
}

/// A user, or a service principal seen as one (its `user_name` is then its application id). SCIM spells its fields in
/// camel case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct User {
    /// The workspace's number for it.
    #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
    pub id: Option<String>,
    /// The sign-in name: an e-mail address or an application id; also the name of its Postgres role.
    #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
    pub user_name: Option<String>,
    /// The name to show.
    #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
    pub display_name: Option<String>,
    /// Whether it may sign in.
    #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
    pub active: Option<bool>,
    /// Its addresses.
    #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
    pub emails: Vec<ComplexValue>,
    /// The groups it is in.
    #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
    pub groups: Vec<ComplexValue>,
    /// What it may do.
    #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
    pub entitlements: Vec<ComplexValue>,
}

crate::wire::wire_struct! {
    /// SCIM's way to write an item of a list.
    ComplexValue {
        /// The name to show.
        display: Option<String>,
        /// The item itself, often an id.
        value: Option<String>,
        /// The kind of item, such as `work` or `direct`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Whether it is the one to prefer.
        primary: Option<bool>,
        /// The path of the item.
        #[serde(rename = "$ref")]
        reference: Option<String>,
    }
}
