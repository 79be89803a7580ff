//! Sends a message from the account of a private key, which publishes its profile if it has none yet:
//!
//! ```text
//! DM3_PRIVATE_KEY=0x… cargo run -p dm3-core --example send_message -- https://node.example bob.eth "Hello"
//! ```

mod native;

use std::error::Error;
use std::process::ExitCode;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Discovery;
use dm3_core::ports::Http as _;
use dm3_core::session::{Directory, Keys, Session, SignIn};
use dm3_core::testing::TestWallet;
use dm3_core::web::BaseUrl;
use native::{NativeHttp, NativePorts};

fn main() -> ExitCode {
    native::exit_code(pollster::block_on(send_message()))
}

async fn send_message() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [node, to, text] = args.as_slice() else {
        return Err("usage: DM3_PRIVATE_KEY=0x… send_message <node URL> <name or address> <text>".into());
    };
    let key = std::env::var("DM3_PRIVATE_KEY").map_err(|_| "DM3_PRIVATE_KEY is not set")?;
    let wallet = TestWallet::of_key(&key).ok_or("DM3_PRIVATE_KEY is not 0x and 64 hexadecimal digits")?;
    let origin: BaseUrl = node.parse()?;
    let document = NativeHttp::default().send(&Discovery::request(&origin)).await?;
    let discovery = Discovery::parse(&document.body)?;
    let ports = NativePorts::new(discovery.rpc_url.clone(), Vec::new());
    let directory = Rc::new(Directory::new(ports, discovery));

    let sign_in = SignIn::new(Rc::clone(&directory), wallet.address());
    let signed_in = match sign_in.create_keys(&wallet).await? {
        Keys::Known(signed_in) => signed_in,
        Keys::New(registration) => registration.publish(&wallet).await?,
        Keys::OtherNonce(_) | Keys::Unusable(_) => {
            return Err("the account's profile has keys that do not follow from this key".into());
        }
    };
    let session = Session::resume(Rc::clone(&directory), signed_in.account, &signed_in.seed);

    let peer = directory.find(to).await?;
    let message = session.compose(ConversationId::Peer(peer.address), text).await?;
    let flushed = session.flush().await?;
    if !flushed.accepted.contains(message.hash()) {
        return Err(format!("{to} could not be reached: no delivery service took the message").into());
    }
    println!("{} sent {} to {}", wallet.address(), message.hash(), peer.address);
    Ok(())
}
