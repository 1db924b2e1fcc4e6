//! Postgres roles of a branch. Creating one takes a spec; reading one gives a status.

use crate::wire::{wire_enum, wire_struct};

wire_struct! {
    /// A Postgres role of a branch.
    Role {
        /// `projects/p/branches/b/roles/r`.
        name: String,
        /// `r`.
        role_id: Option<String>,
        /// `projects/p/branches/b`.
        parent: Option<String>,
        /// When it was made (RFC 3339).
        create_time: Option<String>,
        /// When it was changed (RFC 3339).
        update_time: Option<String>,
        /// What was asked for; usually absent when read.
        spec: Option<RoleSpec>,
        /// What is.
        status: Option<RoleStatus>,
    }
}

wire_struct! {
    /// What a role shall be.
    RoleSpec {
        /// Its name in Postgres: a user name or a service principal's application id.
        postgres_role: Option<String>,
        /// What kind of identity it stands for.
        identity_type: Option<RoleIdentityType>,
        /// How it signs in.
        auth_method: Option<RoleAuthMethod>,
        /// Roles that it is a member of.
        membership_roles: Vec<RoleMembershipRole>,
        /// Rights of its own.
        attributes: Option<RoleAttributes>,
    }
}

wire_struct! {
    /// What a role is.
    RoleStatus {
        /// `r`.
        role_id: Option<String>,
        /// As in the spec.
        postgres_role: Option<String>,
        /// As in the spec.
        identity_type: Option<RoleIdentityType>,
        /// As in the spec.
        auth_method: Option<RoleAuthMethod>,
        /// As in the spec.
        membership_roles: Vec<RoleMembershipRole>,
        /// As in the spec.
        attributes: Option<RoleAttributes>,
    }
}

wire_struct! {
    /// Rights of a role.
    RoleAttributes {
        /// Row security does not apply.
        bypassrls: Option<bool>,
        /// May make databases.
        createdb: Option<bool>,
        /// May make roles.
        createrole: Option<bool>,
    }
}

wire_enum! {
    /// What kind of identity a role stands for.
    RoleIdentityType { Group = "GROUP", ServicePrincipal = "SERVICE_PRINCIPAL", User = "USER" }
}

wire_enum! {
    /// How a role signs in.
    RoleAuthMethod {
        LakebaseOauthV1 = "LAKEBASE_OAUTH_V1",
        NoLogin = "NO_LOGIN",
        PgPasswordScramSha256 = "PG_PASSWORD_SCRAM_SHA_256",
    }
}

wire_enum! {
    /// A role that others can be a member of.
    RoleMembershipRole { DatabricksSuperuser = "DATABRICKS_SUPERUSER" }
}
