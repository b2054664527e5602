//! A list of the methods of serde's `Deserializer`, for implementations that treat most of them alike.

/// The name of the newtype struct that [`RawValue`](serde_json::value::RawValue) asks for; `serde_json` answers it with the JSON
/// text.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Calls the macro `$write` with a list of methods and their parameters before the visitor. The list leaves out the methods that
/// one of the implementations treats differently: those for any type, bytes, a unit, a newtype struct, a tuple, and an ignored value.
macro_rules! with_deserialize_methods {
    ($write:ident) => {
        $write! {
            deserialize_bool();
            deserialize_i8();
            deserialize_i16();
            deserialize_i32();
            deserialize_i64();
            deserialize_i128();
            deserialize_u8();
            deserialize_u16();
            deserialize_u32();
            deserialize_u64();
            deserialize_u128();
            deserialize_f32();
            deserialize_f64();
            deserialize_char();
            deserialize_str();
            deserialize_string();
            deserialize_option();
            deserialize_unit_struct(name: &'static str);
            deserialize_seq();
            deserialize_tuple_struct(name: &'static str, len: usize);
            deserialize_map();
            deserialize_struct(name: &'static str, fields: &'static [&'static str]);
            deserialize_enum(name: &'static str, variants: &'static [&'static str]);
            deserialize_identifier();
        }
    };
}

pub(super) use with_deserialize_methods;
