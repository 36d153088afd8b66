/* All runs of a context share its limit; what a result holds can be given back by itself.
 *
 *   cc -std=c99 -Iinclude examples/c/memory_limit.c -o memory_limit -Ltarget/release -lweld
 */
#include "check.h"

int main(void)
{
    int64_t n = 100000;
    weld_module_t module = compile("|n: i64| range(n)");
    weld_context_t context = context_with("weld.memory.limit", "1000000");
    weld_error_t err = weld_error_new();
    weld_value_t arg = weld_value_new(&n);

    /* 800,000 bytes fit once. */
    weld_value_t first = weld_module_run(module, context, arg, err);
    check_ok(err);
    int64_t used = weld_context_memory_usage(context);
    CHECK(used >= 800000 && used <= 1000000);
    CHECK(weld_value_memory_usage(first) == used);
    CHECK(weld_module_run(module, context, arg, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_OUT_OF_MEMORY);
    /* The run that failed has left nothing. */
    CHECK(weld_context_memory_usage(context) == used);

    /* Freeing a value leaves its memory to the context, for a later result may point into it; releasing gives it back. */
    weld_value_release(first);
    CHECK(weld_context_memory_usage(context) == 0);
    weld_value_t second = weld_module_run(module, context, arg, err);
    check_ok(err);
    weld_value_free(second);
    CHECK(weld_context_memory_usage(context) == used);

    weld_value_free(arg);
    weld_error_free(err);
    weld_context_free(context);
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
