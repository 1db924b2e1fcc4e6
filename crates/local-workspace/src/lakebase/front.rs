//! Listens on port 5432 of an instance's address, as the platform's Lakebase does.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::messages::Message;
use super::session::{self, Gate};

/// More than the server's own bound, so that a client normally hears the server's own refusal.
const MOST_CONNECTIONS: usize = 200;

/// A running front.
#[derive(Debug)]
pub(crate) struct Front {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Front {
    /// Serves `listener` in the background.
    pub(crate) fn start(listener: TcpListener, gate: Gate) -> Front {
        let front = Front { stopping: CancellationToken::new(), tasks: TaskTracker::new() };
        front.tasks.spawn(accept(listener, Arc::new(gate), front.stopping.clone(), front.tasks.clone()));
        front
    }

    /// Closes the listener and all connections.
    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

async fn accept(listener: TcpListener, gate: Arc<Gate>, stopping: CancellationToken, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let socket = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a database connection");
                    // out of file descriptors: give the others time to end
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tasks.spawn(refuse_crowd(socket));
            continue;
        };
        let (gate, stopping) = (gate.clone(), stopping.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                served = session::serve(&gate, socket) => {
                    if let Err(error) = served {
                        tracing::debug!(%error, "a database connection ended");
                    }
                }
            }
            drop(place);
        });
    }
}

async fn refuse_crowd(mut socket: TcpStream) {
    let refusal = Message::fatal("53300", "sorry, too many clients already");
    // whoever does not even read the refusal is left alone
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), refusal.write(&mut socket)).await;
}
