//! REST calls to the workspace and to its apps.

use std::sync::Once;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

use crate::local_workspace::LocalWorkspace;

const REQUEST_DEADLINE: Duration = Duration::from_secs(60);

/// A client that follows no redirect, so that a test sees each answer.
pub fn client() -> anyhow::Result<Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // an error means that another library has set it already, to the same
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Ok(Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(REQUEST_DEADLINE).build()?)
}

/// Status and JSON body (null if it has none).
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl LocalWorkspace {
    /// A call to the workspace as its user; `path` begins with `/api`.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let mut request = self.client().request(method, format!("{}{path}", self.ready().host));
        request = request.bearer_auth(&self.ready().token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).with_context(|| text)? };
        Ok(Answer { status, body })
    }

    /// GET that must succeed.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let Answer { status, body } = self.call(Method::GET, path, None).await?;
        ensure!(status.is_success(), "GET {path} answered {status}: {body}");
        Ok(body)
    }

    /// POST that must succeed.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let Answer { status, body } = self.call(Method::POST, path, Some(body)).await?;
        ensure!(status.is_success(), "POST {path} answered {status}: {body}");
        Ok(body)
    }

    /// The content of a file of the workspace.
    pub async fn export(&self, path: &str) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.export_bytes(path).await?)?)
    }

    /// The content of a file of the workspace, as it is.
    pub async fn export_bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.client().get(format!("{}/api/2.0/workspace/export", self.ready().host));
        let request =
            request.query(&[("path", path), ("direct_download", "true")]).bearer_auth(&self.ready().token);
        let response = request.send().await?;
        ensure!(response.status().is_success(), "export of {path} answered {}", response.status());
        Ok(response.bytes().await?.to_vec())
    }

    /// An OAuth token of the workspace's service principal: what an app's proxy lets in.
    pub async fn oauth_token(&self) -> anyhow::Result<String> {
        let ready = self.ready();
        self.oauth_token_of(&ready.client_id, &ready.client_secret).await
    }

    /// An OAuth token of any service principal.
    pub async fn oauth_token_of(&self, client_id: &str, client_secret: &str) -> anyhow::Result<String> {
        let request = self.client().post(format!("{}/oidc/v1/token", self.ready().host));
        let request = request.basic_auth(client_id, Some(client_secret));
        let request = request.form(&[("grant_type", "client_credentials"), ("scope", "all-apis")]);
        let body: Value = request.send().await?.error_for_status()?.json().await?;
        body["access_token"].as_str().map(str::to_owned).with_context(|| format!("no access_token in {body}"))
    }

    /// GET through the proxy of an app, signed in; `path` begins with a slash.
    pub async fn get_from_app(&self, app: &str, path: &str) -> anyhow::Result<Response> {
        let url = self.app_url(app).await?;
        Ok(self.client().get(format!("{url}{path}")).bearer_auth(self.oauth_token().await?).send().await?)
    }

    /// The address of an app's proxy, without a slash at the end.
    pub async fn app_url(&self, app: &str) -> anyhow::Result<String> {
        let body = self.get(&format!("/api/2.0/apps/{app}")).await?;
        let url = body["url"].as_str().with_context(|| format!("app {app} has no url: {body}"))?;
        Ok(url.trim_end_matches('/').to_owned())
    }
}
