//! The one page.

use leptos::prelude::*;

use crate::status::StatusPanel;
use crate::theme::ThemeButton;

/// Name, purpose, and the state of the installation.
#[component]
pub(crate) fn Page() -> impl IntoView {
    view! {
        <header class="bar">
            <span class="brand">
                <img class="brand-mark" src="/favicon.svg" width="28" height="28" alt=""/>
                "Tellr"
            </span>
            <ThemeButton/>
        </header>
        <main class="page">
            <h1>"Tellr is installed."</h1>
            <p class="lead">
                "Tellr turns a conversation into a slide deck made from your company's governed data on Databricks. "
                "This version is the ground it will stand on: it is deployed, knows who you are and keeps its own \
                 database. Conversations and decks come in later versions."
            </p>
            <StatusPanel/>
        </main>
        <footer class="foot">"This page loads nothing from other sites."</footer>
    }
}
