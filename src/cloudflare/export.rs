//! The macro that exports a Worker. It is compiled for every target; the exports are for wasm32 only.

/// Exports a server as a Worker: the Durable Object class, and the fetch handler.
///
/// The arguments are the name of the class, and the path of the function that returns the [`App`](crate::App). `wrangler.toml`
/// must bind the class as `WORLD`. The crate must have the type `cdylib` and no other, because cargo has no link-time
/// optimization for a crate that is also an `rlib`. On targets other than wasm32, the macro exports nothing, so that the crate's
/// tests run on the host.
///
/// An app with [`on_scheduled`](crate::App::on_scheduled) or [`on_queue`](crate::App::on_queue) names the events that the Worker handles
/// beside requests: `dormouse::world!(World, app, scheduled, queue)`.
///
/// ```
/// use dormouse::error::EmitError;
/// use dormouse::extract::EventName;
/// use dormouse::{App, Args, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on_any(pass_on))
/// }
///
/// async fn pass_on(socket: Socket, EventName(name): EventName, args: Args) -> Result<(), EmitError> {
///     socket.broadcast().emit(&name, args)
/// }
///
/// dormouse::world!(World, app);
/// ```
#[macro_export]
macro_rules! world {
    ($class:ident, $app:path) => {
        // Checks the type of the app on targets where nothing is exported, too.
        const _: fn() -> $crate::App = $app;

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::internal::wasm_bindgen::prelude::*;
            use $crate::internal::{Object, Promise, wasm_bindgen};

            /// The Durable Object class: one object is one world.
            #[wasm_bindgen(wasm_bindgen = $crate::internal::wasm_bindgen)]
            #[derive(Debug)]
            pub struct $class(Object);

            #[wasm_bindgen(wasm_bindgen = $crate::internal::wasm_bindgen)]
            impl $class {
                /// Constructs the object; called by the runtime.
                #[wasm_bindgen(constructor)]
                pub fn new(state: JsValue, env: JsValue) -> Self {
                    Self(Object::new(state, &env, $app))
                }

                /// Handles a request that the Worker forwarded.
                pub fn fetch(&self, request: JsValue) -> Result<JsValue, JsValue> {
                    self.0.fetch(request)
                }

                /// Handles the alarm, which went off.
                pub fn alarm(&self) {
                    self.0.alarm();
                }

                /// Handles a message of a WebSocket.
                #[wasm_bindgen(js_name = webSocketMessage)]
                pub fn websocket_message(&self, socket: &JsValue, message: &JsValue) {
                    self.0.websocket_message(socket, message);
                }

                /// Handles the close of a WebSocket by its peer, or the loss of its connection.
                #[wasm_bindgen(js_name = webSocketClose)]
                pub fn websocket_close(&self, socket: &JsValue, code: u16) {
                    self.0.websocket_close(socket, code);
                }

                /// Handles an error of a WebSocket.
                #[wasm_bindgen(js_name = webSocketError)]
                pub fn websocket_error(&self, socket: &JsValue) {
                    self.0.websocket_error(socket);
                }
            }

            /// Handles a request to the Worker.
            #[wasm_bindgen(wasm_bindgen = $crate::internal::wasm_bindgen)]
            pub fn fetch(request: &JsValue, env: &JsValue, context: &JsValue) -> Promise {
                $crate::internal::fetch(request, env, context, $app)
            }
        };
    };
    ($class:ident, $app:path, $($event:ident),+ $(,)?) => {
        $crate::world!($class, $app);
        $($crate::world!(@ $event $app);)+
    };
    (@ scheduled $app:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::internal::wasm_bindgen::prelude::*;
            use $crate::internal::{Promise, wasm_bindgen};

            /// Handles a cron trigger.
            #[wasm_bindgen(wasm_bindgen = $crate::internal::wasm_bindgen)]
            pub fn scheduled(controller: &JsValue, env: JsValue, context: JsValue) -> Promise {
                $crate::internal::scheduled(controller, env, context, $app)
            }
        };
    };
    (@ queue $app:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::internal::wasm_bindgen::prelude::*;
            use $crate::internal::{Promise, wasm_bindgen};

            /// Handles a batch of messages of a queue.
            #[wasm_bindgen(wasm_bindgen = $crate::internal::wasm_bindgen)]
            pub fn queue(batch: JsValue, env: JsValue, context: JsValue) -> Promise {
                $crate::internal::queue(batch, env, context, $app)
            }
        };
    };
    (@ $event:ident $app:path) => {
        compile_error!(concat!("`", stringify!($event), "` is no event of a Worker; there are `scheduled` and `queue`"));
    };
}
