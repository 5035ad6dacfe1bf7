//! One server that answers as AWS and Amazon do.

use crate::{Aws, Calls, Clients};
use std::sync::{Arc, Mutex, MutexGuard};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

/// Answers as Amazon, Login with Amazon included, as far as one function's tests ask. Written from Amazon's documents;
/// shares no types with the code under test.
pub trait Amazon: Send + 'static {
    /// `None` if it has no such operation.
    fn answer(&mut self, request: &Request) -> Option<ResponseTemplate>;
}

/// For functions that never call Amazon.
impl Amazon for () {
    fn answer(&mut self, _: &Request) -> Option<ResponseTemplate> {
        None
    }
}

/// The server; its clones share what it heard.
pub struct StandIn<A = ()> {
    server: Arc<MockServer>,
    aws: Arc<Mutex<Aws>>,
    amazon: Arc<Mutex<A>>,
}

impl<A> Clone for StandIn<A> {
    fn clone(&self) -> Self {
        Self {
            server: self.server.clone(),
            aws: self.aws.clone(),
            amazon: self.amazon.clone(),
        }
    }
}

struct Answers<A> {
    aws: Arc<Mutex<Aws>>,
    amazon: Arc<Mutex<A>>,
}

impl<A: Amazon> StandIn<A> {
    pub async fn start(aws: Aws, amazon: A) -> Self {
        let server = MockServer::builder().disable_request_recording();
        let (aws, amazon) = (Arc::new(Mutex::new(aws)), Arc::new(Mutex::new(amazon)));
        let stand_in = Self {
            server: Arc::new(server.start().await),
            aws: aws.clone(),
            amazon: amazon.clone(),
        };
        let all = Mock::given(matchers::any()).respond_with(Answers { aws, amazon });
        all.mount(&stand_in.server).await;
        stand_in
    }

    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// A function's clients, which call this server.
    pub fn clients(&self, calls: &Calls) -> Clients {
        Clients::new(&self.url(), calls)
    }

    pub fn aws(&self) -> MutexGuard<'_, Aws> {
        self.aws.lock().unwrap()
    }

    pub fn amazon(&self) -> MutexGuard<'_, A> {
        self.amazon.lock().unwrap()
    }
}

impl<A: Amazon> Respond for Answers<A> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answer = self.aws.lock().unwrap().answer(request);
        let answer = answer.or_else(|| self.amazon.lock().unwrap().answer(request));
        answer.unwrap_or_else(|| panic!("nobody answers {} {}", request.method, request.url))
    }
}
