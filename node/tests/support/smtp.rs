//! A mail server that takes everything and shows it, with TLS or without.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const PATIENCE: Duration = Duration::from_secs(60);

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// In the clear.
    None,
    /// TLS from the first byte.
    Tls,
    /// TLS once the client asks for it.
    StartTls,
}

#[derive(Debug)]
pub struct Mail {
    pub encrypted: bool,
    pub login: String,
    pub from: String,
    pub to: String,
    pub text: String,
}

impl Mail {
    /// The code in a mail that proves an address.
    pub fn code(&self) -> String {
        let (_, rest) = self.text.split_once("Your code is ").expect("the mail has a code");
        rest.chars().take_while(char::is_ascii_digit).collect()
    }
}

pub struct MailServer {
    pub port: u16,
    security: Security,
    mails: mpsc::UnboundedReceiver<Mail>,
    sessions: mpsc::UnboundedReceiver<Vec<String>>,
    folder: TempDir,
}

impl MailServer {
    pub async fn start() -> Self {
        Self::start_with(Security::None).await
    }

    /// With a certificate for 127.0.0.1 that its own authority issued, which is itself.
    pub async fn start_with(security: Security) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(folder.path().join("ca.pem"), cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (mail, mails) = mpsc::unbounded_channel();
        let (session, sessions) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mail, session, acceptor) = (mail.clone(), session.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let mut commands = Vec::new();
                    serve(stream, security, &acceptor, &mail, &mut commands).await;
                    let _ = session.send(commands);
                });
            }
        });
        Self { port, security, mails, sessions, folder }
    }

    /// What a node needs in its configuration to use it.
    pub fn config(&self) -> String {
        self.config_trusting("")
    }

    /// The same, and it trusts the server's certificate.
    pub fn config_with_ca(&self) -> String {
        self.config_trusting(&self.folder.path().join("ca.pem").display().to_string())
    }

    fn config_trusting(&self, ca_file: &str) -> String {
        let security = match self.security {
            Security::None => "none",
            Security::Tls => "tls",
            Security::StartTls => "starttls",
        };
        format!(
            "smtp_host = '127.0.0.1'\nsmtp_port = {}\nsmtp_security = '{security}'\nsmtp_username = 'ds1'\n\
             smtp_password = 'hunter2'\nsmtp_from = 'ds1@example.org'\nsmtp_ca_file = '{ca_file}'\n",
            self.port
        )
    }

    /// The next mail.
    pub async fn mail(&mut self) -> Mail {
        tokio::time::timeout(PATIENCE, self.mails.recv()).await.expect("a mail in time").unwrap()
    }

    /// A mail that is there already.
    pub fn waiting(&mut self) -> Option<Mail> {
        self.mails.try_recv().ok()
    }

    /// What a client said in the next session that ends.
    pub async fn session(&mut self) -> Vec<String> {
        tokio::time::timeout(PATIENCE, self.sessions.recv()).await.expect("a session in time").unwrap()
    }
}

async fn serve(
    stream: TcpStream,
    security: Security,
    acceptor: &TlsAcceptor,
    mails: &mpsc::UnboundedSender<Mail>,
    commands: &mut Vec<String>,
) -> Option<()> {
    match security {
        Security::None => talk(stream, false, false, mails, commands).await.map(|_| ()),
        Security::Tls => {
            talk(acceptor.accept(stream).await.ok()?, true, false, mails, commands).await.map(|_| ())
        }
        Security::StartTls => {
            let stream = talk(stream, false, true, mails, commands).await?;
            talk(acceptor.accept(stream).await.ok()?, true, false, mails, commands).await.map(|_| ())
        }
    }
}

/// Talks until the client leaves, or wants TLS; then gives the stream back.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    encrypted: bool,
    offers_tls: bool,
    mails: &mpsc::UnboundedSender<Mail>,
    commands: &mut Vec<String>,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    let (mut login, mut from, mut to) = (String::new(), String::new(), String::new());
    // After STARTTLS the client speaks first (RFC 3207, section 4.2).
    if commands.is_empty() {
        stream.write_all(b"220 mail\r\n").await.ok()?;
    }
    loop {
        let line = line(&mut stream).await?;
        commands.push(line.clone());
        let answer = match line.split(' ').next()?.to_uppercase().as_str() {
            "EHLO" if offers_tls => "250-mail\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
            "EHLO" => "250-mail\r\n250 AUTH PLAIN\r\n",
            "STARTTLS" if offers_tls => {
                stream.write_all(b"220 go on\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" if line.contains("AGRzMQBodW50ZXIy") => {
                login = line;
                "235 welcome\r\n"
            }
            "AUTH" => "535 wrong user name or password\r\n",
            "MAIL" => {
                from = line;
                "250 ok\r\n"
            }
            "RCPT" => {
                to = line;
                "250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let mut text = String::new();
                loop {
                    let line = self::line(&mut stream).await?;
                    if line == "." {
                        break;
                    }
                    text.push_str(&line);
                    text.push('\n');
                }
                let mail = Mail { encrypted, login: login.clone(), from: from.clone(), to: to.clone(), text };
                mails.send(mail).ok()?;
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(1..) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}
