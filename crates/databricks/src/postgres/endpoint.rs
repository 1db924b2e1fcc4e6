//! Where a branch takes connections.

use crate::wire::{wire_enum, wire_struct};

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
