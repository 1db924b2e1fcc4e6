//! An app's log: the WebSocket `/logz/stream` at the app's own address, which takes OAuth tokens only.
//!
//! What comes over the socket was written by a program that anybody may have deployed: lines are bounded in length, and
//! whoever shows them must expect control characters.

mod connect;
mod follow;
mod line;

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::Apps;
use crate::auth::answer::harmless;
use crate::error::{ApiError, Error, ErrorCode};
use crate::transport::{TransportError, TransportErrorKind};
pub use follow::LogFollower;
pub use line::{LogLine, LogSource};

/// What the platform calls the stream, below the app's address.
const PATH: &str = "/logz/stream";
/// The platform sends something, if only a keep-alive, more often than this.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);
/// The kept lines come at once; the first may take this long, the next one this.
const FIRST_LINE: Duration = Duration::from_secs(3);
const QUIET: Duration = Duration::from_millis(700);
/// An app that writes all the time is never quiet: once a line comes that was written after the connection was made, the
/// kept ones have all come, but for what the clocks differ.
const AFTER_LIVE: Duration = Duration::from_millis(500);

/// Which lines of a log are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSelection {
    /// Text that a line must hold, searched by the platform; empty for every line.
    pub search: String,
    /// Whose lines; `None` for everybody's.
    pub source: Option<LogSource>,
}

impl LogSelection {
    fn takes(&self, line: &LogLine) -> bool {
        self.source.is_none() || self.source == line.source
    }
}

/// A connection to an app's log: the lines that the platform has kept, then each new one.
pub struct LogStream {
    socket: WebSocketStream<reqwest::Upgraded>,
    call: String,
    /// When something came last.
    heard: Instant,
}

impl Apps<'_> {
    /// Connects to an app's log. Fails without a call to the log for a personal access token.
    pub async fn logs(self, name: &str, search: &str) -> Result<LogStream, Error> {
        connect::connect(self.client, name, search).await
    }

    /// The last `lines` lines that the platform has kept, within `deadline`. There is no sign that they were all sent: a
    /// short silence is taken for it.
    pub async fn tail(
        self,
        name: &str,
        selection: &LogSelection,
        lines: usize,
        deadline: Duration,
    ) -> Result<Vec<LogLine>, Error> {
        let until = Instant::now() + deadline;
        let late = || {
            transport(TransportErrorKind::Timeout, name, format!("gave up after {} s", deadline.as_secs()))
        };
        let mut stream =
            timeout(deadline, self.logs(name, &selection.search)).await.map_err(|_| late())??;
        stream.kept(selection, lines, until, |_| {}).await
    }

    /// Follows an app's log across lost connections and expired tokens.
    pub fn follow(self, name: &str, selection: LogSelection) -> LogFollower {
        LogFollower::new(self.client.clone(), name.to_owned(), selection)
    }
}

impl LogStream {
    /// The next line; `None` when the platform has ended the stream. A token that is no longer accepted is an error of
    /// status 401 or 403.
    pub async fn next(&mut self) -> Result<Option<LogLine>, Error> {
        loop {
            let message =
                timeout_at(self.heard + LONGEST_SILENCE, self.socket.next()).await.map_err(|_| {
                    let words = format!("nothing came for {} s", LONGEST_SILENCE.as_secs());
                    transport(TransportErrorKind::Timeout, &self.call, words)
                })?;
            self.heard = Instant::now();
            let bytes = match message {
                None => return Ok(None),
                Some(Ok(Message::Close(frame))) => return self.closed(frame.as_ref()),
                Some(Ok(Message::Text(text))) => bytes::Bytes::from(text),
                Some(Ok(Message::Binary(bytes))) => bytes,
                Some(Ok(_)) => continue,
                Some(Err(error)) => {
                    return Err(transport(TransportErrorKind::Interrupted, &self.call, error.to_string()));
                }
            };
            // a single NUL keeps the connection alive
            if bytes.as_ref() != [0] {
                return Ok(Some(LogLine::read(&bytes)));
            }
        }
    }

    fn closed(&self, frame: Option<&CloseFrame>) -> Result<Option<LogLine>, Error> {
        let code = frame.map_or(1000, |frame| u16::from(frame.code));
        let reason = frame.map(|frame| harmless(&frame.reason)).unwrap_or_default();
        match code {
            1000 | 1001 => Ok(None),
            4401 => Err(refusal(401, &reason)),
            4403 => Err(refusal(403, &reason)),
            _ => {
                let words = format!("the log stream was closed with code {code} {reason}");
                Err(transport(TransportErrorKind::Interrupted, &self.call, words.trim_end().to_owned()))
            }
        }
    }

    /// The last `most` of the lines that come until it is quiet or `until` has come. `heard` gets every line, wanted or not.
    async fn kept(
        &mut self,
        selection: &LogSelection,
        most: usize,
        until: Instant,
        mut heard: impl FnMut(&LogLine),
    ) -> Result<Vec<LogLine>, Error> {
        let connected = Timestamp::now();
        let mut until = until;
        let mut is_live = false;
        let mut lines = VecDeque::new();
        let mut patience = FIRST_LINE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = match timeout(patience.min(left), self.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Err(error)) if lines.is_empty() => return Err(error),
                // quiet, at an end, or broken after there was something to show
                Err(_) | Ok(Ok(None) | Err(_)) => return Ok(lines.into()),
            };
            heard(&line);
            patience = QUIET;
            if !is_live && line.timestamp.is_some_and(|written| written >= connected) {
                is_live = true;
                until = until.min(Instant::now() + AFTER_LIVE);
            }
            if selection.takes(&line) {
                if lines.len() == most {
                    lines.pop_front();
                }
                lines.push_back(line);
                lines.truncate(most);
            }
        }
    }
}

/// What the platform means when it closes the stream over the token, as the error that a call would get.
fn refusal(status: u16, reason: &str) -> Error {
    let message =
        if reason.is_empty() { "the log stream was closed: the token is not accepted" } else { reason };
    ApiError {
        status,
        code: ErrorCode::from_status(status),
        message: message.to_owned(),
        details: Vec::new(),
        method: "GET".to_owned(),
        path: PATH.to_owned(),
        request_id: None,
        after_retry: false,
    }
    .into()
}

fn transport(kind: TransportErrorKind, call: &str, message: String) -> Error {
    TransportError { kind, call: call.to_owned(), message }.into()
}
