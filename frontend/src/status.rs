//! What is installed, who is signed in, and whether the database works, with a button that looks again.

use leptos::prelude::*;
use leptos::task::spawn_local;
use tellr_api::{CurrentUser, DatabaseState, DatabaseStatus, Health, Readiness};

use crate::api;

/// An answer that is on its way, or its result.
type Answer<T> = RwSignal<Option<Result<T, String>>>;

/// The three questions that the panel asks.
#[derive(Clone, Copy, Default)]
struct Questions {
    health: Answer<Health>,
    user: Answer<CurrentUser>,
    database: Answer<Readiness>,
    /// How many of them are still unanswered.
    open: RwSignal<usize>,
}

impl Questions {
    /// Asks all three. What was known stays in sight until the new answer is there, so nothing on the page moves.
    fn ask(self) {
        self.one(self.health, api::health());
        self.one(self.user, api::current_user());
        self.one(self.database, api::readiness());
    }

    fn one<T: Send + Sync + 'static>(
        self,
        into: Answer<T>,
        answer: impl Future<Output = Result<T, String>> + 'static,
    ) {
        self.open.update(|open| *open += 1);
        spawn_local(async move {
            into.set(Some(answer.await));
            self.open.update(|open| *open -= 1);
        });
    }
}

/// The panel.
#[component]
pub(crate) fn StatusPanel() -> impl IntoView {
    let questions = Questions::default();
    questions.ask();
    let busy = move || questions.open.get() > 0;
    view! {
        <section class="panel" aria-labelledby="status-heading">
            <div class="panel-head">
                <h2 id="status-heading">"Status"</h2>
                <button
                    type="button"
                    class="button"
                    // stays focusable while busy: a disabled button would drop the keyboard's place
                    aria-disabled=move || busy().to_string()
                    on:click=move |_| if questions.open.get_untracked() == 0 { questions.ask() }
                >
                    <svg class="icon" class:turning=busy viewBox="0 0 16 16" aria-hidden="true">
                        <path d="M13.2 8a5.2 5.2 0 1 1-1.6-3.75M13.4 1.8v2.9h-2.9"/>
                    </svg>
                    "Refresh"
                </button>
            </div>
            <dl class="facts" aria-live="polite" aria-busy=move || busy().to_string()>
                <Fact name="Database" answer=questions.database show=database_line/>
                <Fact name="Signed in as" answer=questions.user show=user_line/>
                <Fact name="Version" answer=questions.health show=version_line/>
            </dl>
        </section>
    }
}

/// How good a fact is: colours the dot before it, which is never the only sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Good,
    Bad,
    Neutral,
}

/// A fact in one line, with a second one for details.
struct Line {
    mood: Mood,
    title: String,
    detail: String,
}

/// One row of the panel. Its height doesn't depend on what it says.
#[component]
fn Fact<T: Clone + Send + Sync + 'static>(
    name: &'static str,
    answer: Answer<T>,
    show: fn(T) -> Line,
) -> impl IntoView {
    let line = move || {
        answer.get().map(|answer| match answer {
            Ok(value) => show(value),
            Err(problem) => Line { mood: Mood::Bad, title: "Not available".to_owned(), detail: problem },
        })
    };
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd>
                {move || match line() {
                    None => view! { <span class="waiting">"Asking the server…"</span> }.into_any(),
                    Some(line) => view! {
                        <span class="fact-title" class:good=line.mood == Mood::Good class:bad=line.mood == Mood::Bad>
                            {line.title}
                        </span>
                        <span class="fact-detail">{line.detail}</span>
                    }.into_any(),
                }}
            </dd>
        </div>
    }
}

fn database_line(readiness: Readiness) -> Line {
    let DatabaseStatus { state, schema, schema_version, latency_ms, message } = readiness.database;
    let (mood, title) = match state {
        DatabaseState::Ready => (Mood::Good, "Ready"),
        DatabaseState::Unprepared => (Mood::Bad, "Not prepared"),
        DatabaseState::Unavailable => (Mood::Bad, "Unavailable"),
    };
    let version = schema_version.map_or_else(String::new, |version| format!(", version {version}"));
    let found = format!("Schema {schema}{version}, answered in {latency_ms:.0} ms");
    let detail = match message {
        Some(message) => format!("{}.", sentence(&message)),
        None => found,
    };
    Line { mood, title: title.to_owned(), detail }
}

fn user_line(user: CurrentUser) -> Line {
    let detail = match (user.email, user.user_id) {
        (Some(email), _) if email != user.username => email,
        (_, Some(id)) => format!("User {id}"),
        _ => String::new(),
    };
    Line { mood: Mood::Neutral, title: user.display_name, detail }
}

fn version_line(health: Health) -> Line {
    Line { mood: Mood::Neutral, title: health.version, detail: health.service }
}

/// `text` with a capital first letter.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
