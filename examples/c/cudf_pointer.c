/* A C function handed over by its pointer: it needs no name that the linker knows, so it may be static.
 *
 *   cc -std=c99 -Iinclude examples/c/cudf_pointer.c -o cudf_pointer -Ltarget/release -lweld
 */
#include "check.h"

static void product(const int64_t *a, const int64_t *b, int64_t *product)
{
    *product = *a * *b;
}

int main(void)
{
    int64_t numbers[] = {1, 2, 3};
    struct { struct ints v; int64_t k; } args = {{numbers, 3}, 7};
    weld_error_t err = weld_error_new();

    weld_register_function("product", (void (*)(void))product, err);
    check_ok(err);
    weld_module_t module = compile("|v: vec[i64], k: i64| map(v, |x| cudf[product,i64](x, k))");
    weld_context_t context = context_with(NULL, NULL);
    weld_value_t value = run(module, context, &args);
    const struct ints *products = weld_value_data(value);
    CHECK(products->data[0] == 7 && products->data[2] == 21);

    /* Taking the name away is for later programs; the one that was compiled keeps its function. */
    weld_register_function("product", NULL, err);
    check_ok(err);
    weld_conf_t conf = weld_conf_new();
    CHECK(weld_module_compile("|x: i64| cudf[product,i64](x, x)", conf, err) == NULL);
    weld_value_free(value);
    value = run(module, context, &args);

    weld_register_function("no name", (void (*)(void))product, err);
    CHECK(weld_error_code(err) == WELD_ERRNO_INVALID_ARGUMENT);

    weld_conf_free(conf);
    weld_value_free(value);
    weld_context_free(context);
    weld_module_free(module);
    weld_error_free(err);
    CHECK(weld_live_handles() == 0);
    return 0;
}
