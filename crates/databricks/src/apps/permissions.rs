//! Who may use or manage an app.

use serde::Serialize;

use super::Apps;
use crate::call::Call;
use crate::error::Error;
use crate::path;
use crate::wire::{wire_enum, wire_struct};

wire_enum! {
    /// What someone may do with an app.
    AppPermissionLevel { CanUse = "CAN_USE", CanManage = "CAN_MANAGE" }
}

wire_struct! {
    /// A permission to give to a user, a group or a service principal; one of the three names is set.
    AppAccessControlRequest {
        /// A user's sign-in name.
        user_name: Option<String>,
        /// A group's name.
        group_name: Option<String>,
        /// A service principal's application id.
        service_principal_name: Option<String>,
        /// What to allow.
        permission_level: Option<AppPermissionLevel>,
    }
}

wire_struct! {
    /// Who may do what with an app.
    AppPermissions {
        /// `/apps/name`.
        object_id: Option<String>,
        /// `apps`.
        object_type: Option<String>,
        /// Each of them.
        access_control_list: Vec<AppAccessControlResponse>,
    }
}

wire_struct! {
    /// What someone may do with an app.
    AppAccessControlResponse {
        /// A user's sign-in name.
        user_name: Option<String>,
        /// A group's name.
        group_name: Option<String>,
        /// A service principal's application id.
        service_principal_name: Option<String>,
        /// The name to show.
        display_name: Option<String>,
        /// Given here or inherited.
        all_permissions: Vec<AppPermission>,
    }
}

wire_struct! {
    /// One permission.
    AppPermission {
        /// What it allows.
        permission_level: Option<AppPermissionLevel>,
        /// Whether it comes from above.
        inherited: Option<bool>,
        /// From where.
        inherited_from_object: Vec<String>,
    }
}

/// The list is written even when it is empty: for PUT that means "nobody".
#[derive(Serialize)]
struct AccessControlList<'a> {
    access_control_list: &'a [AppAccessControlRequest],
}

impl Apps<'_> {
    /// Who may do what.
    pub async fn permissions(self, name: &str) -> Result<AppPermissions, Error> {
        self.client.json(Call::get(permissions_path(name)?)).await
    }

    /// Adds permissions to those that are there (PATCH).
    pub async fn update_permissions(
        self,
        name: &str,
        add: &[AppAccessControlRequest],
    ) -> Result<AppPermissions, Error> {
        let call =
            Call::patch(permissions_path(name)?).json(&AccessControlList { access_control_list: add })?;
        self.client.json(call).await
    }

    /// Replaces all permissions that are given here (PUT).
    pub async fn set_permissions(
        self,
        name: &str,
        all: &[AppAccessControlRequest],
    ) -> Result<AppPermissions, Error> {
        let call =
            Call::put(permissions_path(name)?).json(&AccessControlList { access_control_list: all })?;
        self.client.json(call).await
    }
}

fn permissions_path(name: &str) -> Result<String, Error> {
    Ok(format!("/api/2.0/permissions/apps/{}", path::segment("app name", name)?))
}
