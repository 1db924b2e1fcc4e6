//! What this machine can find out for the doctor: the package index that pip would ask, and whether a port is open.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use databricks::{HttpTransport, Request, Response, Transport as _};
use deployer_wasm::doctor::{Published, Reach, Surroundings};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::failure::Failure;

/// Where pip looks unless it is told otherwise.
const PYPI: &str = "https://pypi.org/simple";
/// The settings of pip and uv that are read here; their files are not.
const INDEX_VARIABLES: [&str; 3] = ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"];
const INDEX_PATIENCE: Duration = Duration::from_secs(30);
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Both forms of the simple API, the newer one first.
const SIMPLE_API: HeaderValue =
    HeaderValue::from_static("application/vnd.pypi.simple.v1+json, text/html;q=0.5");

/// This machine.
pub(super) struct Machine {
    transport: HttpTransport,
}

impl Machine {
    pub(super) fn new() -> Result<Self, Failure> {
        let transport = HttpTransport::new().map_err(|error| Failure::Machine(error.to_string()))?;
        Ok(Self { transport })
    }

    async fn ask(&self, index: &Index, package: &str) -> Result<Response, String> {
        let request = Request {
            method: Method::GET,
            url: format!("{}/{package}/", index.address),
            headers: index.headers.clone(),
            body: bytes::Bytes::new(),
        };
        let answer = timeout(INDEX_PATIENCE, self.transport.send(request)).await;
        let late = |_| {
            format!("the package index {} has not answered in {} s", index.address, INDEX_PATIENCE.as_secs())
        };
        answer.map_err(late)?.map_err(|error| format!("the package index cannot be asked: {error}"))
    }
}

#[async_trait]
impl Surroundings for Machine {
    async fn published(&self, package: &str) -> Result<Published, String> {
        let index = Index::configured(|name| std::env::var(name).ok())?;
        let response = self.ask(&index, package).await?;
        match response.status.as_u16() {
            200 => Ok(Published::read(&index.address, package, &String::from_utf8_lossy(&response.body))),
            404 => Ok(Published { index: index.address, versions: Vec::new() }),
            status => Err(format!("the package index {} answers {status} for {package}", index.address)),
        }
    }

    async fn reach(&self, host: &str, port: u16) -> Reach {
        match timeout(CONNECT_PATIENCE, TcpStream::connect((host, port))).await {
            Ok(Ok(_)) => Reach::Open,
            Ok(Err(error)) => Reach::Closed(error.to_string()),
            Err(_) => Reach::Closed(format!("no answer in {} s", CONNECT_PATIENCE.as_secs())),
        }
    }
}

/// A package index, and how to ask it. Only the address is ever shown.
struct Index {
    /// Without credentials and without a slash at the end.
    address: String,
    headers: HeaderMap,
}

impl Index {
    fn configured(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let given = INDEX_VARIABLES.iter().find_map(|name| {
            let value = variable(name).filter(|value| !value.trim().is_empty())?;
            Some((*name, value.trim().to_owned()))
        });
        let (name, text) = given.unwrap_or(("the default", PYPI.to_owned()));
        let mut url =
            Url::parse(&text).map_err(|error| format!("{name} is not the address of an index: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{name} names an index that is not on the web"));
        }
        let mut headers = HeaderMap::from_iter([(ACCEPT, SIMPLE_API)]);
        if !url.username().is_empty() || url.password().is_some() {
            headers.insert(AUTHORIZATION, basic(&url)?);
        }
        // neither can fail for an address of the web
        _ = url.set_username("");
        _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self { address: url.as_str().trim_end_matches('/').to_owned(), headers })
    }
}

fn basic(url: &Url) -> Result<HeaderValue, String> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pair = format!("{}:{}", decoded(url.username()), decoded(url.password().unwrap_or_default()));
    let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)));
    let mut value = value.map_err(|_| "the credentials of the package index cannot be sent".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(name: &'static str, value: &'static str) -> Result<Index, String> {
        Index::configured(move |asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn credentials_of_an_index_are_sent_and_never_shown() {
        let index =
            configured("PIP_INDEX_URL", "https://me%40corp:s3%2Fcret@pip.example.com/simple/?token=x")
                .unwrap();
        assert_eq!(index.address, "https://pip.example.com/simple");
        assert_eq!(index.headers[AUTHORIZATION], format!("Basic {}", STANDARD.encode("me@corp:s3/cret")));
        assert!(!format!("{:?}", index.headers).contains("s3"));
    }

    #[test]
    fn the_default_is_pypi_and_what_is_no_index_is_refused_unseen() {
        assert_eq!(configured("OTHER", "x").unwrap().address, PYPI);
        assert_eq!(
            configured("UV_INDEX_URL", "http://127.0.0.1:9/i").unwrap().address,
            "http://127.0.0.1:9/i"
        );
        for text in ["file:///srv/wheels", "s3cret"] {
            let error = configured("PIP_INDEX_URL", text).err().unwrap();
            assert!(error.starts_with("PIP_INDEX_URL") && !error.contains("s3cret"), "{error}");
        }
    }
}
