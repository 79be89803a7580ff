//! A mail server that takes everything and shows it.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Mail {
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
    mails: mpsc::UnboundedReceiver<Mail>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone()));
            }
        });
        Self { port, mails }
    }

    /// What a node needs in its configuration to use it.
    pub fn config(&self) -> String {
        format!(
            "smtp_host = '127.0.0.1'\nsmtp_port = {}\nsmtp_security = 'none'\nsmtp_username = 'ds1'\n\
             smtp_password = 'hunter2'\nsmtp_from = 'ds1@example.org'\n",
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
}

async fn serve(stream: TcpStream, mails: mpsc::UnboundedSender<Mail>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut login, mut from, mut to) = (String::new(), String::new(), String::new());
    write.write_all(b"220 mail\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let answer = match line.split(' ').next()?.to_uppercase().as_str() {
            "EHLO" => "250-mail\r\n250 AUTH PLAIN\r\n",
            "AUTH" => {
                login = line;
                "235 welcome\r\n"
            }
            "MAIL" => {
                from = line;
                "250 ok\r\n"
            }
            "RCPT" => {
                to = line;
                "250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut text = String::new();
                loop {
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    text.push_str(&line);
                    text.push('\n');
                }
                let mail = Mail { login: login.clone(), from: from.clone(), to: to.clone(), text };
                mails.send(mail).ok()?;
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        write.write_all(answer.as_bytes()).await.ok()?;
    }
    Some(())
}
