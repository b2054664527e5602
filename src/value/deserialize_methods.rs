//! The methods of serde's `Deserializer`, listed once for those that treat most of them alike.

/// Calls the macro `$write` with each method that asks for a value of some type, and its parameters before the visitor. Left out
/// are those that somebody treats in another way: of bytes, of a unit, of a newtype struct, of a tuple, and of a value that is
/// ignored.
macro_rules! with_deserialize_methods {
    ($write:ident) => {
        $write! {
            deserialize_any();
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
