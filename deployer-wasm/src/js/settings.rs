//! From a JavaScript object to the request that the engine checks.

use std::collections::BTreeMap;

use bytes::Bytes;
use js_sys::{Reflect, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};

use super::failure::Failure;
use crate::spec::{AppName, FieldError, RawSpec, Request, RollbackSpec};

/// The parts of the object that are text. Files are read apart: they are large.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    reset_database: bool,
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    to: Option<String>,
}

/// Checks everything.
pub(super) fn request(operation: &str, settings: &JsValue) -> Result<Request, Failure> {
    let texts = texts(settings)?;
    let raw = RawSpec {
        values: texts.values,
        env: texts.env,
        reset_database: texts.reset_database,
        prune: texts.prune,
        wheel: wheel(settings)?,
        binary: bytes(settings, "binary")?.map(Bytes::from),
        ..RawSpec::default()
    };
    let request = match operation {
        "create" => raw.create().map(Request::Create),
        "update" => raw.update().map(Request::Update),
        "delete" => raw.delete().map(Request::Delete),
        "rollback" => {
            let name = raw.values.get("app_name").map(String::as_str).unwrap_or_default();
            let name = AppName::parse(name).map_err(|error| vec![error]);
            name.map(|app_name| Request::Rollback(RollbackSpec { app_name, to: texts.to }))
        }
        other => Err(vec![FieldError::because(
            "operation",
            format!("`operation` is {other:?}, but must be one of `create`, `update`, `delete`, `rollback`"),
        )]),
    };
    request.map_err(|errors| Failure::invalid(&errors))
}

fn texts(settings: &JsValue) -> Result<Texts, Failure> {
    let without_files = js_sys::Object::assign(&js_sys::Object::new(), settings.unchecked_ref());
    for name in ["wheel", "binary"] {
        // cannot fail for an object that was just made
        _ = Reflect::delete_property(&without_files, &JsValue::from_str(name));
    }
    let text = js_sys::JSON::stringify(&without_files).ok().map(String::from);
    let text = text.ok_or_else(|| wrong("they cannot be written as JSON"))?;
    serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))
}

fn wheel(settings: &JsValue) -> Result<Option<(String, Vec<u8>)>, Failure> {
    let Some(wheel) = property(settings, "wheel") else { return Ok(None) };
    let name = property(&wheel, "name").and_then(|name| name.as_string());
    let content = bytes(&wheel, "content")?;
    match (name, content) {
        (Some(name), Some(content)) => Ok(Some((name, content))),
        _ => Err(wrong("`wheel` needs a `name` and a `content`")),
    }
}

fn bytes(of: &JsValue, name: &str) -> Result<Option<Vec<u8>>, Failure> {
    let Some(value) = property(of, name) else { return Ok(None) };
    let array: Uint8Array = value.dyn_into().map_err(|_| wrong(&format!("`{name}` must be a Uint8Array")))?;
    Ok(Some(array.to_vec()))
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(of, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

fn wrong(reason: &str) -> Failure {
    let message = format!("the settings cannot be read: {reason}");
    Failure::invalid(&[FieldError::because("settings", message)])
}
