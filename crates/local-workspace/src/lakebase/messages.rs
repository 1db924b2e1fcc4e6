//! The few typed PostgreSQL messages that pass during a login.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// No message of a login is longer; PostgreSQL bounds passwords to the same size.
const LONGEST: usize = 65_535;

/// A message with a type byte.
#[derive(Debug)]
pub(crate) struct Message {
    /// the type, e.g. `b'R'`
    pub(crate) kind: u8,
    /// what follows the length
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads one message, and not a byte more.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Message> {
        let kind = stream.read_u8().await?;
        let total = stream.read_u32().await? as usize;
        if !(4..=LONGEST).contains(&total) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a login message of {total} bytes"),
            ));
        }
        let mut body = vec![0; total - 4];
        stream.read_exact(&mut body).await?;
        Ok(Message { kind, body })
    }

    /// The code of an `AuthenticationXYZ` message.
    pub(crate) fn authentication_code(&self) -> Option<u32> {
        let code = self.body.first_chunk()?;
        (self.kind == b'R').then(|| u32::from_be_bytes(*code))
    }

    /// The text of a `PasswordMessage`.
    pub(crate) fn password(&self) -> Option<&str> {
        let text = self.body.strip_suffix(&[0])?;
        (self.kind == b'p' && !text.contains(&0)).then(|| std::str::from_utf8(text).ok())?
    }

    /// A `PasswordMessage`.
    pub(crate) fn from_password(password: &str) -> Message {
        let mut body = password.as_bytes().to_vec();
        body.push(0);
        Message { kind: b'p', body }
    }

    /// A fatal `ErrorResponse`.
    pub(crate) fn fatal(sqlstate: &str, message: &str) -> Message {
        let mut body = Vec::new();
        for (field, value) in [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', sqlstate), (b'M', message)] {
            body.push(field);
            body.extend(value.bytes().filter(|byte| *byte != 0));
            body.push(0);
        }
        body.push(0);
        Message { kind: b'E', body }
    }

    /// Writes and flushes it.
    pub(crate) async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let length = u32::try_from(self.body.len() + 4)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a message longer than 4 GiB"))?;
        let mut bytes = Vec::with_capacity(self.body.len() + 5);
        bytes.push(self.kind);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&self.body);
        stream.write_all(&bytes).await?;
        stream.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_survive_the_wire() {
        let mut wire = Vec::new();
        Message::from_password("secret").write(&mut wire).await.unwrap();
        assert_eq!(wire, b"p\0\0\0\x0bsecret\0");
        let read = Message::read(&mut wire.as_slice()).await.unwrap();
        assert_eq!(read.password(), Some("secret"));
    }

    #[tokio::test]
    async fn foreign_lengths_are_bounded() {
        for bytes in [&b"p\xff\xff\xff\xff"[..], b"p\0\0\0\x03", b"p\0\0\0\x09abc"] {
            assert!(Message::read(&mut &*bytes).await.is_err());
        }
        assert_eq!(Message { kind: b'p', body: b"two\0words\0".to_vec() }.password(), None);
        assert_eq!(Message { kind: b'R', body: vec![0, 0] }.authentication_code(), None);
    }
}
