//! The members of objects in an order that does not depend on `serde_json`.

use serde_json::Value;

/// Returns the members of an object in the order of their names. `serde_json`'s own map has this order only if no crate of the app enables
/// its feature `preserve_order`.
pub(super) fn by_name<'a>(members: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Vec<(&'a String, &'a Value)> {
    let mut members: Vec<_> = members.into_iter().collect();
    // Linear if they are in order already.
    members.sort_unstable_by_key(|(name, _)| *name);
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_in_the_order_of_their_names_whatever_order_they_had() {
        let written: Vec<String> = ["name", "zip", "age", "admin", "city"].map(str::to_owned).into();
        let sorted = by_name(written.iter().map(|name| (name, &Value::Null)));
        let names: Vec<_> = sorted.into_iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["admin", "age", "city", "name", "zip"]);
    }
}
