//! What a function logs.

use lambda_http::tracing::subscriber::fmt::MakeWriter;
use lambda_http::tracing::subscriber::util::SubscriberInitExt as _;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// The log of this test's thread, from its start until it is dropped.
pub struct Log {
    lines: Lines,
    _ends: Box<dyn std::any::Any>,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// # Panics
    /// Never for a test whose functions run on its own thread.
    pub fn start() -> Self {
        let lines = Lines::default();
        let json = lambda_http::tracing::subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(lines.clone());
        let ends = Box::new(json.set_default());
        Self { lines, _ends: ends }
    }

    /// Takes the audit records so far.
    pub fn audit(&self) -> Vec<Value> {
        let text = std::mem::take(&mut *self.lines.0.lock().unwrap());
        let lines = text.split(|byte| *byte == b'\n');
        let records = lines.filter(|line| !line.is_empty());
        let records = records.map(|line| serde_json::from_slice::<Value>(line).unwrap());
        records.filter(|it| it.get("audit").is_some()).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
