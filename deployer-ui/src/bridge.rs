//! Calls that the page around this one carries: a notebook's output, which passes them to its kernel.
//!
//! This page asks its parent with `{tellr: "bridge"}`; the parent answers once with the same and a port. Over the port goes
//! `{id, method, path, headers, body}`, and back comes `{id, status, headers, body}` or `{id, error}`. What is said in any
//! other form, or by anybody else, is not heard.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use databricks::{Request, Response, TransportError, TransportErrorKind};
use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo_timers::future::sleep;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, MessagePort};

use crate::problem::Problem;

/// How long the parent may take to give its port.
const OPENING: Duration = Duration::from_secs(30);
/// Longer than the longest call may take, so that whoever made it says first that it took too long.
const DEADLINE: Duration = Duration::from_secs(300);
/// As much as `databricks` reads of any answer.
const LARGEST_ANSWER: u32 = 64 * 1024 * 1024;

type Answer = Result<Response, String>;
type Listener = Closure<dyn FnMut(MessageEvent)>;
type Waiting = Rc<RefCell<HashMap<u32, oneshot::Sender<Answer>>>>;

/// An open way to the server.
pub(crate) struct Bridge {
    port: MessagePort,
    waiting: Waiting,
    last_id: Cell<u32>,
    _listener: Listener,
}

impl Bridge {
    /// Asks the page around this one for it.
    pub(crate) async fn open() -> Result<Self, Problem> {
        let failed = |reason: &str| {
            Problem::plain("The notebook gives this page no connection", reason.into())
                .advise("run the cell again; the notebook must be trusted and its kernel running")
        };
        let port = port_of_parent().await.map_err(|reason| failed(&reason))?;
        Ok(Self::over(port))
    }

    fn over(port: MessagePort) -> Self {
        let waiting = Waiting::default();
        let answered = waiting.clone();
        let listener = Listener::new(move |event: MessageEvent| {
            let Some((id, answer)) = read(&event.data()) else { return };
            if let Some(asker) = answered.borrow_mut().remove(&id) {
                // whoever asked may have given up
                _ = asker.send(answer);
            }
        });
        port.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Self { port, waiting, last_id: Cell::new(0), _listener: listener }
    }

    /// Sends a request to `path`.
    pub(crate) async fn send(&self, request: &Request, path: &str) -> Result<Response, TransportError> {
        let failed = |kind, reason: &str| TransportError::new(kind, request, reason);
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        let (message, body) = write(id, request, path)
            .map_err(|_| failed(TransportErrorKind::InvalidRequest, "the browser cannot express it"))?;
        let (sender, receiver) = oneshot::channel();
        let _entry = Entry::new(&self.waiting, id, sender);
        self.port
            .post_message_with_transferable(&message, &Array::of1(&body))
            .map_err(|_| failed(TransportErrorKind::Connect, "the notebook's connection is closed"))?;
        match select(receiver, sleep(DEADLINE)).await {
            // what went wrong over there may have gone wrong after the call had got through
            Either::Left((Ok(answer), _)) => {
                answer.map_err(|reason| failed(TransportErrorKind::Interrupted, &reason))
            }
            Either::Left((Err(_), _)) => Err(failed(TransportErrorKind::Interrupted, "the page is closing")),
            Either::Right(_) => {
                Err(failed(TransportErrorKind::Timeout, "the notebook's kernel does not answer"))
            }
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
    }
}

/// A call that is waited for; whoever stops waiting, for whatever reason, takes it out again.
struct Entry<'a> {
    waiting: &'a Waiting,
    id: u32,
}

impl<'a> Entry<'a> {
    fn new(waiting: &'a Waiting, id: u32, asker: oneshot::Sender<Answer>) -> Self {
        waiting.borrow_mut().insert(id, asker);
        Self { waiting, id }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.waiting.borrow_mut().remove(&self.id);
    }
}

async fn port_of_parent() -> Result<MessagePort, String> {
    let parent = window().parent().ok().flatten().filter(|parent| *parent != window());
    let parent = parent.ok_or("this page stands in no other")?;
    let (sender, receiver) = oneshot::channel();
    let mut sender = Some(sender);
    let from = JsValue::from(parent.clone());
    let listener = Listener::new(move |event: MessageEvent| {
        let is_parents = event.source().is_some_and(|source| JsValue::from(source) == from);
        let offers = text(&event.data(), "tellr").as_deref() == Some("bridge");
        let ports = event.ports();
        if is_parents
            && offers
            && ports.length() == 1
            && let Ok(port) = ports.get(0).dyn_into::<MessagePort>()
            && let Some(sender) = sender.take()
        {
            // whoever asked may have given up
            _ = sender.send(port);
        }
    });
    let broken = |_: JsValue| "this browser exchanges no messages with the notebook".to_owned();
    let function = listener.as_ref().unchecked_ref();
    window().add_event_listener_with_callback("message", function).map_err(broken)?;
    let asking = Object::new();
    Reflect::set(&asking, &"tellr".into(), &"bridge".into()).map_err(broken)?;
    // the parent's origin is not known here, and the question holds nothing
    parent.post_message(&asking, "*").map_err(broken)?;
    let answer = select(receiver, sleep(OPENING)).await;
    window().remove_event_listener_with_callback("message", function).map_err(broken)?;
    match answer {
        Either::Left((Ok(port), _)) => Ok(port),
        _ => Err(format!("the notebook around it did not answer within {} s", OPENING.as_secs())),
    }
}

/// The message, and the buffer in it that is handed over instead of copied.
fn write(id: u32, request: &Request, path: &str) -> Result<(Object, ArrayBuffer), JsValue> {
    let headers = Object::new();
    for (name, value) in &request.headers {
        if let Ok(value) = value.to_str() {
            Reflect::set(&headers, &name.as_str().into(), &value.into())?;
        }
    }
    let body = Uint8Array::from(request.body.as_ref()).buffer();
    let message = Object::new();
    let set = |key: &str, value: &JsValue| Reflect::set(&message, &key.into(), value);
    set("id", &id.into())?;
    set("method", &request.method.as_str().into())?;
    set("path", &path.into())?;
    set("headers", &headers)?;
    set("body", &body)?;
    Ok((message, body))
}

/// Which call is answered, and how; nothing if the message is not an answer.
fn read(message: &JsValue) -> Option<(u32, Answer)> {
    let id = get(message, "id")?.as_f64().filter(|id| *id >= 0.0 && id.fract() == 0.0)? as u32;
    if let Some(reason) = text(message, "error") {
        return Some((id, Err(reason)));
    }
    let status = StatusCode::from_u16(get(message, "status")?.as_f64()? as u16).ok()?;
    let body: ArrayBuffer = get(message, "body")?.dyn_into().ok()?;
    if body.byte_length() > LARGEST_ANSWER {
        return Some((id, Err("the answer is larger than a page reads".into())));
    }
    let headers = Object::entries(&get(message, "headers")?.dyn_into::<Object>().ok()?);
    let headers: HeaderMap = headers.iter().filter_map(|entry| header(&entry)).collect();
    let body = Bytes::from(Uint8Array::new(&body).to_vec());
    Some((id, Ok(Response { status, headers, body })))
}

fn header(entry: &JsValue) -> Option<(HeaderName, HeaderValue)> {
    let pair: &Array = entry.dyn_ref()?;
    let (name, value) = (pair.get(0).as_string()?, pair.get(1).as_string()?);
    Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
}

fn get(object: &JsValue, key: &str) -> Option<JsValue> {
    Reflect::get(object, &key.into()).ok()
}

fn text(object: &JsValue, key: &str) -> Option<String> {
    get(object, key)?.as_string()
}
