//! Passes a session's messages on and lets fault rules meet its commits: before the server hears of them, or after it
//! has committed and before the client hears of that.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, split};
use tokio::net::TcpStream;

use super::messages::Message;
use super::sql_commits::{Effect, effect};
use crate::faults::{Action, Call, Faults, Release, When};

/// The connections whose commits count, by `application_name`.
pub(crate) const WATCHED_APPLICATION: &str = "tellr-deployer";

/// Longer messages are refused: schema work has none.
const LONGEST_MESSAGE: usize = 16 * 1024 * 1024;
/// How much a client may send while its commit is held.
const MOST_BUFFERED: usize = 1024 * 1024;
const MOST_NAMED_STATEMENTS: usize = 10_000;

/// How a watched session ends when a rule ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself, or by one of the two sides.
    Itself,
    /// A rule closes it.
    Closed,
    /// A rule resets it.
    Reset,
}

/// What both directions know.
#[derive(Debug, Default)]
struct Session {
    /// Whether the server has a transaction open (`T`).
    in_transaction: bool,
    /// Messages so far that the server answers with `ReadyForQuery`.
    asked: u64,
    /// `ReadyForQuery` so far.
    answered: u64,
    /// Replies that a rule keeps back, by the number of their `ReadyForQuery`.
    kept: VecDeque<(u64, KeptReply)>,
}

#[derive(Debug, Clone)]
struct KeptReply {
    rule: String,
    action: Action,
}

struct Relay<'a> {
    faults: &'a Faults,
    call: Call,
    session: Mutex<Session>,
}

/// Relays until either side ends, or a rule does. The login is under way: the server's answer to the password comes next.
pub(crate) async fn relay<S>(
    faults: &Faults,
    call: Call,
    client: &mut S,
    server: &mut TcpStream,
) -> io::Result<Ending>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let relay = Relay { faults, call, session: Mutex::default() };
    let (client_reads, mut client_writes) = split(client);
    let (server_reads, mut server_writes) = server.split();
    tokio::select! {
        ended = relay.to_server(Messages::new(client_reads), &mut server_writes) => ended,
        ended = relay.to_client(Messages::new(server_reads), &mut client_writes) => ended,
    }
}

impl Relay<'_> {
    async fn to_server<R, W>(&self, mut client: Messages<R>, server: &mut W) -> io::Result<Ending>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut commits = Commits::default();
        while let Some(message) = client.next().await? {
            if self.commits(&mut commits, &message)
                && let Some(ending) = self.meet(&mut client).await?
            {
                return Ok(ending);
            }
            if matches!(message.kind, b'Q' | b'S' | b'F') {
                self.lock().asked += 1;
            }
            message.write(server).await?;
        }
        Ok(Ending::Itself)
    }

    /// Whether `message` is the one that makes the server commit.
    fn commits(&self, commits: &mut Commits, message: &Message) -> bool {
        let session = self.lock();
        // with answers outstanding the server's last word on transactions is not the latest, but deployers wait for each
        commits.see(message, session.in_transaction)
    }

    /// Lets the rules meet a commit that the client has asked for; an ending if the session ends here.
    async fn meet<R: AsyncRead + Unpin>(&self, client: &mut Messages<R>) -> io::Result<Option<Ending>> {
        let Some(strike) = self.faults.meet(&self.call) else { return Ok(None) };
        tracing::info!(rule = strike.rule, path = self.call.path, "a fault rule meets a commit");
        if strike.when == When::After {
            // an Execute is answered by the Sync that follows it
            let mut session = self.lock();
            let number = session.asked + 1;
            session.kept.push_back((number, KeptReply { rule: strike.rule, action: strike.action }));
            return Ok(None);
        }
        tokio::select! {
            ending = self.act(&strike.rule, &strike.action) => Ok(ending),
            gone = client.until_gone() => match gone? {},
        }
    }

    /// Does what a rule says; an ending if that ends the session.
    async fn act(&self, rule: &str, action: &Action) -> Option<Ending> {
        match action {
            Action::Hold => match self.faults.hold(rule, &self.call).await {
                Release::GoOn => None,
                Release::Drop => Some(Ending::Closed),
            },
            Action::Delay(delay) => {
                tokio::time::sleep(Duration::from_millis(*delay)).await;
                None
            }
            // PostgreSQL knows no other answer in place of its own than a lost session
            Action::Drop | Action::Answer(_) => Some(Ending::Closed),
            Action::Reset => Some(Ending::Reset),
            // these are about the REST API
            Action::Stale { .. } | Action::ExpireToken => None,
        }
    }

    async fn to_client<R, W>(&self, mut server: Messages<R>, client: &mut W) -> io::Result<Ending>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut reply: Vec<Message> = Vec::new();
        while let Some(message) = server.next().await? {
            let ready = message.kind == b'Z';
            let keeps = !self.lock().kept.is_empty();
            reply.push(message);
            if ready {
                let kept = self.is_ready(reply.last());
                if let Some(kept) = kept
                    && let Some(ending) = self.act(&kept.rule, &kept.action).await
                {
                    return Ok(ending);
                }
            } else if keeps {
                // part of an answer that may be kept back as a whole
                continue;
            }
            for message in reply.drain(..) {
                message.write(client).await?;
            }
        }
        for message in reply {
            message.write(client).await?;
        }
        Ok(Ending::Itself)
    }

    /// Notes the server's `ReadyForQuery`; what a rule does with the answer that it ends.
    fn is_ready(&self, message: Option<&Message>) -> Option<KeptReply> {
        let mut session = self.lock();
        session.in_transaction = message.is_some_and(|message| message.body.first() == Some(&b'T'));
        // the first one ends the login
        if session.asked == 0 {
            return None;
        }
        session.answered += 1;
        let answered = session.answered;
        let due = session.kept.front().is_some_and(|(number, _)| *number <= answered);
        if due { session.kept.pop_front().map(|(_, kept)| kept) } else { None }
    }

    fn lock(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows prepared statements and portals, to know what an Execute does.
#[derive(Debug, Default)]
struct Commits {
    statements: HashMap<Vec<u8>, String>,
    portals: HashMap<Vec<u8>, Vec<u8>>,
    /// An Execute outside of a transaction has changed something; the next Sync commits it.
    at_sync: bool,
    /// A statement since the last Sync has opened a transaction.
    opened: bool,
}

impl Commits {
    /// Takes in a message of the client; whether it makes the server commit.
    fn see(&mut self, message: &Message, in_transaction: bool) -> bool {
        let mut texts = message.body.split(|byte| *byte == 0);
        let mut text = || texts.next().unwrap_or_default();
        match message.kind {
            b'Q' => effect(&String::from_utf8_lossy(text()), in_transaction) == Effect::Commits,
            b'P' => {
                let (name, sql) = (text().to_vec(), String::from_utf8_lossy(text()).into_owned());
                if self.statements.len() < MOST_NAMED_STATEMENTS || self.statements.contains_key(&name) {
                    self.statements.insert(name, sql);
                }
                false
            }
            b'B' => {
                let (portal, statement) = (text().to_vec(), text().to_vec());
                if self.portals.len() < MOST_NAMED_STATEMENTS || self.portals.contains_key(&portal) {
                    self.portals.insert(portal, statement);
                }
                false
            }
            b'E' => self.execute(text(), in_transaction),
            b'S' => {
                self.opened = false;
                std::mem::take(&mut self.at_sync)
            }
            _ => false,
        }
    }

    fn execute(&mut self, portal: &[u8], in_transaction: bool) -> bool {
        let sql = self.portals.get(portal).and_then(|statement| self.statements.get(statement));
        let Some(sql) = sql else { return false };
        let open = in_transaction || self.opened;
        if effect(sql, open) == Effect::Commits {
            // COMMIT commits at once, other statements wait for the Sync
            self.at_sync |= !open;
            return open;
        }
        let first = sql.split_whitespace().next().unwrap_or_default().to_lowercase();
        self.opened |= first == "begin" || first == "start";
        false
    }
}

/// Reads typed messages, and can wait for the other side's end without losing any.
struct Messages<R> {
    stream: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Messages<R> {
    fn new(stream: R) -> Messages<R> {
        Messages { stream, buffer: BytesMut::new() }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// A whole message out of the buffer.
    fn take(&mut self) -> io::Result<Option<Message>> {
        let Some(head) = self.buffer.first_chunk::<5>() else { return Ok(None) };
        let kind = head[0];
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if !(4..=LONGEST_MESSAGE).contains(&length) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {length} bytes")));
        }
        if self.buffer.len() < length + 1 {
            self.buffer.reserve(length + 1 - self.buffer.len());
            return Ok(None);
        }
        self.buffer.advance(5);
        Ok(Some(Message { kind, body: self.buffer.split_to(length - 4).to_vec() }))
    }

    /// Waits for the other side to end, and keeps what it sends until then.
    async fn until_gone(&mut self) -> io::Result<Infallible> {
        loop {
            if self.buffer.len() > MOST_BUFFERED {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the client does not wait for its answer",
                ));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "the client left during its commit",
                ));
            }
        }
    }
}
