//! Naming a workspace and signing in.

use databricks::Secret;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::HtmlInputElement;

use crate::embedding::Embedding;
use crate::page::Page;
use crate::problem::{Kind, Problem, ProblemBox};
use crate::session::Session;

/// Host and token. The token goes from the input into the client; the input is emptied at once.
#[component]
pub(crate) fn Connect(problem: Option<Problem>) -> impl IntoView {
    let page = Page::here();
    let embedding = Embedding::read();
    // the ways that work in a notebook are told already
    let in_notebook = embedding.is_some();
    let shown = move |mut problem: Problem| {
        if in_notebook && matches!(problem.kind, Kind::CrossOrigin { .. }) {
            problem.kind = Kind::Other;
        }
        problem
    };
    let workspace = embedding.as_ref().and_then(|embedding| embedding.workspace.clone());
    let host = NodeRef::<leptos::html::Input>::new();
    let token = NodeRef::<leptos::html::Input>::new();
    let busy = RwSignal::new(false);
    // a workspace that lets this page call it may know the person already
    let tries = problem.is_none().then(|| workspace.clone()).flatten();
    let failure = RwSignal::new_local(problem);
    if let Some(host) = tries {
        busy.set(true);
        spawn_local(async move {
            match Session::with_nothing(&host).await {
                Ok(session) => page.signed_in(session),
                Err(problem) if problem.kind == Kind::SignedOut => busy.set(false),
                Err(problem) => {
                    failure.set(Some(problem));
                    busy.set(false);
                }
            }
        });
    }
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let (Some(host), Some(token)) = (host.get_untracked(), token.get_untracked()) else { return };
        let secret = take(&token);
        let host = host.value();
        if secret.expose().is_empty() {
            failure.set(Some(Problem::plain("A token is needed", "the field for the token is empty".into())));
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match Session::with_token(&host, secret).await {
                Ok(session) => page.signed_in(session),
                Err(problem) => {
                    failure.set(Some(problem));
                    busy.set(false);
                }
            }
        });
    };
    view! {
        <h1 tabindex="-1">"Deploy Tellr"</h1>
        <p class="lead">
            "Puts Tellr into a Databricks workspace: database, files, app, schema and grants, running and healthy. \
             You see a plan before anything changes."
        </p>
        {embedding.map(|embedding| view! { <NotebookWays reason=embedding.reason/> })}
        {move || failure.get().map(|problem| view! { <ProblemBox problem=shown(problem)/> })}
        <form class="panel form" on:submit=submit>
            <div class="field">
                <label for="host">"Workspace"</label>
                <input
                    id="host"
                    node_ref=host
                    type="text"
                    prop:value=workspace.unwrap_or_default()
                    inputmode="url"
                    required
                    spellcheck="false"
                    autocapitalize="none"
                    placeholder="https://my-workspace.cloud.databricks.com"
                    aria-describedby="host-help"
                />
                <p class="help" id="host-help">"Its address, as in the browser's address bar"</p>
            </div>
            <div class="field">
                <label for="token">"Access token"</label>
                <input
                    id="token"
                    node_ref=token
                    type="password"
                    required
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby="token-help"
                />
                <p class="help" id="token-help">
                    "Stays in this page's memory until you close it, and goes to that workspace only"
                </p>
            </div>
            <div class="actions">
                <button type="submit" class="button primary" aria-disabled=move || busy.get().to_string()>
                    {move || if busy.get() { "Connecting…" } else { "Connect" }}
                </button>
            </div>
        </form>
        <details class="aside">
            <summary>"Without a token in the browser"</summary>
            <p>
                "Many workspaces refuse calls from web pages. " <code>"tellr ui"</code>
                " on your machine serves this same page, signs in by your browser or profile, and makes the calls itself: \
                 the page then never sees a token."
            </p>
        </details>
    }
}

/// What a notebook can do instead, where its output has no way to the kernel.
#[component]
fn NotebookWays(reason: Option<String>) -> impl IntoView {
    view! {
        <section class="notice">
            <h2>"This output has no way to the notebook's kernel"</h2>
            {reason.map(|reason| view! { <p class="cause">{reason}</p> })}
            <p>
                "A notebook shows an output in a frame of its own. The browser gives that frame neither your sign-in nor, on most                  workspaces, an answer. What works in the notebook:"
            </p>
            <dl class="ways">
                <dt>"This page as a widget"</dt>
                <dd>
                    <code>r#"%pip install "databricks-tellr[widget]""#</code>", then "<code>"tellr.ui()"</code>
                    ": the kernel makes the calls, with the notebook's own sign-in"
                </dd>
                <dt>"On the driver of a classic cluster"</dt>
                <dd><code>r#"tellr.ui(mode="driver-proxy")"#</code></dd>
                <dt>"Without a page"</dt>
                <dd><code>"tellr.create(…)"</code></dd>
            </dl>
        </section>
    }
}

/// The token, taken out of the input.
fn take(input: &HtmlInputElement) -> Secret {
    let token = Secret::new(input.value().trim().to_owned());
    input.set_value("");
    token
}
