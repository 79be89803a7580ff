//! The recordings, which the protocol crate keeps.

use std::path::Path;

use serde_json::Value;

/// One step of a client.
pub struct Recording {
    pub step: String,
    pub exchanges: Vec<Exchange>,
}

/// A request and its answer, or a frame of a socket.
pub struct Exchange {
    /// Its number, in the order of all recordings.
    pub number: u64,
    /// `http`, `ws-handshake`, `ws-frame` or `eth-rpc`.
    pub kind: String,
    /// Which server, or the Ethereum node.
    pub service: String,
    pub json: Value,
}

/// All recordings, in their order.
pub fn recordings() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/data/wire");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut recordings: Vec<Recording> = files.map(|file| read(&file)).collect();
    recordings.sort_by_key(|recording| recording.exchanges[0].number);
    assert_eq!(recordings.len(), 29);
    recordings
}

fn read(file: &Path) -> Recording {
    let mut recording: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let Value::Array(exchanges) = recording["exchanges"].take() else { panic!("no recording: {file:?}") };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let exchanges = exchanges.into_iter().map(|json| Exchange {
        number: json["seq"].as_u64().unwrap(),
        kind: text(&json["kind"]),
        service: text(&json["service"]),
        json,
    });
    Recording { step: text(&recording["step"]), exchanges: exchanges.collect() }
}

impl Exchange {
    /// Method and path of a request.
    pub fn request(&self) -> (&str, &str) {
        let request = &self.json["request"];
        (request["method"].as_str().unwrap(), request["publicUrl"].as_str().unwrap())
    }

    /// The token that a request was sent with.
    pub fn token(&self) -> Option<&str> {
        let headers = self.json["request"]["headers"].as_array()?;
        let header = headers.iter().find(|header| header[0] == "Authorization")?;
        header[1].as_str()?.strip_prefix("Bearer ")
    }

    /// The body that was sent: as JSON, or as it was.
    pub fn body(&self) -> Option<Value> {
        let request = &self.json["request"];
        let raw = request.get("raw").filter(|raw| *raw != "").cloned();
        request.get("json").cloned().or(raw)
    }

    pub fn status(&self) -> u16 {
        self.json["response"]["status"].as_u64().unwrap().try_into().unwrap()
    }

    /// The answer: as JSON where it was that, else its text.
    pub fn answer(&self) -> Value {
        let response = &self.json["response"];
        response.get("json").unwrap_or(&response["raw"]).clone()
    }
}
