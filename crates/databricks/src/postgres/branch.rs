//! Branches of a project, and the databases of a branch.

use crate::wire::{wire_enum, wire_struct};

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
