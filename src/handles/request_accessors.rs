//! The accessors of the HTTP request that opened a connection, or asks to open one.

/// Writes the methods of a handle whose `request` returns a
/// [`HandshakeRequest`](crate::core::handshake_request::HandshakeRequest).
macro_rules! request_accessors {
    () => {
        /// Returns the request's path and query.
        pub fn url(&self) -> &str {
            &self.request().url
        }

        /// Returns the request's headers: names in lower case, and values.
        pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
            self.request().headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
        }

        /// Returns the value of a header, by its name in lower case.
        pub fn header(&self, name: &str) -> Option<&str> {
            self.request().header(name)
        }

        /// Returns the value of a cookie, decoded.
        pub fn cookie(&self, name: &str) -> Option<String> {
            cookie_of(self.header("cookie")?, name)
        }

        /// Returns the parameters of the query, decoded, in order.
        pub fn query(&self) -> impl Iterator<Item = (String, String)> {
            self.request().query()
        }

        /// Returns the last parameter of the query with this name, as engine.io does.
        pub fn query_param(&self, name: &str) -> Option<String> {
            self.query().filter(|(key, _)| key == name).last().map(|(_, value)| value)
        }

        /// Returns the client's IP address, from the platform's header `cf-connecting-ip`; empty if there is none.
        pub fn address(&self) -> &str {
            &self.request().address
        }

        /// Whether the request came by `https` or `wss`.
        pub fn is_secure(&self) -> bool {
            self.request().secure
        }

        /// Whether the request has an `origin` header, which browsers send for pages of other origins.
        pub fn is_xdomain(&self) -> bool {
            self.header("origin").is_some()
        }
    };
}
pub(super) use request_accessors;
