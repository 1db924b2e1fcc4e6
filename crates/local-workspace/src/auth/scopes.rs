//! Which scope a path of the API needs. Tokens of M2M and of users carry `all-apis`; those that an app gets
//! forwarded carry the app's effective scopes only.

use super::Caller;
use crate::rest::ApiError;

/// Refuses `caller` if its token lacks the scope of `path` (`/2.0/…`, without `/api`).
pub(super) fn check(caller: &Caller, path: &str) -> Result<(), ApiError> {
    let Some(scopes) = &caller.scopes else { return Ok(()) };
    let needed = needed(path);
    if scopes.iter().any(|scope| scope == needed) {
        return Ok(());
    }
    let message = format!("Provided OAuth token does not have required scopes: {needed}");
    Err(ApiError::permission_denied(message))
}

fn needed(path: &str) -> &'static str {
    const SCOPES: [(&str, &str); 8] = [
        ("/2.0/preview/scim/v2/Me", "iam.current-user:read"),
        ("/2.0/preview/scim/v2/", "iam.access-control:read"),
        ("/2.0/apps", "apps"),
        ("/2.0/permissions/apps", "apps"),
        ("/2.0/workspace", "workspace"),
        ("/2.0/postgres", "postgres"),
        ("/2.0/database", "postgres"),
        ("/2.0/genie", "dashboards.genie"),
    ];
    SCOPES.iter().find(|(prefix, _)| path.starts_with(prefix)).map_or("all-apis", |(_, scope)| scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::CallerKind;

    #[test]
    fn a_forwarded_token_reaches_what_its_scopes_name() {
        let caller = |scopes: Option<Vec<String>>| Caller {
            name: "a".to_owned(),
            kind: CallerKind::User,
            admin: true,
            scopes,
        };
        let forwarded = caller(Some(vec!["iam.current-user:read".to_owned()]));
        assert!(check(&forwarded, "/2.0/preview/scim/v2/Me").is_ok());
        let refused = check(&forwarded, "/2.0/apps").err().map(|error| error.message().to_owned());
        assert_eq!(refused.as_deref(), Some("Provided OAuth token does not have required scopes: apps"));
        assert!(check(&caller(None), "/2.0/apps").is_ok());
    }
}
