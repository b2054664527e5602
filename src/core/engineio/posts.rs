//! The POSTs whose bodies have not arrived, each with the deadline of its body.

use crate::id::{RequestId, Sid};
use crate::time::Timestamp;

/// A POST whose body has not arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    /// The request.
    pub request: RequestId,
    /// The id of its session, which may have ended by now.
    pub sid: Sid,
    due: Timestamp,
}

/// POSTs whose bodies have not arrived. There are at most as many as requests that the runtime holds open.
#[derive(Debug, Default)]
pub(crate) struct Posts(Vec<Post>);

impl Posts {
    /// Adds a POST whose body must arrive by `due`.
    pub(crate) fn insert(&mut self, request: RequestId, sid: Sid, due: Timestamp) {
        self.0.push(Post { request, sid, due });
    }

    /// Removes a POST whose body arrived or was aborted; returns `false` if it was removed already.
    pub(crate) fn remove(&mut self, request: RequestId) -> bool {
        let place = self.0.iter().position(|post| post.request == request);
        place.map(|place| self.0.swap_remove(place)).is_some()
    }

    /// Removes and returns a POST whose body has not arrived in time.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<Post> {
        let place = self.0.iter().position(|post| post.due <= now)?;
        Some(self.0.swap_remove(place))
    }

    /// Returns how many there are.
    pub(crate) const fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the earliest deadline of a body.
    pub(crate) fn first_due(&self) -> Option<Timestamp> {
        self.0.iter().map(|post| post.due).min()
    }

    /// Returns the deadline of the body of a POST.
    pub(crate) fn due(&self, request: RequestId) -> Option<Timestamp> {
        self.0.iter().find(|post| post.request == request).map(|post| post.due)
    }
}
