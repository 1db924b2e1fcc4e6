//! One object of the workspace.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::notebook::Language;

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "type")]
pub(crate) enum NodeKind {
    /// A folder.
    Directory,
    /// A file with the digest of its content.
    File { digest: String },
    /// A notebook; `extension` is that of the file it was imported from, without a dot.
    Notebook { digest: String, language: Language, extension: String },
}

/// An object: its kind, id, size in bytes and times in milliseconds since the epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) object_id: i64,
    pub(crate) size: usize,
    pub(crate) created_at: i64,
    pub(crate) modified_at: i64,
}

impl Node {
    /// A new, empty folder.
    pub(crate) fn directory(object_id: i64) -> Node {
        Node::new(object_id, NodeKind::Directory, 0)
    }

    /// A new object.
    pub(crate) fn new(object_id: i64, kind: NodeKind, size: usize) -> Node {
        let now = Timestamp::now().as_millisecond();
        Node { kind, object_id, size, created_at: now, modified_at: now }
    }

    /// Digest of the content; folders have none.
    pub(crate) fn digest(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Directory => None,
            NodeKind::File { digest } | NodeKind::Notebook { digest, .. } => Some(digest),
        }
    }

    /// `ObjectInfo`, under the path `shown`.
    pub(crate) fn info(&self, shown: &str) -> Value {
        let mut info = json!({
            "path": shown,
            "object_id": self.object_id,
            "resource_id": self.object_id.to_string(),
        });
        match &self.kind {
            NodeKind::Directory => info["object_type"] = json!("DIRECTORY"),
            NodeKind::File { .. } => {
                info["object_type"] = json!("FILE");
                info["size"] = json!(self.size);
            }
            NodeKind::Notebook { language, .. } => {
                info["object_type"] = json!("NOTEBOOK");
                info["language"] = json!(language);
            }
        }
        if self.kind != NodeKind::Directory {
            info["created_at"] = json!(self.created_at);
            info["modified_at"] = json!(self.modified_at);
        }
        info
    }
}
