//! Finds the placeholders in the JSON of one argument.

use serde_json::Value;

use super::json;

/// Returns which of `count` attachments the placeholders in a JSON text name; `None` if the text is nested too deep to be read.
pub(super) fn named(json: &str, count: usize) -> Option<Box<[bool]>> {
    let mut named = vec![false; count].into_boxed_slice();
    // Most binary packets have other arguments, too. An escaped `_placeholder` has a backslash.
    if count == 0 || !(json.contains("_placeholder") || json.contains('\\')) {
        return Some(named);
    }
    // `Value` is at most 127 deep, so that this may recurse.
    mark(&json::from_str(json).ok()?, &mut named);
    Some(named)
}

fn mark(value: &Value, named: &mut [bool]) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| mark(element, named)),
        Value::Object(members) => match index(value) {
            Some(index) => {
                if let Some(named) = named.get_mut(index) {
                    *named = true;
                }
            }
            None => members.values().for_each(|member| mark(member, named)),
        },
        _ => {}
    }
}

/// Returns the index that a placeholder has; `None` if the value is none.
fn index(value: &Value) -> Option<usize> {
    let is_placeholder = value.get("_placeholder") == Some(&Value::Bool(true));
    value.get("num")?.as_u64().filter(|_| is_placeholder).and_then(|index| index.try_into().ok())
}

#[cfg(test)]
mod tests {
    use core::fmt;
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use serde::Deserialize;
    use serde::de::{DeserializeOwned, IgnoredAny};
    use serde_json::{Value, json};

    use crate::value::args::Args;
    use crate::value::taken::BINARY;

    const ZERO: &str = r#"{"_placeholder":true,"num":0}"#;

    fn args(elements: &str) -> Args {
        Args::from_wire(elements, ["zero", "one"].map(Bytes::from).to_vec())
    }

    fn parsed<T: DeserializeOwned + fmt::Debug>(elements: &str) -> T {
        args(elements).parse().expect("valid")
    }

    fn error<T: DeserializeOwned + fmt::Debug>(elements: &str) -> String {
        args(elements).parse::<T>().expect_err("invalid").to_string()
    }

    #[test]
    fn binary_values_are_no_json() {
        #[derive(Debug, Deserialize)]
        #[serde(untagged)]
        enum Either {
            #[expect(dead_code, reason = "only whether it can be read is tested")]
            Text(String),
            #[expect(dead_code, reason = "only whether it can be read is tested")]
            Any(Value),
        }
        #[derive(Debug, Default, Deserialize, PartialEq)]
        #[serde(default)]
        struct Named {
            name: Option<String>,
        }
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        struct Loose {
            num: u8,
        }
        #[derive(Debug, Deserialize)]
        struct Outer {
            #[expect(dead_code, reason = "only whether it can be read is tested")]
            inner: BTreeMap<String, Value>,
        }
        let binary = |at| format!("argument {at}: {BINARY}");
        assert_eq!(error::<Value>(ZERO), binary(1));
        assert_eq!(error::<Value>(&format!(r#"[{{"deep":[1,{ZERO}]}}]"#)), binary(1));
        assert_eq!(error::<(u8, Value)>(&format!("1,{ZERO}")), binary(2));
        assert_eq!(error::<(Bytes, Value)>(&format!(r#"{ZERO},{{"num":1,"_placehold\u0065r":true}}"#)), binary(2));
        assert_eq!(error::<BTreeMap<String, Value>>(ZERO), binary(1));
        assert_eq!(error::<BTreeMap<String, Value>>(&format!(r#"{{"a":{ZERO}}}"#)), binary(1));
        assert_eq!(error::<Vec<Value>>(&format!("[{ZERO}]")), binary(1));
        assert_eq!(error::<Option<Value>>(ZERO), binary(1));
        assert_eq!(error::<Either>(ZERO), binary(1));
        assert_eq!(args(ZERO).get::<Value>(0).expect_err("binary").to_string(), binary(1));
        assert_eq!(parsed::<Value>(r#"{"a":[1,{"_placeholder":false,"num":0}]}"#)["a"][0], 1);
        assert_eq!(
            parsed::<(Bytes, Value)>(&format!(r#"{ZERO},{{"a":"_placeholder"}}"#)).1,
            json!({"a": "_placeholder"})
        );
        assert_eq!(parsed::<(IgnoredAny, u8)>(&format!("{ZERO},7")).1, 7);
        // Inside of typed values.
        let inside = format!(r#"[{{"a":{ZERO}}}]"#);
        assert_eq!(error::<Vec<BTreeMap<String, Value>>>(&format!("[{ZERO}]")), binary(1));
        assert_eq!(error::<Vec<BTreeMap<String, BTreeMap<String, Value>>>>(&inside), binary(1));
        assert_eq!(error::<Vec<BTreeMap<String, Value>>>(&inside), binary(1));
        assert_eq!(error::<(u8, BTreeMap<String, Loose>)>(&format!(r#"1,{{"a":{ZERO}}}"#)), binary(2));
        assert_eq!(error::<Vec<BTreeMap<String, Named>>>(&inside), binary(1));
        assert_eq!(error::<Outer>(&format!(r#"{{"unknown":1,"inner":{{"a":{ZERO}}}}}"#)), binary(1));
        assert_eq!(error::<Vec<Named>>(&format!("[{ZERO}]")), binary(1));
        assert_eq!(error::<Named>(ZERO), binary(1));
        assert_eq!(error::<(Bytes, Vec<Named>)>(&format!(r#"{ZERO},[{{"_placeholder":true,"num":1}}]"#)), binary(2));
        // What skips a binary value does not read it, however deep it is.
        let deep = format!("{}{ZERO}{}", "[".repeat(1_000), "]".repeat(1_000));
        for unknown in [ZERO, r#"[{"_placeholder":true,"num":1}]"#, &deep] {
            assert_eq!(parsed::<Named>(&format!(r#"{{"unknown":{unknown}}}"#)), Named { name: None });
        }
        assert_eq!(parsed::<BTreeMap<String, Bytes>>(&format!(r#"{{"a":{ZERO}}}"#))["a"], "zero");
        // Without attachments, it is what the client wrote.
        let plain = Args::from_wire(ZERO, Vec::new());
        assert_eq!(plain.parse::<Value>(), Ok(json!({"_placeholder": true, "num": 0})));
    }

    #[test]
    fn an_argument_can_be_taken_out_with_its_attachments_alone() {
        let args = Args::from_wire(
            &format!(r#"1.50, {{"a":[{{"_placeholder":true,"num":1}}]}},{ZERO}"#),
            ["zero", "one", "two"].map(Bytes::from).to_vec(),
        );
        let taken = |index| args.arg(index).expect("it is there");
        assert_eq!((taken(0).to_json().as_str(), taken(0).attachments().len()), ("[1.50]", 0));
        assert_eq!(taken(1).attachments(), ["", "one"]);
        assert_eq!(taken(1).parse::<BTreeMap<String, Vec<Bytes>>>().expect("valid")["a"], ["one"]);
        assert_eq!((taken(2).attachments().len(), taken(2).parse::<Bytes>()), (1, Ok(Bytes::from("zero"))));
        assert_eq!(args.arg(3), None);
        // Too deep to be read: nothing of it is left out.
        let deep = format!("{}{ZERO}{}", "[".repeat(1_000), "]".repeat(1_000));
        let args = Args::from_wire(&deep, ["zero", "one"].map(Bytes::from).to_vec());
        assert_eq!(args.arg(0).map(|arg| arg.attachments().len()), Some(2));
    }
}
