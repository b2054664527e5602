//! What a world reaches beside its own tables: the platform's bindings, its database, other worlds. A handle of it is all that the
//! world keeps, so that what an app does not use is not in its wasm.

use core::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::rc::Rc;

mod binding_kind;
mod bucket;
mod d1;
mod env;
mod exact_numbers;
mod kv;
mod pause;
mod queue;
mod requests;
mod states;

#[cfg(target_arch = "wasm32")]
mod binding_workers;
#[cfg(target_arch = "wasm32")]
mod bucket_workers;
#[cfg(target_arch = "wasm32")]
mod d1_workers;
#[cfg(target_arch = "wasm32")]
mod env_workers;
#[cfg(target_arch = "wasm32")]
mod fetch_workers;
#[cfg(target_arch = "wasm32")]
mod kv_workers;
#[cfg(target_arch = "wasm32")]
mod queue_workers;
#[cfg(target_arch = "wasm32")]
mod sleep_workers;

#[cfg(not(target_arch = "wasm32"))]
mod bound_fakes;
#[cfg(not(target_arch = "wasm32"))]
mod bucket_fake;
#[cfg(not(target_arch = "wasm32"))]
mod crossings;
#[cfg(not(target_arch = "wasm32"))]
mod d1_fake;
#[cfg(not(target_arch = "wasm32"))]
mod fakes;
#[cfg(not(target_arch = "wasm32"))]
mod fetch_fake;
#[cfg(not(target_arch = "wasm32"))]
mod kv_fake;
#[cfg(not(target_arch = "wasm32"))]
mod queue_fake;
#[cfg(not(target_arch = "wasm32"))]
mod sleep_fake;

pub use bucket::{Bucket, BucketObject, BucketObjects};
pub use d1::{D1, D1Statement};
pub use env::Env;
pub use kv::{Kv, KvKeys};
pub use pause::sleep;
pub use queue::Queue;
pub use requests::{Service, fetch};
pub(crate) use states::{States, add_state, find_state};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use {
    bound_fakes::Deployed, bucket_fake::BucketFake, crossings::Entered, d1_fake::D1Fake, fakes::Fakes,
    fetch_fake::Server, kv_fake::KvFake, queue_fake::QueueFake,
};
#[cfg(not(target_arch = "wasm32"))]
pub use {d1_fake::D1Answer, fetch_fake::FetchAnswer};

#[cfg(all(feature = "validation", not(target_arch = "wasm32")))]
mod regexp_host;
#[cfg(feature = "validation")]
#[cfg(target_arch = "wasm32")]
mod regexp_workers;
#[cfg(feature = "sql")]
pub(crate) mod sql;
#[cfg(target_arch = "wasm32")]
pub(crate) mod stored_entries;

#[cfg(target_arch = "wasm32")]
mod arrived;
mod world_calls;
#[cfg(not(target_arch = "wasm32"))]
mod world_calls_fake;
#[cfg(target_arch = "wasm32")]
mod world_calls_workers;

#[cfg(target_arch = "wasm32")]
pub(crate) use arrived::{Arrived, ToCome};
#[cfg(all(feature = "validation", not(target_arch = "wasm32")))]
pub(crate) use regexp_host::Regexp;
#[cfg(all(feature = "validation", target_arch = "wasm32"))]
pub(crate) use regexp_workers::Regexp;
pub(crate) use world_calls::{CallError, Links, WorldAnswer, WorldCall};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use world_calls_fake::{Outgoing, OutgoingCall};

/// What the platform has for a world or for the Worker.
#[derive(Clone)]
pub struct Outside {
    /// The bindings: variables, secrets, and what `wrangler.toml` binds.
    #[cfg(target_arch = "wasm32")]
    pub(crate) env: wasm_bindgen::JsValue,
    /// The state of the object; in the Worker, its execution context.
    #[cfg(target_arch = "wasm32")]
    pub(crate) state: wasm_bindgen::JsValue,
    /// How the worlds of the app reach each other; `None` if they do not.
    pub(crate) links: Option<Links>,
    /// The stand-ins of tests. They survive the world's sleep.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fakes: Rc<Fakes>,
    /// The values of `App::with_state`, if a call in a world or in the Worker is asked.
    pub(crate) states: States,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Default for Outside {
    fn default() -> Self {
        Self { fakes: Rc::new(Fakes::default()), states: None, links: None }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Outside {
    /// Returns the name of the world: `default`, unless the test has set another.
    pub(crate) fn world_name(&self) -> crate::id::WorldName {
        self.fakes.of::<core::cell::RefCell<crate::id::WorldName>>().borrow().clone()
    }
}
