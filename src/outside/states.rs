//! The values of `App::with_state`, by their types.

use core::any::{Any, TypeId};
use core::cell::RefCell;
use std::rc::Rc;

/// The values of an app; `None` if it has none. Behind `dyn Any`, so that the code for them is only in apps that have some.
pub(crate) type States = Option<Rc<dyn Any>>;

/// One value of each type.
struct Table(RefCell<Vec<(TypeId, Rc<dyn Any>)>>);

/// Adds a value. Returns false, and adds nothing, if there is one of its type.
pub(crate) fn add_state<T: 'static>(states: &mut States, value: T) -> bool {
    add(states, TypeId::of::<T>(), Rc::new(value))
}

/// Returns the value of a type.
pub(crate) fn find_state<T: 'static>(states: &States) -> Option<Rc<T>> {
    find(states, TypeId::of::<T>())?.downcast().ok()
}

fn add(states: &mut States, of: TypeId, value: Rc<dyn Any>) -> bool {
    if find(states, of).is_some() {
        return false;
    }
    let states = states.get_or_insert_with(|| Rc::new(Table(RefCell::default())));
    if let Some(Table(values)) = states.downcast_ref() {
        values.borrow_mut().push((of, value));
    }
    true
}

fn find(states: &States, of: TypeId) -> Option<Rc<dyn Any>> {
    let Table(values) = states.as_ref()?.downcast_ref()?;
    values.borrow().iter().find(|(one, _)| *one == of).map(|(_, value)| Rc::clone(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let mut states = None;
        assert_eq!(find_state::<u32>(&states), None);
        assert!(add_state(&mut states, 7_u32) && add_state(&mut states, "seven"));
        assert!(!add_state(&mut states, 8_u32));
        assert_eq!((find_state::<u32>(&states), find_state(&states)), (Some(Rc::new(7)), Some(Rc::new("seven"))));
        assert_eq!(find_state::<u64>(&states), None);
    }
}
