//! Modules.

use crate::conf::bytes;
use crate::guard::{find, free, handle, need, quietly, reporting};
use crate::handles::Held;
use crate::types::{weld_conf_t, weld_context_t, weld_error_t, weld_module_t, weld_value_t};
use std::ffi::c_char;
use std::ptr;
use weld_compiler::{WeldConf, WeldContext, WeldError, WeldModule, WeldResult, WeldRuntimeErrno, WeldValue};

/// Compiles a program; NULL on an error. Free the module with weld_module_free.
///
/// # Safety
/// `code` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_module_compile(
    code: *const c_char,
    conf: weld_conf_t,
    err: weld_error_t,
) -> weld_module_t {
    reporting(err, ptr::null_mut(), || {
        // SAFETY: the caller hands in a C string.
        let code = unsafe { bytes(code) };
        let code =
            code.ok_or_else(|| WeldError::new("the code is null", WeldRuntimeErrno::InvalidArgument))?;
        let code = std::str::from_utf8(code).map_err(|error| {
            let message = format!("the code is not UTF-8 from byte {} on", error.valid_up_to());
            WeldError::new(message, WeldRuntimeErrno::CompileError)
        })?;
        let conf = need::<WeldConf, _>(conf)?.lock().clone();
        Ok(handle(WeldModule::compile(code, &conf)?))
    })
}

/// Runs a module on an argument: a struct of the parameters of the program in their order. NULL on an error. What the argument
/// points into must stay as long as the result is looked at. Free the result with weld_value_free.
///
/// In place of the context a configuration may be handed in, as programs of 2017 and 2018 do: the result then has a context of
/// its own, which goes with it.
///
/// # Safety
/// The value leads to memory laid out like the parameters of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_module_run(
    module: weld_module_t,
    context: weld_context_t,
    arg: weld_value_t,
    err: weld_error_t,
) -> weld_value_t {
    let run = || {
        let module = need::<WeldModule, _>(module)?.lock().clone();
        let context = match find::<WeldConf, _>(context) {
            Some(conf) => {
                let conf = conf.lock().clone();
                WeldContext::new(&conf)?
            }
            None => need::<WeldContext, _>(context)?.lock().clone(),
        };
        let arg = match arg.is_null() {
            // A program without parameters takes anything; for others this is an error with its reason.
            true => WeldValue::new_from_data(ptr::null()),
            false => need::<WeldValue, _>(arg)?.lock().clone(),
        };
        // SAFETY: the caller of this function vouches for the memory behind the argument.
        Ok(handle(unsafe { module.run_shared(&context, &arg)? }))
    };
    reporting(err, ptr::null_mut(), || run().map_err(WeldError::of_run))
}

/// Frees a module. Results of it stay valid. Null, and what is no module, does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn weld_module_free(module: weld_module_t) {
    quietly((), || drop(free::<WeldModule, _>(module)));
}

/// How many parameters the program has; -1 for what is no module.
#[unsafe(no_mangle)]
pub extern "C" fn weld_module_param_count(module: weld_module_t) -> i64 {
    quietly(-1, || find::<WeldModule, _>(module).map_or(-1, |held| held.lock().param_types().len() as i64))
}

/// The name of parameter `index`, counted from 0; NULL when there is none. The string belongs to the module.
#[unsafe(no_mangle)]
pub extern "C" fn weld_module_param_name(module: weld_module_t, index: i64) -> *const c_char {
    texts(module, &format!("name {index}"), |module| module.param_names().into_iter().nth(place(index)?))
}

/// The type of parameter `index`, counted from 0, as it is written in programs; NULL when there is none. The string belongs to
/// the module.
#[unsafe(no_mangle)]
pub extern "C" fn weld_module_param_type(module: weld_module_t, index: i64) -> *const c_char {
    texts(module, &format!("type {index}"), |module| {
        Some(module.param_types().get(place(index)?)?.to_string())
    })
}

/// The type of the result as it is written in programs. The string belongs to the module.
#[unsafe(no_mangle)]
pub extern "C" fn weld_module_return_type(module: weld_module_t) -> *const c_char {
    texts(module, "result", |module| Some(module.return_type().to_string()))
}

/// What the passes did, as JSON: an object on each line, the first for the program before all passes, as
/// `weld explain --json` prints it. The string belongs to the module.
#[unsafe(no_mangle)]
pub extern "C" fn weld_module_trace_json(module: weld_module_t) -> *const c_char {
    texts(module, "trace", |module| Some(module.trace_json()))
}

/// What compiling took, stage by stage in milliseconds, and how often the module has run, as a JSON object. The string belongs
/// to the module, and stays until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn weld_module_statistics_json(module: weld_module_t) -> *const c_char {
    texts(module, "statistics", |module| Some(module.statistics_json()))
}

fn place(index: i64) -> Option<usize> {
    usize::try_from(index).ok()
}

fn texts(
    module: weld_module_t,
    name: &str,
    make: impl FnOnce(&WeldModule) -> Option<String>,
) -> *const c_char {
    quietly(ptr::null(), || {
        let keep = |held: &Held<WeldModule>| -> WeldResult<*const c_char> {
            let module = held.lock().clone();
            Ok(make(&module).map_or(ptr::null(), |text| held.texts.keep(name, text.as_bytes())))
        };
        find::<WeldModule, _>(module).and_then(|held| keep(&held).ok()).unwrap_or(ptr::null())
    })
}
