//! Who may open an app: the decision that each app's proxy asks for.

use std::sync::{Arc, Weak};

use async_trait::async_trait;

use super::access_tokens::{ALL_APIS, TokenRefused};
use super::{Caller, CallerKind};
use crate::app_host::{AppCaller, AppCredential, Authenticate, AuthenticationFailure};
use crate::apps;
use crate::records::Records;
use crate::workspace::Workspace;

/// Decides for one app.
pub(crate) struct AppAccess {
    workspace: Weak<Workspace>,
    app: String,
}

impl AppAccess {
    /// The decisions about `app`.
    pub(crate) fn new(workspace: &Arc<Workspace>, app: &str) -> AppAccess {
        AppAccess { workspace: Arc::downgrade(workspace), app: app.to_owned() }
    }

    fn decide(
        &self,
        workspace: &Workspace,
        credential: &AppCredential,
    ) -> Result<AppCaller, AuthenticationFailure> {
        let (name, scope) = self.principal(workspace, credential)?;
        workspace.store.read(|records| {
            let caller = Caller::find(records, &name, &scope).ok_or(AuthenticationFailure::Missing)?;
            let app = records.apps.get(&self.app).ok_or(AuthenticationFailure::Forbidden)?;
            // a token of narrow scope, such as one that an app got forwarded, opens no other app
            if caller.scopes.is_some() || apps::level_of(app, &caller).is_none() {
                return Err(AuthenticationFailure::Forbidden);
            }
            let scopes = &app.settings.user_api_scopes;
            let forwards = caller.kind == CallerKind::User && !scopes.is_empty();
            let forward_token = forwards.then(|| {
                workspace.access_tokens.mint(&caller.name, &apps::effective_scopes(scopes).join(" ")).0
            });
            Ok(describe(records, &caller, forward_token))
        })
    }

    /// Name and scope that a credential proves. Personal access tokens do not open apps, as on the platform.
    fn principal(
        &self,
        workspace: &Workspace,
        credential: &AppCredential,
    ) -> Result<(String, String), AuthenticationFailure> {
        match credential {
            AppCredential::Bearer(token) => match workspace.access_tokens.verify(token) {
                Ok(claims) => Ok((claims.sub, claims.scope)),
                Err(TokenRefused::Invalid | TokenRefused::Expired) => Err(AuthenticationFailure::Missing),
            },
            AppCredential::Session(session) => workspace
                .sign_ins
                .user_of(&self.app, session)
                .map(|user| (user, ALL_APIS.to_owned()))
                .ok_or(AuthenticationFailure::Missing),
        }
    }
}

fn describe(records: &Records, caller: &Caller, forward_token: Option<String>) -> AppCaller {
    let principal = records.service_principals.get(&caller.name);
    let user_id = principal.map_or_else(|| records.identity.user_id.clone(), |found| found.id.to_string());
    AppCaller {
        email: caller.name.clone(),
        user_name: principal
            .map_or_else(|| records.identity.display_name.clone(), |found| found.display_name.clone()),
        // the platform's X-Forwarded-User: the user's id and the workspace's
        user_id: format!("{user_id}@{}", records.identity.workspace_id),
        forward_token,
    }
}

#[async_trait]
impl Authenticate for AppAccess {
    async fn authenticate(&self, credential: AppCredential) -> Result<AppCaller, AuthenticationFailure> {
        let workspace = self.workspace.upgrade().ok_or(AuthenticationFailure::Missing)?;
        self.decide(&workspace, &credential)
    }

    async fn redeem(&self, code: &str) -> Option<String> {
        self.workspace.upgrade()?.sign_ins.redeem(&self.app, code)
    }

    fn sign_in_url(&self, next: &str) -> String {
        let host = self.workspace.upgrade().map(|workspace| workspace.host.clone()).unwrap_or_default();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("app", &self.app)
            .append_pair("next", next)
            .finish();
        format!("{host}/local/sign-in?{query}")
    }
}
