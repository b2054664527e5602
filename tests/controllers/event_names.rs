//! The names of events.

use dormouse::controller::{Controller, Response};
use dormouse::{Ack, App};
use serde_json::json;

use super::dialogue::*;

fn leaf(text: &'static str) -> Controller {
    Controller::new().on("create", move || async move { Response(text) })
}

#[test]
fn names_are_concatenated_verbatim_at_any_level() {
    fn app() -> App {
        let deep = Controller::new().controller("admin/", leaf("deep"));
        let web = Controller::new()
            .on("create product", async || Response("product"))
            .controller("users ", leaf("users"))
            .controller("", leaf("bare"))
            .controller("a:", Controller::new().controller("b:", deep));
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for (event, data) in
            [("create product", "product"), ("users create", "users"), ("create", "bare"), ("a:b:admin/create", "deep")]
        {
            assert_eq!(answer(&anna, event, 1), Some(json!({ "status": "ok", "data": data })), "{event}");
        }
        assert_eq!(answer(&anna, "userscreate", 1), None);
    });
}

#[test]
fn a_namespace_has_several_controllers_and_any_namespace_has_one() {
    fn app() -> App {
        let named = |prefix| Controller::new().controller(prefix, leaf("yes"));
        App::new()
            .namespace("/", |ns| ns.controller(named("a ")).controller(named("b ")).on("plain", async || {}))
            .namespace("/shop-{n}", |ns| ns.controller(named("c ")))
    }
    awake_and_asleep(app, |world| {
        let (anna, shop) = (world.connect("/"), world.connect("/shop-7"));
        let yes = Some(json!({ "status": "ok", "data": "yes" }));
        assert_eq!((answer(&anna, "a create", 1), answer(&anna, "b create", 1)), (yes.clone(), yes.clone()));
        assert_eq!((answer(&shop, "c create", 1), answer(&anna, "c create", 1)), (yes, None));
    });
}

#[test]
fn of_a_controller_and_other_handlers_of_an_event_the_first_that_acknowledges_wins() {
    fn app() -> App {
        let web = |event: &str, text: &'static str| {
            Controller::new().on(event, move || async move { Response(step_of(text)) })
        };
        let plain = |text: &'static str| move || async move { Ack(step_of(text)) };
        let silent = Controller::new().on("silent", async || step("silent"));
        App::new().namespace("/", |ns| {
            ns.on("before", plain("on"))
                .controller(web("before", "controller"))
                .controller(web("after", "controller"))
                .on("after", plain("on"))
                .controller(silent)
                .on("silent", plain("on"))
        })
    }
    fn step_of(text: &'static str) -> &'static str {
        step(text);
        text
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!((answer(&anna, "before", 1), steps()), (Some(json!("on")), vec!["on".into(), "controller".into()]));
        let controller = Some(json!({ "status": "ok", "data": "controller" }));
        assert_eq!((answer(&anna, "after", 1), steps()), (controller, vec!["controller".into(), "on".into()]));
        assert_eq!((answer(&anna, "silent", 1), steps()), (Some(json!("on")), vec!["silent".into(), "on".into()]));
    });
}

#[test]
#[should_panic(expected = "has an empty name")]
fn an_empty_name_fails_at_start_up() {
    let _ = App::new().namespace("/", |ns| ns.controller(Controller::new().on("", async || {})));
}

#[test]
#[should_panic(expected = "keeps the event name")]
fn a_name_that_becomes_a_reserved_one_fails_at_start_up() {
    let sub = Controller::new().on("connect", async || {});
    let _ = App::new().namespace("/", |ns| ns.controller(Controller::new().controller("dis", sub)));
}

#[test]
fn a_clash_names_both_lines() {
    let first = line!() + 1;
    let one = Controller::new().on("users create", async || {});
    let two = Controller::new().controller("users ", leaf_here());
    let clash = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        let _ = App::new().namespace("/", |ns| ns.controller(one).controller(two));
    }));
    let text = *clash.expect_err("a clash").downcast::<String>().expect("a text");
    assert!(text.contains("\"users create\"") && text.contains(&format!("{}:{first}:", file!())), "{text}");
    assert!(text.contains(&format!("{}:{}:", file!(), LEAF_LINE)), "{text}");
}

const LEAF_LINE: u32 = line!() + 2;
fn leaf_here() -> Controller {
    Controller::new().on("create", async || {})
}

#[test]
fn sub_controllers_are_registered_before_the_controllers_own_events() {
    let sub = Controller::new().on("b", async || {});
    let web = Controller::new().on("a", async || {}).controller("x ", sub);
    assert_eq!(format!("{web:?}"), r#"Controller { events: ["x b", "a"], .. }"#);
}
