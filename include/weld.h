/* The C API of Weld. This file is generated from the source and checked by a test. C99 and C++98.
 *
 * Handles are made by functions called _new, _compile and _run, and freed by functions called _free. Whatever is handed in (null,
 * a freed handle, a handle of another kind) is an error or does nothing. Strings that are given back belong to the object they
 * come from. Any thread may call any function; a context runs one program at a time, a module any number.
 */

#ifndef _WELD_H_
#define _WELD_H_

#include <stdint.h>

/* What became of a call. */
enum {
  WELD_ERRNO_SUCCESS = 0,
  WELD_ERRNO_CONFIGURATION_ERROR = 1,
  WELD_ERRNO_LOAD_LIBRARY_ERROR = 2,
  WELD_ERRNO_COMPILE_ERROR = 3,
  WELD_ERRNO_ARRAY_OUT_OF_BOUNDS = 4,
  WELD_ERRNO_BAD_ITERATOR_LENGTH = 5,
  WELD_ERRNO_MISMATCHED_ZIP_SIZE = 6,
  WELD_ERRNO_OUT_OF_MEMORY = 7,
  WELD_ERRNO_RUN_NOT_FOUND = 8,
  WELD_ERRNO_UNKNOWN = 9,
  WELD_ERRNO_DESERIALIZATION_ERROR = 10,
  WELD_ERRNO_KEY_NOT_FOUND_ERROR = 11,
  WELD_ERRNO_ASSERTION_ERROR = 12,
  WELD_ERRNO_MAX = 13,
  WELD_ERRNO_STACK_OVERFLOW = 16,
  WELD_ERRNO_CANCELLED = 17,
  WELD_ERRNO_DIVIDE_BY_ZERO = 18,
  WELD_ERRNO_TIMEOUT = 19,
  WELD_ERRNO_INVALID_ARGUMENT = 20,
  WELD_ERRNO_INVALID_HANDLE = 21,
  WELD_ERRNO_TYPE_MISMATCH = 22
};

/* How much is logged. */
enum {
  WELD_LOG_LEVEL_OFF = 0,
  WELD_LOG_LEVEL_ERROR = 1,
  WELD_LOG_LEVEL_WARN = 2,
  WELD_LOG_LEVEL_INFO = 3,
  WELD_LOG_LEVEL_DEBUG = 4,
  WELD_LOG_LEVEL_TRACE = 5
};

/**
 * A configuration: keys and values.
 */
typedef struct WeldConf WeldConf;

/**
 * A context: the memory and the limits of runs. One run at a time.
 */
typedef struct WeldContext WeldContext;

/**
 * What became of a call.
 */
typedef struct WeldError WeldError;

/**
 * A compiled program. Any number of threads may run it.
 */
typedef struct WeldModule WeldModule;

/**
 * An argument, or the result of a run.
 */
typedef struct WeldValue WeldValue;

/**
 * A handle; it leads nowhere, and only the functions below know what to do with it.
 */
typedef struct WeldConf *weld_conf_t;

/**
 * A handle; it leads nowhere, and only the functions below know what to do with it.
 */
typedef struct WeldContext *weld_context_t;

/**
 * A handle; it leads nowhere, and only the functions below know what to do with it.
 */
typedef struct WeldValue *weld_value_t;

/**
 * A handle; it leads nowhere, and only the functions below know what to do with it.
 */
typedef struct WeldError *weld_error_t;

/**
 * A handle; it leads nowhere, and only the functions below know what to do with it.
 */
typedef struct WeldModule *weld_module_t;

/**
 * One of the numbers `WELD_ERRNO_*`.
 */
typedef uint64_t weld_errno_t;

/**
 * One of the numbers `WELD_LOG_LEVEL_*`.
 */
typedef uint64_t weld_log_level_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * An empty configuration. Free it with weld_conf_free.
 */
weld_conf_t weld_conf_new(void);

/**
 * Frees a configuration. Null, and what is no configuration, does nothing.
 */
void weld_conf_free(weld_conf_t conf);

/**
 * The value of a key; NULL when it has not been set. The string belongs to the configuration, and stays until the key is set
 * again or the configuration is freed.
 */
const char *weld_conf_get(weld_conf_t conf,
                          const char *key);

/**
 * Sets a key to a value; both are copied. Any key may be set; values are read when the configuration is used.
 */
void weld_conf_set(weld_conf_t conf, const char *key, const char *value);

/**
 * A context with the limits of a configuration; NULL when the configuration does not parse; the log says why. Free
 * it with weld_context_free.
 */
weld_context_t weld_context_new(weld_conf_t conf);

/**
 * Drops a reference to a context. Its memory goes when all values of it are freed too. Null, and what is no context, does
 * nothing.
 */
void weld_context_free(weld_context_t context);

/**
 * Bytes that runs in the context have allocated and that are still there; -1 for what is no context.
 */
int64_t weld_context_memory_usage(weld_context_t context);

/**
 * Stops the run in progress in the context, from any thread: it ends with WELD_ERRNO_CANCELLED. 1 when there was one, 0 when
 * there was none: a run that begins later is not stopped.
 */
int weld_context_cancel(weld_context_t context);

/**
 * How many seconds a run in the context may take from now on; it ends with WELD_ERRNO_TIMEOUT. 0 or less, or what is no
 * number, for no limit.
 */
void weld_context_set_time_limit(weld_context_t context,
                                 double seconds);

/**
 * Wraps memory of the caller, without a copy: a struct of the parameters of a program. Free the wrapper with
 * weld_value_free; the memory stays the caller's.
 */
weld_value_t weld_value_new(const void *data);

/**
 * The same with the type of the memory, as it is written in programs: "{vec[i64],f64}" for two parameters. A run compares it
 * with the parameters of the program and looks at all lengths and pointers first; a wrong layout is an error. NULL when the
 * type is none.
 */
weld_value_t weld_value_new_typed(const char *type_text,
                                  const void *data,
                                  weld_error_t err);

/**
 * Frees the wrapper of an argument or a result. The memory of a result stays with its context, for later results may point
 * into it; see weld_value_release. Null, and what is no value, does nothing.
 */
void weld_value_free(weld_value_t value);

/**
 * Frees a result with the memory that its run allocated. Only for results that no later result points into.
 */
void weld_value_release(weld_value_t value);

/**
 * Where the value is. A result stays until the context and all values of it are freed.
 */
void *weld_value_data(weld_value_t value);

/**
 * The run that the value is the result of, numbered from 0 in its context; -1 for memory of the caller.
 */
int64_t weld_value_run(weld_value_t value);

/**
 * A new reference to the context of a result, to be freed with weld_context_free; NULL for memory of the caller.
 */
weld_context_t weld_value_context(weld_value_t value);

/**
 * Bytes that the run of a result allocated and that are still there; 0 for memory of the caller.
 */
int64_t weld_value_memory_usage(weld_value_t value);

/**
 * The type of a value as text, where it is known: of results, and of arguments made with a type; else NULL. The string
 * belongs to the value.
 */
const char *weld_value_type(weld_value_t value);

/**
 * Compiles a program; NULL on an error. Free the module with weld_module_free.
 */
weld_module_t weld_module_compile(const char *code, weld_conf_t conf, weld_error_t err);

/**
 * Runs a module on an argument: a struct of the parameters of the program in their order. NULL on an error. What the argument
 * points into must stay as long as the result is looked at. Free the result with weld_value_free.
 *
 * In place of the context a configuration may be handed in, as programs of 2017 and 2018 do: the result then has a context of
 * its own, which goes with it.
 */
weld_value_t weld_module_run(weld_module_t module,
                             weld_context_t context,
                             weld_value_t arg,
                             weld_error_t err);

/**
 * Frees a module. Results of it stay valid. Null, and what is no module, does nothing.
 */
void weld_module_free(weld_module_t module);

/**
 * How many parameters the program has; -1 for what is no module.
 */
int64_t weld_module_param_count(weld_module_t module);

/**
 * The name of parameter `index`, counted from 0; NULL when there is none. The string belongs to the module.
 */
const char *weld_module_param_name(weld_module_t module, int64_t index);

/**
 * The type of parameter `index`, counted from 0, as it is written in programs; NULL when there is none. The string belongs to
 * the module.
 */
const char *weld_module_param_type(weld_module_t module,
                                   int64_t index);

/**
 * The type of the result as it is written in programs. The string belongs to the module.
 */
const char *weld_module_return_type(weld_module_t module);

/**
 * What the passes did, as JSON: an object on each line, the first for the program before all passes, as
 * `weld explain --json` prints it. The string belongs to the module.
 */
const char *weld_module_trace_json(weld_module_t module);

/**
 * What compiling took, stage by stage in milliseconds, and how often the module has run, as a JSON object. The string belongs
 * to the module, and stays until the next call.
 */
const char *weld_module_statistics_json(weld_module_t module);

/**
 * A new error: code 0 and an empty message. Free it with weld_error_free.
 */
weld_error_t weld_error_new(void);

/**
 * Frees an error. Null, and what is no error, does nothing.
 */
void weld_error_free(weld_error_t err);

/**
 * What became of the last call: one of WELD_ERRNO_*. Of what is no error: WELD_ERRNO_INVALID_HANDLE.
 */
weld_errno_t weld_error_code(weld_error_t err);

/**
 * The same in words: "Success" after a call that went well. The string belongs to the error, and stays until the error is
 * used for another call or freed.
 */
const char *weld_error_message(weld_error_t err);

/**
 * A way to mend it, where one is known; else NULL. The string belongs to the error.
 */
const char *weld_error_hint(weld_error_t err);

/**
 * The line of the program that the error is about, from 1; 0 when it is about no place.
 */
int64_t weld_error_line(weld_error_t err);

/**
 * The column of the program that the error is about, in characters from 1; 0 when it is about no place.
 */
int64_t weld_error_column(weld_error_t err);

/**
 * How many entries a dictionary has. `dict` is what a `dict[K,V]` is in memory: an opaque pointer, null when it is empty.
 */
int64_t weld_dict_len(const void *dict);

/**
 * The entries of a dictionary in the order in which their keys came first: an array of as many `struct { K key; V value; }`
 * as weld_dict_len says. They are not copied, and stay as long as the result.
 */
const void *weld_dict_entries(const void *dict);

/**
 * Makes the C functions of a shared library known to programs that are compiled from now on: a path, or a plain name that the
 * system looks for.
 */
void weld_load_library(const char *filename,
                       weld_error_t err);

/**
 * Makes a C function known under a name to programs that are compiled from now on: `cudf[name,R](a, ...)` calls
 * `void function(A *a, ..., R *result)`, which is handed in as `(void (*)(void))function`. A null function takes the name
 * away.
 */
void weld_register_function(const char *name,
                            void (*function)(void),
                            weld_error_t err);

/**
 * Gives memory that is kept for later runs back to the system, which would happen by itself when ten seconds pass without use:
 * large freed vectors are kept, up to 1 GiB in the process and up to a quarter of the memory limit of the run that freed them,
 * for fresh memory is slow.
 */
void weld_trim_memory(void);

/**
 * Sets how much is logged on standard error: one of WELD_LOG_LEVEL_*. The first call of the process wins, and the environment
 * variable WELD_LOG (off, error, warn, info, debug or trace) before it.
 */
void weld_set_log_level(weld_log_level_t level);

/**
 * How many handles have been made and not freed, of all kinds: for finding leaks.
 */
int64_t weld_live_handles(void);

/**
 * Does nothing: all that is needed is made when it is.
 */
void weld_init(void);

/**
 * A run handle with a limit in bytes. Release it with weld_runst_release.
 */
void *weld_runst_init(int32_t nworkers, int64_t memlimit);

/**
 * Frees a run handle and all memory of it.
 */
void weld_runst_release(void *run);

/**
 * Zeroed memory of the run; NULL for no bytes, and when the limit is reached, which is recorded as an error.
 */
uint8_t *weld_runst_malloc(void *run, int64_t size);

/**
 * Memory of another size with the same contents; the old one is freed. NULL, and the old one stays, when the limit is
 * reached.
 */
uint8_t *weld_runst_realloc(void *run,
                            uint8_t *data,
                            int64_t newsize);

/**
 * Frees memory of the run; what is none does nothing.
 */
void weld_runst_free(void *run, uint8_t *data);

/**
 * Keeps a result.
 */
void weld_runst_set_result(void *run, uint8_t *data);

/**
 * The result that was kept.
 */
uint8_t *weld_runst_get_result(void *run);

/**
 * Records an error: one of WELD_ERRNO_*. Unlike the original's this returns.
 */
void weld_runst_set_errno(void *run, uint64_t code);

/**
 * The error that was recorded, or 0.
 */
uint64_t weld_runst_get_errno(void *run);

/**
 * 1 when the condition is not 0; else records WELD_ERRNO_ASSERTION_ERROR and gives 0, where the original's did not return.
 */
uint8_t weld_runst_assert(void *run,
                          uint8_t cond);

/**
 * Prints a line.
 */
void weld_runst_print(void *run, const char *text);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* _WELD_H_ */
