//! Reads what a PostgreSQL client sends first: the messages without a type byte.
//!
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// PostgreSQL's own bound for these messages.
const LONGEST: usize = 10_000;
const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS_ENCRYPTION: u32 = 80_877_104;

/// A client's first message; `raw` is the whole message with its length, to be passed on unchanged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum FirstMessage {
    /// asks for TLS
    SslRequest,
    /// asks for GSSAPI encryption
    GssEncryptionRequest,
    /// asks to cancel a query of another connection
    Cancel { raw: Vec<u8> },
    /// opens a session
    Startup { raw: Vec<u8>, user: String, application: String },
}

/// Why a first message was not understood.
#[derive(Debug, Error)]
pub(crate) enum StartupError {
    #[error("invalid length of startup packet")]
    Length,
    #[error("unsupported frontend protocol {major}.{minor}: server supports 3.0")]
    Version { major: u32, minor: u32 },
    #[error("invalid startup packet layout: {0}")]
    Layout(&'static str),
    #[error("no PostgreSQL user name specified in startup packet")]
    NoUser,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl StartupError {
    /// The SQLSTATE that PostgreSQL gives in the same case.
    pub(crate) fn sqlstate(&self) -> &'static str {
        match self {
            StartupError::Version { .. } => "0A000",
            StartupError::NoUser => "28000",
            StartupError::Length | StartupError::Layout(_) | StartupError::Io(_) => "08P01",
        }
    }
}

/// Reads one first message, and not a byte more: what follows may be a TLS handshake.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<FirstMessage, StartupError> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await?;
    let total = u32::from_be_bytes(length) as usize;
    if !(8..=LONGEST).contains(&total) {
        return Err(StartupError::Length);
    }
    let mut raw = vec![0; total];
    raw[..4].copy_from_slice(&length);
    stream.read_exact(&mut raw[4..]).await?;
    parse(raw)
}

/// `raw` is a whole message of at least 8 bytes.
fn parse(raw: Vec<u8>) -> Result<FirstMessage, StartupError> {
    let code = raw.get(4..8).and_then(|code| code.try_into().ok()).map(u32::from_be_bytes);
    match code.ok_or(StartupError::Length)? {
        SSL if raw.len() == 8 => Ok(FirstMessage::SslRequest),
        GSS_ENCRYPTION if raw.len() == 8 => Ok(FirstMessage::GssEncryptionRequest),
        SSL | GSS_ENCRYPTION => Err(StartupError::Length),
        // process id and at least a 4 byte secret; protocol 3.2 has longer ones
        CANCEL if raw.len() >= 16 => Ok(FirstMessage::Cancel { raw }),
        CANCEL => Err(StartupError::Length),
        version if version >> 16 == 3 => {
            let (user, application) = read_parameters(&raw[8..])?;
            Ok(FirstMessage::Startup { raw, user, application })
        }
        version => Err(StartupError::Version { major: version >> 16, minor: version & 0xffff }),
    }
}

/// The `user` and the `application_name` among the NUL-terminated names and values; as in the server the last one wins.
fn read_parameters(parameters: &[u8]) -> Result<(String, String), StartupError> {
    let mut user = None;
    let mut application: &[u8] = b"";
    let mut fields = parameters.split(|byte| *byte == 0);
    loop {
        let name = fields.next().ok_or(StartupError::Layout("expected terminator as last byte"))?;
        if name.is_empty() {
            break;
        }
        let value = fields.next().ok_or(StartupError::Layout("a name without a value"))?;
        if name == b"user" {
            user = Some(value);
        } else if name == b"application_name" {
            application = value;
        }
    }
    // after the empty name that ends the list, `split` gives one more empty piece and nothing else
    if fields.next() != Some(b"") || fields.next().is_some() {
        return Err(StartupError::Layout("expected terminator as last byte"));
    }
    let user = user.filter(|user| !user.is_empty()).ok_or(StartupError::NoUser)?;
    let user =
        String::from_utf8(user.to_vec()).map_err(|_| StartupError::Layout("the user name is not UTF-8"))?;
    Ok((user, String::from_utf8_lossy(application).into_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(code: u32, rest: &[u8]) -> Vec<u8> {
        let mut raw = ((8 + rest.len()) as u32).to_be_bytes().to_vec();
        raw.extend(code.to_be_bytes());
        raw.extend(rest);
        raw
    }

    async fn read_all(bytes: &[u8]) -> (Result<FirstMessage, StartupError>, usize) {
        let mut rest = bytes;
        let outcome = read(&mut rest).await;
        (outcome, rest.len())
    }

    #[tokio::test]
    async fn the_requests_are_told_apart() {
        for (code, expected) in
            [(SSL, FirstMessage::SslRequest), (GSS_ENCRYPTION, FirstMessage::GssEncryptionRequest)]
        {
            let mut bytes = message(code, b"");
            bytes.extend(b"what follows");
            let (read, left) = read_all(&bytes).await;
            assert_eq!(read.unwrap(), expected);
            assert_eq!(left, 12, "what follows is not read");
        }
        let raw = message(CANCEL, &[0, 0, 0, 1, 0, 0, 0, 2]);
        assert_eq!(read_all(&raw).await.0.unwrap(), FirstMessage::Cancel { raw: raw.clone() });
        let raw =
            message(3 << 16, b"database\0d\0user\0a\0user\0someone@example.com\0application_name\0psql\0\0");
        assert_eq!(
            read_all(&raw).await.0.unwrap(),
            FirstMessage::Startup {
                raw: raw.clone(),
                user: "someone@example.com".into(),
                application: "psql".into()
            }
        );
    }

    #[tokio::test]
    async fn malformed_messages_are_refused_with_the_servers_words() {
        let cases: [(Vec<u8>, &str); 9] = [
            (message(2 << 16, b"\0"), "unsupported frontend protocol 2.0"),
            (message(3 << 16, b"\0"), "no PostgreSQL user"),
            (message(3 << 16, b"user\0\0\0"), "no PostgreSQL user"),
            (message(3 << 16, b"user\0me\0"), "terminator"),
            (message(3 << 16, b"user\0me"), "terminator"),
            (message(3 << 16, b"user\0me\0\0user\0you\0\0"), "terminator"),
            (message(CANCEL, b"12"), "length"),
            (message(SSL, b"x"), "length"),
            (vec![0x16, 3, 1, 2, 0, 1, 0, 1], "length"),
        ];
        for (bytes, expected) in cases {
            let error = read_all(&bytes).await.0.unwrap_err().to_string();
            assert!(error.contains(expected), "{bytes:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read_all(&bytes));
        }

        #[test]
        fn any_parameters_are_read_or_refused(rest in prop::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(0)], 0..200)) {
            if let Ok(FirstMessage::Startup { raw, user, .. }) = parse(message(3 << 16, &rest)) {
                prop_assert!(!user.is_empty() && !user.contains('\0'));
                prop_assert!(raw.ends_with(&[0, 0]));
            }
        }

        #[test]
        fn a_wellformed_startup_gives_its_user(user in "[^\0]{1,60}", database in "[^\0]{1,60}") {
            let rest = format!("user\0{user}\0database\0{database}\0\0");
            let read = parse(message(3 << 16, rest.as_bytes())).unwrap();
            let found = match read {
                FirstMessage::Startup { user, .. } => user,
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            prop_assert_eq!(found, user);
        }
    }
}
