//! Reads JSON into a type exactly as the API's description has it. serde takes more: a struct from an array of its values, a
//! word of a set from an object around it. And it takes less: to JSON `15.0` and `15` are one number, to serde they are not.

use crate::error::without_values;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Number, Value};
use serde_path_to_error::Path;

/// Why JSON cannot be read.
pub(crate) struct Misfit {
    pub(crate) path: Path,
    /// What was expected, never what came: it may be a secret.
    pub(crate) detail: String,
}

/// # Errors
/// The first place that does not fit.
pub(crate) fn read<T: DeserializeOwned>(json: Value) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(Exact(json)).map_err(|error| Misfit {
        path: error.path().clone(),
        detail: without_values(&error.inner().to_string()),
    })
}

struct Exact(Value);

impl<'de> Deserializer<'de> for Exact {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(values) => {
                let mut values = SeqDeserializer::new(values.into_iter().map(Exact));
                let read = visitor.visit_seq(&mut values)?;
                values.end().map(|()| read)
            }
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, Exact(value)));
                let mut fields = MapDeserializer::new(fields);
                let read = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| read)
            }
            Value::Number(number) => whole(&number).unwrap_or(number).deserialize_any(visitor),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(_) => self.deserialize_any(visitor),
            _ => Err(Error::custom("expected an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(word) => word
                .into_deserializer()
                .deserialize_enum(name, variants, visitor),
            _ => Err(Error::custom("expected a text")),
        }
    }

    /// The tag of an enum: serde would also take the place of a word in the set.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(word) => visitor.visit_string(word),
            _ => Err(Error::custom("expected a text")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Exact {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn whole(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    // Within these bounds a float holds every whole number exactly.
    let exact = float.fract() == 0.0 && float.abs() < 9e15;
    exact.then(|| Number::from(float as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        Leave,
        Send,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Row {
        first: Option<u32>,
        second: Option<u32>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        mode: Mode,
        #[serde(default)]
        row: Option<Row>,
        #[serde(default)]
        rows: Vec<Row>,
    }

    fn refused(json: Value) -> (String, String) {
        let misfit = read::<Example>(json).err().unwrap();
        (misfit.path.to_string(), misfit.detail)
    }

    #[test]
    fn what_is_described_is_read() {
        let json = json!({"mode": "send", "row": {"first": 1.0, "second": null}, "rows": [{}, {"second": 2}]});
        let row = |first, second| Row { first, second };
        let example = Example {
            mode: Mode::Send,
            row: Some(row(Some(1), None)),
            rows: vec![row(None, None), row(None, Some(2))],
        };
        assert_eq!(read::<Example>(json).ok(), Some(example));
        let least = read::<Example>(json!({"mode": "leave"})).ok().unwrap();
        assert_eq!((least.mode, least.row), (Mode::Leave, None));
    }

    #[test]
    fn a_struct_is_an_object_wherever_it_is() {
        let object = "expected an object".to_owned();
        for (json, path) in [
            (json!({"mode": "send", "row": [null, null]}), "row"),
            (json!({"mode": "send", "row": [1, 2]}), "row"),
            (json!({"mode": "send", "row": "1"}), "row"),
            (json!({"mode": "send", "rows": [{}, [1, 2]]}), "rows[1]"),
        ] {
            assert_eq!(refused(json), (path.to_owned(), object.clone()));
        }
        assert_eq!(refused(json!(["send", null, []])).1, object);
    }

    #[test]
    fn a_word_of_a_set_is_a_text() {
        for word in [
            json!({"send": null}),
            json!(["send"]),
            json!(1),
            json!(null),
        ] {
            let (path, detail) = refused(json!({"mode": word}));
            assert_eq!(
                (path.as_str(), detail.as_str()),
                ("mode", "expected a text")
            );
        }
    }

    #[test]
    fn the_tag_of_an_enum_is_a_text() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        enum Tagged {
            Plain {},
            Row(Row),
        }

        assert!(matches!(
            read(json!({"kind": "plain"})),
            Ok(Tagged::Plain {})
        ));
        let row = read::<Tagged>(json!({"kind": "row", "first": 1.0}));
        assert!(matches!(row, Ok(Tagged::Row(row)) if row.first == Some(1)));
        for kind in [json!(0), json!(null), json!({"plain": {}})] {
            assert!(read::<Tagged>(json!({"kind": kind})).is_err(), "{kind}");
        }
    }

    #[test]
    fn a_whole_number_may_have_a_fraction_of_zero_and_no_other() {
        assert!(read::<u8>(json!(15.0)).is_ok());
        assert!(read::<u8>(json!(15.5)).is_err());
        assert!(read::<i64>(json!(1e300)).is_err());
    }
}
