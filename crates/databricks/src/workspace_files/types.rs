//! What lies in the workspace.

use crate::wire::{wire_enum, wire_struct};

wire_struct! {
    /// Something in the workspace.
    ObjectInfo {
        /// Its path.
        path: Option<String>,
        /// What it is.
        object_type: Option<ObjectType>,
        /// The workspace's number for it.
        object_id: Option<i64>,
        /// The same as text, for newer APIs.
        resource_id: Option<String>,
        /// The language of a notebook.
        language: Option<Language>,
        /// Bytes; files only.
        size: Option<i64>,
        /// Milliseconds since 1970.
        created_at: Option<i64>,
        /// Milliseconds since 1970.
        modified_at: Option<i64>,
    }
}

wire_enum! {
    /// The kinds of things in the workspace.
    ObjectType {
        Dashboard = "DASHBOARD",
        Directory = "DIRECTORY",
        File = "FILE",
        Library = "LIBRARY",
        Notebook = "NOTEBOOK",
        Repo = "REPO",
    }
}

wire_enum! {
    /// The languages of notebooks.
    Language { Python = "PYTHON", R = "R", Scala = "SCALA", Sql = "SQL" }
}

wire_enum! {
    /// What the platform takes imported content for. With `AUTO` a file stays a file unless it looks like a notebook;
    /// with `RAW` it always stays one.
    ImportFormat {
        Auto = "AUTO",
        Raw = "RAW",
        Source = "SOURCE",
        Html = "HTML",
        Jupyter = "JUPYTER",
        Dbc = "DBC",
        RMarkdown = "R_MARKDOWN",
    }
}
