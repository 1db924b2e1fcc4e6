//! Files with the app's code: picked on this machine, lying beside the page, or offered by `tellr ui`.

use std::time::Duration;

use bytes::Bytes;
use deployer_wasm::spec::{binary, wheel};
use gloo_net::http::{Request, Response};
use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;

use crate::embedding::Embedding;
use crate::server::Server;
use crate::session::Session;

/// How long a file may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// Where a page finds the program that somebody has put beside it.
const BESIDE: &str = "tellr-app";

/// A file and its content.
#[derive(Clone)]
pub(crate) struct Picked {
    /// Its name.
    pub(crate) file_name: String,
    /// Whether it is a wheel; else it is the program itself.
    pub(crate) is_wheel: bool,
    /// Its bytes.
    pub(crate) content: Bytes,
}

/// A file that can be had without picking one.
#[derive(Clone)]
pub(crate) struct Offered {
    /// Whether it is a wheel; else it is the program itself.
    pub(crate) is_wheel: bool,
    /// Its name.
    pub(crate) file_name: String,
    /// Bytes, where that is known.
    pub(crate) size: Option<u64>,
    /// Who has it.
    pub(crate) server: Server,
    /// Where it is there.
    pub(crate) path: String,
}

impl Offered {
    /// Fetches it; the error says why that failed.
    pub(crate) async fn fetch(&self) -> Result<Picked, String> {
        let response = self.server.get(&self.path, PATIENCE).await?;
        if !response.status.is_success() {
            return Err(format!("{} cannot be fetched: status {}", self.file_name, response.status));
        }
        picked(self.file_name.clone(), self.is_wheel, response.body)
    }
}

/// What can be had here: what `tellr ui` offers, or the program beside the page.
pub(crate) async fn offers(session: &Session) -> Vec<Offered> {
    if let Some(context) = &session.context {
        return context.sources();
    }
    let Some(Server::Folder(folder)) = Embedding::read().is_none().then(Server::of_this_page).flatten()
    else {
        return Vec::new();
    };
    let path = format!("/{BESIDE}");
    let size = |response: &Response| response.headers().get("content-length")?.parse().ok();
    // a server that answers everything with its page has no program to give
    let is_page = |response: &Response| {
        response.headers().get("content-type").is_some_and(|kind| kind.contains("html"))
    };
    match Request::get(&format!("{folder}{path}")).method(http::Method::HEAD).send().await {
        Ok(response) if response.ok() && !is_page(&response) => {
            let (file_name, size, server) = (BESIDE.to_owned(), size(&response), Server::Folder(folder));
            vec![Offered { is_wheel: false, file_name, size, server, path }]
        }
        _ => Vec::new(),
    }
}

/// Reads a file of this machine; the error says why that failed.
pub(crate) async fn read(file: web_sys::File) -> Result<Picked, String> {
    let is_wheel = file.name().ends_with(".whl");
    let limit = if is_wheel { wheel::IMPORT_LIMIT } else { binary::SIZE_LIMIT };
    if file.size() > limit as f64 {
        return Err(format!("`{}` has {} bytes, more than {limit}", file.name(), file.size()));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|_| format!("`{}` cannot be read", file.name()))?;
    picked(file.name(), is_wheel, Uint8Array::new(&buffer).to_vec().into())
}

fn picked(file_name: String, is_wheel: bool, content: Bytes) -> Result<Picked, String> {
    if is_wheel {
        wheel::Wheel::new(&file_name, content.to_vec()).map_err(|error| error.to_string())?;
    }
    Ok(Picked { file_name, is_wheel, content })
}

/// A size for people.
pub(crate) fn in_words(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}
