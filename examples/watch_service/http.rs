//! As much of HTTP as a service on the inside of a network needs for a few plain routes.

use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Bytes of a body, at most.
const MOST: u64 = 1 << 20;

/// Bytes of a request's head, at most.
const HEAD: u64 = 1 << 14;

/// One request.
pub(crate) struct Request {
    /// "GET /assess?pump".
    pub what: String,
    pub body: String,
}

/// Reads a request. Whoever sends nothing for five seconds is given up.
pub(crate) fn read(stream: &TcpStream) -> Result<Request> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.take(HEAD + MOST));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    let mut taken = first.len() as u64;
    loop {
        let mut line = String::new();
        taken += reader.read_line(&mut line)? as u64;
        if line.trim().is_empty() {
            break;
        }
        if taken > HEAD {
            return Err(Error::new(ErrorKind::InvalidData, "the head is longer than 16 kB"));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            let number = value.trim().parse();
            length = number.map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        }
    }
    if length > MOST {
        return Err(Error::new(ErrorKind::InvalidData, "the body is longer than 1 MB"));
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    let what = first.trim_end().trim_end_matches(" HTTP/1.1").trim_end_matches(" HTTP/1.0");
    Ok(Request { what: what.to_owned(), body })
}

/// Answers, and closes.
pub(crate) fn answer(mut stream: &TcpStream, status: &str, body: &str) -> Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Asks as a client, and returns the body of the answer.
pub(crate) fn ask(address: std::net::SocketAddr, what: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{what} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}
