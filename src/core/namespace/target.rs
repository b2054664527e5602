//! Resolves a target, such as "these rooms, but not those", to its sockets, each once.

use super::namespaces::Namespaces;
use super::rooms::SocketKey;
use super::socket_record::SocketRecord;
use crate::core::input::Target;
use crate::core::table::Identified;
use crate::id::{Room, SocketId};

impl Namespaces {
    /// Appends the value that `of` returns for each socket that `target` selects.
    pub(crate) fn resolve<T>(&mut self, target: &Target, mut of: impl FnMut(&SocketRecord) -> T, out: &mut Vec<T>) {
        let Some(members) = self.by_name.get(target.namespace.as_str()) else { return };
        let (sockets, marks) = (&self.sockets, &mut self.marks);
        let sender = target.sender.and_then(|id| sockets.find(id.id())).map(SocketKey);
        if target.rooms.is_empty() && target.except.is_empty() {
            // Nobody is in this list twice.
            let others = members.all.iter().filter(|key| Some(*key) != sender);
            return out.extend(others.filter_map(|key| sockets.get(key.0)).map(of));
        }
        marks.start(sockets.places());
        let own = |room: &Room| {
            let place = sockets.find(SocketId::parse(room.as_str())?.id())?;
            let is_here = sockets.get(place).is_some_and(|socket| socket.namespace == target.namespace);
            is_here.then_some(SocketKey(place))
        };
        let in_room = |room: &Room| own(room).into_iter().chain(members.rooms.members(room));
        if let Some(key) = sender {
            marks.mark(key);
        }
        for key in target.except.iter().flat_map(in_room) {
            marks.mark(key);
        }
        let mut push = |key: SocketKey| {
            if marks.mark(key)
                && let Some(socket) = sockets.get(key.0)
            {
                out.push(of(socket));
            }
        };
        if target.rooms.is_empty() {
            members.all.iter().for_each(&mut push);
        } else {
            target.rooms.iter().flat_map(in_room).for_each(&mut push);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::core::handshake_request::LazyHandshake;
    use crate::id::{Namespace, SessionKey};

    fn id(n: u8) -> SocketId {
        SocketId::from_entropy([n; 15])
    }

    fn room(n: u8) -> Room {
        Room::new(format!("room {n}"))
    }

    fn world(joined: &[(u8, u8)]) -> Namespaces {
        let mut namespaces = Namespaces::default();
        for n in 0..6 {
            let namespace = if n == 5 { Namespace::parse("/other").expect("valid") } else { Namespace::main() };
            let session = SessionKey(usize::from(n));
            assert!(namespaces.insert(SocketRecord::new(
                id(n),
                namespace,
                session,
                LazyHandshake::default(),
                "{}".into()
            )));
        }
        for &(socket, joins) in joined {
            namespaces.join(id(socket), &room(joins));
        }
        namespaces
    }

    fn resolve(namespaces: &mut Namespaces, rooms: Vec<Room>, except: Vec<Room>, sender: Option<u8>) -> Vec<usize> {
        let mut out = Vec::new();
        let target = Target { rooms, except, sender: sender.map(id), ..Target::namespace(Namespace::main()) };
        namespaces.resolve(&target, |socket| socket.session, &mut out);
        out.into_iter().map(|key| key.0).collect()
    }

    #[test]
    fn an_empty_list_of_rooms_selects_the_whole_namespace() {
        let mut world = world(&[]);
        assert_eq!(resolve(&mut world, vec![], vec![], None), [0, 1, 2, 3, 4]);
        assert_eq!(resolve(&mut world, vec![], vec![], Some(2)), [0, 1, 3, 4]);
        assert_eq!(resolve(&mut world, vec![], vec![id(3).into()], Some(2)), [0, 1, 4]);
    }

    #[test]
    fn every_socket_is_alone_in_its_own_room() {
        let mut world = world(&[]);
        assert_eq!(resolve(&mut world, vec![id(3).into()], vec![], None), [3]);
        assert_eq!(resolve(&mut world, vec![id(5).into()], vec![], None), Vec::<usize>::new());
        world.join(id(1), &id(3).into());
        assert_eq!(resolve(&mut world, vec![id(3).into()], vec![], None), [3, 1]);
    }

    #[test]
    fn leaving_and_disconnecting_empty_the_rooms() {
        let mut world = world(&[(0, 1), (1, 1)]);
        assert!(world.leave(id(0), &room(1)));
        assert!(!world.leave(id(0), &room(1)));
        assert!(world.remove(id(1)).is_some());
        assert_eq!(resolve(&mut world, vec![room(1)], vec![], None), Vec::<usize>::new());
        assert!(world.by_name.values().all(|members| members.rooms.count() == 0));
    }

    proptest! {
        #[test]
        fn rooms_are_sets(
            joined in proptest::collection::vec((0u8..5, 0u8..4), 0..20),
            left in proptest::collection::vec((0u8..5, 0u8..4), 0..8),
            to in proptest::collection::vec(0u8..4, 0..4),
            except in proptest::collection::vec(0u8..4, 0..2),
            sender in proptest::option::of(0u8..5),
        ) {
            let mut namespaces = world(&joined);
            let mut model: BTreeSet<(u8, u8)> = joined.iter().copied().collect();
            for &(socket, leaves) in &left {
                prop_assert_eq!(namespaces.leave(id(socket), &room(leaves)), model.remove(&(socket, leaves)));
            }
            let rooms = |list: &[u8]| list.iter().map(|&n| room(n)).collect::<Vec<_>>();
            let last_pong = resolve(&mut namespaces, rooms(&to), rooms(&except), sender);
            let is_in = |socket: u8, list: &[u8]| list.iter().any(|&n| model.contains(&(socket, n)));
            let expected: BTreeSet<usize> = (0..5u8)
                .filter(|&n| (to.is_empty() || is_in(n, &to)) && !is_in(n, &except) && sender != Some(n))
                .map(usize::from)
                .collect();
            prop_assert_eq!(last_pong.len(), expected.len());
            prop_assert_eq!(last_pong.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}
