//! One client connection: TLS, the login with a token, then bytes both ways.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::messages::Message;
use super::random::{digest, hex, random_secret};
use super::startup::{self, FirstMessage, StartupError};
use super::tokens::TokenStore;
use super::watched_relay::{self, Ending, WATCHED_APPLICATION};
use crate::faults::Faults;

/// PostgreSQL's own `authentication_timeout`.
const LOGIN_DEADLINE: Duration = Duration::from_secs(60);
const BACKEND_DEADLINE: Duration = Duration::from_secs(10);
const CLEARTEXT_PASSWORD: u32 = 3;

/// What a session needs of its instance.
pub(crate) struct Gate {
    /// the instance's id
    pub(crate) id: String,
    pub(crate) faults: Arc<Faults>,
    pub(crate) tls: TlsAcceptor,
    pub(crate) server: SocketAddr,
    pub(crate) tokens: Arc<TokenStore>,
    pub(crate) passwords: BackendPasswords,
}

/// The passwords the server itself knows: one for each role, derived, never given to a client.
#[derive(Clone)]
pub(crate) struct BackendPasswords {
    secret: String,
}

impl BackendPasswords {
    /// `secret` is the data folder's own.
    pub(crate) fn new(secret: &str) -> BackendPasswords {
        BackendPasswords { secret: secret.to_owned() }
    }

    /// The password of `role`.
    pub(crate) fn of(&self, role: &str) -> String {
        hex(&digest(&[b"lakebase role password", self.secret.as_bytes(), role.as_bytes()]))
    }
}

/// Serves one connection to its end; an error is the connection's, not the front's.
pub(crate) async fn serve(gate: &Gate, mut socket: TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let opened = timeout(LOGIN_DEADLINE, open(gate, &mut socket)).await;
    let Some(opened) = opened.map_err(|_| login_took_too_long())?? else { return Ok(()) };
    let Opened { mut client, mut server, application } = opened;
    if application != WATCHED_APPLICATION {
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let commit = gate.faults.commit(&gate.id, &application);
    let ending = watched_relay::relay(&gate.faults, commit, &mut client, &mut server).await?;
    if ending == Ending::Itself {
        client.shutdown().await?;
        server.shutdown().await?;
    }
    // the rest ends without a word
    drop(client);
    if ending == Ending::Reset {
        socket.set_zero_linger()?;
    }
    Ok(())
}

fn login_took_too_long() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no login within {} s", LOGIN_DEADLINE.as_secs()))
}

/// A session that the server has been asked to open.
struct Opened<'a> {
    client: tokio_rustls::server::TlsStream<&'a mut TcpStream>,
    server: TcpStream,
    application: String,
}

/// Everything up to a session; `None` when nothing follows.
async fn open<'a>(gate: &Gate, socket: &'a mut TcpStream) -> io::Result<Option<Opened<'a>>> {
    let mut first = startup::read(socket).await;
    if let Ok(FirstMessage::GssEncryptionRequest) = first {
        socket.write_all(b"N").await?;
        first = startup::read(socket).await;
    }
    match first {
        Ok(FirstMessage::SslRequest) => {}
        Ok(FirstMessage::Cancel { raw }) => return cancel(gate, &raw).await.map(|()| None),
        Ok(FirstMessage::Startup { .. }) => {
            refuse(socket, "28000", "connection requires sslmode=require").await?;
            return Ok(None);
        }
        Ok(FirstMessage::GssEncryptionRequest) => {
            refuse(socket, "08P01", "GSSAPI encryption was already refused").await?;
            return Ok(None);
        }
        Err(error) => return refuse_startup(socket, error).await.map(|()| None),
    }
    // exactly the request was read, so nothing sent in plain text can pass for the encrypted part
    socket.write_all(b"S").await?;
    let mut client = gate.tls.accept(socket).await?;
    match startup::read(&mut client).await {
        Ok(FirstMessage::Startup { raw, user, application }) => {
            let server = log_in(gate, &mut client, &raw, &user).await?;
            Ok(server.map(|server| Opened { client, server, application }))
        }
        Ok(FirstMessage::Cancel { raw }) => {
            cancel(gate, &raw).await?;
            client.shutdown().await?;
            Ok(None)
        }
        Ok(FirstMessage::SslRequest | FirstMessage::GssEncryptionRequest) => {
            refuse(&mut client, "08P01", "the connection is encrypted already").await?;
            Ok(None)
        }
        Err(error) => refuse_startup(&mut client, error).await.map(|()| None),
    }
}

/// Passes the startup on, and the server's questions back, up to its request for a password; answers
/// that with the role's real password if the client's token is good, else with one that is not, so
/// that the refusal is the server's own.
async fn log_in<S>(gate: &Gate, client: &mut S, raw: &[u8], user: &str) -> io::Result<Option<TcpStream>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(mut server) = connect(gate).await else {
        refuse(client, "57P03", "the local Lakebase instance is not accepting connections").await?;
        return Ok(None);
    };
    server.write_all(raw).await?;
    loop {
        let message = Message::read(&mut server).await?;
        match (message.kind, message.authentication_code()) {
            (b'R', Some(CLEARTEXT_PASSWORD)) => {
                message.write(client).await?;
                break;
            }
            // a notice, or the protocol version the server settles for
            (b'N' | b'v', _) => message.write(client).await?,
            (b'E', _) => {
                message.write(client).await?;
                client.shutdown().await?;
                return Ok(None);
            }
            // also "no password needed": nobody gets in without one
            _ => {
                refuse(client, "28000", "the server did not ask for a password").await?;
                return Ok(None);
            }
        }
    }
    let answer = Message::read(client).await?;
    let known = answer.password().is_some_and(|token| gate.tokens.is_valid(user, token, Timestamp::now()));
    let password = if known { gate.passwords.of(user) } else { random_secret() };
    Message::from_password(&password).write(&mut server).await?;
    Ok(Some(server))
}

/// Hands a request to cancel to the server, which closes without an answer.
async fn cancel(gate: &Gate, raw: &[u8]) -> io::Result<()> {
    let mut server = connect(gate).await?;
    server.write_all(raw).await?;
    // its end says that the signal was sent
    server.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

async fn connect(gate: &Gate) -> io::Result<TcpStream> {
    let server = timeout(BACKEND_DEADLINE, TcpStream::connect(gate.server))
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "PostgreSQL does not answer"))??;
    server.set_nodelay(true)?;
    Ok(server)
}

async fn refuse(client: &mut (impl AsyncWrite + Unpin), sqlstate: &str, message: &str) -> io::Result<()> {
    Message::fatal(sqlstate, message).write(client).await?;
    client.shutdown().await
}

async fn refuse_startup(client: &mut (impl AsyncWrite + Unpin), error: StartupError) -> io::Result<()> {
    match error {
        // the client went away, or scanned the port
        StartupError::Io(error) => Err(error),
        error => refuse(client, error.sqlstate(), &error.to_string()).await,
    }
}
