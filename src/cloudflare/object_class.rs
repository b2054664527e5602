//! The class of the world's object, which the runtime constructs and calls.

use core::cell::RefCell;
use core::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};

use bytes::Bytes;
use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::abort_handler;
use super::object_fetch;
use super::respond::respond_message;
use super::runtime;
use super::workers_platform::{Callbacks, Workers};
use crate::config::{Config, ConfigError};
use crate::error::Reason;
use crate::log::{Level, Record};
use crate::object::Shell;
use crate::routing::App;
use crate::value::Frame;

/// The length of a message, in UTF-16 units or bytes, above which [`read_long`] copies a text out of the runtime faster than
/// `as_string`, and the runtime's copy of bytes is worth a call that drops it.
const LONG: usize = 1024;

/// A world's object. The macro [`world!`](crate::world) wraps it in the class that the runtime constructs.
#[derive(Debug)]
pub struct Object(AssertUnwindSafe<Result<Rc<RefCell<Shell<Workers>>>, ConfigError>>);

thread_local! {
    /// The objects of this isolate, by their ids.
    static OBJECTS: RefCell<Vec<(String, WeakShell)>> = const { RefCell::new(Vec::new()) };
}

/// A weak reference to the shell, for callbacks of the runtime. The shell is never borrowed across an await.
#[derive(Clone, Debug)]
struct WeakShell(Weak<RefCell<Shell<Workers>>>);

impl WeakShell {
    /// Calls the shell, if its object still exists.
    fn with<T>(&self, call: impl FnOnce(&mut Shell<Workers>) -> T) -> Option<T> {
        Some(call(&mut self.0.upgrade()?.borrow_mut()))
    }

    /// Does the same for an event that the world causes by itself.
    fn with_own<T>(&self, event: &str, call: impl FnOnce(&mut Shell<Workers>) -> T) -> Option<T> {
        self.with(|shell| {
            shell.platform.note_own(event);
            call(shell)
        })
    }

    /// Returns the callbacks for timers, for the alarm, and for what was written.
    fn callbacks(&self) -> Callbacks {
        let (counted, timed, found) = (self.clone(), self.clone(), self.clone());
        let (failed, synced) = (self.clone(), self.clone());
        Callbacks {
            shell: Weak::clone(&self.0),
            is_deserted: Box::new(move || {
                counted.with(|shell| shell.server().session_count() == 0).unwrap_or_default()
            }),
            timer: Box::new(move || {
                timed.with_own("its timer", Shell::handle_timer);
            }),
            alarm_found: Rc::new(move |at| {
                found.with_own("the time of its alarm", |shell| shell.handle_alarm_found(at));
            }),
            synced: Box::new(move || {
                synced.with_own("what was due", Shell::handle_synced);
            }),
            alarm_failed: Box::new(move |error| {
                failed.with(|shell| shell.handle_alarm_failed(&runtime::text_of(&error)));
            }),
        }
    }
}

/// Remembers the shell of an object, and drops what the previous object of the same id has in memory.
fn replace_previous(id: String, shell: &Rc<RefCell<Shell<Workers>>>) {
    OBJECTS.with_borrow_mut(|objects| {
        objects.retain(|(other, shell)| {
            if *other == id {
                if let Some(previous) = shell.0.upgrade()
                    && let Ok(mut previous) = previous.try_borrow_mut()
                {
                    previous.forget();
                }
                return false;
            }
            shell.0.strong_count() > 0
        });
        objects.push((id, WeakShell(Rc::downgrade(shell))));
    });
}

/// Calls the shell whenever a waiting handler can make progress. The runtime does not wait for this task, so that the object can
/// hibernate.
fn call_when_woken(shell: &Rc<RefCell<Shell<Workers>>>) {
    let notify = shell.borrow().notify();
    let shell = WeakShell(Rc::downgrade(shell));
    spawn_local(AssertUnwindSafe(async move {
        loop {
            core::future::poll_fn(|cx| notify.poll_woken(cx)).await;
            if shell.with(|shell| shell.is_spent()) == Some(true) {
                let _ = JsFuture::from(runtime::next_tick()).await;
            }
            if shell.with_own("a waiting handler", Shell::handle_woken).is_none() {
                return;
            }
            // The runtime's other events come first, even if a handler can always make progress.
            let _ = JsFuture::from(runtime::next_tick()).await;
        }
    }));
}

/// Copies a long text out of the runtime.
fn read_long(text: &JsValue) -> Option<String> {
    let bytes = runtime::encode(text);
    let copy = bytes.to_vec();
    runtime::drop_bytes(&bytes);
    // Never `None`: `runtime::encode` always returns valid UTF-8.
    String::from_utf8(copy).ok()
}

impl Object {
    /// Returns the object for the state and the Worker's variables with which the runtime constructs it.
    pub fn new(state: JsValue, env: &JsValue, app: fn() -> App) -> Self {
        abort_handler::watch();
        let config = Config::parse(|name| runtime::variable(env, name));
        if config.as_ref().map_or(true, |config| config.logs(Level::Info)) {
            runtime::log(&Record::new(Level::Info, "boot".to_owned()), Some(&state));
        }
        if let Err(error) = &config {
            runtime::log(&Record::error(format_args!("{error}")).code("CONFIG"), Some(&state));
        }
        Self(AssertUnwindSafe(config.map(|config| {
            let id = runtime::object_id(&state);
            let shell = Rc::new_cyclic(|shell| {
                let workers = Workers::new(state, env.clone(), WeakShell(Weak::clone(shell)).callbacks());
                RefCell::new(Shell::new(workers, config, app))
            });
            replace_previous(id, &shell);
            call_when_woken(&shell);
            shell
        })))
    }

    /// Handles a request that the Worker forwarded; returns a response, or the promise of one.
    ///
    /// # Errors
    /// The runtime failed; the client gets a 500.
    pub fn fetch(&self, request: JsValue) -> Result<JsValue, JsValue> {
        match &self.0.0 {
            Ok(shell) => object_fetch::fetch(Rc::clone(shell), request),
            Err(error) => respond_message(500, &error.to_string(), &[]),
        }
    }

    /// Handles the alarm, which went off.
    pub fn alarm(&self) {
        self.with(|shell| {
            shell.platform.note_own("its alarm");
            shell.handle_alarm();
        });
    }

    /// Handles a message of a WebSocket.
    pub fn websocket_message(&self, socket: &JsValue, message: &JsValue) {
        self.with(|shell| {
            if let Some(text) = message.dyn_ref::<JsString>() {
                let length = text.length() as usize;
                let read = || if length > LONG { read_long(message) } else { message.as_string() };
                shell.handle_message(socket, length, || Frame::text(read().unwrap_or_default()));
            } else {
                let bytes = Uint8Array::new(message);
                let length = bytes.length() as usize;
                shell.handle_message(socket, length, || Frame::Binary(Bytes::from(bytes.to_vec())));
                // Also if it was not read.
                if length > LONG {
                    runtime::drop_bytes(message);
                }
            }
        });
    }

    /// Handles the end of a WebSocket: its peer closed it, or its connection was lost, which the reference server also calls a
    /// close.
    pub fn websocket_close(&self, socket: &JsValue, code: u16) {
        runtime::end_socket(socket, code);
        self.with(|shell| shell.handle_gone(socket, Reason::TransportClose));
    }

    /// Handles an error of a WebSocket. The runtime does not call [`websocket_close`](Self::websocket_close) for it.
    pub fn websocket_error(&self, socket: &JsValue) {
        runtime::end_socket(socket, 1011);
        self.with(|shell| shell.handle_gone(socket, Reason::TransportError));
    }

    /// Calls the shell. Does nothing if the configuration is invalid: then there is no shell.
    fn with(&self, call: impl FnOnce(&mut Shell<Workers>)) {
        if let Ok(shell) = &self.0.0 {
            call(&mut shell.borrow_mut());
        }
    }
}
