#![forbid(unsafe_code)]
//! The types of the header: opaque structs that nothing ever is, pointers to them as handles, and numbers. They are written out,
//! for the header is made from this text.

/// A configuration: keys and values.
pub struct WeldConf {
    _nothing: [u8; 0],
}
/// A handle; it leads nowhere, and only the functions below know what to do with it.
pub type weld_conf_t = *mut WeldConf;

/// A context: the memory and the limits of runs. One run at a time.
pub struct WeldContext {
    _nothing: [u8; 0],
}
/// A handle; it leads nowhere, and only the functions below know what to do with it.
pub type weld_context_t = *mut WeldContext;

/// An argument, or the result of a run.
pub struct WeldValue {
    _nothing: [u8; 0],
}
/// A handle; it leads nowhere, and only the functions below know what to do with it.
pub type weld_value_t = *mut WeldValue;

/// A compiled program. Any number of threads may run it.
pub struct WeldModule {
    _nothing: [u8; 0],
}
/// A handle; it leads nowhere, and only the functions below know what to do with it.
pub type weld_module_t = *mut WeldModule;

/// What became of a call.
pub struct WeldError {
    _nothing: [u8; 0],
}
/// A handle; it leads nowhere, and only the functions below know what to do with it.
pub type weld_error_t = *mut WeldError;

/// One of the numbers `WELD_ERRNO_*`.
pub type weld_errno_t = u64;
/// One of the numbers `WELD_LOG_LEVEL_*`.
pub type weld_log_level_t = u64;
