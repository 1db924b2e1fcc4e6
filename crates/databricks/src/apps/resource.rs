//! What an app may use.

use crate::wire::{wire_enum, wire_struct};

wire_struct! {
    /// Something that an app may use, under the key by which `app.yaml` refers to it. One of the kinds is set.
    AppResource {
        /// The key.
        name: String,
        /// For people.
        description: Option<String>,
        /// A Lakebase Provisioned database.
        database: Option<AppResourceDatabase>,
        /// A Lakebase Autoscaling database.
        postgres: Option<AppResourcePostgres>,
        /// A SQL warehouse.
        sql_warehouse: Option<AppResourceSqlWarehouse>,
        /// A model serving endpoint.
        serving_endpoint: Option<AppResourceServingEndpoint>,
        /// A Genie space.
        genie_space: Option<AppResourceGenieSpace>,
        /// A secret.
        secret: Option<AppResourceSecret>,
        /// A job.
        job: Option<AppResourceJob>,
        /// An MLflow experiment.
        experiment: Option<AppResourceExperiment>,
        /// Something in Unity Catalog.
        uc_securable: Option<AppResourceUcSecurable>,
        /// Another app.
        app: Option<AppResourceApp>,
        ; ..other
    }
}

wire_struct! {
    /// A database of a Lakebase Provisioned instance. Also makes the service principal's Postgres role.
    AppResourceDatabase {
        /// The instance.
        instance_name: String,
        /// The database in it.
        database_name: String,
        /// What the app may do.
        permission: Option<DatabasePermission>,
    }
}

wire_struct! {
    /// A database of a Lakebase Autoscaling project. Also makes the service principal's Postgres role.
    AppResourcePostgres {
        /// `projects/p/branches/b`.
        branch: String,
        /// `projects/p/branches/b/databases/d`.
        database: String,
        /// What the app may do.
        permission: Option<DatabasePermission>,
    }
}

wire_enum! {
    /// What an app may do with a database.
    DatabasePermission { CanConnectAndCreate = "CAN_CONNECT_AND_CREATE" }
}

wire_enum! {
    /// What an app may do with any other resource; each kind knows some of these.
    ResourcePermission {
        CanEdit = "CAN_EDIT",
        CanManage = "CAN_MANAGE",
        CanManageRun = "CAN_MANAGE_RUN",
        CanQuery = "CAN_QUERY",
        CanRead = "CAN_READ",
        CanRun = "CAN_RUN",
        CanUse = "CAN_USE",
        CanView = "CAN_VIEW",
        Execute = "EXECUTE",
        IsOwner = "IS_OWNER",
        Manage = "MANAGE",
        Modify = "MODIFY",
        Read = "READ",
        ReadVolume = "READ_VOLUME",
        Select = "SELECT",
        UseConnection = "USE_CONNECTION",
        Write = "WRITE",
        WriteVolume = "WRITE_VOLUME",
    }
}

wire_struct! {
    /// A SQL warehouse.
    AppResourceSqlWarehouse {
        /// Its id.
        id: String,
        /// What the app may do.
        permission: Option<ResourcePermission>,
    }
}

wire_struct! {
    /// A model serving endpoint.
    AppResourceServingEndpoint {
        /// Its name.
        name: String,
        /// What the app may do.
        permission: Option<ResourcePermission>,
    }
}

wire_struct! {
    /// A Genie space.
    AppResourceGenieSpace {
        /// Its title.
        name: String,
        /// Its id.
        space_id: String,
        /// What the app may do.
        permission: Option<ResourcePermission>,
    }
}

wire_struct! {
    /// A secret.
    AppResourceSecret {
        /// Its scope.
        scope: String,
        /// Its key.
        key: String,
        /// What the app may do.
        permission: Option<ResourcePermission>,
    }
}

wire_struct! {
    /// A job.
    AppResourceJob {
        /// Its id.
        id: String,
        /// What the app may do.
        permission: Option<ResourcePermission>,
    }
}

wire_struct! {
    /// An MLflow experiment.
    AppResourceExperiment {
        /// Its id.
        experiment_id: String,
        /// What the app may do.
        permission: Option<ResourcePermission>,
    }
}

wire_struct! {
    /// Something in Unity Catalog.
    AppResourceUcSecurable {
        /// `catalog.schema.name`.
        securable_full_name: String,
        /// `VOLUME`, `TABLE`, `FUNCTION`, `CONNECTION`, …
        securable_type: Option<String>,
        /// What the app may do.
        permission: Option<ResourcePermission>,
        /// Set by the platform.
        securable_kind: Option<String>,
    }
}

wire_struct! {
    /// Another app.
    AppResourceApp {
        /// Its name.
        name: Option<String>,
        /// What the app may do.
        permission: Option<ResourcePermission>,
    }
}
