//! The caller's own identity.

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::wire::wire_struct;

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

wire_struct! {
    /// A user, or a service principal seen as one (its `user_name` is then its application id). SCIM spells its fields in
    /// camel case.
    User {
        /// The workspace's number for it.
        id: Option<String>,
        /// The sign-in name: an e-mail address or an application id; also the name of its Postgres role.
        user_name as "userName": Option<String>,
        /// The name to show.
        display_name as "displayName": Option<String>,
        /// Whether it may sign in.
        active: Option<bool>,
        /// Its addresses.
        emails: Vec<ComplexValue>,
        /// The groups it is in.
        groups: Vec<ComplexValue>,
        /// What it may do.
        entitlements: Vec<ComplexValue>,
    }
}

wire_struct! {
    /// SCIM's way to write an item of a list.
    ComplexValue {
        /// The name to show.
        display: Option<String>,
        /// The item itself, often an id.
        value: Option<String>,
        /// The kind of item, such as `work` or `direct`.
        kind as "type": Option<String>,
        /// Whether it is the one to prefer.
        primary: Option<bool>,
        /// The path of the item.
        reference as "$ref": Option<String>,
    }
}
