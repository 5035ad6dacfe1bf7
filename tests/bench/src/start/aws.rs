//! An AWS that knows nothing, over TLS, as a starting function calls it.

use crate::peers;
use anyhow::Result;
use axum::Router;
use axum::http::header;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// OpenSSL's settings of a certificate for this machine alone.
const CERTIFICATE: &str = "\
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
";

/// A certificate that is its own authority, and its key beside it, by OpenSSL's command.
pub(super) async fn certificate() -> Result<PathBuf> {
    let folder = Path::new("target/bench");
    fs::create_dir_all(folder)?;
    let (settings, certificate) = (folder.join("tls.cnf"), folder.join("tls.pem"));
    fs::write(&settings, CERTIFICATE)?;
    let options = [
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-keyout",
        "target/bench/tls.key",
        "-config",
    ];
    let mut openssl = Command::new("openssl");
    openssl.args(options).arg(&settings);
    openssl.arg("-out").arg(&certificate);
    peers::run(openssl.stderr(std::process::Stdio::null())).await?;
    Ok(certificate)
}

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, from)) = self.tcp.accept().await else {
                continue;
            };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// An AWS that answers every call as a table without items does.
pub(super) struct Aws {
    pub(super) url: String,
    calls: Arc<AtomicU64>,
}

impl Aws {
    /// How often it was called since this was last asked.
    pub(super) fn take_calls(&self) -> u64 {
        self.calls.swap(0, Ordering::Relaxed)
    }
}

pub(super) async fn serve(certificate: &Path) -> Result<Aws> {
    let chain = vec![CertificateDer::from_pem_file(certificate)?];
    let key = PrivateKeyDer::from_pem_file("target/bench/tls.key")?;
    let settings = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    let tcp = TcpListener::bind("127.0.0.1:0").await?;
    let port = tcp.local_addr()?.port();
    let listener = Tls {
        tcp,
        acceptor: Arc::new(settings).into(),
    };
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    let nothing = || async move {
        counted.fetch_add(1, Ordering::Relaxed);
        ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], "{}")
    };
    let router: Router = Router::new().fallback(nothing);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(Aws {
        url: format!("https://localhost:{port}"),
        calls,
    })
}
