//! Answers every text with the same text, from the account of a private key, until it is ended:
//!
//! ```text
//! DM3_PRIVATE_KEY=0x… cargo run -p dm3-core --example echo_bot -- https://node.example
//! ```

mod native;

use std::error::Error;
use std::process::ExitCode;

use dm3_core::device::Lane;
use dm3_core::engine::{Change, Engine};
use dm3_core::message::SignedMessage;
use dm3_core::ports::Alone;
use dm3_core::session::NewMessage;
use futures_util::StreamExt as _;
use futures_util::future::select;

fn main() -> ExitCode {
    native::run(echo())
}

async fn echo() -> Result<(), Box<dyn Error>> {
    let node = std::env::args().nth(1).ok_or("usage: DM3_PRIVATE_KEY=0x… echo_bot <node URL>")?;
    let session = native::sign_in(&node).await?;
    println!("{} echoes", session.account());
    let (tell, mut changes) = futures_channel::mpsc::unbounded();
    let engine = Engine::new(session, move |change| drop(tell.unbounded_send(change)));
    let answer = async {
        while let Some(change) = changes.next().await {
            let Change::Received(NewMessage { conversation, hash, lane: Lane::In }) = change else {
                continue;
            };
            let Some(row) = engine.session().message(&hash).await? else { continue };
            let text = SignedMessage::parse(&row.json)?.text().to_owned();
            engine.send(conversation, &[], &text).await?;
        }
        Ok::<_, Box<dyn Error>>(())
    };
    let run = std::pin::pin!(engine.run(&Alone));
    select(run, std::pin::pin!(answer)).await;
    Ok(())
}
