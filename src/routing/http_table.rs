//! The paths and methods of routes.

use litemap::LiteMap;
use percent_encoding::percent_decode_str;

use crate::error::Failure;
use crate::handles::HttpResponse;

/// If a path has no route of `HEAD`, its route of `GET` answers `HEAD`, and the body is left out.
pub(super) const HEAD: (&str, &str) = ("HEAD", "GET");

/// The parts of a path that a template names, decoded.
pub(super) type Params = Vec<(String, String)>;

/// Routes by their methods and paths; each is a number.
#[derive(Default)]
pub(crate) struct HttpTable(LiteMap<Box<str>, matchit::Router<usize>>);

impl HttpTable {
    /// Adds a route.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the path does not start with `/` or clashes with another one.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    pub(super) fn add(&mut self, method: &str, path: &str, number: usize) {
        assert!(path.starts_with('/'), "the route {path:?} does not start with /");
        let name = method.to_ascii_uppercase();
        let mut router = self.0.remove(&*name).unwrap_or_default();
        if let Err(error) = router.insert(path, number) {
            panic!("the route {method} {path:?} cannot be added: {error}");
        }
        self.0.insert(name.into(), router);
    }

    /// Returns whether there is no route.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of a request's route, with the parts of the path that its template names: `None` if one of them is not UTF-8.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(Option<Params>, usize)> {
        let find = |method: &str| self.0.get(method)?.at(path).ok();
        let found = find(method).or_else(|| find(HEAD.1).filter(|_| method == HEAD.0))?;
        let decode = |(name, value): (&str, &str)| {
            let value = percent_decode_str(value).decode_utf8().ok()?;
            Some((name.to_owned(), value.into_owned()))
        };
        Some((found.params.iter().map(decode).collect(), *found.value))
    }

    /// Returns the methods for which a path has routes, with `HEAD` where there is `GET`; empty if it has none.
    pub(crate) fn methods(&self, path: &str) -> Vec<&str> {
        let here = self.0.iter().filter(|(_, router)| router.at(path).is_ok());
        let mut methods: Vec<&str> = here.map(|(method, _)| &**method).collect();
        if methods.contains(&HEAD.1) && !methods.contains(&HEAD.0) {
            methods.push(HEAD.0);
        }
        methods
    }
}

/// Returns the response to a request whose path has routes of these methods, and none of its own: a 405.
pub(super) fn not_allowed(method: &str, methods: &[&str]) -> HttpResponse {
    let methods = methods.join(", ");
    let message = format!("{method} is not allowed on this path; it takes {methods}");
    let response = HttpResponse::error(405, &Failure::new("METHOD_NOT_ALLOWED", message));
    response.with_header("allow", methods)
}

/// Returns the response to a request with a part of the path that is not UTF-8.
pub(super) fn not_utf8() -> HttpResponse {
    HttpResponse::failed(&Failure::new(Failure::INVALID_ARGUMENTS, "a part of the path is not UTF-8"))
}
