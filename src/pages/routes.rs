//! Which requests are for pages, and which page answers each.

use http::header::{ACCEPT, ALLOW};
use http::{Method, Request, Response, StatusCode};

use super::inner::InnerBody;
use super::problem::{Problem, refused};
use super::sent::{redirect, response, text};
use super::visit::{Visit, decoded};
use super::{
    assets, changes, client, compare, home, readers, record, reference, revisions, table, upload,
    versions,
};
use crate::api::page::PageBody;
use crate::api::reply::Reply;
use crate::versioning::wants_page;

/// Under this are all pages but the first.
pub(super) const EXPLORE: &str = "/explore";

/// Search engines may know what there is, but not each of the countless views of it.
const ROBOTS: &str = "User-agent: *\nDisallow: /explore/*?\nDisallow: /explore/-/upload\nDisallow: /datasets\nAllow: /\n";

/// A page, or what belongs to pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    Explore,
    Robots,
    Asset,
    Upload,
    Table,
    View,
    Groups,
    GroupsView,
    Record,
    Revisions,
    Changes,
    Readers,
    Replace,
    Compare,
    Versions,
    Reference,
    Operation,
    Client,
    Nowhere,
}

impl Page {
    /// The page that a request is for. `None`: the request is for the API.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        let path = request.uri().path();
        match path {
            "/" => asks_for_home(request).then_some(Self::Home),
            "/robots.txt" => Some(Self::Robots),
            _ => {
                let rest = path.strip_prefix(EXPLORE)?;
                (rest.is_empty() || rest.starts_with('/')).then(|| Self::below(rest))
            }
        }
    }

    /// The page at that path below `/explore`.
    fn below(path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        let parts = [(); 5].map(|()| parts.next());
        match parts {
            [Some(""), None, ..] => Self::Explore,
            [Some("-"), Some("assets"), Some(_), Some(_), None] => Self::Asset,
            [Some("-"), Some("upload"), None, ..] => Self::Upload,
            [Some("-"), Some("versions"), None, ..] => Self::Versions,
            [Some("-"), Some("reference"), Some(_), None, _] => Self::Reference,
            [Some("-"), Some("reference"), Some(_), Some(_), None] => Self::Operation,
            [Some("-"), Some("client"), None, ..] => Self::Client,
            [Some("-"), ..] => Self::Nowhere,
            [Some(_), None, ..] => Self::Table,
            [Some(_), Some("view"), None, ..] => Self::View,
            [Some(_), Some("groups"), None, ..] => Self::Groups,
            [Some(_), Some("groups"), Some("view"), None, _] => Self::GroupsView,
            [Some(_), Some("rows"), Some(_), None, _] => Self::Record,
            [Some(_), Some("revisions"), None, ..] => Self::Revisions,
            [Some(_), Some("changes"), None, ..] => Self::Changes,
            [Some(_), Some("readers"), None, ..] => Self::Readers,
            [Some(_), Some("replace"), None, ..] => Self::Replace,
            [Some(_), Some("versions"), None, ..] => Self::Compare,
            _ => Self::Nowhere,
        }
    }

    /// Its path in metrics.
    fn route(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Explore => EXPLORE,
            Self::Robots => "/robots.txt",
            Self::Asset => "/explore/-/assets",
            Self::Upload => "/explore/-/upload",
            Self::Table => "/explore/{name}",
            Self::View => "/explore/{name}/view",
            Self::Groups => "/explore/{name}/groups",
            Self::GroupsView => "/explore/{name}/groups/view",
            Self::Record => "/explore/{name}/rows/{row}",
            Self::Revisions => "/explore/{name}/revisions",
            Self::Changes => "/explore/{name}/changes",
            Self::Readers => "/explore/{name}/readers",
            Self::Replace => "/explore/{name}/replace",
            Self::Compare => "/explore/{name}/versions",
            Self::Versions => "/explore/-/versions",
            Self::Reference => "/explore/-/reference/{version}",
            Self::Operation => "/explore/-/reference/{version}/{operation}",
            Self::Client => "/explore/-/client",
            Self::Nowhere => "/explore/…",
        }
    }

    fn method(self) -> &'static [Method] {
        match self {
            Self::Upload => &[Method::POST],
            Self::Replace => &[Method::GET, Method::HEAD, Method::POST],
            _ => &[Method::GET, Method::HEAD],
        }
    }

    pub(super) async fn answer(self, visit: Visit, body: InnerBody) -> Response<PageBody> {
        let reply = match self.method().contains(&visit.method) {
            true => self.made(&visit, body).await,
            false => Ok(self.other_method()),
        };
        let reply = reply.unwrap_or_else(|problem| refused(&problem));
        let asked = (&visit.method, &visit.headers);
        response(&visit.services, self.route(), asked, reply).await
    }

    async fn made(self, visit: &Visit, body: InnerBody) -> Result<Reply, Problem> {
        visit.check_query()?;
        let mut parts = visit.uri.path().trim_matches('/').split('/').skip(1);
        let name = decoded(parts.next().unwrap_or_default());
        let mut rest = parts.map(decoded).skip(1);
        let mut next = || rest.next().unwrap_or_default();
        match self {
            Self::Home => home::page(visit).await,
            Self::Explore => Ok(redirect("/")),
            Self::Robots => Ok(text(StatusCode::OK, ROBOTS)),
            Self::Asset => Ok(assets::asset(visit.uri.path())),
            Self::Upload => upload::received(visit, body).await,
            Self::Table => table::page(visit, &name).await,
            Self::View => table::chosen(visit, &name),
            Self::Groups => table::groups::page(visit, &name).await,
            Self::GroupsView => table::groups::chosen(visit, &name).await,
            Self::Record => record::page(visit, &name, &next()).await,
            Self::Revisions => revisions::page(visit, &name).await,
            Self::Changes => changes::page(visit, &name).await,
            Self::Readers => readers::page(visit, &name).await,
            Self::Replace if visit.method == Method::POST => {
                upload::replaced(visit, &name, body).await
            }
            Self::Replace => upload::form(visit, &name).await,
            Self::Compare => compare::page(visit, &name).await,
            Self::Versions => versions::page(visit).await,
            Self::Reference => reference::page(visit, &next()).await,
            Self::Operation => reference::operation(visit, &next(), &next()).await,
            Self::Client => client::page(visit).await,
            Self::Nowhere => Err(Problem::nowhere(visit.uri.path())),
        }
    }

    fn other_method(self) -> Reply {
        let allow: Vec<_> = self.method().iter().map(Method::as_str).collect();
        let reply = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "This page has no such method; the header Allow names those that it has.\n",
        );
        reply.with(ALLOW, allow.join(", "))
    }
}

/// Whether a request for `/` is for the page. A client that names a version or a format in the URL gets the answer of the API.
fn asks_for_home<B>(request: &Request<B>) -> bool {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return false;
    }
    let accept = request.headers().get_all(ACCEPT).iter();
    let mut query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    wants_page(accept.map(http::HeaderValue::as_bytes))
        && !query.any(|(name, _)| ["version", "format"].contains(&&*name))
}
