/* Results keep their context: it may be freed before them, and so may the module and the configuration.
 *
 *   cc -std=c99 -Iinclude examples/c/context_first.c -o context_first -Ltarget/release -lweld
 */
#include "check.h"

int main(void)
{
    int64_t n = 1000;
    weld_module_t module = compile("|n: i64| {range(n), \"a text of the program\"}");
    weld_context_t context = context_with(NULL, NULL);
    weld_value_t value = run(module, context, &n);
    weld_module_free(module);
    weld_context_free(context);

    const struct { struct ints numbers; struct { const char *data; int64_t len; } text; } *result;
    result = weld_value_data(value);
    CHECK(result->numbers.len == 1000 && result->numbers.data[999] == 999);
    CHECK(result->text.len == 21 && result->text.data[0] == 'a');

    /* A value gives a new reference to its context, which then outlives the value, as the result does. */
    weld_context_t again = weld_value_context(value);
    CHECK(weld_value_run(value) == 0);
    weld_value_free(value);
    CHECK(weld_context_memory_usage(again) >= 8000);
    CHECK(result->numbers.data[999] == 999);
    weld_context_free(again);
    CHECK(weld_live_handles() == 0);
    return 0;
}
