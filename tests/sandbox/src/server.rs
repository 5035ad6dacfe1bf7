//! Owns the process's side of things: options, the port, the routes, start and stop. It never answers
//! a request itself.

use std::{
    env, io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::connect_info::IntoMakeServiceWithConnectInfo,
    routing::{get, post},
};
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    admin,
    clock::Clock,
    connection::{Connection, Connections},
    consent, documents, gate, login,
    models::{ModelError, Models},
    notices,
    world::{Call, World},
};

/// The environment variable that names the folder of Amazon's models.
const MODELS: &str = "SP_API_MODELS";

/// What every request is checked against.
#[derive(Clone, Debug, Default)]
pub enum Check {
    /// The models in the folder that `SP_API_MODELS` names.
    #[default]
    FromEnv,
    /// The models in this folder.
    Models(PathBuf),
    /// Models that are loaded already, since many sandboxes of one process can share them.
    Loaded(Arc<Models>),
    /// Nothing but the rules the sandbox itself knows.
    Nothing,
}

/// How to start a sandbox.
#[derive(Clone, Debug)]
pub struct Options {
    /// 0: any free port. It listens on 127.0.0.1 alone.
    pub port: u16,
    /// Where Amazon's models are.
    pub check: Check,
    /// Rate limits refill so many times as fast as Amazon's; their burst stays.
    pub refill_factor: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            check: Check::default(),
            refill_factor: 1.0,
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, for example.
    #[error("cannot listen: {0}")]
    Listen(#[from] io::Error),
    /// A model is missing or unreadable.
    #[error(transparent)]
    Models(#[from] ModelError),
    /// Nobody said where the models are.
    #[error(
        "SP_API_MODELS is not set: it names the folder of Amazon's models, \
         `bundled-servers/models` of the npm package @amazon-sp-api-release/sp-api-dev-mcp; \
         `cargo dev test` installs it and sets this"
    )]
    NoModels,
}

/// A sandbox that listens; it stops when this is dropped.
#[must_use = "the sandbox stops when this is dropped"]
pub struct Running {
    /// For example `http://127.0.0.1:40123`, without a slash at its end.
    pub url: String,
    _stop: oneshot::Sender<()>,
}

/// What all requests share.
pub(crate) struct Sandbox {
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) models: Option<Arc<Models>>,
    world: Mutex<World>,
}

impl Sandbox {
    /// The state as it is by now, locked. Hold it for one decision and never while waiting.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(self.clock.now());
        world
    }

    /// Whether a notice can be due, without doing what is due by now.
    pub(crate) fn has_subscribers(&self) -> bool {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.notices.has_subscribers()
    }

    /// Writes down a call, for tests to count.
    pub(crate) fn note(&self, call: Call) {
        self.world().calls.push(call);
    }
}

/// Starts a sandbox and returns as soon as it listens. Each has a world of its own.
///
/// # Errors
/// If the port is taken, or the models are not there.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let models = models(options.check)?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let world = Mutex::new(World::new(options.refill_factor));
    let sandbox = Arc::new(Sandbox {
        url: url.clone(),
        clock: Clock::default(),
        models,
        world,
    });
    let (stop, stopped) = oneshot::channel();
    let notices = tokio::spawn(notices::deliver(Arc::clone(&sandbox)));
    let server = axum::serve(Connections(listener), routes(sandbox));
    // The sender is never used, only dropped: that is the signal.
    let until = async move {
        drop(stopped.await);
        notices.abort();
    };
    tokio::spawn(async move { server.with_graceful_shutdown(until).await });
    Ok(Running { url, _stop: stop })
}

fn models(check: Check) -> Result<Option<Arc<Models>>, StartError> {
    let folder = match check {
        Check::Nothing => return Ok(None),
        Check::Models(folder) => folder,
        Check::Loaded(models) => return Ok(Some(models)),
        Check::FromEnv => env::var_os(MODELS)
            .map(PathBuf::from)
            .ok_or(StartError::NoModels)?,
    };
    Ok(Some(Arc::new(Models::load(&folder)?)))
}

fn routes(sandbox: Arc<Sandbox>) -> IntoMakeServiceWithConnectInfo<Router, Connection> {
    Router::new()
        .route("/auth/o2/token", post(login::token))
        .route(
            "/apps/authorize/consent",
            get(consent::page).post(consent::decide),
        )
        .route(
            "/apps/authorize/confirm/{application}",
            get(consent::confirm),
        )
        .merge(documents::routes())
        .nest("/_sandbox", admin::routes())
        .fallback(gate::handle)
        .with_state(sandbox)
        .into_make_service_with_connect_info::<Connection>()
}
