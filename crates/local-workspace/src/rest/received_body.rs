//! Taking in a request's body whole, within a limit.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

/// Largest body that is taken in: above the import limit also when it arrives as base64.
pub(super) const MAX_BODY: usize = 32 * 1024 * 1024;

/// How much of a body that is too large is read and dropped, so that the client sees the answer and not a reset.
const MAX_DRAINED: usize = 1024 * 1024 * 1024;

/// A body as far as it was taken in.
pub(super) enum ReceivedBody {
    /// All of it.
    Whole(Bytes),
    /// It was larger than [`MAX_BODY`] and was dropped.
    TooLarge,
}

/// Reads `body` to its end.
pub(super) async fn receive(body: Body) -> Result<ReceivedBody, axum::Error> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        length += chunk.len();
        if length > MAX_DRAINED {
            break;
        }
        if length <= MAX_BODY {
            whole.extend_from_slice(&chunk);
        } else {
            whole.clear();
        }
    }
    Ok(if length <= MAX_BODY { ReceivedBody::Whole(whole.freeze()) } else { ReceivedBody::TooLarge })
}
