#![forbid(unsafe_code)]
//! What stands around every function: panics end here, handles become objects, outcomes go into the error handle.

use crate::handles::{self, Held, Object};
use crate::types::weld_error_t;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use weld_compiler::{WeldConf, WeldContext, WeldError, WeldModule, WeldResult, WeldRuntimeErrno, WeldValue};

/// Runs the body of a function. A panic is a bug of ours, and must not unwind into C: the function gives `otherwise`.
pub fn quietly<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Runs the body of a function that can fail, and leaves its outcome in the error handle, unless that is no error handle.
pub fn reporting<T>(err: weld_error_t, otherwise: T, body: impl FnOnce() -> WeldResult<T>) -> T {
    let outcome = catch_unwind(AssertUnwindSafe(body));
    let outcome = outcome.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str);
        let what = what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(WeldError::new_unknown(format!("a bug in Weld: {what}")))
    });
    let (value, error) = match outcome {
        Ok(value) => (value, WeldError::new_success()),
        Err(error) => (otherwise, error),
    };
    if let Some(Object::Error(held)) = handles::get(err.addr()) {
        *held.lock() = error;
    }
    value
}

/// The kinds of objects that a function can want.
pub trait Wanted: Sized {
    /// What it is called in messages.
    const NAME: &'static str;
    /// Takes it out of an object of the right kind.
    fn from(object: Object) -> Option<Arc<Held<Self>>>;
    /// Makes an object of it.
    fn into(held: Arc<Held<Self>>) -> Object;
}

macro_rules! wanted {
    ($($ty:ident $variant:ident $name:literal;)+) => {$(
        impl Wanted for $ty {
            const NAME: &'static str = $name;

            fn from(object: Object) -> Option<Arc<Held<$ty>>> {
                match object {
                    Object::$variant(held) => Some(held),
                    _ => None,
                }
            }

            fn into(held: Arc<Held<$ty>>) -> Object {
                Object::$variant(held)
            }
        }
    )+};
}

wanted! {
    WeldConf Conf "configuration";
    WeldContext Context "context";
    WeldValue Value "value";
    WeldModule Module "module";
    WeldError Error "error";
}

/// The object behind a handle, if it is of this kind.
pub fn find<T: Wanted, H>(handle: *mut H) -> Option<Arc<Held<T>>> {
    handles::get(handle.addr()).and_then(T::from)
}

/// The same, or an error that says what is wrong with the handle.
pub fn need<T: Wanted, H>(handle: *mut H) -> WeldResult<Arc<Held<T>>> {
    find(handle).ok_or_else(|| {
        let what = match (handle.is_null(), handles::get(handle.addr())) {
            (true, _) => "null".to_string(),
            (_, Some(other)) => format!("a handle of another kind: {}", name(&other)),
            (_, None) => "no handle, or one that was freed".to_string(),
        };
        WeldError::new(format!("the {} is {what}", T::NAME), WeldRuntimeErrno::InvalidHandle)
    })
}

fn name(object: &Object) -> &'static str {
    match object {
        Object::Conf(_) => WeldConf::NAME,
        Object::Context(_) => WeldContext::NAME,
        Object::Value(_) => WeldValue::NAME,
        Object::Module(_) => WeldModule::NAME,
        Object::Error(_) => WeldError::NAME,
    }
}

/// A handle for an object; null when there are too many.
pub fn handle<T: Wanted, H>(object: T) -> *mut H {
    std::ptr::without_provenance_mut(handles::new(T::into(Held::new(object))))
}

/// Makes a handle stale, if it is one of this kind, and gives what it stood for.
pub fn free<T: Wanted, H>(handle: *mut H) -> Option<Arc<Held<T>>> {
    let object = handles::take(handle.addr(), |object| T::from(object.clone()).is_some());
    object.and_then(T::from)
}
