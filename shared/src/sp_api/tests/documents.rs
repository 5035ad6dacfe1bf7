//! Documents at the addresses that Amazon hands out: no token goes there, no address gets out, and whatever breaks off
//! is noticed.

use super::*;
use crate::error::Class;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use std::net::TcpListener;

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

impl World {
    async fn address(&self, compression: Option<&str>, url: &str) -> Result<DocumentAddress> {
        let mut answer = json!({ "reportDocumentId": "d", "url": url });
        if let Some(compression) = compression {
            answer["compressionAlgorithm"] = compression.into();
        }
        let answer = ResponseTemplate::new(200).set_body_json(answer);
        Mock::given(path("/reports/2021-06-30/documents/d"))
            .respond_with(answer)
            .mount(&self.server)
            .await;
        let found = self
            .amazon
            .get_report_document(&self.account(), "d")
            .await?;
        Ok(found.value)
    }

    /// Downloads what is answered; its pieces put together, and the longest of them.
    async fn download(
        &self,
        compression: Option<&str>,
        answer: ResponseTemplate,
    ) -> Result<(Vec<u8>, usize)> {
        let url = self.uri("/s3/down?X-Amz-Signature=Hush");
        let address = self.address(compression, &url).await?;
        assert!(is_discreet(&format!("{address:?}")), "{address:?}");
        Mock::given(path("/s3/down"))
            .respond_with(answer)
            .mount(&self.server)
            .await;
        let (mut whole, mut longest) = (Vec::new(), 0);
        let download = self.amazon.open_document(&address).await?;
        download
            .read(|piece| {
                assert!(!piece.is_empty());
                longest = longest.max(piece.len());
                whole.extend_from_slice(piece);
                Ok(())
            })
            .await?;
        Ok((whole, longest))
    }
}

#[tokio::test]
async fn a_document_is_unpacked_however_it_comes() {
    let text = "seller-sku\tquantity\nA\t1\n".repeat(50).into_bytes();
    let plain = || ResponseTemplate::new(200).set_body_bytes(text.clone());
    let gzip = || ResponseTemplate::new(200).set_body_bytes(packed(&text));
    let (half, other_half) = text.split_at(text.len() / 2);
    let members = [packed(half), packed(other_half)].concat();
    let rows = [
        (None, plain()),
        (Some("GZIP"), gzip()),
        (
            Some("GZIP"),
            gzip().insert_header("Content-Encoding", "gzip"),
        ),
        (None, gzip().insert_header("Content-Encoding", "gzip")),
        (Some("GZIP"), plain()),
        (
            Some("GZIP"),
            ResponseTemplate::new(200).set_body_bytes(members),
        ),
    ];
    for (compression, answer) in rows {
        let world = World::new().await;
        let (whole, _) = world.download(compression, answer).await.unwrap();
        assert_eq!(whole, text, "{compression:?}");
        let request = &world.requests("/s3/down").await[0];
        assert!(!request.headers.contains_key("x-amz-access-token"));
    }
}

#[tokio::test]
async fn a_document_of_nothing_or_of_one_byte_is_handed_on_too() {
    for text in ["", "x"] {
        let world = World::new().await;
        let answer = ResponseTemplate::new(200).set_body_string(text);
        let (whole, _) = world.download(None, answer).await.unwrap();
        assert_eq!(whole, text.as_bytes());
    }
}

#[tokio::test]
async fn a_document_that_grows_a_thousandfold_comes_in_small_pieces() {
    let world = World::new().await;
    let zeros = packed(&vec![0; 8 << 20]);
    assert!(zeros.len() < 20_000);
    let answer = ResponseTemplate::new(200).set_body_bytes(zeros);
    let (whole, longest) = world.download(Some("GZIP"), answer).await.unwrap();
    assert_eq!(whole.len(), 8 << 20);
    assert!(longest <= 64 * 1024, "{longest}");
}

#[tokio::test]
async fn a_packed_document_that_is_cut_or_damaged_is_retryable() {
    let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let whole = packed(&text);
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let cut = |length: usize| whole[..length].to_vec();
    let rows = [
        cut(whole.len() / 2),
        cut(whole.len() - 1),
        cut(whole.len() - 9),
        cut(5),
        cut(2),
        damaged,
        [&whole[..], b"trailing"].concat(),
    ];
    for (row, body) in rows.into_iter().enumerate() {
        let world = World::new().await;
        let answer = ResponseTemplate::new(200).set_body_bytes(body);
        let error = world.download(Some("GZIP"), answer).await.unwrap_err();
        assert_eq!(error.class(), Class::Retryable, "row {row}");
        assert!(is_discreet(&error.chain()), "{}", error.chain());
    }
}

#[tokio::test]
async fn a_refused_address_is_retryable_and_kept_to_ourselves() {
    for status in [400, 403, 404, 429, 500, 301] {
        let world = World::new().await;
        let body = "<Error><Code>AccessDenied</Code><HostId>Hush</HostId></Error>";
        let answer = ResponseTemplate::new(status)
            .insert_header("location", "/elsewhere")
            .set_body_string(body);
        let error = world.download(None, answer).await.unwrap_err();
        assert_eq!(error.class(), Class::Retryable, "{status}");
        assert_eq!(refusal(&error).unwrap().status, status);
        assert!(is_discreet(&error.chain()), "{}", error.chain());
        assert!(world.requests("/elsewhere").await.is_empty());
    }
}

#[tokio::test]
async fn a_document_packed_in_a_new_way_is_left_to_a_person() {
    let world = World::new().await;
    let answer = ResponseTemplate::new(200);
    let error = world.download(Some("ZSTD"), answer).await.unwrap_err();
    assert_eq!(error.class(), Class::Permanent);
    assert!(world.requests("/s3/down").await.is_empty());
}

#[tokio::test]
async fn an_address_that_is_none_is_an_unreadable_answer_that_shows_nothing_of_it() {
    let world = World::new().await;
    let error = world.address(None, "Hush is no address").await.unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
    assert!(is_discreet(&error.chain()), "{}", error.chain());
}

#[tokio::test]
async fn a_plain_address_of_a_document_is_not_called_where_only_tls_is_spoken() {
    let world = World::new().await;
    let url = "http://127.0.0.1:9/s3/down?X-Amz-Signature=Hush";
    let address = world.address(None, url).await.unwrap();
    let amazon = SpApi::new(Endpoints::default()).unwrap();
    let error = amazon.open_document(&address).await.err().unwrap();
    assert_eq!(error.class(), Class::Permanent);
    assert!(is_discreet(&error.chain()), "{}", error.chain());
}

/// A server that begins to answer every request with a hundred bytes, and sends but these.
fn begins_only(text: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/s3/down", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 4096]).unwrap();
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
        connection.write_all(&[head, text].concat()).unwrap();
        // Stays open until the client gives up.
        let _ = connection.read(&mut [0; 1]);
    });
    address
}

#[tokio::test]
async fn a_download_that_comes_to_a_standstill_is_given_up_and_retryable() {
    let world = World::new().await;
    let address = world.address(None, &begins_only(b"sku")).await.unwrap();
    let mut download = world.amazon.open_document(&address).await.unwrap();
    assert_eq!(download.next().await.unwrap().unwrap(), "sku");
    // From here on time is paused except for timers, and jumps to the limit at once.
    tokio::time::pause();
    let error = download.next().await.unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
    assert!(is_discreet(&error.chain()), "{}", error.chain());
}

#[tokio::test]
async fn whoever_reads_a_document_can_end_it() {
    let world = World::new().await;
    let address = world.address(None, &world.uri("/s3/down")).await.unwrap();
    world
        .answers("GET", ResponseTemplate::new(200).set_body_string("text"))
        .await;
    let download = world.amazon.open_document(&address).await.unwrap();
    assert_eq!(download.content_type(), Some("text/plain"));
    let stop = || Err(crate::Error::permanent("read it", "enough"));
    let error = download.read(|_| stop()).await.unwrap_err();
    assert_eq!(error.class(), Class::Permanent);
}
