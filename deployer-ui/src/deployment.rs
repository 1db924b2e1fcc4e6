//! Looking at one deployment: how it stands, where it differs from what was asked for, its history.

use std::rc::Rc;

use deployer_wasm::drift::DeploymentState;
use deployer_wasm::journal::RunState;
use deployer_wasm::spec::AppName;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::draft::Draft;
use crate::history::History;
use crate::page::{Page, Screen};
use crate::problem::{Problem, ProblemBox};
use crate::session::Session;

type Seen = Option<Result<Rc<DeploymentState>, Problem>>;

/// One deployment.
#[component]
pub(crate) fn DeploymentScreen(session: Rc<Session>, name: String) -> impl IntoView {
    let page = Page::here();
    let seen = RwSignal::new_local(None as Seen);
    let looking = (Rc::clone(&session), name.clone());
    spawn_local(async move {
        let (session, name) = looking;
        seen.try_set(Some(look(&session, &name).await));
    });
    let session = StoredValue::new_local(session);
    let content = move || {
        seen.with(|seen| match seen {
            None => {
                view! { <p class="waiting" role="status">"Looking at the app, its files and its history…"</p> }
                    .into_any()
            }
            Some(Err(problem)) => view! { <ProblemBox problem=problem.clone()/> }.into_any(),
            Some(Ok(state)) => view! { <State session=session.get_value() state=Rc::clone(state)/> }.into_any(),
        })
    };
    view! {
        <h1 tabindex="-1">{name}</h1>
        {content}
        <div class="actions">
            <button type="button" class="button" on:click=move |_| page.show(Screen::Overview)>"Back"</button>
        </div>
    }
}

async fn look(session: &Session, name: &str) -> Result<Rc<DeploymentState>, Problem> {
    let name = AppName::parse(name)
        .map_err(|error| Problem::plain("This page did not deploy that app", error.to_string()))?;
    session.observer().state(&name).await.map(Rc::new).map_err(|error| Problem::of(&error))
}

#[component]
fn State(session: Rc<Session>, state: Rc<DeploymentState>) -> impl IntoView {
    let page = Page::here();
    let drafts = StoredValue::new_local((Draft::update(&session, &state), Draft::delete(&session, &state)));
    let show = move |draft: Draft| page.show(Screen::Form(Rc::new(draft)));
    let url = state.app.url.clone();
    view! {
        <div class="actions lead-actions">
            {url.map(|url| view! { <a class="button" href=url target="_blank" rel="noreferrer">"Open the app"</a> })}
            <button type="button" class="button primary" on:click=move |_| show(drafts.get_value().0)>
                "Update"
            </button>
            <button type="button" class="button danger" on:click=move |_| show(drafts.get_value().1)>
                "Delete"
            </button>
        </div>
        {unfinished(page, &session, &state)}
        <section class="panel">
            <h2>"How it stands"</h2>
            {facts(&state)}
        </section>
        {drift(&state)}
        <History session state/>
    }
}

/// A run that has not reached its end, and the way to go on with it.
fn unfinished(page: Page, session: &Session, state: &DeploymentState) -> Option<AnyView> {
    let head = state.journal.as_ref()?.head.as_ref();
    let head = head.filter(|head| head.state != RunState::Succeeded && head.restored.is_none())?;
    let draft = StoredValue::new_local(Draft::go_on(session, state, head));
    let words = if head.is_open() { "has not ended" } else { "failed" };
    let text = format!("{} {words}: {}", head.in_words(), head.progress_in_words());
    let error = head.error.clone();
    Some(
        view! {
            <section class="notice" role="status">
                <p>{text}</p>
                {error.map(|error| view! { <p class="quiet">{error}</p> })}
                <button
                    type="button"
                    class="button"
                    on:click=move |_| page.show(Screen::Form(Rc::new(draft.get_value())))
                >
                    "Go on with it"
                </button>
            </section>
        }
        .into_any(),
    )
}

fn facts(state: &DeploymentState) -> impl IntoView + use<> {
    let app = &state.app;
    let deployment = app.active_deployment.clone().unwrap_or_default();
    let status = app.app_status.clone().unwrap_or_default();
    let compute = app.compute_status.clone().unwrap_or_default();
    let with = |state: Option<String>, message: Option<String>| {
        let texts: Vec<String> =
            [state, message].into_iter().flatten().filter(|text| !text.is_empty()).collect();
        (!texts.is_empty()).then(|| texts.join(": "))
    };
    let settled = state.settled_by.as_ref().map(|record| &record.settings.values);
    let value = |key: &str| settled.and_then(|values| values.get(key)).cloned();
    let rows = [
        ("App", with(status.state.map(|state| state.to_string()), status.message)),
        ("Compute", with(compute.state.map(|state| state.to_string()), compute.message)),
        ("Deployment", deployment.deployment_id),
        ("Since", deployment.update_time.or(deployment.create_time)),
        ("By", deployment.creator),
        ("Version", value("app_version")),
        ("Lakebase", value("lakebase_name")),
        ("Schema", value("schema_name")),
        ("Files", deployment.source_code_path.or_else(|| app.default_source_code_path.clone())),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some(view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
    });
    view! { <dl class="facts">{rows.collect_view()}</dl> }
}

fn drift(state: &DeploymentState) -> Option<AnyView> {
    state.settled_by.as_ref()?;
    if state.drift.is_empty() {
        let text = "Everything is as the last deployment left it.";
        return Some(view! { <p class="quiet padded">{text}</p> }.into_any());
    }
    let row = |drift: &deployer_wasm::drift::Drift| {
        view! { <li><strong>{drift.resource.clone()}</strong> " " {drift.difference.clone()}</li> }
    };
    let rows = state.drift.iter().map(row).collect_view();
    Some(
        view! {
            <section class="panel">
                <h2>"Changed since by others"</h2>
                <ul class="plain">{rows}</ul>
                <p class="quiet">"An update with the same settings puts this right."</p>
            </section>
        }
        .into_any(),
    )
}
