//! The macro that exports a Worker. It is compiled for every target; what it makes is for wasm32 only.

/// Exports a server as a Worker: the Durable Object class, and the fetch handler.
///
/// The class is to be bound as `WORLD` in `wrangler.toml`. Needs a crate of type `cdylib`, and of no other, because cargo
/// optimizes no crate at link time that is an `rlib`, too. For other targets than wasm it makes nothing, so that the crate's
/// tests run on the host.
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
        // Also where nothing is exported, a mistake in the app is the compiler's to find.
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
                /// The runtime constructs the object.
                #[wasm_bindgen(constructor)]
                pub fn new(state: JsValue, env: JsValue) -> Self {
                    Self(Object::new(state, &env, $app))
                }

                /// A request that the Worker handed on.
                pub fn fetch(&self, request: JsValue) -> Result<JsValue, JsValue> {
                    self.0.fetch(request)
                }

                /// The alarm went off.
                pub fn alarm(&self) {
                    self.0.alarm();
                }

                /// A WebSocket brought a message.
                #[wasm_bindgen(js_name = webSocketMessage)]
                pub fn websocket_message(&self, socket: &JsValue, message: &JsValue) {
                    self.0.websocket_message(socket, message);
                }

                /// A WebSocket's peer closed it.
                #[wasm_bindgen(js_name = webSocketClose)]
                pub fn websocket_close(&self, socket: &JsValue, code: u16) {
                    self.0.websocket_close(socket, code);
                }

                /// A WebSocket broke.
                #[wasm_bindgen(js_name = webSocketError)]
                pub fn websocket_error(&self, socket: &JsValue) {
                    self.0.websocket_error(socket);
                }
            }

            /// The Worker's fetch handler.
            #[wasm_bindgen(wasm_bindgen = $crate::internal::wasm_bindgen)]
            pub fn fetch(request: JsValue, env: JsValue) -> Promise {
                $crate::internal::fetch(request, env, $app)
            }
        };
    };
}
