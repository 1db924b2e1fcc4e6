//! One field of the form: from its description in the engine.

use std::collections::BTreeSet;
use std::rc::Rc;

use deployer_wasm::spec::{FIELDS, Field, FieldError};
use leptos::prelude::*;

use crate::draft::{Draft, label};

/// What all fields of one form share.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// The values.
    pub(crate) draft: RwSignal<Draft, LocalStorage>,
    /// What is wrong with them.
    pub(crate) errors: Memo<Vec<FieldError>>,
    /// Fields that somebody has left, whose errors show.
    pub(crate) touched: RwSignal<BTreeSet<&'static str>>,
    /// Who is signed in.
    pub(crate) user_name: StoredValue<String>,
}

impl Form {
    fn error(self, key: &'static str) -> Option<String> {
        if !self.touched.with(|touched| touched.contains(key)) {
            return None;
        }
        self.errors.with(|errors| errors.iter().find(|error| error.field == key).map(in_words))
    }

    fn value(self, key: &'static str) -> String {
        self.draft.with(|draft| draft.value(key).to_owned())
    }

    fn set(self, key: &'static str, value: String) {
        let user_name = self.user_name.get_value();
        self.draft.update(|draft| draft.set(key, value, &user_name));
    }

    fn touch(self, key: &'static str) {
        self.touched.update(|touched| _ = touched.insert(key));
    }
}

/// An error with the field's name as the form has it.
pub(crate) fn in_words(error: &FieldError) -> String {
    let field = FIELDS.iter().find(|field| field.key == error.field);
    let name = field.map_or_else(String::new, label);
    error.message.replacen(&format!("`{}`", error.field), &name, 1)
}

/// A field with its label, its help, and its error once it was left. `offers` are values to choose from.
#[component]
pub(crate) fn FieldRow(
    form: Form,
    key: &'static str,
    #[prop(optional)] offers: Option<RwSignal<Vec<String>>>,
) -> impl IntoView {
    let field = Field::named(key);
    let error = move || form.error(key);
    let described = move || {
        if error().is_some() { format!("{key}-help {key}-error") } else { format!("{key}-help") }
    };
    let invalid = move || error().is_some().then_some("true");
    let input = if field.choices.is_empty() {
        let list = format!("{key}-offers");
        let options = move || offers.map(|offers| offers.get()).unwrap_or_default();
        view! {
            <input
                id=key
                type="text"
                list=offers.map(|_| list.clone())
                spellcheck="false"
                autocapitalize="none"
                autocomplete="off"
                placeholder=field.default.unwrap_or_default()
                prop:value=move || form.value(key)
                aria-describedby=described
                aria-invalid=invalid
                on:input=move |event| form.set(key, event_target_value(&event))
                on:blur=move |_| form.touch(key)
            />
            {offers
                .map(|_| {
                    view! {
                        <datalist id=list>
                            {move || options().into_iter().map(|value| view! { <option value=value/> }).collect_view()}
                        </datalist>
                    }
                })}
        }
        .into_any()
    } else {
        view! {
            <select
                id=key
                aria-describedby=described
                aria-invalid=invalid
                prop:value=move || form.value(key)
                on:change=move |event| {
                    form.set(key, event_target_value(&event));
                    form.touch(key);
                }
            >
                {choices(form, field)}
            </select>
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=key>{label(field)}</label>
            {input}
            <p class="help" id=format!("{key}-help")>{field.description}</p>
            {move || error().map(|error| view! { <p class="error" id=format!("{key}-error")>{error}</p> })}
        </div>
    }
}

fn choices(form: Form, field: &'static Field) -> impl IntoView {
    let now = form.draft.with_untracked(|draft| draft.value(field.key).to_owned());
    let unset = field.default.map_or("as it is, or the platform's default", |default| default);
    let none = view! { <option value="" selected=now.is_empty()>{unset}</option> };
    let others = field.choices.iter().filter(|&&choice| field.default != Some(choice)).map(|&choice| {
        view! { <option value=choice selected=now == choice>{choice}</option> }
    });
    (none, others.collect_view())
}

/// A switch with its explanation.
#[component]
pub(crate) fn Switch(
    form: Form,
    id: &'static str,
    label: &'static str,
    help: &'static str,
    get: fn(&Draft) -> bool,
    set: fn(&mut Draft, bool),
) -> impl IntoView {
    view! {
        <div class="switch">
            <input
                id=id
                type="checkbox"
                aria-describedby=format!("{id}-help")
                prop:checked=move || form.draft.with(get)
                on:change=move |event| form.draft.update(|draft| set(draft, event_target_checked(&event)))
            />
            <div>
                <label for=id>{label}</label>
                <p class="help" id=format!("{id}-help")>{help}</p>
            </div>
        </div>
    }
}

/// A form over `draft`.
pub(crate) fn form_of(draft: &Rc<Draft>, user_name: &str) -> Form {
    let draft = RwSignal::new_local(Draft::clone(draft));
    Form {
        draft,
        errors: Memo::new(move |_| draft.with(Draft::errors)),
        touched: RwSignal::new(BTreeSet::new()),
        user_name: StoredValue::new(user_name.to_owned()),
    }
}
