//! The form: what is wanted, with the rules of the engine beside each field.

use std::rc::Rc;

use deployer_wasm::journal::Operation;
use deployer_wasm::spec::FIELDS;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use crate::draft::Draft;
use crate::fields::{FieldRow, Form, Switch, form_of, in_words};
use crate::order::Order;
use crate::page::{Page, Screen};
use crate::problem::{Problem, ProblemBox};
use crate::session::{Manner, Session};
use crate::source::{self, Offered, Picked};

/// The form of one operation.
#[component]
pub(crate) fn FormScreen(session: Rc<Session>, draft: Rc<Draft>) -> impl IntoView {
    let page = Page::here();
    let operation = draft.operation;
    let form = form_of(&draft, &session.user_name);
    let failure = RwSignal::new_local(None::<Problem>);
    let busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        form.touched.set(FIELDS.iter().map(|field| field.key).collect());
        failure.set(None);
        busy.set(true);
        // packing a program takes a moment: first the button says so
        request_animation_frame(move || {
            set_timeout(
                move || {
                    match order(&form.draft.get_untracked()) {
                        Ok(order) => page.show(Screen::Plan(Rc::new(order))),
                        Err(problem) => {
                            failure.set(Some(problem));
                            request_animation_frame(go_to_first_error);
                        }
                    }
                    busy.try_set(false);
                },
                std::time::Duration::ZERO,
            );
        });
    };
    let body = match operation {
        Operation::Create | Operation::Update => settings(form, &session, operation).into_any(),
        Operation::Delete => end(form).into_any(),
        Operation::Rollback => back(&draft).into_any(),
    };
    let (heading, button) = match operation {
        Operation::Create => ("New deployment", "Show the plan"),
        Operation::Update => ("Update", "Show the plan"),
        Operation::Delete => ("Delete", "Show what would go"),
        Operation::Rollback => ("Roll back", "Show the plan"),
    };
    let name = draft.app_name().to_owned();
    let leave = move |_| match operation {
        Operation::Create => page.show(Screen::Overview),
        _ => page.show(Screen::Deployment(name.clone())),
    };
    view! {
        <h1 tabindex="-1">{heading}</h1>
        <form novalidate on:submit=submit>
            {body}
            {move || failure.get().map(|problem| view! { <ProblemBox problem/> })}
            <div class="actions">
                <button type="submit" class="button primary" aria-disabled=move || busy.get().to_string()>
                    {move || if busy.get() { "One moment…" } else { button }}
                </button>
                <button type="button" class="button" on:click=leave>"Back"</button>
            </div>
        </form>
    }
}

/// Puts whoever types into the first field that is wrong, even if it is folded away.
fn go_to_first_error() {
    let Ok(Some(field)) = document().query_selector("form [aria-invalid]") else { return };
    if let Ok(Some(folded)) = field.closest("details") {
        // cannot fail for that name
        _ = folded.set_attribute("open", "");
    }
    if let Ok(field) = field.dyn_into::<web_sys::HtmlElement>() {
        // a field that is gone already needs no focus
        _ = field.focus();
    }
}

/// The checked request, or everything that is wrong.
fn order(draft: &Draft) -> Result<Order, Problem> {
    let request = draft.request(true).map_err(|errors| {
        let messages: Vec<String> = errors.iter().map(in_words).collect();
        Problem::plain("Please look at these settings again", messages.join("\n"))
    })?;
    let manner = Manner { take_over: false, put_back: draft.put_back };
    Ok(Order { draft: Rc::new(draft.clone()), request, manner })
}

/// The settings of a create and of an update.
fn settings(form: Form, session: &Rc<Session>, operation: Operation) -> impl IntoView + use<> {
    let databases = RwSignal::new(Vec::new());
    let asking = Rc::clone(session);
    spawn_local(async move {
        databases.try_set(lakebases(&asking).await);
    });
    let updates = operation == Operation::Update;
    let sizes = (!updates).then(|| view! { <FieldRow form key="lakebase_compute"/> });
    let can_prepare = session.reaches_postgres();
    let setup = if can_prepare {
        view! { <FieldRow form key="schema_setup"/> }.into_any()
    } else {
        view! {
            <p class="note">
                "A page cannot open a connection to Postgres, so the app prepares its schema itself when it starts."
            </p>
        }
        .into_any()
    };
    view! {
        <section class="panel form">
            <h2>"App and database"</h2>
            <FieldRow form key="app_name"/>
            <FieldRow form key="lakebase_name" offers=databases/>
            <FieldRow form key="schema_name"/>
        </section>
        <section class="panel form">
            <h2>"Where the app's code comes from"</h2>
            <SourceChoice form session=Rc::clone(session)/>
        </section>
        <details class="panel form more">
            <summary><h2>"More settings"</h2></summary>
            <FieldRow form key="app_file_workspace_path"/>
            <FieldRow form key="lakebase_type"/>
            {sizes}
            <FieldRow form key="app_compute"/>
            <FieldRow form key="description"/>
            {setup}
            <Variables form/>
            <Switch
                form
                id="prune"
                label="Take away what others added"
                help="Variables and files that nobody asked for here; without this they stay"
                get=|draft| draft.prune
                set=|draft, on| draft.prune = on
            />
        </details>
        {updates.then(|| view! { <UpdateSwitches form/> })}
    }
}

#[component]
fn UpdateSwitches(form: Form) -> impl IntoView {
    view! {
        <section class="panel form">
            <h2>"If it goes wrong, and the data"</h2>
            <Switch
                form
                id="put_back"
                label="Put the former version back if the update fails"
                help="Code and settings; the database stays as it is"
                get=|draft| draft.put_back
                set=|draft, on| draft.put_back = on
            />
            <Switch
                form
                id="reset_database"
                label="Reset the database"
                help="Drops everything in the schema, every deck included. There is no way back"
                get=|draft| draft.reset_database
                set=|draft, on| draft.reset_database = on
            />
        </section>
    }
}

/// Names of the databases that exist; what cannot be listed is not offered.
async fn lakebases(session: &Session) -> Vec<String> {
    let projects = session.client.postgres().projects().await.unwrap_or_default();
    let instances = session.client.database().instances().await.unwrap_or_default();
    let projects =
        projects.into_iter().map(|project| project.name.trim_start_matches("projects/").to_owned());
    let mut names: Vec<String> =
        projects.chain(instances.into_iter().map(|instance| instance.name)).collect();
    names.sort();
    names.dedup();
    names
}

/// The package index, or a file.
#[component]
fn SourceChoice(form: Form, session: Rc<Session>) -> impl IntoView {
    let offers = RwSignal::new_local(Vec::<Offered>::new());
    let problem = RwSignal::new(None::<String>);
    let reading = RwSignal::new(None::<String>);
    spawn_local(async move {
        offers.try_set(source::offers(&session).await);
    });
    let take = move |result: Result<Picked, String>| {
        reading.try_set(None);
        match result {
            Ok(file) => {
                problem.try_set(None);
                form.draft.try_update(|draft| draft.file = Some(file));
            }
            Err(words) => _ = problem.try_set(Some(words)),
        }
    };
    let pick = move |event: web_sys::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        reading.set(Some(format!("Reading {}…", file.name())));
        spawn_local(async move { take(source::read(file).await) });
    };
    let offer = move |offered: Offered| {
        let size = offered.size.map(|size| format!(" ({})", source::in_words(size))).unwrap_or_default();
        let text = format!("Use {}{size}", offered.file_name);
        let fetch = move |_| {
            let offered = offered.clone();
            reading.set(Some(format!("Fetching {}…", offered.file_name)));
            spawn_local(async move { take(offered.fetch().await) });
        };
        view! { <button type="button" class="button" on:click=fetch>{text}</button> }
    };
    let chosen = move || form.draft.with(|draft| draft.file.as_ref().map(described));
    view! {
        {move || match chosen() {
            Some(words) => {
                view! {
                    <p class="chosen" role="status">{words}</p>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| form.draft.update(|draft| draft.file = None)
                    >
                        "Use the package index instead"
                    </button>
                }
                    .into_any()
            }
            None => view! { <FieldRow form key="app_version"/> }.into_any(),
        }}
        <div class="field">
            <label for="file">"Or a file: the program " <code>"tellr-app"</code> ", or a wheel of the app"</label>
            <input id="file" type="file" aria-describedby="file-help" on:change=pick/>
            <p class="help" id="file-help">
                "The program is uploaded in compressed parts: the app then needs neither a package index nor Python"
            </p>
            <div class="offers">{move || offers.get().into_iter().map(offer).collect_view()}</div>
            <p class="waiting" role="status">{move || reading.get()}</p>
            {move || problem.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
        </div>
    }
}

fn described(file: &Picked) -> String {
    let kind = if file.is_wheel { "wheel" } else { "program" };
    format!("The {kind} {} ({})", file.file_name, source::in_words(file.content.len() as u64))
}

#[component]
fn Variables(form: Form) -> impl IntoView {
    let wrong = move || {
        form.errors.with(|errors| {
            errors.iter().find(|error| error.field == "env").map(|error| error.message.clone())
        })
    };
    view! {
        <div class="field">
            <label for="env">"Variables for the app"</label>
            <textarea
                id="env"
                rows="3"
                spellcheck="false"
                aria-describedby="env-help env-error"
                aria-invalid=move || wrong().is_some().then_some("true")
                prop:value=move || form.draft.with(|draft| draft.env.clone())
                on:input=move |event| form.draft.update(|draft| draft.env = event_target_value(&event))
            />
            <p class="help" id="env-help">
                "A line each: " <code>"NAME=value"</code> ". They stand in app.yaml for everybody to read: no passwords"
            </p>
            <p class="error" id="env-error">{wrong}</p>
        </div>
    }
}

/// A delete: what goes, what stays.
fn end(form: Form) -> impl IntoView {
    let name = form.draft.with_untracked(|draft| draft.app_name().to_owned());
    view! {
        <p class="lead">
            "Takes the app " <strong>{name}</strong>
            " away. Its database, its files in the workspace and its history stay, unless you say otherwise here."
        </p>
        <section class="panel form">
            <Switch
                form
                id="reset_database"
                label="Drop the schema as well"
                help="Everything in it is lost, every deck included. There is no way back"
                get=|draft| draft.reset_database
                set=|draft, on| draft.reset_database = on
            />
            {move || {
                form.draft
                    .with(|draft| draft.reset_database)
                    .then(|| view! { <FieldRow form key="lakebase_name"/><FieldRow form key="schema_name"/> })
            }}
        </section>
    }
}

/// A rollback: what comes back, what stays.
fn back(draft: &Draft) -> impl IntoView + use<> {
    let to = draft.to.clone().unwrap_or_else(|| "before the one that runs".into());
    let name = draft.app_name().to_owned();
    view! {
        <p class="lead">
            "Puts the code and the settings of deployment " <strong>{to}</strong> " of " <strong>{name}</strong>
            " back. The database stays as it is."
        </p>
    }
}
