//! How an app's process is doing, shared by the app, those who watch it and its proxy.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state of an app's process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ProcessState {
    /// none was started, or it was stopped
    NotRunning,
    /// started, not listening yet
    Starting,
    /// listening
    Running,
    /// ended by itself, or never listened
    Crashed {
        /// as the platform words it
        message: String,
    },
}

/// Each start gets a number, so that late news about an earlier process changes nothing.
pub(crate) type Generation = u64;

/// The shared state.
#[derive(Debug)]
pub(crate) struct Status {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    generation: Generation,
    state: ProcessState,
    port: u16,
}

impl Status {
    /// Not running.
    pub(crate) fn new() -> Status {
        Status { inner: Mutex::new(Inner { generation: 0, state: ProcessState::NotRunning, port: 0 }) }
    }

    /// A process is being started.
    pub(crate) fn begin(&self) -> Generation {
        self.replace(ProcessState::Starting)
    }

    /// There is no process any more, on purpose.
    pub(crate) fn stopped(&self) {
        self.replace(ProcessState::NotRunning);
    }

    /// The process of `generation` listens on `port`.
    pub(crate) fn running(&self, generation: Generation, port: u16) {
        let mut inner = self.lock();
        if inner.generation == generation {
            inner.state = ProcessState::Running;
            inner.port = port;
        }
    }

    /// The process of `generation` came to its end; says whether that is news.
    pub(crate) fn crashed(&self, generation: Generation, message: &str) -> bool {
        let mut inner = self.lock();
        let news = inner.generation == generation;
        if news {
            inner.state = ProcessState::Crashed { message: message.to_owned() };
        }
        news
    }

    /// The state now.
    pub(crate) fn state(&self) -> ProcessState {
        self.lock().state.clone()
    }

    /// Where the app listens, if it runs.
    pub(crate) fn port(&self) -> Option<u16> {
        let inner = self.lock();
        (inner.state == ProcessState::Running).then_some(inner.port)
    }

    fn replace(&self, state: ProcessState) -> Generation {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.state = state;
        inner.generation
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_an_earlier_process_change_nothing() {
        let status = Status::new();
        let first = status.begin();
        status.running(first, 1);
        assert_eq!(status.port(), Some(1));
        let second = status.begin();
        assert!(!status.crashed(first, "old") && status.port().is_none());
        status.running(second, 2);
        assert!(status.crashed(second, "new"));
        assert_eq!(status.state(), ProcessState::Crashed { message: "new".into() });
        status.stopped();
        assert!(!status.crashed(second, "late"));
    }
}
