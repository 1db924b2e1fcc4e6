//! Structured logs on standard output, which is where the platform collects them.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::Config;

/// What is logged unless TELLR_LOG says otherwise. `sqlx` logs every statement at `info`.
pub(crate) const DEFAULT_FILTER: &str = "info,sqlx=warn";

/// The filter in TELLR_LOG could not be read.
#[derive(Debug, thiserror::Error)]
#[error("TELLR_LOG is not a log filter: {0}")]
pub(crate) struct LogFilterError(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging: one JSON object a line in production, readable lines elsewhere.
pub(crate) fn start(config: &Config) -> Result<(), LogFilterError> {
    let filter = EnvFilter::try_new(config.log_filter.as_deref().unwrap_or(DEFAULT_FILTER))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    if config.environment.is_production() {
        subscriber.json().flatten_event(true).with_span_list(false).init();
    } else {
        subscriber.with_ansi(std::io::stdout().is_terminal()).init();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_a_filter_and_the_one_that_the_documentation_names() {
        assert!(EnvFilter::try_new(DEFAULT_FILTER).is_ok());
        assert_eq!(crate::config::variables::TELLR_LOG.default, format!("`{DEFAULT_FILTER}`"));
    }
}
