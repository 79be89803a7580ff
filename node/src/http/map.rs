//! The path map. Every route is in the table of `docs/node-routes.md`, which says how it compares to the reference's.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use super::{
    api, blobs, burns, ds, gateway, history, notifications, proxy, resolver, settings, share, storage,
    well_known,
};
use crate::app::AppState;

/// Routes, and which they are.
#[derive(Default)]
pub struct Routes {
    router: Router<AppState>,
    listed: Vec<(Method, &'static str)>,
}

impl Routes {
    /// What serves them.
    pub fn into_router(self) -> Router<AppState> {
        self.router
    }

    fn get<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::GET, MethodFilter::GET, path, handler)
    }

    fn post<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::POST, MethodFilter::POST, path, handler)
    }

    fn put<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::PUT, MethodFilter::PUT, path, handler)
    }

    fn delete<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::DELETE, MethodFilter::DELETE, path, handler)
    }

    fn add<H, T>(mut self, method: Method, filter: MethodFilter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.listed.push((method, path));
        Self { router: self.router.route(path, on(filter, handler)), listed: self.listed }
    }
}

/// All routes. A slash at the end of a path makes no difference; it is cut off before these are looked at.
pub fn routes() -> Routes {
    let routes = Routes::default()
        .get("/.well-known/dm3", well_known::discovery)
        .get("/health", well_known::health)
        .get("/ready", well_known::ready);
    names(storage_and_history(notification(delivery(routes))))
        .post("/proxy/ethereum", proxy::ethereum)
        .post("/proxy/gateway", proxy::gateway)
        .get("/proxy/image", proxy::image)
        .post("/proxy/message", proxy::message)
        .get("/proxy/blob", proxy::blob)
        .get("/proxy/document", proxy::document)
        .get("/proxy/ipfs/{cid}", proxy::ipfs)
        .post("/proxy/service", proxy::service)
}

fn delivery(routes: Routes) -> Routes {
    routes
        .get("/ds/hello", well_known::hello)
        .get("/ds/profile/{name}", ds::profile)
        .post("/ds/profile/{name}", ds::register)
        .get("/ds/auth/{name}", ds::challenge)
        .post("/ds/auth/{name}", ds::sign_in)
        .delete("/ds/auth/{name}", ds::sign_out)
        .post("/ds/rpc", ds::rpc)
        .get("/ds/delivery/messages/incoming/{name}", ds::incoming)
        .get("/ds/delivery/messages/{name}/contact/{contact}", ds::incoming_from)
        .post("/ds/delivery/messages/{name}/syncAcknowledgements", ds::acknowledge)
        .get("/ds/mailbox/{name}", ds::mailbox)
        .post("/ds/mailbox/{name}/acknowledge", ds::acknowledge_ids)
        .get("/ds/deposits/{name}", settings::deposits)
        .get("/ds/deposits/{name}/burns", burns::list)
        .post("/ds/deposits/{name}/burns", burns::bring)
        .get("/ds/deposits/{name}/room", share::read)
        .post("/ds/deposits/{name}/room", share::stake)
        .get("/ds/settings/{name}", settings::read)
        .put("/ds/settings/{name}", settings::write)
        .get("/ds/metrics", ds::metrics)
        .get("/ds/blobs/{name}", blobs::usage)
        .post("/ds/blobs/{name}", blobs::begin)
        .put("/ds/blobs/{name}/{id}", blobs::put)
        .delete("/ds/blobs/{name}/{id}", blobs::remove)
        .get("/ds/blob/{id}", blobs::fetch)
}

fn notification(routes: Routes) -> Routes {
    routes
        .get("/ds/notifications/global/{name}", notifications::global)
        .post("/ds/notifications/global/{name}", notifications::set_global)
        .get("/ds/notifications/{name}", notifications::channels)
        .post("/ds/notifications/{name}", notifications::add_channel)
        .post("/ds/notifications/otp/{name}", notifications::send_code)
        .post("/ds/notifications/otp/verify/{name}", notifications::verify_code)
        .post("/ds/notifications/channel/{name}", notifications::enable_channel)
        .delete("/ds/notifications/channel/{type}/{name}", notifications::remove_channel)
}

fn storage_and_history(routes: Routes) -> Routes {
    routes
        .get("/api/hello", well_known::hello)
        .get("/api/profile/{name}", api::profile)
        .post("/api/profile/{name}", api::register)
        .get("/api/auth/{name}", ds::challenge)
        .post("/api/auth/{name}", ds::sign_in)
        .delete("/api/auth/{name}", ds::sign_out)
        .post("/api/storage/new/{name}/addConversation", storage::add_conversation)
        .get("/api/storage/new/{name}/getConversations", storage::conversations)
        .get("/api/storage/new/{name}/getNumberOfConversations", storage::count_conversations)
        .post("/api/storage/new/{name}/toggleHideConversation", storage::hide_conversation)
        .post("/api/storage/new/{name}/addMessage", storage::add_message)
        .post("/api/storage/new/{name}/addMessageBatch", storage::add_messages)
        .post("/api/storage/new/{name}/editMessageBatch", storage::edit_messages)
        .get("/api/storage/new/{name}/getMessages/{contact}", storage::messages)
        .get("/api/storage/new/{name}/getNumberOfMessages/{contact}", storage::count_messages)
        .get("/api/storage/new/{name}/getHaltedMessages", storage::halted_messages)
        .post("/api/storage/new/{name}/clearHaltedMessage", storage::clear_halted)
        .get("/api/history/{name}", history::usage)
        .post("/api/history/{name}", history::write)
        .get("/api/history/{name}/changes", history::changes)
        .get("/api/history/{name}/conversations/{conversation}", history::conversation)
        .get("/api/history/{name}/records/{conversation}/{id}", history::read_one)
        .put("/api/history/{name}/records/{conversation}/{id}", history::write_one)
        .delete("/api/history/{name}/records/{conversation}/{id}", history::delete_one)
}

fn names(routes: Routes) -> Routes {
    routes
        .post("/resolver", gateway::answer_body)
        .get("/resolver/{sender}/{data}", gateway::answer_path)
        .post("/resolver-handler/profile/address", resolver::publish)
        .get("/resolver-handler/profile/{address}", resolver::profile)
        .post("/resolver-handler/profile/name", resolver::claim_name)
        .get("/resolver-handler/profile/name/{address}", resolver::name)
        .post("/resolver-handler/profile/deleteName", resolver::release_name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::routes;

    const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/node-routes.md"));

    #[test]
    fn the_table_of_the_docs_has_every_route_and_no_other() {
        let served = routes().listed;
        let served: Vec<String> = served.iter().map(|(method, path)| format!("{method} {path}")).collect();
        let rows = TABLE.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut told = Vec::new();
        for row in rows {
            let (route, rest) = row.split_once("` |").unwrap();
            assert!(rest.split('|').any(|cell| cell.len() > 3), "nothing is said about {route}");
            told.push(route.to_owned());
        }
        let unique: BTreeSet<&String> = told.iter().collect();
        assert_eq!(unique.len(), told.len(), "a route is told twice");
        assert_eq!(unique, served.iter().collect());
    }
}
