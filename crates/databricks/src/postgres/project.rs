//! Projects. Creating one takes a spec; reading one gives a status.

use std::collections::BTreeMap;

use crate::wire::wire_struct;

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
