/* A C function of a library that is loaded while the program runs.
 *
 *   cc -std=c99 -shared -fPIC examples/c/lib/geometry.c -o libgeometry.so
 *   cc -std=c99 -Iinclude examples/c/cudf_library.c -o cudf_library -Ltarget/release -lweld
 */
#include "check.h"

struct box { double width, height; };
struct boxes { struct box *data; int64_t len; };

int main(void)
{
    struct box boxes[] = {{2, 3}, {4, 5}};
    struct boxes arg = {boxes, 2};
    weld_error_t err = weld_error_new();

    weld_load_library("./libnothing.so", err);
    CHECK(weld_error_code(err) == WELD_ERRNO_LOAD_LIBRARY_ERROR);
    weld_load_library("./libgeometry.so", err);
    check_ok(err);

    weld_module_t module = compile("|boxes: vec[{f64,f64}]| sum(map(boxes, |b| cudf[weld_area,f64](b)))");
    weld_context_t context = context_with(NULL, NULL);
    weld_value_t value = run(module, context, &arg);
    CHECK(*(const double *)weld_value_data(value) == 26);

    weld_value_free(value);
    weld_context_free(context);
    weld_module_free(module);
    weld_error_free(err);
    CHECK(weld_live_handles() == 0);
    return 0;
}
