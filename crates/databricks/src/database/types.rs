//! Instances and roles of Lakebase Provisioned.

use crate::wire::{wire_enum, wire_struct};

wire_struct! {
    /// An instance: a Postgres server.
    DatabaseInstance {
        /// Its name, unique in the workspace.
        name: String,
        /// `CU_1`, `CU_2`, `CU_4` or `CU_8`.
        capacity: Option<String>,
        /// Set by the platform.
        uid: Option<String>,
        /// The state.
        state: Option<DatabaseInstanceState>,
        /// Where to connect for reading and writing, port 5432.
        read_write_dns: Option<String>,
        /// Where to connect for reading, port 5432.
        read_only_dns: Option<String>,
        /// Such as `PG_VERSION_16`.
        pg_version: Option<String>,
        /// Who made it.
        creator: Option<String>,
        /// When it was made (RFC 3339).
        creation_time: Option<String>,
        /// Whether it shall be stopped.
        stopped: Option<bool>,
        /// Whether it is stopped.
        effective_stopped: Option<bool>,
        /// The capacity it has.
        effective_capacity: Option<String>,
        /// The number of nodes.
        node_count: Option<i64>,
        /// Whether roles with passwords of their own may sign in.
        enable_pg_native_login: Option<bool>,
        /// How far back it can be restored.
        retention_window_in_days: Option<i64>,
    }
}

wire_enum! {
    /// The states of an instance.
    DatabaseInstanceState {
        Available = "AVAILABLE",
        Deleting = "DELETING",
        FailingOver = "FAILING_OVER",
        Starting = "STARTING",
        Stopped = "STOPPED",
        Updating = "UPDATING",
    }
}

wire_struct! {
    /// A Postgres role of an instance.
    DatabaseInstanceRole {
        /// Its name: a user name or a service principal's application id.
        name: String,
        /// What kind of identity it stands for.
        identity_type: Option<DatabaseInstanceRoleIdentityType>,
        /// A role that it is a member of.
        membership_role: Option<DatabaseInstanceRoleMembershipRole>,
        /// Rights of its own.
        attributes: Option<DatabaseInstanceRoleAttributes>,
        /// The instance.
        instance_name: Option<String>,
    }
}

wire_struct! {
    /// Rights of a role.
    DatabaseInstanceRoleAttributes {
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
    DatabaseInstanceRoleIdentityType {
        Group = "GROUP",
        PgOnly = "PG_ONLY",
        ServicePrincipal = "SERVICE_PRINCIPAL",
        User = "USER",
    }
}

wire_enum! {
    /// A role that others can be a member of.
    DatabaseInstanceRoleMembershipRole { DatabricksSuperuser = "DATABRICKS_SUPERUSER" }
}
