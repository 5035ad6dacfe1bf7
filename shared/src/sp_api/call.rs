//! One call of one operation: its address, the access token, what is sent, and the answer decoded. It repeats a call once
//! if the access token was refused, and never otherwise.

use super::check::{
    RefusalWords, Reply, blames_the_access_token, check, decode, rate_limit, server_time,
};
use super::limits::Operation;
use super::{Account, Answer, SpApi};
use crate::error::{Error, Result};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

/// The request to an operation, except for the caller.
struct Question<'a> {
    operation: Operation,
    method: Method,
    url: Url,
    /// JSON.
    body: Option<&'a [u8]>,
}

impl SpApi {
    /// Calls an operation that reads; once more with a fresh access token if the one at hand was refused.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        account: &Account<'_>,
        operation: Operation,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer<T>> {
        let question = Question {
            operation,
            method: Method::GET,
            url: self.endpoints.operation(account.region, path, query)?,
            body: None,
        };
        self.ask(account, &question).await
    }

    /// As [`Self::get`], with the answer's body as it came: for answers in which one part must not spoil the others.
    pub(super) async fn get_text(
        &self,
        account: &Account<'_>,
        operation: Operation,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer<Vec<u8>>> {
        let question = Question {
            operation,
            method: Method::GET,
            url: self.endpoints.operation(account.region, path, query)?,
            body: None,
        };
        self.ask_for_text(account, &question).await
    }

    /// Calls an operation that creates something.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        account: &Account<'_>,
        operation: Operation,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<Answer<T>> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::permanent(operation.call().doing, error))?;
        let question = Question {
            operation,
            method: Method::POST,
            url: self.endpoints.operation(account.region, path, &[])?,
            body: Some(&body),
        };
        self.ask(account, &question).await
    }

    /// Calls an operation that creates something and may refuse what it is asked for in words: those are an answer. It has
    /// no other body.
    pub(super) async fn post_or_words(
        &self,
        account: &Account<'_>,
        operation: Operation,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<Answer<Option<RefusalWords>>> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Error::permanent(operation.call().doing, error))?;
        let question = Question {
            operation,
            method: Method::POST,
            url: self.endpoints.operation(account.region, path, &[])?,
            body: Some(&body),
        };
        let reply = self.reply_to(account, &question).await?;
        let (rate_limit, server_time) = (rate_limit(&reply.headers), server_time(&reply.headers));
        let value = match RefusalWords::of(&reply) {
            Some(words) => Some(words),
            None => check(operation.call(), reply).map(|_| None)?,
        };
        Ok(Answer {
            value,
            rate_limit,
            server_time,
        })
    }

    /// Calls an operation that changes something; `body` is JSON.
    pub(super) async fn patch<T: DeserializeOwned>(
        &self,
        account: &Account<'_>,
        operation: Operation,
        path: &[&str],
        query: &[(&str, String)],
        body: &[u8],
    ) -> Result<Answer<T>> {
        let question = Question {
            operation,
            method: Method::PATCH,
            url: self.endpoints.operation(account.region, path, query)?,
            body: Some(body),
        };
        self.ask(account, &question).await
    }

    /// Calls an operation that deletes something.
    pub(super) async fn delete(
        &self,
        account: &Account<'_>,
        operation: Operation,
        path: &[&str],
    ) -> Result<Answer<()>> {
        let question = Question {
            operation,
            method: Method::DELETE,
            url: self.endpoints.operation(account.region, path, &[])?,
            body: None,
        };
        let answer = self.ask_for_text(account, &question).await?;
        Ok(answer.map(drop))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        account: &Account<'_>,
        question: &Question<'_>,
    ) -> Result<Answer<T>> {
        let answer = self.ask_for_text(account, question).await?;
        answer.try_map(|body| decode(question.operation.call(), &body))
    }

    async fn ask_for_text(
        &self,
        account: &Account<'_>,
        question: &Question<'_>,
    ) -> Result<Answer<Vec<u8>>> {
        let reply = self.reply_to(account, question).await?;
        let reply = check(question.operation.call(), reply)?;
        Ok(Answer {
            value: reply.body,
            rate_limit: rate_limit(&reply.headers),
            server_time: server_time(&reply.headers),
        })
    }

    /// Asks, and once more with a fresh access token if the one at hand was refused.
    async fn reply_to(&self, account: &Account<'_>, question: &Question<'_>) -> Result<Reply> {
        let scope = question.operation.grantless_scope();
        let token = self.access_token(account, scope).await?;
        let reply = self.ask_once(question, &token).await?;
        if !blames_the_access_token(&reply) {
            return Ok(reply);
        }
        let token = self.replace_access_token(account, scope, &token).await?;
        self.ask_once(question, &token).await
    }

    async fn ask_once(&self, question: &Question<'_>, token: &SecretString) -> Result<Reply> {
        let call = question.operation.call();
        let mut token = HeaderValue::try_from(token.expose_secret())
            .map_err(|_| Error::permanent(call.doing, "the access token is no header value"))?;
        token.set_sensitive(true);
        let mut request = self
            .http
            .request(question.method.clone(), question.url.clone())
            .header("x-amz-access-token", token);
        if let Some(body) = question.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_vec());
        }
        self.send(call, request).await
    }
}
