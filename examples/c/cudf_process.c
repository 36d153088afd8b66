/* A C function of the program itself, called from Weld by its name. -rdynamic makes the program's names known.
 *
 *   cc -std=c99 -rdynamic -Iinclude examples/c/cudf_process.c -o cudf_process -Ltarget/release -lweld
 */
#include "check.h"

/* Pointers to the arguments, then one to the result. Loops may call it on several threads at once. */
void collatz(const int64_t *start, int64_t *steps);

void collatz(const int64_t *start, int64_t *steps)
{
    int64_t n = *start;
    for (*steps = 0; n > 1; ++*steps)
        n = n % 2 == 0 ? n / 2 : 3 * n + 1;
}

int main(void)
{
    int64_t numbers[] = {1, 6, 27};
    struct ints arg = {numbers, 3};
    weld_module_t module = compile("|v: vec[i64]| map(v, |x| cudf[collatz,i64](x))");
    weld_context_t context = context_with(NULL, NULL);
    weld_value_t value = run(module, context, &arg);
    const struct ints *steps = weld_value_data(value);
    CHECK(steps->data[0] == 0 && steps->data[1] == 8 && steps->data[2] == 111);

    /* A name that nothing has is found out when the program is compiled. */
    weld_error_t err = weld_error_new();
    weld_conf_t conf = weld_conf_new();
    CHECK(weld_module_compile("|x: i64| cudf[no_such_function,i64](x)", conf, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_COMPILE_ERROR);

    weld_conf_free(conf);
    weld_error_free(err);
    weld_value_free(value);
    weld_context_free(context);
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
