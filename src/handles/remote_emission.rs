//! An event for another world, as it is sent to it: fields with their lengths, so that nothing has to be escaped or parsed.

use bytes::Bytes;

use crate::id::{Namespace, Room};
use crate::value::Args;

/// An event for another world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteEmission {
    pub namespace: Namespace,
    /// The rooms; all sockets of the namespace, if there are none.
    pub rooms: Vec<Room>,
    /// The rooms whose sockets are left out.
    pub except: Vec<Room>,
    pub volatile: bool,
    pub event: String,
    pub args: Args,
}

impl RemoteEmission {
    /// Returns the bytes that are sent.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.args.len_bytes() + 256);
        out.push(u8::from(self.volatile));
        push(self.namespace.as_str().as_bytes(), &mut out);
        for rooms in [&self.rooms, &self.except] {
            push_number(rooms.len(), &mut out);
            for room in rooms {
                push(room.as_str().as_bytes(), &mut out);
            }
        }
        push(self.event.as_bytes(), &mut out);
        push(self.args.elements().as_bytes(), &mut out);
        for bytes in self.args.attachments() {
            push(bytes, &mut out);
        }
        out
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` if it is cut.
    pub(crate) fn decode(bytes: Bytes) -> Option<Self> {
        let mut fields = Fields(bytes);
        let volatile = fields.split(1)?.first() == Some(&1);
        let namespace = Namespace::parse(&fields.text()?)?;
        let (rooms, except) = (fields.rooms()?, fields.rooms()?);
        let (event, elements) = (fields.text()?, fields.text()?);
        let mut attachments = Vec::new();
        while !fields.0.is_empty() {
            attachments.push(fields.field()?);
        }
        let args = Args::from_written(elements, attachments);
        Some(Self { namespace, rooms, except, volatile, event, args })
    }
}

/// The fields that have not been read.
struct Fields(Bytes);

impl Fields {
    fn split(&mut self, length: usize) -> Option<Bytes> {
        (length <= self.0.len()).then(|| self.0.split_to(length))
    }

    fn number(&mut self) -> Option<usize> {
        let number = self.split(4)?;
        Some(u32::from_le_bytes((&*number).try_into().ok()?) as usize)
    }

    fn field(&mut self) -> Option<Bytes> {
        let length = self.number()?;
        self.split(length)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.field()?.to_vec()).ok()
    }

    fn rooms(&mut self) -> Option<Vec<Room>> {
        let mut rooms = Vec::new();
        for _ in 0..self.number()? {
            rooms.push(Room::new(self.text()?));
        }
        Some(rooms)
    }
}

fn push(field: &[u8], out: &mut Vec<u8>) {
    push_number(field.len(), out);
    out.extend_from_slice(field);
}

fn push_number(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::IntoArgs as _;

    fn emission() -> RemoteEmission {
        RemoteEmission {
            namespace: Namespace::parse("/game").expect("a name"),
            rooms: vec![Room::new("red\nroom"), Room::new("")],
            except: vec![Room::new("blue")],
            volatile: true,
            event: "moved".to_owned(),
            args: ("héllo", Bytes::from_static(b"\0\x01"), 7).into_args().expect("arguments"),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let empty =
            RemoteEmission { rooms: Vec::new(), except: Vec::new(), volatile: false, args: Args::new(), ..emission() };
        for emission in [emission(), empty] {
            assert_eq!(RemoteEmission::decode(emission.encode().into()), Some(emission));
        }
    }

    #[test]
    fn what_is_cut_is_not_read() {
        let whole = emission().encode();
        // The attachment is the last field: without it, the rest is whole.
        let without = whole.len() - 4 - 2;
        for length in (0..whole.len()).filter(|length| *length != without) {
            assert_eq!(RemoteEmission::decode(Bytes::copy_from_slice(&whole[..length])), None, "{length}");
        }
    }
}
