//! What went wrong, for people: what failed, why in the platform's words, what to do next.

use deployer_wasm::DeployError;
use deployer_wasm::error::{AppLog, Cause};
use leptos::prelude::*;

/// A failure as the page shows it.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// What failed.
    title: String,
    /// Why.
    cause: String,
    /// What to do.
    hint: Option<String>,
    /// What happened after it.
    note: Option<String>,
    /// The last lines of the app's log.
    log: Vec<String>,
    /// Where the log can be read.
    log_address: Option<String>,
    /// What the page can offer.
    pub(crate) kind: Kind,
}

/// What kind of failure, as far as it decides what to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any other.
    Other,
    /// The browser hides the workspace's answers.
    CrossOrigin {
        /// The workspace.
        host: String,
    },
    /// Nobody is signed in any more.
    SignedOut,
    /// Another run is going on.
    Locked,
    /// The workspace has changed since the plan was made.
    Changed,
    /// The person has cancelled.
    Cancelled,
}

impl Problem {
    /// One without a hint.
    pub(crate) fn plain(title: &str, cause: String) -> Self {
        let (title, log) = (title.to_owned(), Vec::new());
        Self { title, cause, hint: None, note: None, log, log_address: None, kind: Kind::Other }
    }

    #[must_use]
    pub(crate) fn advise(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What failed and why, for where there is no room for a box.
    pub(crate) fn in_one_line(&self) -> String {
        format!("{}: {}", self.title, self.cause)
    }

    /// A call that failed.
    pub(crate) fn of_call(title: &str, error: &databricks::Error) -> Self {
        let hint = error.hint().map(|hint| in_the_page(&hint));
        let problem = Self { hint, ..Self::plain(title, error.to_string()) };
        Self { kind: kind_of_call(error), ..problem }
    }

    /// A failure of the engine.
    pub(crate) fn of(error: &DeployError) -> Self {
        let (failed, note) = split(error);
        let title = match failed {
            DeployError::Step { title, .. } => format!("{title}: failed"),
            DeployError::Observe { what, .. } => format!("Could not {what}"),
            DeployError::Invalid(_) => "The settings break rules".into(),
            DeployError::Refused(_) => "This plan cannot be carried out".into(),
            DeployError::Changed(_) => "The workspace has changed since this plan was made".into(),
            DeployError::Locked { .. } => "Another run is going on".into(),
            DeployError::Overtaken { .. } => "Another run has taken over".into(),
            _ => "The run failed".into(),
        };
        let hint = error.hint().map(|hint| in_the_page(&hint));
        let note = note.map(|note| in_the_page(&note));
        let mut problem = Self { hint, note, ..Self::plain(&title, failed.to_string()) };
        if let DeployError::Step { cause, .. } | DeployError::Observe { cause, .. } = failed {
            problem.cause = cause.to_string();
            problem.add_log(cause);
        }
        problem.kind = kind_of(failed);
        if problem.hint.is_none() && matches!(failed, DeployError::Step { .. } | DeployError::Observe { .. })
        {
            problem.hint = Some(
                "try again; if it fails in the same way, show the platform's words to an administrator of the workspace"
                    .into(),
            );
        }
        if problem.kind == Kind::Locked {
            problem.hint =
                Some("wait until it has ended; if you know that it is dead, take over from it".into());
        }
        if problem.kind == Kind::Cancelled {
            problem.title = "Cancelled".into();
            problem.hint = Some("what was done stays; go on with the same settings whenever you like".into());
        }
        problem
    }

    fn add_log(&mut self, cause: &Cause) {
        let Cause::AppDown { message, log } = cause else { return };
        self.cause.clone_from(message);
        match log {
            AppLog::Lines(lines) => self.log.clone_from(lines),
            AppLog::At { url, reason } => {
                self.log_address = Some(url.clone());
                self.cause = format!("{message}\nThe app's log is not shown here: {reason}");
            }
            AppLog::Nowhere => {}
        }
    }
}

/// Advice that was written for the command, for somebody who has a page before them.
fn in_the_page(text: &str) -> String {
    let words = [
        ("run the same command again", "try again from here"),
        ("the same command goes on from there", "another try goes on from there"),
        (
            "`tellr rollback` puts the former version back",
            "the deployment's history puts the former version back",
        ),
        (
            "run `tellr rollback`, or the update again",
            "roll back in the deployment's history, or update again",
        ),
        ("run the same update again", "update again"),
        ("`tellr status` shows what runs", "the deployment's screen shows what runs"),
        ("look at `tellr status`", "look at the deployment"),
        (
            "sign in with `tellr login`, or set a new one (DATABRICKS_TOKEN or a profile in ~/.databrickscfg)",
            "sign in again",
        ),
    ];
    words.iter().fold(text.to_owned(), |text, (command, page)| text.replace(command, page))
}

/// The failure itself, and what happened after it.
fn split(error: &DeployError) -> (&DeployError, Option<String>) {
    match error {
        DeployError::RolledBack { failure, .. } | DeployError::Unfinished { failure, .. } => {
            let whole = error.to_string();
            let note = whole.strip_prefix(&failure.to_string()).map(|note| note.trim().to_owned());
            (failure, note)
        }
        DeployError::NotRolledBack { failure, rollback } => {
            (failure, Some(format!("Putting the former version back failed as well: {rollback}")))
        }
        other => (other, None),
    }
}

fn kind_of(error: &DeployError) -> Kind {
    match error {
        DeployError::Locked { .. } => Kind::Locked,
        DeployError::Changed(_) => Kind::Changed,
        _ => error.databricks().map_or(Kind::Other, kind_of_call),
    }
}

fn kind_of_call(error: &databricks::Error) -> Kind {
    match error {
        databricks::Error::Cancelled { .. } => Kind::Cancelled,
        error if error.is_unauthenticated() => Kind::SignedOut,
        _ => Kind::Other,
    }
}

/// The failure in a box; `children` are what the person can do now.
#[component]
pub(crate) fn ProblemBox(problem: Problem, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let Problem { title, cause, hint, note, log, log_address, kind } = problem;
    let ways = match kind {
        Kind::CrossOrigin { host } => Some(view! { <OtherWays host/> }),
        _ => None,
    };
    view! {
        <section class="problem" role="alert">
            <h2>{title}</h2>
            <p class="cause">{cause}</p>
            {hint.map(|hint| view! { <p class="hint"><strong>"What to do: "</strong>{hint}</p> })}
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
            {note.map(|note| view! { <p class="quiet">{note}</p> })}
            {ways}
            {(!log.is_empty())
                .then(|| {
                    view! {
                        <h3 id="log-heading">"The last lines of the app's log"</h3>
                        <pre class="log" tabindex="0" role="region" aria-labelledby="log-heading">{log.join("\n")}</pre>
                    }
                })}
            {log_address
                .map(|address| {
                    view! {
                        <p>
                            <a href=address target="_blank" rel="noreferrer">"Read the app's log in the workspace"</a>
                        </p>
                    }
                })}
        </section>
    }
}

/// What works where a page may not call the workspace.
#[component]
fn OtherWays(host: String) -> impl IntoView {
    view! {
        <h3>"Ways that work"</h3>
        <dl class="ways">
            <dt>"This page, on your machine"</dt>
            <dd>
                <code>{format!("tellr ui --host {host}")}</code>
                " serves this same page and makes the calls for it. The token stays in that program."
            </dd>
            <dt>"In a notebook of the workspace"</dt>
            <dd><code>"import databricks_tellr as tellr; tellr.create(…)"</code></dd>
            <dt>"On the command line"</dt>
            <dd><code>"tellr create …"</code></dd>
        </dl>
        <p class="quiet">
            "All three come with the package: " <code>"pip install databricks-tellr"</code>
        </p>
    }
}
