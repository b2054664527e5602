//! The bindings of a simulated world, by their names.

use core::cell::RefCell;
use core::fmt;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Outside;
use super::binding_kind::BindingKind;
use super::fakes::Fakes;
use crate::error::Failure;

/// The bindings of one kind.
struct Bound<T>(RefCell<BTreeMap<String, Rc<T>>>);

// Derived, it would ask for `T: Default`.
impl<T> Default for Bound<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> fmt::Debug for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bound")
    }
}

/// The variables of a simulated deployment.
#[derive(Debug, Default)]
struct Variables(RefCell<BTreeMap<String, String>>);

/// The stand-ins that the worlds of a deployment share, and its Worker.
#[derive(Debug, Default)]
pub(crate) struct Deployed(pub(crate) Rc<Fakes>);

impl Outside {
    /// Returns what the worlds of the deployment share.
    pub(crate) fn deployed(&self) -> Rc<Fakes> {
        Rc::clone(&self.fakes.of::<Deployed>().0)
    }

    /// Returns the binding of this name, which a test makes by that.
    pub(crate) fn bind<T: Default + 'static>(&self, name: &str) -> Rc<T> {
        Rc::clone(self.deployed().of::<Bound<T>>().0.borrow_mut().entry(name.to_owned()).or_default())
    }

    /// Returns the binding of this name, if a test has made it.
    pub(super) fn bound<T: 'static>(&self, kind: &BindingKind, name: &str) -> Result<Rc<T>, Failure> {
        self.deployed().of::<Bound<T>>().0.borrow().get(name).cloned().ok_or_else(|| kind.missing(name))
    }

    /// Sets variables of the deployment.
    pub(crate) fn set_variables(&self, variables: &[(String, String)]) {
        self.deployed().of::<Variables>().0.borrow_mut().extend(variables.iter().cloned());
    }

    /// Returns a variable or secret.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.deployed().of::<Variables>().0.borrow().get(name).cloned()
    }
}
