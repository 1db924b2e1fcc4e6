//! The app's log: `/logz` as text, `/logz/stream` as the WebSocket that the platform's own tools read.

use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, Request};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tokio::time::timeout;

use super::super::log_ring::LogLine;
use super::Context;

const TEXT_PATH: &str = "/logz";
const STREAM_PATH: &str = "/logz/stream";
/// The client begins with a search term; an empty one finds all.
const TERM_DEADLINE: Duration = Duration::from_secs(30);
const LONGEST_TERM: usize = 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Whether a path is the log's; such requests never reach the app.
pub(super) fn is_for_logs(path: &str) -> bool {
    path == TEXT_PATH || path == STREAM_PATH
}

/// Answers a request of somebody who may use the app.
pub(super) async fn answer(context: &Context, request: Request) -> Response {
    if request.uri().path() == TEXT_PATH {
        return text(&context.log.lines());
    }
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => {
            let context = context.clone();
            upgrade.max_message_size(LONGEST_TERM).on_upgrade(move |socket| async move {
                let closing = context.closing.clone();
                tokio::select! {
                    () = closing.cancelled() => {}
                    () = stream(&context, socket) => {}
                }
            })
        }
        Err(rejection) => rejection.into_response(),
    }
}

fn text(lines: &[LogLine]) -> Response {
    let mut text = String::new();
    for line in lines {
        let time = Timestamp::from_millisecond((line.timestamp * 1000.0) as i64).unwrap_or_default();
        // writing to a String cannot fail
        let _ = writeln!(text, "{time:.3} [{}] {}", line.source, line.message);
    }
    // whatever an app logs is text, not a page
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

/// All kept lines, then each new one, until the client leaves.
async fn stream(context: &Context, mut socket: WebSocket) {
    let Some(term) = search_term(&mut socket).await else {
        let reason = "the first message is the search term".into();
        let _ = socket.send(Message::Close(Some(CloseFrame { code: close_code::POLICY, reason }))).await;
        return;
    };
    let mut seen = 0;
    loop {
        let (lines, count) = context.log.lines_after(seen);
        seen = count;
        for line in lines.iter().filter(|line| line.message.contains(&term)) {
            let Ok(json) = serde_json::to_string(line) else { return };
            if socket.send(Message::Text(json.into())).await.is_err() {
                return;
            }
        }
        if !wait_for_more(context, &mut socket, seen).await {
            return;
        }
    }
}

/// `false` when the client has left.
async fn wait_for_more(context: &Context, socket: &mut WebSocket, seen: u64) -> bool {
    loop {
        tokio::select! {
            () = context.log.more_than(seen) => return true,
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                Some(Ok(_)) => {}
            },
            () = tokio::time::sleep(KEEP_ALIVE) => {
                if socket.send(Message::Text("\0".into())).await.is_err() {
                    return false;
                }
            }
        }
    }
}

async fn search_term(socket: &mut WebSocket) -> Option<String> {
    match timeout(TERM_DEADLINE, socket.recv()).await {
        Ok(Some(Ok(Message::Text(term)))) => Some(term.as_str().to_owned()),
        _ => None,
    }
}
