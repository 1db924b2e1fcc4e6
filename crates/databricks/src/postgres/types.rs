//! Projects, branches, endpoints, roles, databases and operations of Lakebase Autoscaling. Creating takes a `spec`; reading
//! gives a `status`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{wire_enum, wire_struct};

wire_struct! {
    /// A project: a Postgres cluster with its branches.
    Project {
        /// `projects/p`.
        name: String,
        /// `p`.
        project_id: Option<String>,
        /// Set by the platform.
        uid: Option<String>,
        /// When it was made (RFC 3339).
        create_time: Option<String>,
        /// When it was changed (RFC 3339).
        update_time: Option<String>,
        /// When it was deleted (RFC 3339), while it can be brought back.
        delete_time: Option<String>,
        /// What was asked for; usually absent when read.
        spec: Option<ProjectSpec>,
        /// What is.
        status: Option<ProjectStatus>,
    }
}

wire_struct! {
    /// What a project shall be.
    ProjectSpec {
        /// For people.
        display_name: Option<String>,
        /// The major version of Postgres.
        pg_version: Option<i64>,
        /// For endpoints that say nothing else.
        default_endpoint_settings: Option<EndpointSettings>,
        /// A proto duration such as `604800s`.
        history_retention_duration: Option<String>,
        /// Whether roles with passwords of their own may sign in.
        enable_pg_native_login: Option<bool>,
        /// The budget policy.
        budget_policy_id: Option<String>,
        /// Tags.
        custom_tags: Vec<CustomTag>,
    }
}

wire_struct! {
    /// A tag.
    CustomTag {
        /// Its key.
        key: String,
        /// Its value.
        value: Option<String>,
    }
}

wire_struct! {
    /// How endpoints scale.
    EndpointSettings {
        /// The least compute units.
        autoscaling_limit_min_cu: Option<f64>,
        /// The greatest compute units.
        autoscaling_limit_max_cu: Option<f64>,
        /// A proto duration; idle for so long, the endpoint goes to sleep.
        suspend_timeout_duration: Option<String>,
        /// Whether it never sleeps.
        no_suspension: Option<bool>,
        /// Settings of Postgres.
        pg_settings: BTreeMap<String, String>,
    }
}

wire_struct! {
    /// What a project is.
    ProjectStatus {
        /// As in the spec.
        display_name: Option<String>,
        /// As in the spec.
        pg_version: Option<i64>,
        /// Who owns it.
        owner: Option<String>,
        /// `projects/p/branches/b`.
        default_branch: Option<String>,
        /// As in the spec.
        default_endpoint_settings: Option<EndpointSettings>,
        /// As in the spec.
        history_retention_duration: Option<String>,
        /// As in the spec.
        enable_pg_native_login: Option<bool>,
        /// Bytes.
        branch_logical_size_limit_bytes: Option<i64>,
        /// Bytes.
        synthetic_storage_size_bytes: Option<i64>,
    }
}

wire_struct! {
    /// A branch of a project.
    Branch {
        /// `projects/p/branches/b`.
        name: String,
        /// `b`.
        branch_id: Option<String>,
        /// `projects/p`.
        parent: Option<String>,
        /// Set by the platform.
        uid: Option<String>,
        /// When it was made (RFC 3339).
        create_time: Option<String>,
        /// When it was changed (RFC 3339).
        update_time: Option<String>,
        /// What is.
        status: Option<BranchStatus>,
    }
}

wire_struct! {
    /// What a branch is.
    BranchStatus {
        /// The state.
        current_state: Option<BranchState>,
        /// Whether it is the project's default.
        default: Option<bool>,
        /// Whether it cannot be deleted.
        is_protected: Option<bool>,
        /// The branch it was made from.
        source_branch: Option<String>,
    }
}

wire_enum! {
    /// The states of a branch.
    BranchState {
        Archived = "ARCHIVED",
        Deleted = "DELETED",
        Importing = "IMPORTING",
        Init = "INIT",
        Ready = "READY",
        Resetting = "RESETTING",
    }
}

wire_struct! {
    /// Where a branch takes connections.
    Endpoint {
        /// `projects/p/branches/b/endpoints/e`.
        name: String,
        /// `e`.
        endpoint_id: Option<String>,
        /// `projects/p/branches/b`.
        parent: Option<String>,
        /// Set by the platform.
        uid: Option<String>,
        /// When it was made (RFC 3339).
        create_time: Option<String>,
        /// When it was changed (RFC 3339).
        update_time: Option<String>,
        /// What is.
        status: Option<EndpointStatus>,
    }
}

wire_struct! {
    /// What an endpoint is.
    EndpointStatus {
        /// Whether it writes.
        endpoint_type: Option<EndpointType>,
        /// The state. An idle endpoint wakes with the first connection.
        current_state: Option<EndpointState>,
        /// The state that it is going to.
        pending_state: Option<EndpointState>,
        /// Whether it takes no connections.
        disabled: Option<bool>,
        /// The least compute units.
        autoscaling_limit_min_cu: Option<f64>,
        /// The greatest compute units.
        autoscaling_limit_max_cu: Option<f64>,
        /// A proto duration.
        suspend_timeout_duration: Option<String>,
        /// Where to connect; may be absent while the endpoint is being made.
        hosts: Option<EndpointHosts>,
    }
}

wire_enum! {
    /// Whether an endpoint writes.
    EndpointType { ReadOnly = "ENDPOINT_TYPE_READ_ONLY", ReadWrite = "ENDPOINT_TYPE_READ_WRITE" }
}

wire_enum! {
    /// The states of an endpoint.
    EndpointState { Active = "ACTIVE", Degraded = "DEGRADED", Idle = "IDLE", Init = "INIT" }
}

wire_struct! {
    /// Host names for port 5432.
    EndpointHosts {
        /// For reading and writing.
        host: Option<String>,
        /// The same through a pooler.
        read_write_pooled_host: Option<String>,
        /// For reading.
        read_only_host: Option<String>,
        /// The same through a pooler.
        read_only_pooled_host: Option<String>,
    }
}

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

wire_struct! {
    /// A database of a branch.
    Database {
        /// `projects/p/branches/b/databases/d`.
        name: String,
        /// `d`, such as `databricks-postgres`.
        database_id: Option<String>,
        /// `projects/p/branches/b`.
        parent: Option<String>,
        /// When it was made (RFC 3339).
        create_time: Option<String>,
        /// When it was changed (RFC 3339).
        update_time: Option<String>,
        /// What is.
        status: Option<DatabaseStatus>,
    }
}

wire_struct! {
    /// What a database is.
    DatabaseStatus {
        /// `d`.
        database_id: Option<String>,
        /// Its name in Postgres, such as `databricks_postgres`.
        postgres_database: Option<String>,
        /// The owner: `projects/p/branches/b/roles/r`.
        role: Option<String>,
    }
}

wire_struct! {
    /// Something that takes time. Done, it holds either `response` or `error`.
    Operation {
        /// `…/operations/id`.
        name: String,
        /// Whether it has ended.
        done: Option<bool>,
        /// About the operation.
        metadata: Option<Value>,
        /// The result: the thing that was made, or an empty object.
        response: Option<Value>,
        /// Why it failed.
        error: Option<OperationError>,
    }
}

wire_struct! {
    /// Why an operation failed.
    OperationError {
        /// As in other errors.
        error_code: Option<String>,
        /// In words.
        message: Option<String>,
        /// As in other errors.
        details: Vec<Value>,
    }
}
