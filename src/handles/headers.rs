//! The headers of a response, which hooks may change.

/// The headers of a response: names and values. The case of names does not matter.
///
/// A header whose name or value HTTP does not allow is left out and logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Returns the value of a header; the first one if there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Sets a header, in place of all headers of this name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.append(name, value);
    }

    /// Adds a header beside those of the same name, such as another `set-cookie`.
    pub fn append(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// Removes all headers of this name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// Removes the headers whose names start with `prefix`, which is in lower case, and returns them.
    pub(crate) fn take_prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let (taken, kept) = core::mem::take(&mut self.0).into_iter().partition(|(name, _)| name.starts_with(prefix));
        self.0 = kept;
        taken
    }

    /// Adds headers whose names are in lower case.
    pub(crate) fn extend(&mut self, headers: Vec<(String, String)>) {
        self.0.extend(headers);
    }

    /// Returns the names, in lower case, and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Headers {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.append(&name, value);
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_in_any_case() {
        let mut headers: Headers = [("Set-Cookie".to_owned(), "a=1".to_owned())].into_iter().collect();
        headers.append("SET-COOKIE", "b=2");
        headers.set("X-One", "1");
        headers.set("x-one", "2");
        let pairs = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-one", "2")];
        assert_eq!(headers.iter().collect::<Vec<_>>(), pairs);
        assert_eq!(headers.get("X-ONE"), Some("2"));
        headers.remove("Set-cookie");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("x-one", "2")]);
    }
}
