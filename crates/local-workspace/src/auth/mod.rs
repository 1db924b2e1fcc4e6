//! Who calls: personal access tokens, OAuth tokens, and the local sign-in for browsers.

mod access_tokens;
mod app_access;
mod bearer;
mod caller;
mod oidc;
mod scopes;
mod sign_ins;

pub(crate) use access_tokens::AccessTokens;
pub(crate) use app_access::AppAccess;
pub(crate) use bearer::{bearer, require_bearer, require_user};
pub(crate) use caller::{Caller, CallerKind};
pub(crate) use oidc::{AuthorizeQuery, PersonGrants, approve, routes as oidc_routes};
pub(crate) use sign_ins::{CODE_LIFETIME, SignIns, same_origin_path};
