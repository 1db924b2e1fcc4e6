//! What an app may do in a user's name.

/// Scopes that every app has.
const DEFAULTS: [&str; 2] = ["iam.access-control:read", "iam.current-user:read"];

/// `effective_user_api_scopes`: the requested scopes and the defaults, sorted, each once.
pub(crate) fn effective(requested: &[String]) -> Vec<String> {
    let mut scopes: Vec<String> = requested.iter().cloned().chain(DEFAULTS.map(str::to_owned)).collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_recorded() {
        let requested: Vec<String> = [
            "sql",
            "dashboards.genie",
            "catalog.tables:read",
            "catalog.schemas:read",
            "catalog.catalogs:read",
            "serving.serving-endpoints",
        ]
        .map(str::to_owned)
        .to_vec();
        let expected = [
            "catalog.catalogs:read",
            "catalog.schemas:read",
            "catalog.tables:read",
            "dashboards.genie",
            "iam.access-control:read",
            "iam.current-user:read",
            "serving.serving-endpoints",
            "sql",
        ];
        assert_eq!(effective(&requested), expected);
    }
}
