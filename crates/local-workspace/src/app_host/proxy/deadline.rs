//! Cuts a body that is still flowing when the request's time is over.

use std::io;

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// `body`, chunk by chunk as it comes, and an error at `deadline`: a cut answer must not look complete.
pub(super) fn cut_at(deadline: Instant, body: Body) -> Body {
    let chunks = stream::unfold(Some(body.into_data_stream()), move |chunks| async move {
        let mut chunks = chunks?;
        match timeout_at(deadline, chunks.next()).await {
            Ok(Some(Ok(chunk))) => Some((Ok::<Bytes, io::Error>(chunk), Some(chunks))),
            Ok(Some(Err(error))) => Some((Err(io::Error::other(error)), None)),
            Ok(None) => None,
            Err(_) => {
                tracing::info!("an app's answer was cut: it took longer than one request may");
                Some((Err(io::Error::new(io::ErrorKind::TimedOut, "the request took too long")), None))
            }
        }
    });
    Body::from_stream(chunks)
}
