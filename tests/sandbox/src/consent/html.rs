//! Owns what Seller Central's pages look like here: plain forms that a test can read and post.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use super::{Fields, field};
use crate::world::{Seller, World};

/// An error page of Seller Central: its code, and what it means.
pub(super) struct ErrorPage(pub(super) &'static str, pub(super) String);

/// The consent page: what was asked for, carried along, and who is to consent.
pub(super) fn form(world: &World, asked: &Fields, signed_in: Option<&str>) -> String {
    let kept = ["application_id", "state", "version", "redirect_uri"]
        .into_iter()
        .filter(|name| asked.contains_key(*name));
    let hidden: String = kept
        .map(|name| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n",
                escaped(field(asked, name))
            )
        })
        .collect();
    let option = |(id, seller): (&String, &Seller)| {
        let selected = if signed_in == Some(id) {
            " selected"
        } else {
            ""
        };
        let (id, name) = (escaped(id), escaped(&seller.account.store_name));
        format!("<option value=\"{id}\"{selected}>{name} ({id})</option>\n")
    };
    let sellers: String = world.sellers.iter().map(option).collect();
    let application = escaped(field(asked, "application_id"));
    format!(
        "<!doctype html>\n<title>Seller Central (sandbox)</title>\n\
         <h1>Authorise {application}?</h1>\n\
         <form method=\"post\" action=\"/apps/authorize/consent\">\n{hidden}\
         <label>Signed in as <select name=\"seller\">\n{sellers}</select></label>\n\
         <button name=\"decision\" value=\"confirm\">Confirm</button>\n\
         <button name=\"decision\" value=\"cancel\">Cancel</button>\n</form>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let page = format!(
            "<!doctype html>\n<title>Error {}</title>\n<h1>{}</h1>\n<p>{}</p>\n",
            self.0,
            self.0,
            escaped(&self.1)
        );
        (StatusCode::BAD_REQUEST, Html(page)).into_response()
    }
}
