/* What an error tells: a number, a message, a place, and where one is known a way to mend it.
 *
 *   cc -std=c99 -Iinclude examples/c/errors.c -o errors -Ltarget/release -lweld
 */
#include "check.h"
#include <string.h>

int main(void)
{
    int64_t numbers[] = {5, 6, 7};
    struct { struct ints v; int64_t k; } args = {{numbers, 3}, 9};
    weld_error_t err = weld_error_new();
    weld_conf_t conf = weld_conf_new();
    weld_context_t context = weld_context_new(conf);
    weld_value_t arg = weld_value_new(&args);

    CHECK(weld_error_code(err) == WELD_ERRNO_SUCCESS && strcmp(weld_error_message(err), "") == 0);

    /* A program that breaks a rule. */
    CHECK(weld_module_compile("|v: vec[i64]|\n  lookup(v, 1.0)", conf, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_COMPILE_ERROR);
    CHECK(strstr(weld_error_message(err), "the index of `lookup` is an `i64`, but this is an `f64`") != NULL);
    CHECK(strcmp(weld_error_hint(err), "write it as an `i64`: `1L`") == 0);
    CHECK(weld_error_line(err) == 2 && weld_error_column(err) == 13);

    /* A program that fails while it runs. */
    weld_module_t module = weld_module_compile("|v: vec[i64], k: i64|\n  lookup(v, k)", conf, err);
    CHECK(weld_error_code(err) == WELD_ERRNO_SUCCESS && strcmp(weld_error_message(err), "Success") == 0);
    CHECK(weld_module_run(module, context, arg, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_ARRAY_OUT_OF_BOUNDS);
    CHECK(strcmp(weld_error_message(err),
                 "Weld program failed with error ArrayOutOfBounds: lookup index 9 out of range for length 3, at 2:3") == 0);
    CHECK(weld_error_hint(err) == NULL && weld_error_line(err) == 2 && weld_error_column(err) == 3);

    /* Arguments that cannot be. */
    args.v.len = -1;
    CHECK(weld_module_run(module, context, arg, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_INVALID_ARGUMENT);
    CHECK(strcmp(weld_error_message(err),
                 "Weld program failed with error InvalidArgument: `v` has the length -1") == 0);
    CHECK(weld_module_run(module, context, NULL, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_INVALID_ARGUMENT);

    /* Handles that are none. */
    CHECK(weld_module_run(NULL, context, arg, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_INVALID_HANDLE);
    CHECK(weld_module_run((weld_module_t)context, context, arg, err) == NULL);
    CHECK(strcmp(weld_error_message(err),
                 "Weld program failed with error InvalidHandle: the module is a handle of another kind: context") == 0);

    /* A configuration that does not parse. */
    weld_conf_set(conf, "weld.memory.limit", "plenty");
    CHECK(weld_context_new(conf) == NULL);
    CHECK(weld_module_compile("|| 1", conf, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_COMPILE_ERROR);
    CHECK(strstr(weld_error_message(err), "weld.memory.limit") != NULL);

    /* After all of that the context still runs programs. */
    args.v.len = 3;
    args.k = 2;
    weld_value_t value = weld_module_run(module, context, arg, err);
    check_ok(err);
    CHECK(*(const int64_t *)weld_value_data(value) == 7);

    weld_value_free(value);
    weld_value_free(arg);
    weld_context_free(context);
    weld_module_free(module);
    weld_conf_free(conf);
    weld_error_free(err);
    /* Freed twice, and looked at afterwards: nothing happens. */
    weld_module_free(module);
    weld_error_free(err);
    CHECK(weld_error_code(err) == WELD_ERRNO_INVALID_HANDLE);
    CHECK(weld_value_data(value) == NULL);
    CHECK(weld_live_handles() == 0);
    return 0;
}
