//! Values by their types, which live as long as a request or a message.

use core::any::{Any, TypeId};
use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use litemap::LiteMap;

/// Values by their types: one of each.
#[derive(Default)]
pub(crate) struct Notes(RefCell<LiteMap<TypeId, Rc<dyn Any>>>);

impl Notes {
    /// Stores a value in place of an earlier one of the same type.
    pub(crate) fn insert<T: 'static>(&self, note: T) {
        self.0.borrow_mut().insert(TypeId::of::<T>(), Rc::new(note));
    }

    /// Returns the value of a type.
    pub(crate) fn get<T: 'static>(&self) -> Option<Rc<T>> {
        let note = self.0.borrow().get(&TypeId::of::<T>()).cloned()?;
        note.downcast().ok()
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notes")
    }
}
