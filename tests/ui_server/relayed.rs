//! The page's way to the workspace: HTTP to `tellr ui`, with the cookie and the headers that a browser adds.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use databricks::{
    Client, ClientOptions, Config, Credentials, Host, HttpTransport, Poll, Request, Response, Transport,
    TransportError,
};
use deployer_wasm::Engine;
use deployer_wasm::schema::RelayedSchema;
use deployer_wasm::timing::Timing;
use http::HeaderValue;

use crate::ui::Ui;

/// Adds what a browser adds.
pub(crate) struct BrowserTransport {
    inner: HttpTransport,
    cookie: HeaderValue,
    origin: HeaderValue,
}

impl BrowserTransport {
    pub(crate) fn of(ui: &Ui) -> anyhow::Result<Arc<dyn Transport>> {
        let (cookie, origin) = (HeaderValue::from_str(&ui.cookie)?, HeaderValue::from_str(&ui.origin)?);
        Ok(Arc::new(Self { inner: HttpTransport::new()?, cookie, origin }))
    }
}

#[async_trait]
impl Transport for BrowserTransport {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        let headers = &mut request.headers;
        headers.insert("cookie", self.cookie.clone());
        headers.insert("origin", self.origin.clone());
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        headers.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
        headers.insert("sec-fetch-dest", HeaderValue::from_static("empty"));
        self.inner.send(request).await
    }
}

/// The client that the page has: it knows no token.
pub(crate) fn client(ui: &Ui) -> anyhow::Result<Client> {
    let config = Config::new(Host::parse(&ui.origin)?, Credentials::Relay);
    let options =
        ClientOptions { poll: Poll { max_interval: Duration::from_millis(50) }, ..ClientOptions::default() };
    Ok(Client::new(config, BrowserTransport::of(ui)?, options))
}

/// The engine that the page has.
pub(crate) fn engine(ui: &Ui) -> anyhow::Result<Engine> {
    let schema = RelayedSchema::new(&ui.origin, BrowserTransport::of(ui)?);
    let timing = Timing { poll: Duration::from_millis(50), ..Timing::default() };
    Ok(Engine::new(client(ui)?).with_schema_port(Arc::new(schema)).with_timing(timing))
}
