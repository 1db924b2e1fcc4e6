//! Times as the platform writes them.

use jiff::Timestamp;

/// `2026-09-01T12:00:00Z`: the precision and form of the platform's `create_time` and its kin.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_the_precision() -> Result<(), jiff::Error> {
        let time: Timestamp = "2026-09-01T12:00:00.75Z".parse()?;
        assert_eq!(rfc3339(time), "2026-09-01T12:00:00Z");
        Ok(())
    }
}
