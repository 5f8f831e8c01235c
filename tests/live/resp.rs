//! The smallest client that can ask a server something: one connection, one question at a time.
//!
//! Polling through `redis-cli` would start a process for every look.

use std::fmt;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What a server said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    Null,
    Text(String),
    Number(i64),
    List(Vec<Reply>),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Trouble {
    /// The server's own words.
    Refused(String),
    Unreachable(io::Error),
}

pub struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Self, Trouble> {
        Self::within(address, ANSWER_LIMIT)
    }

    /// The same with another limit for each answer.
    pub fn within(address: SocketAddr, limit: Duration) -> Result<Self, Trouble> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_LIMIT.min(limit))?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    pub fn ask(&mut self, words: &[&str]) -> Result<Reply, Trouble> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.reader.get_mut().write_all(request.as_bytes())?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply, Trouble> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).ok_or_else(|| garbled(line))?;
        let number = || rest.parse::<i64>().map_err(|_| garbled(line));
        match kind {
            "+" => Ok(Reply::Text(rest.to_owned())),
            "-" => Err(Trouble::Refused(rest.to_owned())),
            ":" => Ok(Reply::Number(number()?)),
            "$" => match number()? {
                -1 => Ok(Reply::Null),
                length => self.bulk(length as usize),
            },
            "*" => (0..number()?)
                .map(|_| self.reply())
                .collect::<Result<_, _>>()
                .map(Reply::List),
            _ => Err(garbled(line)),
        }
    }

    fn bulk(&mut self, length: usize) -> Result<Reply, Trouble> {
        let mut bytes = vec![0; length + 2];
        self.reader.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(Reply::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn garbled(line: &str) -> Trouble {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not an answer: `{line}`"),
    )
    .into()
}

impl Reply {
    /// Scalars one a line, as a piped `redis-cli` prints them.
    pub fn lines(&self) -> String {
        match self {
            Self::Null => "\n".to_owned(),
            Self::Text(text) => format!("{text}\n"),
            Self::Number(number) => format!("{number}\n"),
            Self::List(items) => items.iter().map(Self::lines).collect(),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(words) => write!(f, "refused: {words}"),
            Self::Unreachable(error) => write!(f, "unreachable: {error}"),
        }
    }
}
