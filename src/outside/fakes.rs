//! The stand-ins for the platform in tests on the host.

use core::any::{Any, TypeId};
use core::cell::RefCell;
use core::fmt;
use std::collections::HashMap;
use std::rc::Rc;

/// What stands in for the platform: one value of each type that asks for one.
#[derive(Default)]
pub(crate) struct Fakes(RefCell<HashMap<TypeId, Rc<dyn Any>>>);

impl Fakes {
    /// Returns the value of a type; the default one, if none was set.
    pub(crate) fn of<T: Default + 'static>(&self) -> Rc<T> {
        let fake = Rc::clone(self.0.borrow_mut().entry(TypeId::of::<T>()).or_insert_with(|| Rc::new(T::default())));
        fake.downcast().unwrap_or_default()
    }

    /// Sets the value of a type.
    pub(crate) fn set<T: 'static>(&self, value: T) {
        self.0.borrow_mut().insert(TypeId::of::<T>(), Rc::new(value));
    }
}

impl fmt::Debug for Fakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fakes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let fakes = Fakes::default();
        assert_eq!(*fakes.of::<u32>(), 0);
        fakes.set(7_u32);
        assert_eq!((*fakes.of::<u32>(), fakes.of::<String>().as_str()), (7, ""));
    }
}
