//! The last lines an app and its build wrote, bounded in number and length.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;

const MOST_LINES: usize = 5000;
const LONGEST_LINE: usize = 8 * 1024;
const CUT_MARK: &str = " […]";

/// Written by the app itself.
pub(crate) const APP: &str = "APP";
/// Written by the build, or about start and stop.
pub(crate) const SYSTEM: &str = "SYSTEM";

/// One line, as in the platform's log stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LogLine {
    /// [`APP`] or [`SYSTEM`]
    pub(crate) source: &'static str,
    /// seconds since 1970
    pub(crate) timestamp: f64,
    /// without the line's end
    pub(crate) message: String,
}

/// Shared by all who write to and read from one app's log.
#[derive(Clone, Debug)]
pub(crate) struct LogRing {
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    /// how many lines there ever were
    count: watch::Sender<u64>,
}

impl Default for LogRing {
    fn default() -> LogRing {
        LogRing { lines: Arc::default(), count: watch::Sender::new(0) }
    }
}

impl LogRing {
    /// Adds a line; the oldest makes room.
    pub(crate) fn push(&self, source: &'static str, message: &str) {
        let now = Timestamp::now();
        let line = LogLine {
            source,
            timestamp: now.as_second() as f64 + f64::from(now.subsec_nanosecond()) / 1e9,
            message: cut(message),
        };
        let mut lines = self.lock();
        if lines.len() == MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
        self.count.send_modify(|count| *count += 1);
    }

    /// All lines, the oldest first.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.lock().iter().cloned().collect()
    }

    /// The lines after the first `seen` that there ever were, as far as they are kept, and how many there are now.
    pub(crate) fn lines_after(&self, seen: u64) -> (Vec<LogLine>, u64) {
        let lines = self.lock();
        let count = *self.count.borrow();
        let wanted = usize::try_from(count.saturating_sub(seen)).unwrap_or(usize::MAX).min(lines.len());
        (lines.iter().skip(lines.len() - wanted).cloned().collect(), count)
    }

    /// Waits until there are more than `seen` lines.
    pub(crate) async fn more_than(&self, seen: u64) {
        // this value holds the sender, so the wait cannot fail
        let _ = self.count.subscribe().wait_for(|count| *count > seen).await;
    }

    /// A mark for [`LogRing::tail_since`].
    pub(crate) fn now(&self) -> f64 {
        let now = Timestamp::now();
        now.as_second() as f64 + f64::from(now.subsec_nanosecond()) / 1e9
    }

    /// The last `most` lines of `source` since a mark, each on a line of its own.
    pub(crate) fn tail_since(&self, mark: f64, source: &str, most: usize) -> String {
        let lines = self.lock();
        let mut tail: Vec<&str> = lines
            .iter()
            .rev()
            .take_while(|line| line.timestamp >= mark)
            .filter(|line| line.source == source)
            .take(most)
            .map(|line| line.message.as_str())
            .collect();
        tail.reverse();
        tail.join("\n")
    }

    /// Copies `stream` line by line until its end.
    pub(crate) async fn copy_from(&self, stream: impl AsyncRead + Unpin, source: &'static str) {
        let mut reader = BufReader::new(stream);
        loop {
            match next_line(&mut reader).await {
                Ok(Some(line)) => self.push(source, &line),
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!(%error, "the output of a process cannot be read any more");
                    return;
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<LogLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next line without its end, never keeping more than a line's bound in memory.
async fn next_line(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut seen_any = false;
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            return Ok(seen_any.then(|| decode(&line)));
        }
        seen_any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        // one byte more than the bound, so that the cut is marked
        let room = (LONGEST_LINE + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(decode(&line)));
        }
    }
}

fn decode(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}

fn cut(message: &str) -> String {
    if message.len() <= LONGEST_LINE {
        return message.to_owned();
    }
    let end = (0..=LONGEST_LINE).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{CUT_MARK}", &message[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn lines_are_split_and_bounded() {
        let ring = LogRing::default();
        let long = "x".repeat(3 * LONGEST_LINE);
        let text = format!("one\r\n\n{long}\nlast without end");
        ring.copy_from(text.as_bytes(), APP).await;
        let messages: Vec<String> = ring.lines().into_iter().map(|line| line.message).collect();
        assert_eq!(messages.len(), 4);
        assert_eq!((messages[0].as_str(), messages[1].as_str()), ("one", ""));
        assert_eq!(messages[2].len(), LONGEST_LINE + CUT_MARK.len());
        assert_eq!(messages[3], "last without end");
    }

    #[test]
    fn the_ring_keeps_the_newest() {
        let ring = LogRing::default();
        let mark = ring.now();
        for i in 0..(MOST_LINES + 10) {
            ring.push(if i % 2 == 0 { APP } else { SYSTEM }, &i.to_string());
        }
        let lines = ring.lines();
        assert_eq!(lines.len(), MOST_LINES);
        assert_eq!(lines[0].message, "10");
        assert_eq!(ring.tail_since(mark, APP, 2), format!("{}\n{}", MOST_LINES + 6, MOST_LINES + 8));
        assert_eq!(ring.tail_since(ring.now() + 1.0, APP, 2), "");
    }

    #[tokio::test]
    async fn followers_get_each_line_once() {
        let ring = LogRing::default();
        ring.push(APP, "one");
        let (lines, seen) = ring.lines_after(0);
        assert_eq!((lines.len(), seen), (1, 1));
        let writer = ring.clone();
        let written = tokio::spawn(async move { writer.push(APP, "two") });
        ring.more_than(seen).await;
        assert_eq!(ring.lines_after(seen).0[0].message, "two");
        written.await.unwrap();
        for i in 0..(2 * MOST_LINES) {
            ring.push(APP, &i.to_string());
        }
        assert_eq!(ring.lines_after(seen).0.len(), MOST_LINES, "who is slow misses some");
    }

    proptest! {
        #[test]
        fn any_output_is_taken(bytes in prop::collection::vec(any::<u8>(), 0..20_000)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let ring = LogRing::default();
            runtime.block_on(ring.copy_from(bytes.as_slice(), APP));
            let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
            let open = usize::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
            prop_assert_eq!(ring.lines().len(), (ends + open).min(MOST_LINES));
        }
    }
}
