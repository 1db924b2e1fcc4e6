//! What a notebook that shows this page has written into its head.

use leptos::prelude::document;
use serde::Deserialize;

/// `<meta name="tellr-embedding" content='{"bridge": true}'>`; nothing of it where the page stands alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Embedding {
    /// The page around this one carries its calls.
    pub(crate) bridge: bool,
    /// The workspace of the notebook.
    pub(crate) workspace: Option<String>,
    /// Why the page is shown without a way to the notebook's kernel.
    pub(crate) reason: Option<String>,
}

impl Embedding {
    /// Nothing if the page is in no notebook. What cannot be read counts as a notebook that says nothing.
    pub(crate) fn read() -> Option<Self> {
        let meta = document().query_selector(r#"meta[name="tellr-embedding"]"#).ok().flatten()?;
        let content = meta.get_attribute("content").unwrap_or_default();
        Some(serde_json::from_str(&content).unwrap_or_default())
    }
}
