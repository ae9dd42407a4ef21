//! A mail server on loopback that does what a test tells it: takes, refuses, puts off, falls silent, hangs up.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Where in a conversation the server is asked what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Connected,
    Auth(String),
    Mail,
    /// The recipient, and how often one was named to this server before.
    Rcpt(String, usize),
    /// The letter came whole; how often one had come before.
    Letter(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Take,
    Say(&'static str),
    /// Says nothing until the other side has gone.
    Hang,
    Close,
}

/// What came, whether it was taken or not.
#[derive(Debug, Clone, Default)]
pub struct Came {
    pub letters: Vec<Vec<u8>>,
    pub commands: Vec<String>,
    recipients: usize,
}

pub struct MailServer {
    pub address: SocketAddr,
    came: Arc<Mutex<Came>>,
    ended: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

pub const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tests/tls/certificate.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tests/tls/key.pem");

type Script = Arc<dyn Fn(Step) -> Answer + Send + Sync>;

impl MailServer {
    /// One that offers STARTTLS and behaves as `script` says.
    pub fn start(script: impl Fn(Step) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (came, ended) = (Arc::new(Mutex::new(Came::default())), Arc::new(AtomicBool::new(false)));
        let (script, kept, stop): (Script, _, _) = (Arc::new(script), came.clone(), ended.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, script, kept) = (stream.unwrap(), script.clone(), kept.clone());
                // A conversation ends as it ends: what came is kept.
                thread::spawn(move || drop(converse(stream, &script, &kept)));
            }
        });
        Self { address, came, ended, thread: Some(thread) }
    }

    pub fn came(&self) -> Came {
        self.came.lock().unwrap().clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

fn secured(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(CERTIFICATE).unwrap()],
            PrivateKeyDer::from_pem_file(KEY).unwrap(),
        )
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

fn converse(stream: TcpStream, script: &Script, came: &Mutex<Came>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let plain = stream.try_clone()?;
    let mut line: BufReader<Box<dyn Line>> = BufReader::new(Box::new(stream));
    let mut secure = false;
    if !answer(&mut line, script(Step::Connected), "220 mail.example ESMTP")? {
        return Ok(());
    }
    loop {
        let mut text = String::new();
        if line.read_line(&mut text)? == 0 {
            return Ok(());
        }
        let text = text.trim_end().to_owned();
        came.lock().unwrap().commands.push(text.clone());
        let goes_on = if text.starts_with("EHLO") {
            let offers = if secure { "250 AUTH PLAIN" } else { "250 STARTTLS" };
            say(&mut line, &format!("250-mail.example\r\n{offers}"))?;
            true
        } else if text == "STARTTLS" {
            say(&mut line, "220 go on")?;
            line = BufReader::new(Box::new(secured(plain.try_clone()?)));
            secure = true;
            true
        } else if let Some(given) = text.strip_prefix("AUTH PLAIN ") {
            answer(&mut line, script(Step::Auth(given.to_owned())), "235 welcome")?
        } else if text.starts_with("MAIL FROM:") {
            answer(&mut line, script(Step::Mail), "250 ok")?
        } else if let Some(to) = text.strip_prefix("RCPT TO:") {
            let before = {
                let mut came = came.lock().unwrap();
                came.recipients += 1;
                came.recipients - 1
            };
            answer(&mut line, script(Step::Rcpt(to.trim_matches(['<', '>']).to_owned(), before)), "250 ok")?
        } else if text == "DATA" {
            say(&mut line, "354 go on")?;
            let letter = read_letter(&mut line)?;
            let before = {
                let mut came = came.lock().unwrap();
                came.letters.push(letter);
                came.letters.len() - 1
            };
            answer(&mut line, script(Step::Letter(before)), "250 taken")?
        } else {
            say(&mut line, "221 bye")?;
            false
        };
        if !goes_on {
            return Ok(());
        }
    }
}

/// The letter until the dot that stands alone, without the dots that were doubled for the way.
fn read_letter(line: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut letter = Vec::new();
    loop {
        let mut text = Vec::new();
        if line.read_until(b'\n', &mut text)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if text == b".\r\n" {
            return Ok(letter);
        }
        letter.extend_from_slice(text.strip_prefix(b".").unwrap_or(&text));
    }
}

fn say(line: &mut BufReader<Box<dyn Line>>, text: &str) -> std::io::Result<()> {
    let stream = line.get_mut();
    stream.write_all(format!("{text}\r\n").as_bytes())?;
    stream.flush()
}

/// Whether the conversation goes on.
fn answer(line: &mut BufReader<Box<dyn Line>>, answer: Answer, taken: &str) -> std::io::Result<bool> {
    match answer {
        Answer::Take => say(line, taken).map(|()| true),
        Answer::Say(text) => say(line, text).map(|()| true),
        Answer::Hang => {
            let _ = line.read(&mut [0; 64]);
            Ok(false)
        }
        Answer::Close => Ok(false),
    }
}
