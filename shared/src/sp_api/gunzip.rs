//! Unpacks a document as it arrives. Never holds more than a few ten thousand bytes, however well it was packed.

use axum::body::Bytes;
use flate2::write::MultiGzDecoder;
use std::io::{self, Write};

/// How every gzip member begins; no text that Amazon writes does.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A document that is packed or not, as its first two bytes show.
pub(super) enum Gunzip {
    /// Fewer than two bytes arrived.
    Unknown(Vec<u8>),
    Plain,
    Packed(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self::Unknown(Vec::new())
    }

    /// The next piece of what arrived; `None` if more must arrive first.
    pub(super) fn unpack(&mut self, arrived: &mut Bytes) -> io::Result<Option<Bytes>> {
        if let Self::Unknown(begun) = self {
            if begun.len() + arrived.len() < MAGIC.len() {
                begun.extend_from_slice(&std::mem::take(arrived));
                return Ok(None);
            }
            begun.extend_from_slice(arrived);
            *arrived = Bytes::from(std::mem::take(begun));
            *self = if arrived.starts_with(&MAGIC) {
                Self::Packed(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Self::Plain
            };
        }
        match self {
            Self::Packed(decoder) => inflate(decoder, arrived),
            _ => Ok(some(std::mem::take(arrived))),
        }
    }

    /// What is left, once all has arrived; `None` from the second time on.
    ///
    /// # Errors
    /// If it broke off, or its checksum is not that of what came out.
    pub(super) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        match std::mem::replace(self, Self::Plain) {
            Self::Unknown(begun) => Ok(some(begun.into())),
            Self::Plain => Ok(None),
            Self::Packed(decoder) => Ok(some(decoder.finish()?.into())),
        }
    }
}

fn inflate(
    decoder: &mut MultiGzDecoder<Vec<u8>>,
    arrived: &mut Bytes,
) -> io::Result<Option<Bytes>> {
    while !arrived.is_empty() {
        // Takes as much as fills its own small buffer, and hands that on the next time.
        let taken = decoder.write(arrived)?;
        let _ = arrived.split_to(taken);
        let out = std::mem::take(decoder.get_mut());
        if !out.is_empty() {
            return Ok(Some(out.into()));
        }
        if taken == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(None)
}

fn some(bytes: Bytes) -> Option<Bytes> {
    (!bytes.is_empty()).then_some(bytes)
}
