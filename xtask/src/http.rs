//! HTTP as a plain client sees it.

use std::time::Duration;

use ureq::Agent;

const REQUEST_DEADLINE: Duration = Duration::from_secs(30);

/// A client that shows every answer as it is: no redirect is followed, no status is an error.
pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder();
    let config = config.http_status_as_error(false).max_redirects(0).timeout_global(Some(REQUEST_DEADLINE));
    config.build().into()
}
