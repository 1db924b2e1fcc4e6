//! What a token endpoint answers.

use std::time::Duration;

use http::HeaderValue;
use jiff::SignedDuration;
use serde_json::Value;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::secret::Secret;
use crate::wire::{Fields, WireValue};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Longest text of a server that is repeated in a message, in characters.
const LONGEST_WORDS: usize = 300;

/// A token or a refusal; two spellings of the refusal are in use.
#[derive(Default)]
struct Answer {
    access_token: Option<Secret>,
    refresh_token: Option<Secret>,
    expires_in: Option<i64>,
    error: Option<String>,
    error_description: Option<String>,
}

impl WireValue for Answer {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        let mut either = |key, other| -> Result<Option<String>, String> {
            let (first, second) = (fields.take(key)?, fields.take(other)?);
            Ok(Option::or(first, second))
        };
        Ok(Self {
            error: either("error", "errorCode")?,
            error_description: either("error_description", "errorSummary")?,
            access_token: fields.take("access_token")?,
            refresh_token: fields.take("refresh_token")?,
            expires_in: fields.take("expires_in")?,
        })
    }
}

/// A token that was given out.
pub(crate) struct Granted {
    pub(crate) access_token: Secret,
    #[cfg_attr(
        target_arch = "wasm32",
        expect(dead_code, reason = "only people have one, and they sign in natively")
    )]
    pub(crate) refresh_token: Option<Secret>,
    /// From now on.
    pub(crate) lifetime: SignedDuration,
}

/// A token that was not given out.
pub(crate) struct Refused {
    /// OAuth's code, such as `invalid_client`; absent when the answer is not OAuth's.
    pub(crate) error: Option<String>,
    /// OAuth's description; may be empty.
    pub(crate) description: String,
    pub(crate) status: u16,
}

/// Sends a form to a token endpoint, once: a wrong secret stays wrong, and a code or a refresh token counts only once.
pub(crate) async fn ask(
    client: &Client,
    endpoint: &str,
    form: String,
    authorization: Option<HeaderValue>,
    budget: Duration,
) -> Result<Result<Granted, Refused>, Error> {
    let mut call = Call::post(endpoint).body(FORM, form);
    if let Some(value) = authorization {
        call = call.header(http::header::AUTHORIZATION, value);
    }
    let response = client.dispatch(call.request(client, &client.anonymous(None)), budget).await?;
    let answer = serde_json::from_slice(&response.body).ok().and_then(|value| Answer::read(value).ok());
    let answer = answer.unwrap_or_default();
    let status = response.status.as_u16();
    Ok(match answer.access_token.filter(|_| response.status.is_success()) {
        Some(access_token) => Ok(Granted {
            access_token,
            refresh_token: answer.refresh_token.filter(|token| !token.expose().is_empty()),
            lifetime: SignedDuration::from_secs(answer.expires_in.unwrap_or(0).max(0)),
        }),
        None => Err(Refused {
            error: answer.error.map(|text| harmless(&text)),
            description: answer.error_description.map(|text| harmless(&text)).unwrap_or_default(),
            status,
        }),
    })
}

/// Somebody else's text for a message: one line, of bounded length, without what a terminal would obey.
pub(crate) fn harmless(text: &str) -> String {
    let mut clean: String = text
        .chars()
        .take(LONGEST_WORDS)
        .map(|c| if c.is_control() || is_bidi_control(c) { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST_WORDS).is_some() {
        clean.push('…');
    }
    clean.trim().to_owned()
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.error, self.description.is_empty()) {
            (Some(error), true) => f.write_str(error),
            (Some(error), false) => write!(f, "{error}: {}", self.description),
            (None, _) => write!(f, "the token endpoint answered {} without a token", self.status),
        }
    }
}
