/* An argument that says what it is: a wrong type or a wrong layout is an error instead of a wrong answer.
 *
 *   cc -std=c99 -Iinclude examples/c/typed.c -o typed -Ltarget/release -lweld
 */
#include "check.h"
#include <string.h>

int main(void)
{
    int64_t numbers[] = {1, 2, 3};
    struct { struct ints v; double x; } args = {{numbers, 3}, 0.5};
    weld_module_t module = compile("|v: vec[i64], x: f64| f64(sum(v)) * x");
    weld_context_t context = context_with(NULL, NULL);
    weld_error_t err = weld_error_new();

    /* A module says what it takes and gives. */
    CHECK(weld_module_param_count(module) == 2);
    CHECK(strcmp(weld_module_param_name(module, 0), "v") == 0);
    CHECK(strcmp(weld_module_param_type(module, 0), "vec[i64]") == 0);
    CHECK(strcmp(weld_module_return_type(module), "f64") == 0);
    CHECK(weld_module_param_type(module, 2) == NULL);

    weld_value_t good = weld_value_new_typed("{vec[i64],f64}", &args, err);
    check_ok(err);
    CHECK(strcmp(weld_value_type(good), "{vec[i64],f64}") == 0);
    weld_value_t value = weld_module_run(module, context, good, err);
    check_ok(err);
    CHECK(*(const double *)weld_value_data(value) == 3.0);
    CHECK(strcmp(weld_value_type(value), "f64") == 0);

    /* Another type. */
    weld_value_t other = weld_value_new_typed("{vec[i32],f64}", &args, err);
    check_ok(err);
    CHECK(weld_module_run(module, context, other, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_TYPE_MISMATCH);
    CHECK(strcmp(weld_error_message(err), "Weld program failed with error TypeMismatch: "
                                          "the argument is {vec[i32],f64}; the program takes {vec[i64],f64}") == 0);

    /* No type. */
    CHECK(weld_value_new_typed("vec[i65]", &args, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_INVALID_ARGUMENT);

    /* A layout that cannot be. */
    args.v.data = NULL;
    CHECK(weld_module_run(module, context, good, err) == NULL);
    CHECK(strcmp(weld_error_message(err),
                 "Weld program failed with error InvalidArgument: `v` has the length 3 and a null pointer") == 0);

    weld_value_free(good);
    weld_value_free(other);
    weld_value_free(value);
    weld_error_free(err);
    weld_context_free(context);
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
