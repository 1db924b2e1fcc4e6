//! Asking a wait to stop.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::channel::oneshot;
use futures::future::{FutureExt, Shared};

/// A switch that ends waits early. Clones share one switch; once cancelled it stays so.
#[derive(Clone)]
pub struct Cancel {
    state: Arc<State>,
    signal: Shared<oneshot::Receiver<()>>,
}

struct State {
    cancelled: AtomicBool,
    sender: Mutex<Option<oneshot::Sender<()>>>,
}

impl Cancel {
    /// A switch that is not yet used.
    pub fn new() -> Self {
        let (sender, receiver) = oneshot::channel();
        let state = State { cancelled: AtomicBool::new(false), sender: Mutex::new(Some(sender)) };
        Self { state: Arc::new(state), signal: receiver.shared() }
    }

    /// Ends every wait that holds this switch, now and later.
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::SeqCst);
        let sender = self.state.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // an error only says that nobody waits
            let _ = sender.send(());
        }
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::SeqCst)
    }

    /// Completes when [`Cancel::cancel`] is called, at once if it was.
    pub async fn cancelled(&self) {
        // the sender lives in `self`, so this cannot end because it was dropped
        let _ = self.signal.clone().await;
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel").field("cancelled", &self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_wakes_every_clone_and_stays() {
        let cancel = Cancel::new();
        let clone = cancel.clone();
        assert!(clone.cancelled().now_or_never().is_none());
        cancel.cancel();
        cancel.cancel();
        assert!(clone.is_cancelled());
        assert!(clone.cancelled().now_or_never().is_some());
        assert!(cancel.cancelled().now_or_never().is_some());
    }
}
