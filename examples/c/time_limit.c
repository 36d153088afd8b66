/* A program that would take years ends after a tenth of a second, and the context goes on.
 *
 *   cc -std=c99 -Iinclude examples/c/time_limit.c -o time_limit -Ltarget/release -lweld
 */
#include "check.h"

int main(void)
{
    weld_module_t module = compile("|n: i64| iterate(0L, |s| {s + 1L, s + 1L < n})");
    weld_context_t context = context_with(NULL, NULL);
    weld_error_t err = weld_error_new();
    int64_t n = INT64_MAX;
    weld_value_t arg = weld_value_new(&n);

    weld_context_set_time_limit(context, 0.1);
    CHECK(weld_module_run(module, context, arg, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_TIMEOUT);

    /* The limit is for each run: one that is quick enough does not feel it. */
    n = 1000;
    weld_value_t value = weld_module_run(module, context, arg, err);
    check_ok(err);
    CHECK(*(const int64_t *)weld_value_data(value) == 1000);

    weld_value_free(value);
    weld_value_free(arg);
    weld_error_free(err);
    weld_context_free(context);
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
