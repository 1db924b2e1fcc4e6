//! The server behind this page: the one that the page came from, or one for which the page around it speaks.

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use databricks::{FetchTransport, Request, Response, Transport, TransportError};
use futures::future::{Either, select};
use futures::pin_mut;
use gloo_timers::future::sleep;
use http::{HeaderMap, Method};
use leptos::prelude::window;

use crate::bridge::Bridge;

/// Takes the page's own calls and those to the workspace alike. It signs the latter: no call from here carries a token.
#[derive(Clone)]
pub(crate) enum Server {
    /// Below the folder that the page lies in, which a proxy may have given any path.
    Folder(String),
    /// Reached by messages to the page around this one.
    Bridge(Rc<Bridge>),
}

impl Server {
    /// The one that the page came from; nothing for a page that came from none.
    pub(crate) fn of_this_page() -> Option<Self> {
        let address = window().location().href().ok()?;
        let address = address.split(['?', '#']).next().unwrap_or_default();
        let (folder, _) = address.rsplit_once('/')?;
        address.starts_with("http").then(|| Self::Folder(folder.to_owned()))
    }

    /// Gets what is at `path`; the error says why there is no answer.
    pub(crate) async fn get(&self, path: &str, patience: Duration) -> Result<Response, String> {
        let (headers, body) = (HeaderMap::new(), bytes::Bytes::new());
        let request = Request { method: Method::GET, url: path.to_owned(), headers, body };
        let (answer, late) = (self.send(request), sleep(patience));
        pin_mut!(answer, late);
        match select(answer, late).await {
            Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
            Either::Right(_) => Err(format!("no answer within {} s", patience.as_secs())),
        }
    }
}

#[async_trait(?Send)]
impl Transport for Server {
    /// Whatever host a call names, it goes to the server.
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let path = path_of(&request.url);
        match self {
            Self::Folder(folder) => {
                let url = format!("{folder}{path}");
                FetchTransport::new().send(Request { url, ..request }).await
            }
            Self::Bridge(bridge) => bridge.send(&request, path).await,
        }
    }
}

/// Path and query of an address, which may have no host.
fn path_of(url: &str) -> &str {
    if url.starts_with('/') {
        return url;
    }
    let authority = url.find("://").map_or(0, |at| at + 3);
    url[authority..].find('/').map_or("/", |at| &url[authority + at..])
}
