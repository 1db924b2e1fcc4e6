//! Light or dark: the system's choice until the user makes one, which this browser remembers.

use leptos::prelude::*;

/// Where the choice is kept.
const STORAGE_KEY: &str = "tellr-theme";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Theme {
    Light,
    Dark,
}

impl Theme {
    fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }

    /// What the button that leads to this theme shows: a sun, a moon.
    fn drawing(self) -> &'static str {
        match self {
            Self::Light => {
                "M8 5a3 3 0 1 1 0 6a3 3 0 0 1 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3"
            }
            Self::Dark => "M13.5 9.7A5.8 5.8 0 0 1 6.3 2.5a5.8 5.8 0 1 0 7.2 7.2z",
        }
    }

    /// The remembered choice. A browser that keeps nothing (private mode, blocked storage) has none.
    fn remembered() -> Option<Self> {
        let name = window().local_storage().ok()??.get_item(STORAGE_KEY).ok()??;
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }

    fn of_the_system() -> Self {
        let query = window().match_media("(prefers-color-scheme: dark)");
        if query.ok().flatten().is_some_and(|query| query.matches()) { Self::Dark } else { Self::Light }
    }

    fn remember(self) {
        if let Ok(Some(storage)) = window().local_storage() {
            // a full or forbidden storage only means that the choice lasts as long as the page
            _ = storage.set_item(STORAGE_KEY, self.name());
        }
    }

    fn apply(self) {
        if let Some(root) = document().document_element() {
            // fails for names that aren't attribute names only
            _ = root.set_attribute("data-theme", self.name());
        }
    }
}

/// The button that changes between light and dark.
#[component]
pub(crate) fn ThemeButton() -> impl IntoView {
    let chosen = Theme::remembered();
    if let Some(theme) = chosen {
        theme.apply();
    }
    let theme = RwSignal::new(chosen.unwrap_or_else(Theme::of_the_system));
    let change = move |_| {
        let next = theme.get_untracked().other();
        next.apply();
        next.remember();
        theme.set(next);
    };
    let label = move || format!("Switch to the {} theme", theme.get().other().name());
    view! {
        <button type="button" class="button icon-button" aria-label=label title=label on:click=change>
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
                <path d=move || theme.get().other().drawing()/>
            </svg>
        </button>
    }
}
