//! Sends a message from the account of a private key, which publishes its profile if it has none yet:
//!
//! ```text
//! DM3_PRIVATE_KEY=0x… cargo run -p dm3-core --example send_message -- https://node.example bob.eth "Hello"
//! ```

mod native;

use std::error::Error;
use std::process::ExitCode;

use dm3_core::conversation::ConversationId;

fn main() -> ExitCode {
    native::run(send_message())
}

async fn send_message() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [node, to, text] = args.as_slice() else {
        return Err("usage: DM3_PRIVATE_KEY=0x… send_message <node URL> <name or address> <text>".into());
    };
    let session = native::sign_in(node).await?;
    let peer = session.directory().find(to).await?;
    let message = session.compose(ConversationId::Peer(peer.address), text).await?;
    let flushed = session.flush().await?;
    if !flushed.accepted.contains(message.hash()) {
        return Err(format!("{to} could not be reached: no delivery service took the message").into());
    }
    println!("{} sent {} to {}", session.account(), message.hash(), peer.address);
    Ok(())
}
