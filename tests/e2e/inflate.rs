//! What a deflated attribute of a table says, read without the store: an order's body goes on after a primer, all others stand
//! alone.

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress};
use std::io::Read as _;

const PRIMER: &[u8] = include_bytes!("../../shared/src/store/primed/order_1.txt");
const PRIMED: u8 = 1;

/// `None` if it is nothing deflated.
pub fn text(bytes: &[u8]) -> Option<String> {
    let mut alone = String::new();
    if DeflateDecoder::new(bytes)
        .read_to_string(&mut alone)
        .is_ok()
    {
        return Some(alone);
    }
    let rest = bytes.strip_prefix(&[PRIMED])?;
    let mut before = Vec::with_capacity(2 * PRIMER.len());
    let mut compressor = Compress::new(Compression::default(), false);
    compressor
        .compress_vec(PRIMER, &mut before, FlushCompress::Sync)
        .ok()?;
    let mut primed = Vec::new();
    DeflateDecoder::new(before.chain(rest))
        .read_to_end(&mut primed)
        .ok()?;
    String::from_utf8(primed.split_off(PRIMER.len())).ok()
}
