//! The network as it carries bytes.

use super::network::{Network, unescaped};
use crate::ports::{Carrier, Unreachable};
use crate::web::{HttpResponse, HttpUrl, Outage, SessionToken};

impl Carrier for Network {
    async fn put(&self, url: &HttpUrl, _: &SessionToken, bytes: &[u8]) -> Result<HttpResponse, Unreachable> {
        let at = url.query_value("at").and_then(|at| at.parse().ok()).expect("where a piece begins");
        self.carry(
            "PUT",
            url,
            || self.files().put(id_of(url.as_str()), at, bytes),
            |status| HttpResponse::new(status, String::new()),
        )
    }

    async fn delete(&self, url: &HttpUrl, _: &SessionToken) -> Result<HttpResponse, Unreachable> {
        let remove = || {
            let known = self.files().remove(id_of(url.as_str()));
            HttpResponse::new(if known { 204 } else { 404 }, String::new())
        };
        self.carry("DELETE", url, remove, |status| HttpResponse::new(status, String::new()))
    }

    async fn part(&self, url: &HttpUrl, range: &str, most: u64) -> Result<(u16, Vec<u8>), Unreachable> {
        let address = url.query_value("url").map_or_else(|| url.as_str().to_owned(), unescaped);
        let found = || self.files().part(id_of(&address), range);
        let (status, bytes) = self.carry("GET", url, found, |status| (status, Vec::new()))?;
        if bytes.len() as u64 > most {
            return Err(Unreachable { host: url.authority().to_owned(), outage: Outage::TooLarge });
        }
        Ok((status, bytes))
    }
}

fn id_of(address: &str) -> &str {
    let path = address.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}
