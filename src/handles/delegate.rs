//! Methods of `io` and `socket` that begin an operator.

/// Writes methods that call the method of the same name on what `self.$begin()` returns.
macro_rules! delegate {
    ($begin:ident: $($(#[$doc:meta])* pub fn $name:ident(&$this:ident $(, $arg:ident: $type:ty)*) $(-> $output:ty)?;)*) => {$(
        $(#[$doc])*
        pub fn $name(&$this $(, $arg: $type)*) $(-> $output)? {
            $this.$begin().$name($($arg),*)
        }
    )*};
}
pub(super) use delegate;
