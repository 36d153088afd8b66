/* Adds a number to each element of a vector: the whole way from a text to numbers.
 *
 *   cc -std=c99 -Iinclude examples/c/add.c -o add -Ltarget/release -lweld
 *   cc -std=c99 -Iinclude examples/c/add.c -o add_static target/release/libweld.a -Wl,--gc-sections -lLLVM-22 -lpthread -ldl -lm
 */
#include "weld.h"
#include <stdio.h>

/* What a vec[i64] is in memory, and the parameters of the program in their order. */
struct ints { int64_t *data; int64_t len; };
struct args { struct ints v; int64_t k; };

int main(void)
{
    int64_t numbers[] = {1, 2, 3};
    struct args args = {{numbers, 3}, 10};
    weld_error_t err = weld_error_new();
    weld_conf_t conf = weld_conf_new();
    weld_context_t context = weld_context_new(conf);
    weld_value_t arg = weld_value_new(&args);
    weld_module_t module = weld_module_compile("|v: vec[i64], k: i64| map(v, |x| x + k)", conf, err);
    weld_value_t result = weld_module_run(module, context, arg, err);

    /* Null handles are no harm: the run says that there is no module. */
    if (weld_error_code(err) != WELD_ERRNO_SUCCESS) {
        fprintf(stderr, "%s\n", weld_error_message(err));
        return 1;
    }
    const struct ints *sums = weld_value_data(result);
    for (int64_t i = 0; i < sums->len; i++) {
        printf("%d\n", (int)sums->data[i]);
        if (sums->data[i] != numbers[i] + 10)
            return 1;
    }

    weld_value_free(result);
    weld_value_free(arg);
    weld_context_free(context);
    weld_module_free(module);
    weld_conf_free(conf);
    weld_error_free(err);
    return weld_live_handles() == 0 ? 0 : 1;
}
