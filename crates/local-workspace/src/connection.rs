//! Connections to the REST API that a fault can close or reset while a request is being answered.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Ends the connection that a request came over.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionControl {
    severed: CancellationToken,
    reset: Arc<AtomicBool>,
}

impl ConnectionControl {
    /// Closes the connection; with `reset` the client sees a TCP reset instead of an end.
    pub(crate) fn sever(&self, reset: bool) {
        self.reset.store(reset, Ordering::SeqCst);
        self.severed.cancel();
    }
}

/// Accepts connections with a [`ConnectionControl`] each.
#[derive(Debug)]
pub(crate) struct SeverableListener(pub(crate) TcpListener);

impl Listener for SeverableListener {
    type Io = SeverableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (SeverableStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its small packets together");
        }
        let control = ConnectionControl::default();
        let severed = Box::pin(control.severed.clone().cancelled_owned());
        (SeverableStream { stream, severed, control }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, SeverableListener>> for ConnectionControl {
    fn connect_info(stream: IncomingStream<'_, SeverableListener>) -> Self {
        stream.io().control.clone()
    }
}

/// A TCP connection that fails as soon as its control says so.
pub(crate) struct SeverableStream {
    stream: TcpStream,
    severed: Pin<Box<WaitForCancellationFutureOwned>>,
    control: ConnectionControl,
}

impl SeverableStream {
    /// The error with which the server gives the connection up, once it is severed.
    fn check(&mut self, context: &mut Context<'_>) -> Result<(), io::Error> {
        if self.severed.as_mut().poll(context).is_pending() {
            return Ok(());
        }
        if self.control.reset.load(Ordering::SeqCst)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::warn!(%error, "a connection is closed instead of reset");
        }
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "a fault rule ended the connection"))
    }
}

impl AsyncRead for SeverableStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(context)?;
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for SeverableStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
