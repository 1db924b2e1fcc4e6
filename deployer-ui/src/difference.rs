//! What runs and what will: the settings of an update beside those of the run before it.

use std::collections::BTreeSet;

use deployer_wasm::journal::{Settings, SourceRecord};
use deployer_wasm::spec::FIELDS;
use leptos::prelude::*;

use crate::draft::label;

/// What stands for the code of the package index.
const NEWEST: &str = "the newest in the package index";

/// One setting that changes.
struct Difference {
    name: String,
    before: String,
    after: String,
}

/// The settings that change; `before` holds those of what runs.
pub(crate) fn list(before: &Settings, after: &Settings) -> AnyView {
    let rows = differences(before, after);
    let body = if rows.is_empty() {
        let text = "No setting changes. What the source holds by now is fetched anew.";
        view! { <p class="quiet">{text}</p> }.into_any()
    } else {
        let rows = rows.into_iter().map(|Difference { name, before, after }| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd class="row-text">
                        <span><span class="quiet">"runs now: "</span>{before}</span>
                        <span><span class="quiet">"will run: "</span>{after}</span>
                    </dd>
                </div>
            }
        });
        view! { <dl class="facts">{rows.collect_view()}</dl> }.into_any()
    };
    view! { <section class="panel"><h2>"What differs"</h2>{body}</section> }.into_any()
}

fn differences(before: &Settings, after: &Settings) -> Vec<Difference> {
    let mut rows = Vec::new();
    let mut add = |name: String, before: String, after: String| {
        if before != after {
            rows.push(Difference { name, before, after });
        }
    };
    add("Code".into(), code(before), code(after));
    for field in FIELDS.iter().filter(|field| field.key != "app_version") {
        // an update that does not name a setting leaves it as it is
        let (Some(after), before) = (after.values.get(field.key), before.values.get(field.key)) else {
            continue;
        };
        let before = before.map(String::as_str).or(field.default).unwrap_or("not recorded");
        add(label(field), before.to_owned(), after.clone());
    }
    let names: BTreeSet<&String> = before.env.keys().chain(after.env.keys()).collect();
    for name in names {
        let value = |settings: &Settings| settings.env.get(name).cloned().unwrap_or_else(|| "not set".into());
        add(format!("Variable {name}"), value(before), value(after));
    }
    rows
}

fn code(settings: &Settings) -> String {
    match (&settings.source, settings.values.get("app_version")) {
        (Some(SourceRecord { file_name, sha256 }), _) => {
            let digest: String = sha256.chars().take(12).collect();
            format!("{file_name}, sha256 {digest}…")
        }
        (None, Some(version)) => format!("databricks-tellr-app {version}"),
        (None, None) => NEWEST.into(),
    }
}
