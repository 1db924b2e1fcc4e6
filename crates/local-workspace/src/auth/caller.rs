//! The principal behind a request.

use super::access_tokens::ALL_APIS;
use crate::records::Records;

/// What kind of principal calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerKind {
    /// The user.
    User,
    /// A service principal.
    ServicePrincipal,
}

/// A principal that has proved who it is.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// User name, or client id of a service principal: also the name of its Postgres role.
    pub(crate) name: String,
    pub(crate) kind: CallerKind,
    /// Whether it belongs to the group `admins`.
    pub(crate) admin: bool,
    /// `None`: all APIs.
    pub(crate) scopes: Option<Vec<String>>,
}

impl Caller {
    /// The principal called `name`, if there is one; `scope` as in its token.
    pub(crate) fn find(records: &Records, name: &str, scope: &str) -> Option<Caller> {
        let (kind, admin) = if name == records.identity.user_name {
            (CallerKind::User, true)
        } else {
            (CallerKind::ServicePrincipal, records.service_principals.get(name)?.admin)
        };
        let scopes: Vec<String> = scope.split_whitespace().map(str::to_owned).collect();
        let scopes = if scopes.iter().any(|scope| scope == ALL_APIS) { None } else { Some(scopes) };
        Some(Caller { name: name.to_owned(), kind, admin, scopes })
    }
}
