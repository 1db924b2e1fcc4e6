//! Whether the host is there at all, and what time it has.

use std::time::Duration;

use http::header::DATE;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;

/// A host that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The host's clock less this machine's, to about a second; `None` where the host's time is not shown (a browser shows
    /// it only to pages of the same origin).
    pub skew: Option<SignedDuration>,
}

impl Client {
    /// Asks the host for its description, once and as nobody, within `patience`. Any answer counts, whatever its status.
    pub async fn reach(&self, patience: Duration) -> Result<Reached, Error> {
        let call = Call::get("/.well-known/databricks-config").accept_any();
        let before = self.clock().timestamp();
        let response = self.dispatch(call.request(self, &self.anonymous(None)), patience).await?;
        let after = self.clock().timestamp();
        let here = before.saturating_add(after.duration_since(before) / 2).unwrap_or(after);
        let there = response.header(DATE.as_str()).and_then(moment);
        Ok(Reached { skew: there.map(|there| there.duration_since(here)) })
    }
}

/// An HTTP date, such as `Sun, 06 Nov 1994 08:49:37 GMT`. It has whole seconds: half of one is its likeliest rest.
fn moment(text: &str) -> Option<Timestamp> {
    let moment = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    moment.saturating_add(SignedDuration::from_millis(500)).ok()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        assert_eq!(moment("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().to_string(), "1994-11-06T08:49:37.5Z");
        assert_eq!(moment("yesterday"), None);
    }
}
