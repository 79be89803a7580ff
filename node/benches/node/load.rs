//! Sending requests as fast as they are answered, or at a given pace, and what the waiting was like.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Connection;

/// Answered requests and how long each took.
pub struct Measured {
    pub per_second: f64,
    /// In microseconds, ascending.
    latencies: Vec<u64>,
    failed: usize,
}

impl Measured {
    pub fn new(mut latencies: Vec<u64>, failed: usize, took: Duration) -> Self {
        latencies.sort_unstable();
        Self { per_second: latencies.len() as f64 / took.as_secs_f64(), latencies, failed }
    }

    /// In milliseconds; `part` is 0.5 for the median, 1 for the longest.
    pub fn percentile(&self, part: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let index = (part * last as f64).round() as usize;
        self.latencies.get(index).copied().unwrap_or(0) as f64 / 1000.0
    }

    pub fn to_json(&self) -> Value {
        json!({
            "count": self.latencies.len(),
            "failed": self.failed,
            "perSecond": self.per_second,
            "p50": self.percentile(0.5),
            "p99": self.percentile(0.99),
            "max": self.percentile(1.0),
        })
    }
}

/// Sends all `requests` over `connections`, each as soon as the one before is answered.
pub async fn full(node: SocketAddr, connections: usize, requests: &Arc<Vec<Vec<u8>>>) -> Measured {
    run(node, connections, requests, None).await
}

/// Sends them at `per_second`. The wait counts from when a request was due, so that a server that falls behind
/// is not spared.
pub async fn paced(
    node: SocketAddr,
    connections: usize,
    requests: &Arc<Vec<Vec<u8>>>,
    per_second: f64,
) -> Measured {
    run(node, connections, requests, Some(per_second)).await
}

async fn run(
    node: SocketAddr,
    connections: usize,
    requests: &Arc<Vec<Vec<u8>>>,
    per_second: Option<f64>,
) -> Measured {
    let next = Arc::new(AtomicUsize::new(0));
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(node, 1).await.unwrap());
    }
    let began = Instant::now();
    let tasks: Vec<_> = open
        .into_iter()
        .map(|mut connection| {
            let (next, requests) = (next.clone(), requests.clone());
            tokio::spawn(async move {
                let (mut latencies, mut failed) = (Vec::new(), 0);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(index) else { return (latencies, failed) };
                    let mut due = Instant::now();
                    if let Some(per_second) = per_second {
                        due = began + Duration::from_secs_f64(index as f64 / per_second);
                        tokio::time::sleep_until(due.into()).await;
                    }
                    match connection.exchange(request).await {
                        Ok((200, _)) => latencies.push(due.elapsed().as_micros() as u64),
                        Ok(_) => failed += 1,
                        Err(_) => {
                            failed += 1;
                            connection = Connection::open(node, 1).await.unwrap();
                        }
                    }
                }
            })
        })
        .collect();
    let (mut latencies, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let (more, failures) = task.await.unwrap();
        latencies.extend(more);
        failed += failures;
    }
    Measured::new(latencies, failed, began.elapsed())
}
