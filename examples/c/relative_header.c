/* A program that finds the header in a source checkout by its path there, as older ones do.
 *
 *   cc -std=c99 -I. examples/c/relative_header.c -o relative_header -Ltarget/release -lweld
 */
#include "weld-capi/weld.h"

int main(void)
{
    weld_error_t err = weld_error_new();
    weld_conf_t conf = weld_conf_new();
    weld_context_t context = weld_context_new(conf);
    weld_module_t module = weld_module_compile("|| 6L * 7L", conf, err);
    /* A program without parameters takes no argument. */
    weld_value_t value = weld_module_run(module, context, (weld_value_t)0, err);
    int good = weld_error_code(err) == 0 && *(const int64_t *)weld_value_data(value) == 42;
    weld_value_free(value);
    weld_module_free(module);
    weld_context_free(context);
    weld_conf_free(conf);
    weld_error_free(err);
    return good ? 0 : 1;
}
