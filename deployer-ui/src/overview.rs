//! Who the person is, what they may do, what there is.

use std::rc::Rc;

use async_trait::async_trait;
use databricks::apps::App;
use deployer_wasm::doctor::{Access, Check, Diagnosis, Published, Reach, Surroundings, Verdict, diagnose};
use deployer_wasm::plan::DATABASE_RESOURCE;
use deployer_wasm::spec::RawSpec;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::draft::Draft;
use crate::page::{Page, Screen};
use crate::problem::{Problem, ProblemBox};
use crate::session::Session;

/// What a page can find out outside of the workspace: nothing.
struct Browser;

#[async_trait(?Send)]
impl Surroundings for Browser {
    async fn published(&self, _package: &str) -> Result<Published, String> {
        Err("a page cannot ask the package index that the app's build uses".into())
    }

    async fn reach(&self, _host: &str, _port: u16) -> Reach {
        Reach::Unknown
    }
}

type Apps = Option<Result<Vec<App>, Problem>>;

/// The first screen after the sign-in.
#[component]
pub(crate) fn Overview(session: Rc<Session>) -> impl IntoView {
    let page = Page::here();
    let diagnosis = RwSignal::new_local(None::<Diagnosis>);
    let apps = RwSignal::new_local(None as Apps);
    let create = StoredValue::new_local(Rc::new(Draft::create(&session)));
    let user_name = session.user_name.clone();
    let looking = Rc::clone(&session);
    spawn_local(async move {
        let found = looking.client.apps().list().await;
        let found =
            found.map_err(|error| Problem::of_call("The apps of this workspace cannot be listed", &error));
        apps.try_set(Some(found));
    });
    spawn_local(async move {
        let access = Access::Client(&session.client);
        let found = diagnose(access, &RawSpec::default(), &Browser, env!("CARGO_PKG_VERSION")).await;
        diagnosis.try_set(Some(found));
    });
    view! {
        <h1 tabindex="-1">"What shall be done?"</h1>
        <p class="lead">"Signed in as " <strong>{user_name}</strong></p>
        <div class="actions lead-actions">
            <button
                type="button"
                class="button primary"
                on:click=move |_| page.show(Screen::Form(create.get_value()))
            >
                "New deployment"
            </button>
        </div>
        <section class="panel">
            <h2>"Deployments here"</h2>
            {move || apps.with(|apps| deployments(page, apps.as_ref()))}
        </section>
        <section class="panel">{move || diagnosis.with(|diagnosis| checks(diagnosis.as_ref()))}</section>
    }
}

fn deployments(page: Page, apps: Option<&Result<Vec<App>, Problem>>) -> AnyView {
    let apps = match apps {
        None => return view! { <p class="waiting" role="status">"Looking…"</p> }.into_any(),
        Some(Err(problem)) => return view! { <ProblemBox problem=problem.clone()/> }.into_any(),
        Some(Ok(apps)) => apps,
    };
    let ours: Vec<&App> = apps
        .iter()
        .filter(|app| app.resources.iter().any(|resource| resource.name == DATABASE_RESOURCE))
        .collect();
    if ours.is_empty() {
        return view! { <p class="quiet">"Tellr is not deployed in this workspace yet."</p> }.into_any();
    }
    let row = |app: &App| {
        let name = app.name.clone();
        let state = app.app_status.as_ref().and_then(|status| status.state.clone());
        let state = state.map_or_else(|| "not deployed".to_owned(), |state| state.to_string());
        let label = format!("Look at {name}");
        let target = name.clone();
        view! {
            <li>
                <span class="row-text">
                    <strong>{name}</strong>
                    <span class="quiet">{state.to_lowercase()}</span>
                </span>
                <button
                    type="button"
                    class="button"
                    aria-label=label
                    on:click=move |_| page.show(Screen::Deployment(target.clone()))
                >
                    "Open"
                </button>
            </li>
        }
    };
    view! { <ul class="rows">{ours.into_iter().map(row).collect_view()}</ul> }.into_any()
}

fn checks(diagnosis: Option<&Diagnosis>) -> AnyView {
    let Some(diagnosis) = diagnosis else {
        return view! { <p class="waiting" role="status">"Looking what you may do here…"</p> }.into_any();
    };
    let count = |verdict| diagnosis.count(verdict);
    let (ok, warnings, missing) = (count(Verdict::Ok), count(Verdict::Warning), count(Verdict::Missing));
    let summary = format!("What you may do here: {ok} fine, {warnings} to know, {missing} missing");
    let rows = diagnosis.checks.iter().map(check).collect_view();
    view! {
        <details open=missing != 0>
            <summary><h2>{summary}</h2></summary>
            <ul class="checks">{rows}</ul>
        </details>
    }
    .into_any()
}

fn check(check: &Check) -> impl IntoView + use<> {
    let word = match check.verdict {
        Verdict::Ok => "fine",
        Verdict::Warning => "to know",
        Verdict::Missing => "missing",
    };
    view! {
        <li>
            <span class=format!("badge {}", check.verdict.as_str())>{word}</span>
            <span>
                {check.found.clone()}
                {check.advice.clone().map(|advice| view! { <span class="hint-line">{advice}</span> })}
            </span>
        </li>
    }
}
