//! C functions by name: those of the process, and those of libraries that a session has loaded.
//!
//! Promises: a library stays loaded while a [`Libraries`] or a [`Function`] of it lives; a name is looked for among
//! the functions that were named, in the loaded libraries, the latest first, then in the process. Nothing is global: two sessions do not see each other's libraries.
//! Contracts of the `unsafe` blocks: loading runs the library's own initialisers, which whoever loads it vouches for; an
//! address becomes a function only in [`Function::call`], whose caller vouches for its signature.

use libloading::os::unix::Library;
use std::collections::HashMap;
use std::ffi::CString;
use std::fmt;
use std::sync::Arc;

/// The most arguments of a C function, its result not counted: those that `Function::call` has a form for.
pub const MAX_C_ARGS: usize = 16;

/// The libraries of a session.
#[derive(Clone, Default)]
pub struct Libraries {
    loaded: Vec<(String, Arc<Library>)>,
    /// Functions that were named by whoever has them, and where they are.
    named: HashMap<String, usize>,
}

/// A C function that was found.
#[derive(Clone)]
pub struct Function {
    address: usize,
    /// Keeps the code there; nothing for functions of the process itself.
    _library: Option<Arc<Library>>,
}

impl Libraries {
    /// Loads a library: a path, or a plain name that the system looks for. Loading it again changes nothing. The error is
    /// one line for the user.
    pub fn load(&mut self, name: &str) -> Result<(), String> {
        if self.loaded.iter().any(|(known, _)| known == name) {
            return Ok(());
        }
        // SAFETY: the user asks for this library and vouches for what it does when it is loaded.
        let library = unsafe { Library::new(name) };
        let library = library.map_err(|error| format!("cannot load the library `{name}`: {error}"))?;
        self.loaded.push((name.to_string(), Arc::new(library)));
        Ok(())
    }

    /// Names the function at `address`, which is found before all others of this name. An address of 0 takes the name away.
    pub fn define(&mut self, name: &str, address: usize) {
        match address {
            0 => self.named.remove(name),
            _ => self.named.insert(name.to_string(), address),
        };
    }

    /// The names under which libraries were loaded, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.loaded.iter().map(|(name, _)| name.as_str())
    }

    /// The function called `name`.
    pub fn find(&self, name: &str) -> Option<Function> {
        if let Some(address) = self.named.get(name) {
            return Some(Function { address: *address, _library: None });
        }
        let symbol = CString::new(name).ok()?;
        let own = self.loaded.iter().rev().find_map(|(_, library)| {
            let address = address(library, &symbol)?;
            Some(Function { address, _library: Some(library.clone()) })
        });
        own.or_else(|| Some(Function { address: address(&Library::this(), &symbol)?, _library: None }))
    }
}

/// Where a symbol is; `None` when there is none of this name, or it is null.
fn address(library: &Library, symbol: &CString) -> Option<usize> {
    // SAFETY: the symbol is only looked up; its address is used as a function under the contract of `Function::call`.
    let found = unsafe { library.get::<*const u8>(symbol.as_bytes_with_nul()) }.ok()?;
    Some(found.into_raw() as usize).filter(|address| *address != 0)
}

/// The type of a C function of as many pointers as there are names.
macro_rules! c_function {
    ($($arg:ident)*) => { unsafe extern "C" fn($(c_function!(@ $arg)),*) };
    (@ $arg:ident) => { *const u8 };
}

/// One arm per number of arguments: calls `$address` with the pointers in `$args`, the result pointer among them.
macro_rules! call_arms {
    ($address:expr, $args:expr; $first:ident $($rest:ident)*) => {
        call_arms!(@ $address, $args; []; $first $($rest)*)
    };
    (@ $address:expr, $args:expr; [$($done:ident)*]; $next:ident $($rest:ident)*) => {
        if let [$($done,)* $next] = $args {
            // SAFETY: the caller of `Function::call` says that the function takes these pointers.
            unsafe {
                let function = std::mem::transmute::<usize, c_function!($($done)* $next)>($address);
                function($(*$done,)* *$next);
            }
            true
        } else {
            call_arms!(@ $address, $args; [$($done)* $next]; $($rest)*)
        }
    };
    (@ $address:expr, $args:expr; [$($done:ident)*];) => { false };
}

impl Function {
    /// Its address, for compiled code.
    pub fn address(&self) -> usize {
        self.address
    }

    /// Calls it with pointers to its arguments, the last one being where its result goes. False, and no call, when there
    /// are none or more than [`MAX_C_ARGS`] and a result.
    ///
    /// # Safety
    /// The function takes exactly these pointers, as C does, and returns.
    pub unsafe fn call(&self, pointers: &[*const u8]) -> bool {
        call_arms!(self.address, pointers; a b c d e f g h i j k l m n o p q)
    }
}

impl fmt::Debug for Libraries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Libraries;

    #[test]
    fn functions_of_the_process_are_found() {
        let libraries = Libraries::default();
        assert!(libraries.find("gmtime_r").is_some());
        assert!(libraries.find("weld_no_such_function").is_none());
        assert!(libraries.find("with\0nul").is_none());
    }

    #[test]
    fn a_library_that_is_not_there_is_named() {
        let mut libraries = Libraries::default();
        let error = libraries.load("./libnotthere.so").err();
        assert!(error.is_some_and(|error| error.starts_with("cannot load the library `./libnotthere.so`: ")));
        assert_eq!(libraries.names().count(), 0);
    }
}
